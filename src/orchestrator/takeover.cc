// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/takeover.h"

#include <algorithm>

namespace stack::orchestrator {
namespace {

bool meet(const std::string& held_at, const std::string& wanted_at) {
  const auto is_any = [](const std::string& address) {
    return address.empty() || address == "0.0.0.0" || address == "::";
  };
  return is_any(held_at) || is_any(wanted_at) || held_at == wanted_at;
}

bool is_wanted(const network::PublishedPort& held, const spec::Port& wanted) {
  return wanted.published && wanted.protocol == held.protocol &&
         *wanted.published <= held.host_port &&
         held.host_port <= wanted.published_last.value_or(*wanted.published) &&
         meet(held.host_ip, wanted.host_ip);
}

/// Of a range another one will do.
bool is_needed(const network::PublishedPort& held, const spec::Port& wanted) {
  const bool has_choice = wanted.published_last && wanted.published_last != wanted.published;
  return !has_choice && is_wanted(held, wanted);
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

using TakesPort = bool (*)(const network::PublishedPort& held, const spec::Port& wanted);

bool takes_any_port(const DesiredContainer& wish, const supervisor::ObservedContainer& before,
                    TakesPort takes) {
  return std::ranges::any_of(before.status.published, [&](const auto& held) {
    return std::ranges::any_of(wish.model.ports,
                               [&](const spec::Port& wanted) { return takes(held, wanted); });
  });
}

bool takes_any_address(const DesiredContainer& wish, const supervisor::ObservedContainer& before) {
  return std::ranges::any_of(before.config.endpoints,
                             [&](const auto& held) { return takes_address(wish, held); });
}

}  // namespace

bool takes_over(const DesiredContainer& wish, const supervisor::ObservedContainer& before) {
  return takes_any_port(wish, before, is_wanted) || takes_any_address(wish, before);
}

bool supplants(const DesiredContainer& wish, const supervisor::ObservedContainer& before) {
  return takes_any_port(wish, before, is_needed) || takes_any_address(wish, before);
}

bool is_taken_over(const supervisor::ObservedContainer& before, const DesiredState& desired) {
  return std::ranges::any_of(desired.containers, [&](const auto& each) {
    return each.first != before.config.name && takes_over(each.second, before);
  });
}

namespace {

bool gets_something(Verdict verdict) {
  return verdict == Verdict::create || verdict == Verdict::recreate || verdict == Verdict::update ||
         verdict == Verdict::start;
}

}  // namespace

std::set<std::string> supplanters(const supervisor::ObservedContainer& before,
                                  const std::string& successor, const DesiredState& desired,
                                  const Changes& changes) {
  std::set<std::string> names;
  for (const auto& [name, wish] : desired.containers)
    if (name != successor && gets_something(changes.containers.at(name).verdict) &&
        supplants(wish, before))
      names.insert(name);
  return names;
}

void untangle(const DesiredState& desired, const ObservedState& observed, Changes& changes) {
  for (auto& [name, change] : changes.containers) {
    if (change.verdict != Verdict::update) continue;
    if (!supplanters(observed.containers.at(name), name, desired, changes).empty())
      change.verdict = Verdict::recreate;
  }
}

}  // namespace stack::orchestrator
