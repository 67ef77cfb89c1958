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
                           std::function<void()> tell)
    : loop_(loop), network_(network), stack_id_(std::move(stack_id)), tell_(std::move(tell)) {}

void NetworkWatch::begin(int stack_namespace) {
  if (std::exchange(begun_, true)) return;
  const Fd host = network::current_namespace();
  const std::string tag = network::rule_tag(stack_id_);
  for (const Side side : {Side::host, Side::stack}) {
    const int space = side == Side::host ? host.get() : stack_namespace;
    network::RuleEvents events(own_tables(side, stack_id_), tag, network::own_process_name());
    rules_.push_back({side, EventSocket(space, EventSocket::Of::rules), std::move(events)});
    const auto links =
        side == Side::host ? EventSocket::Of::links_and_routes : EventSocket::Of::links;
    links_.push_back({side, EventSocket(space, links)});
  }
  for (Rules& rules : rules_) spawn(loop_, "watching the firewall", watch_source(rules));
  for (Links& links : links_) spawn(loop_, "watching links", watch_source(links));
}

template <typename Source>
Awaitable<void> NetworkWatch::watch_source(Source& source) {
  Descriptor descriptor = watch(loop_, source.socket.fd());
  while (co_await readable(descriptor)) read(source);
}

void NetworkWatch::read(Rules& rules) {
  network::RuleChanges changes;
  std::string packet;
  for (auto read = rules.socket.read(packet); read != EventSocket::Read::nothing;
       read = rules.socket.read(packet)) {
    const auto found = read == EventSocket::Read::lost ? network::RuleChanges{true, true}
                                                       : rules.events.take(packet);
    changes.own |= found.own;
    changes.others |= found.others;
  }
  note(damage_of(changes, rules.side));
}

void NetworkWatch::read(Links& links) {
  network::LinkChanges changes;
  std::string packet;
  for (auto read = links.socket.read(packet); read != EventSocket::Read::nothing;
       read = links.socket.read(packet)) {
    if (read == EventSocket::Read::lost) changes.lost = true;
    network::take_link_events(packet, changes);
  }
  Damage damage;
  damage.links = network_.damaged_by(changes, links.side);
  note(damage);
}

void NetworkWatch::note(const Damage& damage) {
  damage_.links |= damage.links;
  damage_.host_rules |= damage.host_rules;
  damage_.stack_rules |= damage.stack_rules;
  damage_.foreign_rules |= damage.foreign_rules;
  if (!damage.any()) return;
  news_ = true;
  if (!std::exchange(telling_, true)) spawn(loop_, "noticing changes of the network", tell_soon());
}

Awaitable<void> NetworkWatch::tell_soon() {
  while (std::exchange(news_, false)) {
    co_await sleep_for(loop_, until_quiet);
    tell_();
    co_await sleep_for(loop_, rest);
  }
  telling_ = false;
}

const Damage& NetworkWatch::damage() {
  for (Rules& rules : rules_) read(rules);
  for (Links& links : links_) read(links);
  return damage_;
}

}  // namespace stack::supervisor
