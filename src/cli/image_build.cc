// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "build/builder.h"
#include "build/context.h"
#include "cli/build_commands.h"
#include "cli/build_options.h"
#include "cli/build_progress.h"

namespace stack::cli {

int run_image_build(const Options& options) {
  if (options.files.size() > 1)
    throw Error("image build takes one Dockerfile").with_exit_code(ExitCode::usage);
  const auto progress = make_build_progress(options);
  build::BuildSurroundings surroundings = build_surroundings(*progress);
  build::BuildRequest request;
  add_image_flags(options, request);
  const build::OpenedContext context =
      build::open_context({.source = options.arguments.front(),
                           .dockerfile = options.files.empty() ? "" : options.files.front(),
                           .dockerfile_base = std::filesystem::current_path()},
                          surroundings, request);
  const image::Image image = build::build_image(request, surroundings);
  if (!options.iidfile.empty())
    write_file_atomically(options.iidfile, image.id, Durability::survives_crash, 0644);
  std::cout << image.id << '\n';
  return 0;
}

}  // namespace stack::cli
