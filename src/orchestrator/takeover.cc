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

bool publishes_any(const supervisor::ObservedContainer& container, const spec::Port& wanted) {
  return std::ranges::any_of(container.status.published,
                             [&](const auto& held) { return is_wanted(held, wanted); });
}

/// Whether the containers of a service have a port each of a range while those of other services
/// keep what they have of it.
class RangeIsLongEnough {
 public:
  RangeIsLongEnough(const DesiredState& desired, const ObservedState& observed)
      : desired_(desired), observed_(observed) {}

  bool operator()(const DesiredContainer& wish, const spec::Port& range) const {
    const auto containers = std::ranges::count_if(desired_.containers, [&](const auto& each) {
      return each.second.service == wish.service && each.second.step == wish.step;
    });
    long ports = 0;
    for (int number = *range.published; number <= *range.published_last; ++number) {
      spec::Port one = range;
      one.published = one.published_last = static_cast<std::uint16_t>(number);
      if (!is_others(wish, one) && ++ports >= containers) return true;
    }
    return false;
  }

 private:
  bool is_others(const DesiredContainer& wish, const spec::Port& one) const {
    const bool is_fixed = std::ranges::any_of(wish.fixed_ports, [&](const spec::Port& fixed) {
      return fixed.published == one.published && fixed.protocol == one.protocol &&
             meet(fixed.host_ip, one.host_ip);
    });
    return is_fixed || std::ranges::any_of(observed_.containers, [&](const auto& each) {
             return each.second.config.service != wish.service && publishes_any(each.second, one);
           });
  }

  const DesiredState& desired_;
  const ObservedState& observed_;
};

/// An address that it has by chance is one as well.
bool has_address(const supervisor::ObservedContainer& before, const std::string& network,
                 const spec::NetworkAttachment& wanted) {
  const auto v4 = network::parse_ipv4(wanted.ipv4_address);
  const auto v6 = network::parse_ipv6(wanted.ipv6_address);
  const auto is_it = [&](const auto& held4, const auto& held6) {
    return (v4 && held4 == v4) || (v6 && held6 == v6);
  };
  const auto given = before.status.addresses.find(network);
  if (given != before.status.addresses.end() && is_it(given->second.v4, given->second.v6))
    return true;
  return std::ranges::any_of(before.config.endpoints, [&](const supervisor::Endpoint& endpoint) {
    return endpoint.network == network && is_it(endpoint.address, endpoint.address6);
  });
}

bool takes_fixed_address(const DesiredContainer& wish,
                         const supervisor::ObservedContainer& before) {
  return std::ranges::any_of(wish.model.networks, [&](const auto& entry) {
    const auto name = wish.network_names.find(entry.first);
    return name != wish.network_names.end() && has_address(before, name->second, entry.second);
  });
}

bool takes_last_address(const DesiredContainer& wish, const supervisor::ObservedContainer& before,
                        const Changes& changes) {
  return std::ranges::any_of(changes.full_networks, [&](const auto& each) {
    const FullNetwork& network = each.second;
    return network.joining.contains(wish.name) && network.leaving.contains(before.config.name);
  });
}

bool takes_address(const DesiredContainer& wish, const supervisor::ObservedContainer& before,
                   const Changes& changes) {
  return takes_fixed_address(wish, before) || takes_last_address(wish, before, changes);
}

/// Whether who follows on it may have that port as well.
bool successor_keeps(const network::PublishedPort& held, const std::string& successor,
                     const DesiredState& desired) {
  const auto found = desired.containers.find(successor);
  return found != desired.containers.end() &&
         std::ranges::any_of(found->second.model.ports,
                             [&](const spec::Port& wanted) { return is_wanted(held, wanted); });
}

}  // namespace

bool takes_over(const DesiredContainer& wish, const supervisor::ObservedContainer& before,
                const Changes& changes) {
  const bool takes_port = std::ranges::any_of(
      wish.model.ports, [&](const spec::Port& wanted) { return publishes_any(before, wanted); });
  return takes_port || takes_address(wish, before, changes);
}

bool is_taken_over(const supervisor::ObservedContainer& before, const DesiredState& desired,
                   const Changes& changes) {
  return std::ranges::any_of(desired.containers, [&](const auto& each) {
    return each.first != before.config.name && takes_over(each.second, before, changes);
  });
}

namespace {

/// Replicas do not wait for one another: of their range there is one for each of them.
bool needs_port(const DesiredContainer& wish, const supervisor::ObservedContainer& before,
                const std::string& successor, const DesiredState& desired,
                const ObservedState& observed) {
  const RangeIsLongEnough is_long_enough(desired, observed);
  return std::ranges::any_of(wish.model.ports, [&](const spec::Port& wanted) {
    return std::ranges::any_of(before.status.published, [&](const auto& held) {
      if (!is_wanted(held, wanted)) return false;
      if (!is_range(wanted)) return true;
      return before.config.service != wish.service && !successor_keeps(held, successor, desired) &&
             !is_long_enough(wish, wanted);
    });
  });
}

bool gets_something(Verdict verdict) {
  return verdict == Verdict::create || verdict == Verdict::recreate || verdict == Verdict::update ||
         verdict == Verdict::start;
}

}  // namespace

std::set<std::string> supplanters(const supervisor::ObservedContainer& before,
                                  const std::string& successor, const DesiredState& desired,
                                  const ObservedState& observed, const Changes& changes) {
  std::set<std::string> names;
  for (const auto& [name, wish] : desired.containers)
    if (name != successor && gets_something(changes.containers.at(name).verdict) &&
        (needs_port(wish, before, successor, desired, observed) ||
         takes_address(wish, before, changes)))
      names.insert(name);
  return names;
}

void untangle(const DesiredState& desired, const ObservedState& observed, Changes& changes) {
  for (auto& [name, change] : changes.containers) {
    if (change.verdict != Verdict::update) continue;
    if (!supplanters(observed.containers.at(name), name, desired, observed, changes).empty())
      change.verdict = Verdict::recreate;
  }
}

}  // namespace stack::orchestrator
