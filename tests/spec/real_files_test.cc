// SPDX-License-Identifier: Apache-2.0
// The laws of laws_test.cc on real files: a folder of cases, each with the files of a project and a
// case.json that says how `config` is called. STACK_CASES names it; without one this is skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "config_request.h"
#include "spec/load_sources.h"
#include "spec/render.h"
#include "spec/tree.h"

namespace stack::spec {
namespace {

using Json = nlohmann::json;

std::filesystem::path cases_folder() {
  const char* named = std::getenv("STACK_CASES");
  return named == nullptr ? STACK_CASES_FOLDER : named;
}

std::string in_place(std::string text, const std::string& folder) {
  for (auto at = text.find("@DIR@"); at != std::string::npos; at = text.find("@DIR@"))
    text.replace(at, 5, folder);
  return text;
}

LoadRequest request_of_case(const std::filesystem::path& folder) {
  const Json calling = Json::parse(read_file(folder / "case.json"));
  std::vector<std::string> arguments = {"-p", calling.value("project", "case")};
  for (const auto* key : {"args", "config_args"}) {
    const Json given = calling.value(key, Json::array());
    for (const auto& argument : given) arguments.push_back(in_place(argument, folder.native()));
  }
  std::map<std::string, std::string> environment = {{"HOME", "/home/case"}};
  const Json variables = calling.value("env", Json::object());
  for (const auto& [key, value] : variables.items())
    environment[key] = in_place(value, folder.native());
  const auto directory = (folder / calling.value("cwd", ".")).lexically_normal().native();
  return config_request(
      arguments, std::move(environment),
      directory.ends_with('/') ? directory.substr(0, directory.size() - 1) : directory);
}

/// What `config` prints for what it printed, in the same place and with the same flags.
std::string printed_again(const std::string& printed, const LoadRequest& asked,
                          const Project& project) {
  SourceRequest request;
  request.sources = {{project.working_dir.native() + "/printed.yaml", "printed.yaml", printed}};
  request.project_name = project.name;
  request.profiles = {"*"};
  request.stages = asked.stages;
  request.purpose = Purpose::show;
  request.surroundings.read = [](const std::string&) { return std::nullopt; };
  request.surroundings.current_directory = asked.current_directory.native();
  request.surroundings.project_directory = project.working_dir.native();
  request.surroundings.home = "/home/case";
  const auto result = load_from_sources(std::move(request));
  return result.project ? to_yaml(*result.project) : result.diagnostics.first_error();
}

/// Docker compose, and so `config`, prints things that mean something else when they are read: an
/// optional dependency or a build's source that is a service which is not there, nothing at all for
/// an empty dockerfile or the empty name of a volume, `extends` of a service that is empty, and no
/// models at the top level.
bool cannot_be_read_again(const Node& root) {
  const Node& services = *root.find("services");
  if (const Node* volumes = root.find("volumes")) {
    for (const auto& volume : volumes->entries) {
      if (volume.value.text_of("name").empty()) return true;
    }
  }
  return std::ranges::any_of(services.entries, [&](const Entry& service) {
    const Node* build = service.value.find("build");
    const Node* dockerfile = build == nullptr ? nullptr : build->find("dockerfile");
    const Node* dependencies = service.value.find("depends_on");
    const auto is_absent = [&](const Entry& entry) { return services.find(entry.key) == nullptr; };
    const Node* contexts = build == nullptr ? nullptr : build->find("additional_contexts");
    const auto is_absent_source = [&](const Entry& entry) {
      return entry.value.text.starts_with("service:") &&
             services.find(entry.value.text.substr(8)) == nullptr;
    };
    return (dockerfile != nullptr && dockerfile->text.empty()) ||
           service.value.find("extends") != nullptr || service.value.find("models") != nullptr ||
           (contexts != nullptr && std::ranges::any_of(contexts->entries, is_absent_source)) ||
           (dependencies != nullptr && std::ranges::any_of(dependencies->entries, is_absent));
  });
}

/// Nothing when the case cannot be loaded.
std::optional<Project> load_case(const LoadRequest& request) {
  try {
    return load(request).project;
  } catch (const Error&) {
    return std::nullopt;
  }
}

TEST(RealFiles, WhatConfigPrintsMeansTheSameAgain) {
  if (!std::filesystem::exists(cases_folder())) GTEST_SKIP() << "no " << cases_folder();
  int tried = 0;
  for (const auto& name : list_directory(cases_folder())) {
    const auto request = request_of_case(cases_folder() / name);
    const auto project = load_case(request);
    if (!project || cannot_be_read_again(*project->resolved)) continue;
    const auto printed = to_yaml(*project);
    EXPECT_EQ(printed_again(printed, request, *project), printed) << name;
    ++tried;
  }
  EXPECT_GT(tried, 0);
}

}  // namespace
}  // namespace stack::spec
