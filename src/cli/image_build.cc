// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "build/builder.h"
#include "build/context.h"
#include "cli/archive_output.h"
#include "cli/build_commands.h"
#include "cli/build_options.h"
#include "cli/build_outputs.h"
#include "cli/build_progress.h"
#include "cli/image_use.h"
#include "cli/project_push.h"
#include "image/archive_save.h"

namespace stack::cli {
namespace {

int check_alone(const build::BuildRequest& request) {
  if (tell_habits(request)) return static_cast<int>(ExitCode::failure);
  std::cout << no_habits << '\n';
  return 0;
}

/// What scripts read of it, by docker's names; nothing of an image that there is not.
void write_metadata(const std::string& path, const std::optional<image::Image>& image,
                    const build::BuildRequest& request) {
  nlohmann::json about = nlohmann::json::object();
  if (image) about["containerimage.config.digest"] = about["containerimage.digest"] = image->id;
  if (image && !request.names.empty()) about["image.name"] = join(request.names, ",");
  write_file_atomically(path, about.dump(2) + "\n", Durability::survives_crash, 0644);
}

void save_image(const BuildOutput& output, const image::Image& image,
                const build::BuildRequest& request) {
  const auto references =
      request.names.empty() ? std::vector<std::string>{image.id} : request.names;
  const auto store = open_store();
  write_archive(output.destination,
                [&](const image::TarSink& sink) { image::save_images(store, references, sink); });
}

/// One build for all outputs. The image; nothing when only its files are wanted.
std::optional<image::Image> build_for(const std::vector<BuildOutput>& outputs,
                                      const build::BuildRequest& request,
                                      build::BuildSurroundings& surroundings) {
  build::Wanted wanted{.image = std::ranges::any_of(outputs, wants_image)};
  if (!std::ranges::all_of(outputs, wants_image))
    wanted.use_files = [&](const JoinedDirectory& root) {
      for (const BuildOutput& output : outputs)
        if (!wants_image(output)) write_built_files(root, output);
    };
  auto image = build::build(request, surroundings, wanted);
  for (const BuildOutput& output : outputs)
    if (output.kind == BuildOutput::Kind::archive) save_image(output, *image, request);
  return image;
}

/// The exit code.
int push_all(const std::vector<BuildOutput>& outputs, const build::BuildRequest& request,
             const Options& options) {
  const bool is_pushed = std::ranges::any_of(outputs, [](const BuildOutput& output) {
    return output.kind == BuildOutput::Kind::pushed_image;
  });
  return is_pushed ? push_images({request.names.begin(), request.names.end()}, options) : 0;
}

void add_output_names(const std::vector<BuildOutput>& outputs, build::BuildRequest& request) {
  for (const BuildOutput& output : outputs) {
    request.names.insert(request.names.end(), output.names.begin(), output.names.end());
    if (output.kind == BuildOutput::Kind::pushed_image && request.names.empty())
      throw Error("an image is pushed by its name")
          .with_hint("name it with -t")
          .with_exit_code(ExitCode::usage);
  }
}

}  // namespace

int run_image_build(const Options& options) {
  if (options.files.size() > 1)
    throw Error("image build takes one Dockerfile").with_exit_code(ExitCode::usage);
  check_builder(options);
  if (!options.cache_to.empty())
    throw Error("--cache-to: the cache is this machine's, and goes nowhere else")
        .with_exit_code(ExitCode::usage);
  const std::vector<BuildOutput> outputs = build_outputs(options);
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
  add_output_names(outputs, request);
  const auto image = build_for(outputs, request, surroundings);
  const std::string id = image ? image->id : "";
  if (!options.iidfile.empty())
    write_file_atomically(options.iidfile, id, Durability::survives_crash, 0644);
  if (!options.metadata_file.empty()) write_metadata(options.metadata_file, image, request);
  if (image && std::ranges::none_of(outputs, takes_standard_output)) std::cout << id << std::endl;
  return push_all(outputs, request, options);
}

}  // namespace stack::cli
