// SPDX-License-Identifier: Apache-2.0
#include "cli/hosts_view.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/format.h"
#include "base/text.h"

namespace stack::cli {
namespace {

std::vector<std::string> names_in(const std::string& project,
                                  const supervisor::ContainerConfig& config) {
  const auto whole = [&](const std::string& name) { return name + "." + project + ".stack"; };
  const std::string numbered = fmt::format("{}-{}", config.service, config.number);
  std::vector<std::string> names{whole(config.service), whole(numbered)};
  if (config.name != project + "-" + numbered && config.name != config.service)
    names.push_back(whole(config.name));
  return names;
}

const network::DualAddress* first_address(const supervisor::ObservedContainer& container,
                                          const std::set<std::string>& unreachable) {
  for (const auto& endpoint : container.config.endpoints) {
    const auto found = container.status.addresses.find(endpoint.network);
    if (found != container.status.addresses.end() && !unreachable.contains(endpoint.network))
      return &found->second;
  }
  return nullptr;
}

}  // namespace

std::vector<HostsEntry> hosts_entries(const std::string& project,
                                      const supervisor::ObservedContainer& container,
                                      const std::set<std::string>& unreachable) {
  const auto& config = container.config;
  if (container.status.process.pid == 0 || !config.step.empty() || config.service.empty())
    return {};
  const auto* const address = first_address(container, unreachable);
  if (address == nullptr) return {};
  std::vector<HostsEntry> entries;
  const auto add = [&](const std::string& text) {
    entries.push_back({text, names_in(project, config), project, config.service, config.name});
  };
  if (address->v4) add(network::to_text(*address->v4));
  if (address->v6) add(network::to_text(*address->v6));
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
