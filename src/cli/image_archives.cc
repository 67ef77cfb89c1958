// SPDX-License-Identifier: Apache-2.0
// stack image load, save.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/image_use.h"
#include "image/archive_load.h"
#include "image/archive_save.h"
#include "image/reference.h"

namespace stack::cli {
namespace {

void check_not_terminal(int fd, const char* hint) {
  if (::isatty(fd) == 1)
    throw Error(fd == STDIN_FILENO ? "standard input is a terminal, not an archive"
                                   : "an archive is not written to a terminal")
        .with_hint(hint)
        .with_exit_code(ExitCode::usage);
}

/// /dev/null, /dev/stdout, a pipe: nothing that could be renamed to.
bool is_device(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
}

/// Complete or not there: the archive gets its name when it is whole.
void save_to_file(const image::ImageStore& store, const Options& options) {
  const std::string half = options.output + ".tmp";
  const Fd file = open_file(half, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  try {
    image::save_images(store, options.arguments,
                       [&](std::string_view bytes) { write_all(file.get(), bytes); });
  } catch (...) {
    ::unlink(half.c_str());
    throw;
  }
  if (std::rename(half.c_str(), options.output.c_str()) != 0)
    throw_errno("rename {} to {}", half, options.output);
}

}  // namespace

int run_image_load(const Options& options) {
  if (options.input.empty()) check_not_terminal(STDIN_FILENO, "name a file with -i");
  image::LoadRequest request{.source = options.input.empty() ? "-" : options.input};
  if (!options.platform.empty()) request.platform = image::parse_platform(options.platform);
  auto store = open_store();
  const auto note = [&](const std::string& line) {
    if (!options.quiet) std::cerr << line << '\n';
  };
  for (const auto& loaded : image::load_images(store, request, note)) {
    for (const auto& name : loaded.names)
      std::cout << "Loaded image: " << image::familiar(image::parse_reference(name)) << '\n';
    if (loaded.names.empty()) std::cout << "Loaded image ID: " << loaded.image.id << '\n';
  }
  return 0;
}

int run_image_save(const Options& options) {
  const auto store = open_store();
  if (!options.output.empty() && !is_device(options.output)) {
    save_to_file(store, options);
    return 0;
  }
  if (options.output.empty()) check_not_terminal(STDOUT_FILENO, "name a file with -o");
  const Fd named = options.output.empty() ? Fd() : open_file(options.output, O_WRONLY);
  const int to = named ? named.get() : STDOUT_FILENO;
  image::save_images(store, options.arguments,
                     [&](std::string_view bytes) { write_all(to, bytes); });
  return 0;
}

}  // namespace stack::cli
