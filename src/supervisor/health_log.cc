// SPDX-License-Identifier: Apache-2.0
#include "supervisor/health_log.h"

#include <nlohmann/json.hpp>

#include "base/document.h"

namespace stack::supervisor {
namespace {

using nlohmann::json;

constexpr DocumentKind health_kind{"health", 1};
constexpr const char* health_name = "health.json";

json check_json(const HealthCheck& check) {
  return {{"begun", to_nanoseconds(check.begun)},
          {"ended", to_nanoseconds(check.ended)},
          {"exit_code", check.exit_code},
          {"output", check.output}};
}

HealthCheck check_from(const json& in) {
  return {from_nanoseconds(in.at("begun").get<std::int64_t>()),
          from_nanoseconds(in.at("ended").get<std::int64_t>()), in.at("exit_code").get<int>(),
          in.at("output").get<std::string>()};
}

}  // namespace

void add_check(HealthLog& log, HealthCheck check) {
  log.checks.push_back(std::move(check));
  if (log.checks.size() > most_health_checks) log.checks.pop_front();
}

void write_health_log(const std::filesystem::path& directory, const HealthLog& log) {
  json checks = json::array();
  for (const HealthCheck& check : log.checks) checks.push_back(check_json(check));
  write_document(directory / health_name, health_kind,
                 {{"failing_streak", log.failing_streak}, {"checks", std::move(checks)}},
                 Durability::survives_crash);
}

HealthLog read_health_log(const std::filesystem::path& directory) {
  const auto path = directory / health_name;
  HealthLog log;
  try {
    const auto document = read_document(path, health_kind, Damaged::counts_as_absent);
    if (!document) return {};
    decode_document(path, health_kind, [&] {
      document->at("failing_streak").get_to(log.failing_streak);
      for (const json& check : document->at("checks")) log.checks.push_back(check_from(check));
    });
  } catch (const Error&) {
    return {};
  }
  return log;
}

}  // namespace stack::supervisor
