// SPDX-License-Identifier: Apache-2.0
#include "supervisor/subnet_holders.h"

#include "base/text.h"
#include "network/subnets.h"
#include "supervisor/project_files.h"
#include "supervisor/status.h"

namespace stack::supervisor {
namespace {

using network::NetworkSpec;

void add_networks(const ProjectFiles& files, std::vector<SubnetHolder>& holders) {
  for (const NetworkRecord& record : read_network_records(files, Unreadable::is_left_out)) {
    const NetworkSpec& spec = record.config.spec;
    // On a device of the host: it shares that device's subnet.
    if (spec.kind != network::NetworkKind::bridge) continue;
    if (spec.has_ipv4()) holders.push_back({spec.subnet, {}, files.project, spec.name, {}});
    if (spec.has_ipv6()) holders.push_back({{}, spec.subnet6, files.project, spec.name, {}});
  }
}

void add_uplink(const ProjectFiles& files, std::vector<SubnetHolder>& holders) {
  const auto uplink = read_uplink(files);
  if (!uplink) return;
  const std::string& name = uplink->host_interface;
  holders.push_back({network::subnet_of(*uplink), {}, files.project, name, {}});
  if (const auto subnet6 = network::subnet6_of(*uplink))
    holders.push_back({{}, *subnet6, files.project, name, {}});
}

}  // namespace

std::vector<SubnetHolder> subnet_holders(const HostPaths& paths, const std::string& project) {
  std::vector<SubnetHolder> holders;
  for (const std::string& each : list_projects(paths)) {
    const ProjectFiles files{paths, each};
    add_networks(files, holders);
    if (each != project) add_uplink(files, holders);
  }
  const std::string own = "stk" + ProjectFiles{paths, project}.stack_id();
  for (const auto& used : network::used_subnets()) {
    if (used.interface == own) continue;
    holders.push_back({used.subnet, used.subnet6, {}, {}, used.way});
  }
  return holders;
}

std::string describe(const SubnetHolder& holder) {
  if (holder.project.empty()) return holder.way + " of this machine";
  if (holder.project == lone_networks_project) return "network " + holder.network;
  if (holder.project == builds_project) return "the network of builds";
  return fmt::format("network {} of stack {}", holder.network, stack::quoted(holder.project));
}

}  // namespace stack::supervisor
