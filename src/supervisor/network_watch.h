// SPDX-License-Identifier: Apache-2.0
// Notices when somebody else changes what the stack's network is made of, on the host and in the
// stack's namespace: `nft flush ruleset`, `ip link del`, a firewall's restart, a new default route.
#pragma once

#include <functional>
#include <memory>

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
  /// `repair` is called a moment after the first news, with all that came until then.
  NetworkWatch(Loop& loop, const StackNetwork& network, std::string stack_id,
               std::function<void(const Damage&)> repair);
  /// From now on; a second call is one too many and does nothing.
  void begin(int stack_namespace);

 private:
  Awaitable<void> watch_rules(Side side, std::shared_ptr<network::EventSocket> socket,
                              network::RuleEvents events);
  Awaitable<void> watch_links(Side side, std::shared_ptr<network::EventSocket> socket);
  Awaitable<void> repair_soon();
  void note(const Damage& damage);

  Loop& loop_;
  const StackNetwork& network_;
  std::string stack_id_;
  std::function<void(const Damage&)> repair_;
  Damage damage_;
  bool begun_ = false;
  bool repairing_ = false;  ///< a coroutine waits to do it
};

}  // namespace stack::supervisor
