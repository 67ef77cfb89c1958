// SPDX-License-Identifier: Apache-2.0
// stack image load, save.
#include <unistd.h>

#include <iostream>

#include "base/error.h"
#include "cli/archive_output.h"
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
  if (options.output.empty()) check_not_terminal(STDOUT_FILENO, "name a file with -o");
  write_archive(options.output, [&](const image::TarSink& sink) {
    image::save_images(store, options.arguments, sink);
  });
  return 0;
}

}  // namespace stack::cli
