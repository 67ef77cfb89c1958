// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/provider_program.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/child.h"
#include "base/files.h"
#include "base/pipe.h"
#include "base/process.h"
#include "base/search_path.h"
#include "base/text.h"
#include "orchestrator/spawned_program.h"

namespace stack::orchestrator {
namespace {

/// Where the docker client looks for its plugins, after the user's own.
constexpr std::array plugin_directories = {
    "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins"};
constexpr std::uint64_t longest_metadata = 1 << 20;

std::string variable(const spec::StringMap& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

bool is_program(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

std::vector<std::filesystem::path> plugins_called(const std::string& name,
                                                  const spec::StringMap& environment) {
  std::vector<std::filesystem::path> candidates;
  const std::string config = variable(environment, "DOCKER_CONFIG");
  const std::string home = variable(environment, "HOME");
  if (!config.empty()) {
    candidates.push_back(std::filesystem::path(config) / "cli-plugins" / name);
  } else if (!home.empty()) {
    candidates.push_back(std::filesystem::path(home) / ".docker/cli-plugins" / name);
  }
  for (const char* directory : plugin_directories)
    candidates.push_back(std::filesystem::path(directory) / name);
  return candidates;
}

const char* word_of(RunProvider::Command command) {
  switch (command) {
    case RunProvider::Command::up:
      return "up";
    case RunProvider::Command::down:
      return "down";
    case RunProvider::Command::stop:
      return "stop";
  }
  return "";
}

std::vector<ProviderParameter> parse_parameters(const nlohmann::json& command) {
  std::vector<ProviderParameter> parameters;
  for (const auto& each : command.value("parameters", nlohmann::json::array()))
    parameters.push_back({each.at("name"), each.value("required", false)});
  return parameters;
}

}  // namespace

std::optional<std::filesystem::path> find_provider_program(const std::string& type,
                                                           const spec::StringMap& environment) {
  if (type.empty() || type == "compose") return std::nullopt;  // that is who asks
  if (type.find('/') != std::string::npos)
    return is_program(type) ? std::optional<std::filesystem::path>(type) : std::nullopt;
  auto candidates = plugins_called("docker-" + type, environment);
  std::string path = variable(environment, "PATH");
  if (path.empty()) path = default_search_path;
  for (const auto& directory : split(path, ':'))
    if (!directory.empty()) candidates.push_back(std::filesystem::path(directory) / type);
  const auto found = std::ranges::find_if(candidates, is_program);
  if (found == candidates.end()) return std::nullopt;
  return *found;
}

ProviderMetadata parse_metadata(const std::string& answer) {
  try {
    const auto json = nlohmann::json::parse(answer);
    ProviderMetadata metadata;
    const auto none = nlohmann::json::object();
    metadata.up = parse_parameters(json.value("up", none));
    metadata.down = parse_parameters(json.value("down", none));
    if (json.contains("stop") && !json["stop"].is_null())
      metadata.stop = parse_parameters(json["stop"]);
    metadata.is_empty =
        json.value("description", "").empty() && metadata.up.empty() && metadata.down.empty();
    return metadata;
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

ProviderMetadata ask_for_metadata(const std::filesystem::path& program,
                                  const spec::StringMap& environment) {
  Pipe output = make_pipe();
  const Fd null = open_file("/dev/null", O_RDWR);
  const pid_t child = spawn_program({program, {"compose", "metadata"}, environment},
                                    {null.get(), output.writing.get(), null.get()});
  output.writing.reset();
  const std::string answer = read_all(output.reading.get(), longest_metadata);
  const auto status = await_end(child);
  return status && exit_code_of(*status) == 0 ? parse_metadata(answer) : ProviderMetadata{};
}

const std::vector<ProviderParameter>& parameters_of(const ProviderMetadata& metadata,
                                                    RunProvider::Command command) {
  static const std::vector<ProviderParameter> none;
  switch (command) {
    case RunProvider::Command::up:
      return metadata.up;
    case RunProvider::Command::down:
      return metadata.down;
    case RunProvider::Command::stop:
      return metadata.stop ? *metadata.stop : none;
  }
  return none;
}

std::optional<std::string> missing_option(const spec::Provider& provider,
                                          const ProviderMetadata& metadata,
                                          RunProvider::Command command) {
  for (const ProviderParameter& parameter : parameters_of(metadata, command))
    if (parameter.required && !provider.options.contains(parameter.name)) return parameter.name;
  return std::nullopt;
}

std::vector<std::string> provider_arguments(const std::string& project,
                                            const spec::Provider& provider,
                                            const ProviderMetadata& metadata,
                                            RunProvider::Command command) {
  const auto& parameters = parameters_of(metadata, command);
  std::vector<std::string> arguments{"compose", "--project-name=" + project, word_of(command)};
  for (const auto& [name, values] : provider.options) {
    if (!metadata.is_empty &&
        std::ranges::find(parameters, name, &ProviderParameter::name) == parameters.end())
      continue;
    for (const std::string& value : values)
      arguments.push_back(fmt::format("--{}={}", name, value));
  }
  arguments.push_back(provider.service);
  return arguments;
}

}  // namespace stack::orchestrator
