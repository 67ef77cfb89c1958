// SPDX-License-Identifier: Apache-2.0
// stack init: a file to begin with.
#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/init_view.h"

namespace stack::cli {
namespace {

namespace fs = std::filesystem;

/// One of these would be read instead of ours, or beside it.
constexpr std::array stack_files{"stack.yaml",  "stack.yml",          "compose.yaml",
                                 "compose.yml", "docker-compose.yml", "docker-compose.yaml"};

FolderFiles look_around(const fs::path& folder) {
  FolderFiles files{folder.filename().native(), {}, {}};
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file()) files.names.insert(entry.path().filename().native());
  files.read = [folder](const std::string& name) { return read_file(folder / name); };
  return files;
}

void refuse_what_is_there(const FolderFiles& files, const std::string& name) {
  for (const char* known : stack_files) {
    if (!files.names.contains(known)) continue;
    throw Error(fmt::format("{} is there already; nothing was written", known))
        .with_hint("`stack up -d` starts it; --force replaces " + name);
  }
}

}  // namespace

int run_init(const Options& options) {
  const fs::path folder = options.project_directory.empty()
                              ? current_directory()
                              : fs::absolute(options.project_directory);
  const std::string name = options.output.empty() ? "stack.yaml" : options.output;
  const FolderFiles files = look_around(folder.lexically_normal());
  if (!options.force) refuse_what_is_there(files, name);
  if (!options.force && stack::exists(folder / name))
    throw Error(fmt::format("{} is there already; nothing was written", printable(name)))
        .with_hint("--force replaces it");
  const FirstFile first = first_stack_file(files);
  write_file_atomically(folder / name, first.text, Durability::survives_crash, 0644);
  if (first.found.empty()) {
    std::cerr << fmt::format("Wrote {}: an example, since nothing here tells what to build\n",
                             name);
  } else {
    std::cerr << fmt::format("Wrote {}, by what {} says\n", name, first.found);
  }
  std::cerr << "Next: look into it, then `stack up -d`\n";
  return 0;
}

}  // namespace stack::cli
