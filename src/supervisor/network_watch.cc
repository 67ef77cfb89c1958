// SPDX-License-Identifier: Apache-2.0
#include "supervisor/network_watch.h"

#include <linux/netfilter.h>

#include "base/error.h"
#include "network/foreign_chains.h"
#include "network/namespaces.h"
#include "supervisor/journal.h"

namespace stack::supervisor {

using network::EventSocket;
using network::TableName;

namespace {

/// Changes come in heaps: whoever flushes a ruleset is about to load another.
constexpr auto until_quiet = std::chrono::milliseconds(50);
/// Between two repairs: somebody may be at odds with us for good.
constexpr auto rest = std::chrono::milliseconds(250);

std::vector<TableName> own_tables(StackNetwork::Side side, const std::string& stack_id) {
  if (side == StackNetwork::Side::host) return {{NFPROTO_INET, "stack_" + stack_id}};
  return {{NFPROTO_INET, "stack"}, {NFPROTO_BRIDGE, "stack"}};
}

Damage damage_of(const network::RuleChanges& changes, StackNetwork::Side side) {
  if (side == StackNetwork::Side::stack) return {.stack_rules = changes.own};
  return {.host_rules = changes.own, .foreign_rules = changes.others || changes.own};
}

}  // namespace

NetworkWatch::NetworkWatch(Loop& loop, const StackNetwork& network, std::string stack_id,
                           std::function<void(const Damage&)> repair)
    : loop_(loop), network_(network), stack_id_(std::move(stack_id)), repair_(std::move(repair)) {}

void NetworkWatch::begin(int stack_namespace) {
  if (std::exchange(begun_, true)) return;
  const Fd host = network::current_namespace();
  const auto listen = [&](int space, EventSocket::Of what) {
    return std::make_shared<EventSocket>(space, what);
  };
  const std::string tag = network::rule_tag(stack_id_);
  for (const Side side : {Side::host, Side::stack}) {
    const int space = side == Side::host ? host.get() : stack_namespace;
    network::RuleEvents events(own_tables(side, stack_id_), tag, network::own_process_name());
    spawn(loop_, "watching the firewall",
          watch_rules(side, listen(space, EventSocket::Of::rules), std::move(events)));
    const auto links =
        side == Side::host ? EventSocket::Of::links_and_routes : EventSocket::Of::links;
    spawn(loop_, "watching links", watch_links(side, listen(space, links)));
  }
}

Awaitable<void> NetworkWatch::watch_rules(Side side, std::shared_ptr<EventSocket> socket,
                                          network::RuleEvents events) {
  Descriptor descriptor = watch(loop_, socket->fd());
  std::string packet;
  while (co_await readable(descriptor)) {
    network::RuleChanges changes;
    for (auto read = socket->read(packet); read != EventSocket::Read::nothing;
         read = socket->read(packet)) {
      const auto found =
          read == EventSocket::Read::lost ? network::RuleChanges{true, true} : events.take(packet);
      changes.own |= found.own;
      changes.others |= found.others;
    }
    note(damage_of(changes, side));
  }
}

Awaitable<void> NetworkWatch::watch_links(Side side, std::shared_ptr<EventSocket> socket) {
  Descriptor descriptor = watch(loop_, socket->fd());
  std::string packet;
  while (co_await readable(descriptor)) {
    network::LinkChanges changes;
    for (auto read = socket->read(packet); read != EventSocket::Read::nothing;
         read = socket->read(packet)) {
      if (read == EventSocket::Read::lost) changes.lost = true;
      network::take_link_events(packet, changes);
    }
    Damage damage;
    damage.links = network_.damaged_by(changes, side);
    note(damage);
  }
}

void NetworkWatch::note(const Damage& damage) {
  damage_.links |= damage.links;
  damage_.host_rules |= damage.host_rules;
  damage_.stack_rules |= damage.stack_rules;
  damage_.foreign_rules |= damage.foreign_rules;
  if (damage_.any() && !std::exchange(repairing_, true))
    spawn(loop_, "repairing the network", repair_soon());
}

Awaitable<void> NetworkWatch::repair_soon() {
  while (damage_.any()) {
    co_await sleep_for(loop_, until_quiet);
    journal::note("somebody changed the network: repairing it");
    repair_(std::exchange(damage_, {}));
    co_await sleep_for(loop_, rest);
  }
  repairing_ = false;
}

}  // namespace stack::supervisor
