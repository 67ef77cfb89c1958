// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight_networks.h"

#include <algorithm>

#include "base/format.h"
#include "network/addresses.h"
#include "network/direct_links.h"
#include "network/links.h"
#include "orchestrator/lower_network.h"
#include "supervisor/leases.h"
#include "supervisor/project_files.h"
#include "supervisor/status.h"

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

/// Somebody that a fixed address is for is made, or starts.
bool comes(const Changes& changes, const std::string& container) {
  const auto change = changes.containers.find(container);
  return change != changes.containers.end() && change->second.verdict != Verdict::keep;
}

bool fixes_address(const spec::NetworkAttachment& attachment) {
  return !attachment.ipv4_address.empty() || !attachment.ipv6_address.empty();
}

/// Of a container that does not run only what its file fixes is kept for it.
bool keeps_address(const supervisor::ObservedContainer& container, const std::string& network) {
  return supervisor::is_up(container.status.phase) ||
         supervisor::has_fixed_address(container.config, network);
}

class NetworkCheck {
 public:
  NetworkCheck(const DesiredState& desired, const ObservedState& observed, const Changes& changes,
               const NetworkWorld& world, std::set<std::string> removed)
      : desired_(desired),
        observed_(observed),
        changes_(changes),
        world_(world),
        removed_(std::move(removed)) {}

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
    if (world_.missing_drivers.contains(spec.kind))
      add(fmt::format("network {}: this kernel has no {}", spec.name,
                      network::driver_name(spec.kind)),
          "networks." + wish.key + ".driver",
          fmt::format("modprobe {}, or a kernel that has it", network::driver_name(spec.kind)));
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
    if (!comes(changes_, wish.name)) return;
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
    if (text.empty()) return;
    if (const auto own = observed_.networks.find(network); own != observed_.networks.end())
      return check_is_free(wish, own->second, text, path);
    const auto other = world_.outside.find(network);
    if (other == world_.outside.end()) return;
    const std::string why = why_no_containers_address(other->second.config.spec, text);
    if (!why.empty()) return add(why, path);
    check_is_free(wish, other->second, text, path);
  }

  /// As far as the file alone shows it, lower_network.h says it of the stack's own networks.
  static std::string why_no_containers_address(const NetworkSpec& spec, const std::string& text) {
    const auto v4 = network::parse_ipv4(text);
    const auto v6 = network::parse_ipv6(text);
    if (v4 && !spec.has_ipv4()) return fmt::format("network {} has no IPv4", spec.name);
    if (v6 && !spec.has_ipv6()) return fmt::format("network {} has no IPv6", spec.name);
    if (v4) return network::why_no_containers_address(spec, *v4);
    if (v6) return network::why_no_containers_address(spec, *v6);
    return "";
  }

  void check_is_free(const DesiredContainer& wish, const supervisor::ObservedNetwork& network,
                     const std::string& text, const std::string& path) {
    const std::string& name = network.config.spec.name;
    for (const auto& [holder, address] : network.leases) {
      const bool same = (address.v4 && address.v4 == network::parse_ipv4(text)) ||
                        (address.v6 && address.v6 == network::parse_ipv6(text));
      const bool is_own =
          holder == wish.name || holder == supervisor::guest_name(desired_.project, wish.name);
      if (same && !is_own && keeps(holder, name))
        add(fmt::format("address {} in network {} is already in use by {}", text, name, holder),
            path, "choose another, or remove that container");
    }
  }

  bool keeps(const std::string& holder, const std::string& network) const {
    if (removed_.contains(holder) || !stays(changes_, holder)) return false;
    const auto container = observed_.containers.find(holder);
    return container == observed_.containers.end() || keeps_address(container->second, network);
  }

  const DesiredState& desired_;
  const ObservedState& observed_;
  const Changes& changes_;
  const NetworkWorld& world_;
  const std::set<std::string> removed_;  ///< containers
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

namespace {

/// Reads each project once.
class Holders {
 public:
  explicit Holders(const HostPaths& paths) : paths_(paths) {}

  bool keeps_address(const std::string& project, const std::string& container,
                     const std::string& network) {
    const auto [containers, unread] = known_.try_emplace(project);
    if (unread)
      containers->second = supervisor::read_containers(
          paths_, project, supervisor::ConfigParts::summary, supervisor::Unreadable::is_left_out);
    return std::ranges::any_of(containers->second, [&](const auto& each) {
      return each.config.name == container && orchestrator::keeps_address(each, network);
    });
  }

 private:
  const HostPaths& paths_;
  std::map<std::string, std::vector<supervisor::ObservedContainer>> known_;
};

std::optional<supervisor::ObservedNetwork> observe_outside(const HostPaths& paths,
                                                           const std::string& owner,
                                                           const std::string& name) {
  const auto record = supervisor::read_network_record({paths, owner}, name);
  if (!record) return std::nullopt;
  supervisor::ObservedNetwork network{record->config};
  Holders holders(paths);
  for (const auto& [holder, address] : record->leases) {
    const auto guest = supervisor::split_guest_name(holder);
    const bool keeps = guest ? holders.keeps_address(guest->first, guest->second, name)
                             : holders.keeps_address(owner, holder, name);
    if (keeps) network.leases.emplace(holder, address);
  }
  return network;
}

}  // namespace

NetworkWorld observe_network_world(const HostPaths& paths, const DesiredState& desired,
                                   const Changes& changes) {
  NetworkWorld world;
  const bool any_changes = std::ranges::any_of(
      changes.networks, [](const auto& change) { return change.second.verdict != Verdict::keep; });
  if (any_changes) {
    world.holders = supervisor::subnet_holders(paths, desired.project);
    world.has_ipv6 = network::has_ipv6();
  }
  for (const auto& [name, wish] : desired.networks) {
    NetworkFindings told_already;
    if (!any_changes || wish.external) continue;
    const NetworkSpec spec = read_network(wish, told_already);
    if (!network::has_parent(spec)) world.missing_devices.insert(spec.parent);
    if (!network::has_driver(spec.kind)) world.missing_drivers.insert(spec.kind);
  }
  for (const auto& [container, wish] : desired.containers) {
    if (!comes(changes, container)) continue;
    for (const auto& [key, attachment] : wish.model.networks) {
      const DesiredNetwork& network = desired.networks.at(wish.network_names.at(key));
      if (network.owner.empty() || !fixes_address(attachment) ||
          world.outside.contains(network.name))
        continue;
      if (auto found = observe_outside(paths, network.owner, network.name))
        world.outside.emplace(network.name, std::move(*found));
    }
  }
  return world;
}

std::vector<Problem> check_network_world(const DesiredState& desired, const ObservedState& observed,
                                         const Changes& changes, const NetworkWorld& world,
                                         const Plan& plan) {
  return NetworkCheck(desired, observed, changes, world, removed_by(plan)).run();
}

}  // namespace stack::orchestrator
