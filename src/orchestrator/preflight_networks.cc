// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight_networks.h"

#include <algorithm>

#include "base/format.h"
#include "network/direct_links.h"
#include "network/links.h"
#include "orchestrator/lower_network.h"

namespace stack::orchestrator {
namespace {

using network::DualAddress;
using network::NetworkSpec;
using supervisor::SubnetHolder;

Problem at_its_place(const DesiredState& desired, const NetworkFinding& finding) {
  return {finding.message, desired.sources.find(finding.path), finding.hint};
}

bool is_made(const Changes& changes, const std::string& name) {
  const auto change = changes.networks.find(name);
  return change != changes.networks.end() &&
         (change->second.verdict == Verdict::create || change->second.verdict == Verdict::recreate);
}

/// Exists, and does not go with the changes.
bool stays(const Changes& changes, const std::string& container) {
  const auto change = changes.containers.find(container);
  return change == changes.containers.end() || (change->second.verdict != Verdict::recreate &&
                                                change->second.verdict != Verdict::remove &&
                                                change->second.verdict != Verdict::gives_way);
}

class NetworkCheck {
 public:
  NetworkCheck(const DesiredState& desired, const ObservedState& observed, const Changes& changes,
               const NetworkWorld& world)
      : desired_(desired), observed_(observed), changes_(changes), world_(world) {}

  std::vector<Problem> run() {
    for (const auto& [name, wish] : desired_.networks)
      if (!wish.external && is_made(changes_, name)) check(wish);
    for (const auto& [name, wish] : desired_.containers) check_addresses(wish);
    return std::move(problems_);
  }

 private:
  void add(std::string message, const std::string& path, std::string hint = "") {
    Problem problem{std::move(message), desired_.sources.find(path), std::move(hint)};
    const auto same = [&](const Problem& other) { return other.message == problem.message; };
    if (std::ranges::none_of(problems_, same)) problems_.push_back(std::move(problem));
  }

  void check(const DesiredNetwork& wish) {
    NetworkFindings told_already;
    const NetworkSpec spec = read_network(wish, told_already);
    if (spec.enable_ipv6 && !world_.has_ipv6)
      add(fmt::format("network {} wants IPv6, which is switched off on this machine", spec.name),
          "networks." + wish.key + ".enable_ipv6", "sysctl net.ipv6.conf.all.disable_ipv6=0");
    if (world_.missing_devices.contains(spec.parent))
      add(fmt::format("network {}: this machine has no device {}", spec.name, spec.parent),
          "networks." + wish.key + ".driver_opts.parent", "`ip link` lists them");
    // A network on a device of the host lies in that device's subnet.
    if (spec.kind != network::NetworkKind::bridge) return;
    check_overlap<network::Subnet>(wish, spec.subnet, &SubnetHolder::subnet);
    check_overlap<network::Subnet6>(wish, spec.subnet6, &SubnetHolder::subnet6);
  }

  /// The first is enough: a stack's network is in the kernel's routes as well.
  template <typename Net>
  void check_overlap(const DesiredNetwork& wish, const Net& subnet, Net SubnetHolder::*held) {
    if (subnet.prefix == 0) return;
    for (const SubnetHolder& holder : world_.holders) {
      const bool own = holder.project == desired_.project;
      if (own && desired_.networks.contains(holder.network)) continue;
      if ((holder.*held).prefix == 0 || !subnet.overlaps(holder.*held)) continue;
      return add_overlap(wish, to_text(subnet), to_text(holder.*held), holder);
    }
  }

  void add_overlap(const DesiredNetwork& wish, const std::string& ours, const std::string& theirs,
                   const SubnetHolder& holder) {
    const bool is_6 = ours.find(':') != std::string::npos;
    std::size_t index = 0;
    for (std::size_t at = 0; at < wish.model.ipam.size(); ++at)
      if ((wish.model.ipam[at].subnet.find(':') != std::string::npos) == is_6) index = at;
    add(fmt::format("subnet {} of network {} overlaps with {}: {}", ours, wish.name, theirs,
                    describe(holder)),
        fmt::format("networks.{}.ipam.config.{}.subnet", wish.key, index),
        "choose another, or leave it out to get a free one");
  }

  void check_addresses(const DesiredContainer& wish) {
    const auto change = changes_.containers.find(wish.name);
    if (change == changes_.containers.end() || change->second.verdict == Verdict::keep) return;
    for (const auto& [key, attachment] : wish.model.networks) {
      const std::string path = fmt::format("services.{}.networks.{}", wish.service, key);
      const std::string& network = wish.network_names.at(key);
      if (is_made(changes_, network)) continue;
      check_address(wish, network, attachment.ipv4_address, path + ".ipv4_address");
      check_address(wish, network, attachment.ipv6_address, path + ".ipv6_address");
    }
  }

  void check_address(const DesiredContainer& wish, const std::string& network,
                     const std::string& text, const std::string& path) {
    const auto found = observed_.networks.find(network);
    if (text.empty() || found == observed_.networks.end()) return;
    for (const auto& [holder, address] : found->second.leases) {
      const bool same = (address.v4 && address.v4 == network::parse_ipv4(text)) ||
                        (address.v6 && address.v6 == network::parse_ipv6(text));
      if (same && holder != wish.name && stays(changes_, holder))
        add(fmt::format("address {} in network {} is already in use by {}", text, network, holder),
            path, "choose another, or remove that container");
    }
  }

  const DesiredState& desired_;
  const ObservedState& observed_;
  const Changes& changes_;
  const NetworkWorld& world_;
  std::vector<Problem> problems_;
};

}  // namespace

HostFindings check_network_options(const DesiredState& desired) {
  HostFindings placed;
  const NetworkFindings findings = check_networks(desired);
  for (const auto& error : findings.errors) placed.errors.push_back(at_its_place(desired, error));
  for (const auto& warning : findings.warnings)
    placed.warnings.push_back(at_its_place(desired, warning));
  return placed;
}

NetworkWorld observe_network_world(const HostPaths& paths, const DesiredState& desired) {
  NetworkWorld world{supervisor::subnet_holders(paths, desired.project), network::has_ipv6()};
  for (const auto& [name, wish] : desired.networks) {
    NetworkFindings told_already;
    const NetworkSpec spec = read_network(wish, told_already);
    if (!wish.external && !network::has_parent(spec)) world.missing_devices.insert(spec.parent);
  }
  return world;
}

std::vector<Problem> check_network_world(const DesiredState& desired, const ObservedState& observed,
                                         const Changes& changes, const NetworkWorld& world) {
  return NetworkCheck(desired, observed, changes, world).run();
}

}  // namespace stack::orchestrator
