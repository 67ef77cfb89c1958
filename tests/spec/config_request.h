// SPDX-License-Identifier: Apache-2.0
// The arguments of `docker compose ... config ...` as a request, as far as they concern loading.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spec/load.h"

namespace stack::spec {

struct ConfigFlag {
  std::string_view name;
  bool Stages::*stage;
};
inline constexpr ConfigFlag kConfigFlags[] = {{"--no-interpolate", &Stages::interpolate},
                                              {"--no-normalize", &Stages::normalize},
                                              {"--no-consistency", &Stages::check_consistency},
                                              {"--no-path-resolution", &Stages::resolve_paths}};

inline LoadRequest config_request(const std::vector<std::string>& arguments,
                                  std::map<std::string, std::string> environment,
                                  std::filesystem::path current_directory) {
  LoadRequest request;
  request.purpose = Purpose::show;
  request.selection = Selection::named;
  request.current_directory = std::move(current_directory);
  request.environment = std::move(environment);
  const std::map<std::string_view, std::vector<std::string>*> lists = {
      {"-f", &request.files}, {"--env-file", &request.env_files}, {"--profile", &request.profiles}};
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const auto& argument = arguments[at];
    const auto value = [&] { return at + 1 < arguments.size() ? arguments[++at] : std::string(); };
    if (const auto list = lists.find(argument); list != lists.end()) {
      list->second->push_back(value());
    } else if (argument == "-p") {
      request.project_name = value();
    } else if (argument == "--project-directory") {
      request.project_directory = value();
    } else if (argument == "--format") {
      value();
    } else if (!argument.starts_with("-") && argument != "config") {
      request.services.push_back(argument);
    }
    for (const auto& flag : kConfigFlags) {
      if (argument == flag.name) request.stages.*flag.stage = false;
    }
  }
  return request;
}

}  // namespace stack::spec
