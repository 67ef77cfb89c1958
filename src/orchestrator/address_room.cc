// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/address_room.h"

#include <algorithm>

#include "network/addresses.h"

namespace stack::orchestrator {
namespace {

using network::DualAddress;
using supervisor::ObservedNetwork;

bool is_in(const DesiredContainer& wish, const std::string& network) {
  return std::ranges::any_of(wish.network_names,
                             [&](const auto& each) { return each.second == network; });
}

bool is_made_now(const Changes& changes, const std::string& network) {
  const auto change = changes.networks.find(network);
  return change != changes.networks.end() && change->second.verdict != Verdict::keep;
}

class AddressCount {
 public:
  AddressCount(const DesiredState& desired, const Changes& changes, const std::string& name,
               const ObservedNetwork& network)
      : desired_(desired), changes_(changes), name_(name), network_(network) {}

  std::optional<FullNetwork> full() {
    for (const auto& [name, wish] : desired_.containers)
      if (is_in(wish, name_)) count(name);
    const std::uint64_t room = network::count_given_out(network_.config.spec);
    if (network_.leases.size() + wanted_ + fixed_and_unused() <= room) return std::nullopt;
    for (const auto& [holder, address] : network_.leases)
      if (leaves(holder)) full_.leaving.insert(holder);
    return full_;
  }

 private:
  Verdict verdict(const std::string& container) const {
    const auto change = changes_.containers.find(container);
    return change == changes_.containers.end() ? Verdict::keep : change->second.verdict;
  }

  /// One that is replaced needs an address beside the one before it.
  void count(const std::string& container) {
    const Verdict change = verdict(container);
    const bool is_new = change == Verdict::create || change == Verdict::start;
    if (!is_new && change != Verdict::recreate) return;
    const bool has_one = network_.leases.contains(container);
    if (!has_one) full_.joining.insert(container);
    if (!has_one || change == Verdict::recreate) ++wanted_;
  }

  /// They are nobody else's, whether or not somebody comes for them.
  std::uint64_t fixed_and_unused() const {
    std::set<std::string> fixed;
    for (const auto& [name, wish] : desired_.containers) {
      for (const auto& [key, places] : wish.address_wishes) {
        const auto network = wish.network_names.find(key);
        if (network == wish.network_names.end() || network->second != name_) continue;
        fixed.insert(places.kept_free.begin(), places.kept_free.end());
      }
    }
    return static_cast<std::uint64_t>(
        std::ranges::count_if(fixed, [this](const std::string& text) { return is_unused(text); }));
  }

  /// In the family that is counted: as a rule there is no end of the other's addresses.
  bool is_unused(const std::string& text) const {
    const auto address = network::parse_ipv4(text);
    if (!address || !network::is_given_out(network_.config.spec, *address)) return false;
    return std::ranges::none_of(network_.leases,
                                [&](const auto& each) { return each.second.v4 == address; });
  }

  bool leaves(const std::string& holder) const {
    switch (verdict(holder)) {
      case Verdict::remove:
      case Verdict::orphan:
      case Verdict::superseded:
        return true;
      case Verdict::recreate:
        return !is_in(desired_.containers.at(holder), name_);
      default:
        return false;
    }
  }

  const DesiredState& desired_;
  const Changes& changes_;
  const std::string& name_;
  const ObservedNetwork& network_;
  FullNetwork full_;
  std::uint64_t wanted_ = 0;
};

}  // namespace

std::map<std::string, FullNetwork> find_full_networks(const DesiredState& desired,
                                                      const ObservedState& observed,
                                                      const Changes& changes) {
  std::map<std::string, FullNetwork> all;
  for (const auto& [name, network] : observed.networks) {
    if (is_made_now(changes, name)) continue;
    if (auto full = AddressCount(desired, changes, name, network).full()) all.emplace(name, *full);
  }
  return all;
}

}  // namespace stack::orchestrator
