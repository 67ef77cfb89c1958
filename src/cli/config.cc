// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "cli/command.h"
#include "cli/project.h"
#include "spec/render.h"

namespace stack::cli {
namespace {

template <typename Map>
std::string keys(const Map& map) {
  std::string text;
  for (const auto& [key, value] : map) text += key + "\n";
  return text;
}

std::string images(const spec::Project& project) {
  std::set<std::string> names;
  for (const auto& [name, service] : project.services) names.insert(service.image);
  std::string text;
  for (const auto& name : names) text += name + "\n";
  return text;
}

std::string body(const spec::Project& project, const Options& options) {
  if (options.services) return keys(project.services);
  if (options.list_volumes) return keys(project.volumes);
  if (options.list_networks) return keys(project.networks);
  if (options.list_images) return images(project);
  if (options.format == "json") return spec::to_json(project);
  if (options.format.empty() || options.format == "yaml") return spec::to_yaml(project);
  throw Error(fmt::format("--format {} is not known: yaml or json", options.format))
      .with_exit_code(ExitCode::usage);
}

}  // namespace

int run_config(const Options& options) {
  const spec::Project project = load_to_show(options);
  if (options.quiet) return 0;
  std::string text = body(project, options);
  if (!text.empty() && text.back() != '\n') text += '\n';
  if (options.output.empty()) {
    std::cout << text;
  } else {
    write_file_atomically(options.output, text, Durability::survives_crash, 0644);
  }
  return 0;
}

}  // namespace stack::cli
