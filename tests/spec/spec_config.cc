// SPDX-License-Identifier: Apache-2.0
// `stack config` without the rest of the program: loads and prints, for checks against recorded
// results of docker compose (check_config.py --stack spec_config).
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config_request.h"
#include "spec/load.h"
#include "spec/render.h"

extern char** environ;

namespace {

std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

int run(const std::vector<std::string>& arguments) {
  const auto result = stack::spec::load(
      stack::spec::config_request(arguments, own_environment(), std::filesystem::current_path()));
  if (!result.project) {
    std::fprintf(stderr, "%s\n", result.diagnostics.first_error().c_str());
    return 3;
  }
  const bool is_json = std::ranges::find(arguments, "json") != arguments.end();
  const auto text =
      is_json ? stack::spec::to_json(*result.project) : stack::spec::to_yaml(*result.project);
  std::fputs(text.c_str(), stdout);
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
