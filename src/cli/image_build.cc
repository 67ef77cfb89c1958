// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "build/builder.h"
#include "build/context.h"
#include "cli/build_commands.h"
#include "cli/build_options.h"
#include "cli/build_progress.h"

namespace stack::cli {
namespace {

int check_alone(const build::BuildRequest& request) {
  if (tell_habits(request)) return static_cast<int>(ExitCode::failure);
  std::cout << no_habits << '\n';
  return 0;
}

/// What scripts read of it, by docker's names.
void write_metadata(const std::string& path, const image::Image& image,
                    const build::BuildRequest& request) {
  nlohmann::json about{{"containerimage.config.digest", image.id},
                       {"containerimage.digest", image.id}};
  if (!request.names.empty()) about["image.name"] = join(request.names, ",");
  write_file_atomically(path, about.dump(2) + "\n", Durability::survives_crash, 0644);
}

}  // namespace

int run_image_build(const Options& options) {
  if (options.files.size() > 1)
    throw Error("image build takes one Dockerfile").with_exit_code(ExitCode::usage);
  check_builder(options);
  if (!options.output.empty())
    throw Error("--output, --cache-to: an image and its cache go to the store, and nowhere else")
        .with_hint("`stack image save -o FILE IMAGE` makes an archive of it")
        .with_exit_code(ExitCode::usage);
  const auto progress = make_build_progress(options);
  build::BuildSurroundings surroundings = build_surroundings(*progress);
  build::BuildRequest request;
  add_image_flags(options, request);
  const build::OpenedContext context =
      build::open_context({.source = options.arguments.front(),
                           .dockerfile = options.files.empty() ? "" : options.files.front(),
                           .dockerfile_base = current_directory()},
                          surroundings, request);
  if (options.check) return check_alone(request);
  const image::Image image = build::build_image(request, surroundings);
  if (!options.iidfile.empty())
    write_file_atomically(options.iidfile, image.id, Durability::survives_crash, 0644);
  if (!options.metadata_file.empty()) write_metadata(options.metadata_file, image, request);
  std::cout << image.id << '\n';
  return 0;
}

}  // namespace stack::cli
