// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/committed_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "orchestrator/command_words.h"

namespace stack::orchestrator {
namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

template <typename Value>
void take(const Json& applied, const char* key, Value& value) {
  if (const auto found = applied.find(key); found != applied.end()) value = found->get<Value>();
}

void set_program(const Json& applied, image::ImageConfig& config) {
  std::optional<Strings> entrypoint;
  std::optional<Strings> command;
  if (applied.contains("entrypoint")) take(applied, "entrypoint", entrypoint.emplace());
  if (applied.contains("command")) take(applied, "command", command.emplace());
  CommandWords program = command_words(entrypoint, command, config);
  config.entrypoint = std::move(program.entrypoint);
  config.command = std::move(program.command);
}

void set_environment(const Json& applied, image::ImageConfig& config) {
  const auto variables = applied.find("environment");
  if (variables == applied.end()) return;
  for (const auto& variable : variables->items()) {
    const std::string prefix = variable.key() + "=";
    std::erase_if(config.environment,
                  [&](const std::string& entry) { return entry.starts_with(prefix); });
    if (variable.value().is_string())
      config.environment.push_back(prefix + variable.value().get<std::string>());
  }
}

void expose(const supervisor::ContainerConfig& container, const Json& applied,
            image::ImageConfig& config) {
  Strings ports;
  take(applied, "expose", ports);
  for (std::string& port : ports) {
    if (port.find('/') == std::string::npos) port += "/tcp";
  }
  for (const auto& rule : container.ports)
    ports.push_back(fmt::format("{}/{}", rule.container_port, rule.protocol));
  for (std::string& port : ports) {
    if (std::ranges::find(config.exposed_ports, port) == config.exposed_ports.end())
      config.exposed_ports.push_back(std::move(port));
  }
}

void set_health(const supervisor::ContainerConfig& container, const Json& applied,
                image::ImageConfig& config) {
  const auto wish = applied.find("healthcheck");
  if (wish == applied.end()) return;
  image::ImageHealthcheck check = config.healthcheck.value_or(image::ImageHealthcheck{});
  if (container.health) {
    take(*wish, "test", check.test);
    check.interval = container.health->interval;
    check.timeout = container.health->timeout;
    check.start_period = container.health->start_period;
    check.start_interval = container.health->start_interval;
    check.retries = container.health->retries;
  } else {
    check.test = {"NONE"};
  }
  config.healthcheck = std::move(check);
}

void add_labels(const Json& applied, image::ImageConfig& config) {
  std::map<std::string, std::string> labels;
  take(applied, "labels", labels);
  for (auto& [key, value] : labels) config.labels[key] = value;
}

}  // namespace

image::ImageConfig committed_config(image::ImageConfig config,
                                    const supervisor::ContainerConfig& container) {
  const Json applied = Json::parse(container.applied);
  set_program(applied, config);
  set_environment(applied, config);
  take(applied, "user", config.user);
  take(applied, "working_dir", config.working_dir);
  take(applied, "stop_signal", config.stop_signal);
  expose(container, applied, config);
  set_health(container, applied, config);
  add_labels(applied, config);
  return config;
}

}  // namespace stack::orchestrator
