// SPDX-License-Identifier: Apache-2.0
// What `stack config --format json` prints, as docker compose does: golden-config/NAME/ holds
// compose.yaml, perhaps override.yaml and other files, and expected.json. Files of refused-NAME
// must not load. `flags` has one option of config a line. STACK_UPDATE_GOLDEN=1 writes the answers
// anew, for a person to read before committing.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "folder.h"
#include "load_text.h"
#include "spec/render.h"

namespace stack::spec {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> disk_of(const fs::path& folder) {
  std::map<std::string, std::string> disk;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      disk["/project/" + entry.path().lexically_relative(folder).native()] =
          read_file(entry.path());
  }
  return disk;
}

void apply_flag(const std::string& flag, SourceRequest& request) {
  auto& stages = request.stages;
  if (flag == "no-interpolate") stages.interpolate = false;
  if (flag == "no-normalize") stages.normalize = false;
  if (flag == "no-consistency") stages.check_consistency = false;
  if (flag == "no-path-resolution") stages.resolve_paths = false;
  if (flag.starts_with("profile=")) request.profiles.push_back(flag.substr(8));
  if (flag.starts_with("service=")) request.services.push_back(flag.substr(8));
}

SourceRequest request_in(const fs::path& folder) {
  std::vector<std::string> texts = {read_file(folder / "compose.yaml")};
  if (fs::exists(folder / "override.yaml")) texts.push_back(read_file(folder / "override.yaml"));
  SourceRequest request = request_of(texts, disk_of(folder));
  request.project_name = "shop";
  request.purpose = Purpose::show;
  request.selection = Selection::named;
  request.surroundings.home = "/home/case";
  request.surroundings.variables = {
      {"IMAGE", "registry/app"}, {"EMPTY", ""}, {"COUNT", "2"}, {"HOME", "/home/case"}};
  if (fs::exists(folder / "flags")) {
    for (const auto& flag : split(read_file(folder / "flags"), '\n')) apply_flag(flag, request);
  }
  return request;
}

class ConfigOf : public testing::TestWithParam<std::string> {};

TEST_P(ConfigOf, IsWhatDockerComposePrints) {
  const auto folder = fs::path("golden-config") / GetParam();
  const auto result = load_from_sources(request_in(folder));
  if (GetParam().starts_with("refused-")) {
    EXPECT_FALSE(result.project.has_value());
    return;
  }
  ASSERT_TRUE(result.project.has_value()) << result.diagnostics.to_text();
  const auto printed = to_json(*result.project);
  if (std::getenv("STACK_UPDATE_GOLDEN") != nullptr)
    std::ofstream(folder / "expected.json") << printed;
  EXPECT_EQ(printed, read_file(folder / "expected.json"));
}

INSTANTIATE_TEST_SUITE_P(Golden, ConfigOf, testing::ValuesIn(list_directory("golden-config")),
                         name_of);

}  // namespace
}  // namespace stack::spec
