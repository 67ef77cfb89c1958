// SPDX-License-Identifier: Apache-2.0
// Notices when somebody else changes what the stack's network is made of, on the host and in the
// stack's namespace: `nft flush ruleset`, `ip link del`, a firewall's restart, a new default route.
#pragma once

#include <functional>
#include <list>

#include "supervisor/stack_network.h"

namespace stack::supervisor {

/// What has to be looked after.
struct Damage {
  bool links = false;          ///< of the host or the stack, and the host's routes
  bool host_rules = false;     ///< the stack's table on the host
  bool stack_rules = false;    ///< the tables in the stack's namespace
  bool foreign_rules = false;  ///< others' chains, that ours have to be in
  bool any() const { return links || host_rules || stack_rules || foreign_rules; }
};

class NetworkWatch {
 public:
  using Side = StackNetwork::Side;
  /// `tell` is called a moment after the first news, when there is damage to be asked for.
  NetworkWatch(Loop& loop, const StackNetwork& network, std::string stack_id,
               std::function<void()> tell);
  /// From now on; a second call is one too many and does nothing.
  void begin(int stack_namespace);

  /// What was done until now and not repaired since, told or not: who starts a container must not
  /// find the rules gone.
  const Damage& damage();
  /// That has been looked after. Until then it is damage, also after a repair that failed.
  void repaired() { damage_ = {}; }

 private:
  /// What is listened to: changes of rules, or of links and routes.
  struct Rules {
    Side side;
    network::EventSocket socket;
    network::RuleEvents events;
  };
  struct Links {
    Side side;
    network::EventSocket socket;
  };
  void read(Rules& rules);
  void read(Links& links);
  template <typename Source>
  Awaitable<void> watch_source(Source& source);
  void note(const Damage& damage);
  Awaitable<void> tell_soon();

  Loop& loop_;
  const StackNetwork& network_;
  std::string stack_id_;
  std::function<void()> tell_;
  std::list<Rules> rules_;
  std::list<Links> links_;
  Damage damage_;
  bool begun_ = false;
  bool news_ = false;     ///< that nobody has been told yet
  bool telling_ = false;  ///< a coroutine waits to do it
};

}  // namespace stack::supervisor
