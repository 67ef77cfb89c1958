// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/project_home.h"

#include <nlohmann/json.hpp>

#include "base/document.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/inquiry.h"

namespace stack::orchestrator {
namespace {

constexpr DocumentKind project_document{"project", 1};

std::filesystem::path home_document(const std::string& project, const HostPaths& paths) {
  return paths.project_data(project) / "project.json";
}

bool is_same(const std::filesystem::path& one, const std::filesystem::path& other) {
  note_now(Question::file, one);
  note_now(Question::file, other);
  std::error_code ignored;
  return std::filesystem::equivalent(one, other, ignored);
}

}  // namespace

void record_project(const spec::Project& project, const HostPaths& paths) {
  make_directories(paths.project_data(project.name));
  nlohmann::json files = nlohmann::json::array();
  for (const auto& file : project.files) files.push_back(file.native());
  nlohmann::json document{
      {"name", project.name}, {"working_dir", project.working_dir.native()}, {"files", files}};
  if (project.isolated) document["isolated"] = true;
  fail_point("project.document");
  write_document(home_document(project.name, paths), project_document, document,
                 Durability::survives_crash);
}

namespace {

std::optional<nlohmann::json> read_home(const std::string& project, const HostPaths& paths) {
  return read_document(home_document(project, paths), project_document, Damaged::counts_as_absent);
}

/// Nothing for whoever may not look: an ordinary user's `config` needs none of it.
std::optional<nlohmann::json> read_home_if_allowed(const std::string& project,
                                                   const HostPaths& paths) {
  try {
    return read_home(project, paths);
  } catch (const Error& error) {
    if (error.error_number() != EACCES) throw;
    return std::nullopt;
  }
}

std::optional<std::filesystem::path> home_in(const std::optional<nlohmann::json>& document) {
  if (!document || !document->contains("working_dir")) return std::nullopt;
  const auto& folder = (*document)["working_dir"];
  if (!folder.is_string()) return std::nullopt;
  return folder.get<std::string>();
}

}  // namespace

std::optional<std::filesystem::path> project_home(const std::string& project,
                                                  const HostPaths& paths) {
  return home_in(read_home(project, paths));
}

bool is_isolated(const std::string& project, const std::filesystem::path& folder,
                 const HostPaths& paths) {
  const auto document = read_home_if_allowed(project, paths);
  if (!document || !document->contains("isolated") || (*document)["isolated"] != true) return false;
  const auto home = home_in(document);
  return home && is_same(*home, folder);
}

std::vector<std::filesystem::path> project_files(const std::string& project,
                                                 const HostPaths& paths) {
  const auto document = read_home(project, paths);
  std::vector<std::filesystem::path> files;
  if (!document || !document->contains("files")) return files;
  for (const auto& file : (*document)["files"])
    if (file.is_string()) files.emplace_back(file.get<std::string>());
  return files;
}

bool is_at_home_elsewhere(const std::string& project, const std::filesystem::path& folder,
                          const HostPaths& paths) {
  const auto home = project_home(project, paths);
  return home && *home != folder && !is_same(*home, folder);
}

void check_home(const spec::Project& project, const HostPaths& paths) {
  check_home(project.name, project.working_dir, paths);
}

void check_home(const std::string& project, const std::filesystem::path& folder,
                const HostPaths& paths) {
  const auto home = project_home(project, paths);
  if (!home || *home == folder || !stack::exists(*home)) return;
  if (is_same(*home, folder)) return;
  throw Error(fmt::format("project {} is at home in {}, this is {}", project, home->native(),
                          folder.native()))
      .with_hint(
          "`--isolated` gives this one a name and ports of its own, `-p NAME` or `name:` in the "
          "file a name; "
          "`stack -p " +
          project + " down` elsewhere, or there, ends the other");
}

}  // namespace stack::orchestrator
