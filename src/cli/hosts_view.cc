// SPDX-License-Identifier: Apache-2.0
#include "cli/hosts_view.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/format.h"
#include "base/text.h"

namespace stack::cli {
namespace {

std::string whole_name(const std::string& project, const std::string& name) {
  return name + "." + project + ".stack";
}

/// Without that of the service.
std::vector<std::string> own_names(const std::string& project,
                                   const supervisor::ContainerConfig& config) {
  const std::string numbered = fmt::format("{}-{}", config.service, config.number);
  std::vector<std::string> names{whole_name(project, numbered)};
  if (config.name != project + "-" + numbered && config.name != config.service)
    names.push_back(whole_name(project, config.name));
  return names;
}

using Addresses = std::map<std::string, network::DualAddress>;

/// The network whose address it is known by; empty: none.
std::string first_network(const supervisor::ObservedContainer& container,
                          const std::set<std::string>& unreachable) {
  for (const auto& endpoint : container.config.endpoints)
    if (container.status.addresses.contains(endpoint.network) &&
        !unreachable.contains(endpoint.network))
      return endpoint.network;
  return "";
}

void add_entries(std::vector<HostsEntry>& entries, const network::DualAddress& address,
                 HostsEntry entry) {
  std::vector<std::string> texts;
  if (address.v4) texts.push_back(network::to_text(*address.v4));
  if (address.v6) texts.push_back(network::to_text(*address.v6));
  for (std::string& text : texts) {
    entry.address = std::move(text);
    entries.push_back(entry);
  }
}

}  // namespace

std::vector<HostsEntry> hosts_entries(const std::string& project,
                                      const supervisor::ObservedContainer& container,
                                      const std::set<std::string>& unreachable) {
  const auto& config = container.config;
  if (container.status.process.pid == 0 || !config.step.empty() || config.service.empty())
    return {};
  const std::string network = first_network(container, unreachable);
  if (network.empty()) return {};
  std::vector<HostsEntry> entries;
  const std::string name = whole_name(project, config.service);
  HostsEntry own{"", own_names(project, config), project, config.service, config.name};
  const Addresses& shared = container.status.virtual_addresses;
  if (const auto found = shared.find(network); found != shared.end()) {
    add_entries(entries, found->second, {"", {name}, project, config.service, ""});
  } else {
    own.names.insert(own.names.begin(), name);
  }
  add_entries(entries, container.status.addresses.at(network), std::move(own));
  return entries;
}

std::string hosts_text(const std::vector<HostsEntry>& entries) {
  std::string text;
  for (const auto& entry : entries)
    text += fmt::format("{}\t{}\n", entry.address, fmt::join(entry.names, " "));
  return text;
}

std::string hosts_json(const std::vector<HostsEntry>& entries) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& entry : entries)
    list.push_back({{"Address", entry.address},
                    {"Names", entry.names},
                    {"Project", entry.project},
                    {"Service", entry.service},
                    {"Container", entry.container}});
  return list.dump() + "\n";
}

}  // namespace stack::cli
