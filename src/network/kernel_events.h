// SPDX-License-Identifier: Apache-2.0
// What others do to a network namespace, as the kernel tells it: rules, links, routes. Own changes
// of rules are left out, so that whoever restores something does not hear of that again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "network/link_requests.h"

namespace stack::network {

/// A table of nftables, as messages name it.
struct TableName {
  std::uint8_t family = 0;  ///< NFPROTO_INET, NFPROTO_BRIDGE...
  std::string name;
  auto operator<=>(const TableName&) const = default;
};

/// Whose rules have changed.
struct RuleChanges {
  bool own = false;     ///< tables that are ours, or what is in them
  bool others = false;  ///< chains of others, or our rules in those
  bool any() const { return own || others; }
};

/// Makes sense of messages about rules. A transaction's messages come first, and who made it last.
class RuleEvents {
 public:
  /// `own_process`: the name (comm) that our own transactions go by. `tag`: in comments of our
  /// rules in other people's chains.
  RuleEvents(std::vector<TableName> own_tables, std::string tag, std::string own_process);
  /// One packet of messages.
  RuleChanges take(std::string_view packet);

 private:
  RuleChanges changes_by(const nlmsghdr* message) const;

  std::vector<TableName> own_tables_;
  std::string tag_;
  std::string own_process_;
  RuleChanges open_;  ///< of the transaction whose end has not come
};

/// What became of links and routes, the latest of each.
struct LinkChanges {
  std::map<std::string, LinkInfo> changed;  ///< by name
  std::vector<std::string> gone;
  bool default_route = false;
  bool own_route_gone = false;  ///< of route_protocol
  bool lost = false;            ///< there was more than the kernel could keep
};
void take_link_events(std::string_view packet, LinkChanges& changes);

/// A socket that hears what goes on in a namespace.
class EventSocket {
 public:
  enum class Of { rules, links, links_and_routes };
  /// `network_namespace`: open descriptor.
  EventSocket(int network_namespace, Of what);
  int fd() const { return socket_.get(); }
  enum class Read { packet, nothing, lost };
  /// The next packet that waits, without waiting for one.
  Read read(std::string& packet);

 private:
  Fd socket_;
};

/// The name of the running process, as the kernel tells others who made a transaction.
std::string own_process_name();

}  // namespace stack::network
