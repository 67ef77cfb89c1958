// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/takeover.h"

#include <algorithm>

namespace stack::orchestrator {
namespace {

/// On different addresses of the host they would not meet; coming one after the other does no harm.
bool is_wanted(const network::PublishedPort& held, const spec::Port& wanted) {
  return wanted.published && wanted.protocol == held.protocol &&
         *wanted.published <= held.host_port &&
         held.host_port <= wanted.published_last.value_or(*wanted.published);
}

bool takes_port(const DesiredContainer& wish, const network::PublishedPort& held) {
  return std::ranges::any_of(wish.model.ports,
                             [&](const spec::Port& wanted) { return is_wanted(held, wanted); });
}

bool takes_address(const DesiredContainer& wish, const supervisor::Endpoint& held) {
  return std::ranges::any_of(wish.model.networks, [&](const auto& entry) {
    const auto& [key, attachment] = entry;
    const auto name = wish.network_names.find(key);
    if (name == wish.network_names.end() || name->second != held.network) return false;
    return (held.address && held.address == network::parse_ipv4(attachment.ipv4_address)) ||
           (held.address6 && held.address6 == network::parse_ipv6(attachment.ipv6_address));
  });
}

}  // namespace

bool takes_over(const DesiredContainer& wish, const supervisor::ObservedContainer& before) {
  const auto port = [&](const auto& held) { return takes_port(wish, held); };
  const auto address = [&](const auto& held) { return takes_address(wish, held); };
  return std::ranges::any_of(before.status.published, port) ||
         std::ranges::any_of(before.config.endpoints, address);
}

bool is_taken_over(const supervisor::ObservedContainer& before, const DesiredState& desired) {
  return std::ranges::any_of(desired.containers, [&](const auto& each) {
    return each.first != before.config.name && takes_over(each.second, before);
  });
}

void untangle(const DesiredState& desired, const ObservedState& observed, Changes& changes) {
  for (auto& [name, change] : changes.containers) {
    if (change.verdict != Verdict::update) continue;
    const auto& before = observed.containers.at(name);
    const bool wanted = std::ranges::any_of(desired.containers, [&](const auto& each) {
      return each.first != name && changes.containers.at(each.first).verdict != Verdict::keep &&
             takes_over(each.second, before);
    });
    if (wanted) change.verdict = Verdict::recreate;
  }
}

}  // namespace stack::orchestrator
