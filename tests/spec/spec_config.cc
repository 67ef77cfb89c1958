// SPDX-License-Identifier: Apache-2.0
// `stack config` without the rest of the program: loads and prints, for checks against recorded
// results of docker compose (check_config.py --stack spec_config).
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "spec/load.h"
#include "spec/render.h"

extern char** environ;

namespace {

using stack::spec::LoadRequest;

struct Flag {
  std::string_view name;
  bool stack::spec::Stages::*stage;
};
constexpr Flag kFlags[] = {{"--no-interpolate", &stack::spec::Stages::interpolate},
                           {"--no-normalize", &stack::spec::Stages::normalize},
                           {"--no-consistency", &stack::spec::Stages::check_consistency},
                           {"--no-path-resolution", &stack::spec::Stages::resolve_paths}};

LoadRequest parse(const std::vector<std::string>& arguments) {
  LoadRequest request;
  request.purpose = stack::spec::Purpose::show;
  request.selection = stack::spec::Selection::named;
  request.current_directory = std::filesystem::current_path();
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    request.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const auto& argument = arguments[at];
    const auto value = [&] { return at + 1 < arguments.size() ? arguments[++at] : std::string(); };
    if (argument == "-p")
      request.project_name = value();
    else if (argument == "-f")
      request.files.push_back(value());
    else if (argument == "--env-file")
      request.env_files.push_back(value());
    else if (argument == "--profile")
      request.profiles.push_back(value());
    else if (argument == "--project-directory")
      request.project_directory = value();
    else if (argument == "--format")
      value();
    for (const auto& flag : kFlags) {
      if (argument == flag.name) request.stages.*flag.stage = false;
    }
    if (!argument.starts_with("-") && argument != "config") request.services.push_back(argument);
  }
  return request;
}

int run(const std::vector<std::string>& arguments) {
  const auto result = stack::spec::load(parse(arguments));
  if (!result.project) {
    std::fprintf(stderr, "%s\n", result.diagnostics.first_error().c_str());
    return 3;
  }
  std::fputs(stack::spec::to_json(*result.project).c_str(), stdout);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run({arguments + 1, arguments + count});
  } catch (const stack::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.exit_code());
  }
}
