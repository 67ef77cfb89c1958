// SPDX-License-Identifier: Apache-2.0
#include "supervisor/settled_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <functional>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"

namespace stack::supervisor {
namespace {

std::filesystem::path directory_of(const HostPaths& paths) {
  return paths.run / "settled";
}

/// KEY.PROJECT; a key has no dot in it.
bool is_of_project(const std::string& name, const std::string& project) {
  const std::size_t dot = name.find('.');
  return dot != std::string::npos && name.substr(dot + 1) == project;
}

void remove_those(const HostPaths& paths, const std::function<bool(const std::string&)>& which) {
  const auto directory = directory_of(paths);
  for (const std::string& name : list_directory(directory))
    if (which(name) && !injected_refusal("settled.remove")) ::unlink((directory / name).c_str());
}

/// Readers tell by its last line whether it is whole: it needs no other name while it is written,
/// which a killed command would leave behind.
void write_whole(const std::filesystem::path& path, std::string_view content) {
  fail_point("settled.write");
  const Fd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  write_all(file.get(), content);
}

}  // namespace

std::optional<SettledFile> find_settled(const HostPaths& paths, std::string_view key) {
  const auto directory = directory_of(paths);
  for (const std::string& name : list_directory(directory)) {
    if (!name.starts_with(key) || name.size() <= key.size() + 1 || name[key.size()] != '.')
      continue;
    return SettledFile{name.substr(key.size() + 1), directory / name};
  }
  return std::nullopt;
}

void write_settled(const ProjectFiles& files, std::string_view key, std::string_view content) {
  const auto directory = directory_of(files.paths);
  try {
    // What a command like this one found may have been another project, before its file was given
    // a name.
    remove_those(files.paths, [&](const std::string& name) {
      return is_of_project(name, files.project) || name.starts_with(key);
    });
    if (!stack::exists(directory)) make_directories(directory);
    write_whole(directory / fmt::format("{}.{}", key, files.project), content);
  } catch (const Error&) {
    remove_settled(files);
  }
  // A keeper that ends removes its pid first: while that is there, it has not yet been here.
  if (!stack::exists(files.keeper_pid())) remove_settled(files);
}

void remove_settled(const ProjectFiles& files) {
  try {
    remove_those(files.paths,
                 [&](const std::string& name) { return is_of_project(name, files.project); });
  } catch (const Error&) {
    return;  // it cannot be read: nor can any command that looks for one
  }
  ::rmdir(directory_of(files.paths).c_str());
}

}  // namespace stack::supervisor
