// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/provider_record.h"

#include <nlohmann/json.hpp>

#include "base/document.h"
#include "base/files.h"

namespace stack::orchestrator {
namespace {

constexpr DocumentKind providers_document{"providers", 1};

std::filesystem::path record_document(const std::string& project, const HostPaths& paths) {
  return paths.project_data(project) / "providers.json";
}

nlohmann::json to_document(const ProviderRecord& record) {
  const spec::Provider& provider = record.provider;
  nlohmann::json dependencies = nlohmann::json::array();
  for (const auto& [name, how] : provider.depends_on) dependencies.push_back(name);
  return {{"type", provider.type},
          {"options", provider.options},
          {"depends_on", dependencies},
          {"dependents", provider.dependents},
          {"setenv", record.variables.prefixed},
          {"rawsetenv", record.variables.raw}};
}

ProviderRecord from_document(const std::string& service, const nlohmann::json& json) {
  ProviderRecord record;
  record.provider.service = service;
  json.at("type").get_to(record.provider.type);
  json.at("options").get_to(record.provider.options);
  for (const auto& name : json.at("depends_on")) record.provider.depends_on[name] = {};
  json.at("dependents").get_to(record.provider.dependents);
  json.at("setenv").get_to(record.variables.prefixed);
  json.at("rawsetenv").get_to(record.variables.raw);
  return record;
}

}  // namespace

ProviderRecords read_provider_records(const std::string& project, const HostPaths& paths) {
  ProviderRecords records;
  const auto document =
      read_document(record_document(project, paths), providers_document, Damaged::counts_as_absent);
  if (!document || !document->contains("providers")) return records;
  try {
    for (const auto& [service, json] : (*document)["providers"].items())
      records[service] = from_document(service, json);
  } catch (const nlohmann::json::exception&) {
    return {};
  }
  return records;
}

void write_provider_records(const std::string& project, const ProviderRecords& records,
                            const HostPaths& paths) {
  if (records.empty()) {
    std::filesystem::remove(record_document(project, paths));
    return;
  }
  nlohmann::json providers = nlohmann::json::object();
  for (const auto& [service, record] : records) providers[service] = to_document(record);
  make_directories(paths.project_data(project));
  write_document(record_document(project, paths), providers_document, {{"providers", providers}},
                 Durability::survives_power_loss);
}

}  // namespace stack::orchestrator
