// SPDX-License-Identifier: Apache-2.0
// Where `image build --output` brings what was built, by the words of docker buildx.
#pragma once

#include <string>
#include <vector>

#include "base/overlay_tree.h"
#include "cli/options.h"

namespace stack::cli {

struct BuildOutput {
  enum class Kind {
    image,         ///< into the store, with the build's names
    pushed_image,  ///< the same, and from there to the registries of its names
    archive,       ///< into the store, and from there as `image save` writes it
    files,         ///< the files of the image, into a directory
    files_archive  ///< the files of the image, as tar
  };
  Kind kind = Kind::image;
  std::string destination = {};         ///< a path; empty: standard output, of an archive
  std::vector<std::string> names = {};  ///< further ones of the image, canonical

  bool operator==(const BuildOutput&) const = default;
};

/// "DIRECTORY", "-" for the files as tar, or "type=TYPE,KEY=VALUE...": local, tar, docker, oci,
/// image or registry, with dest, name and push. Throws Error (usage) for others.
BuildOutput parse_build_output(const std::string& text);

/// What --output, --push and --load ask for together; an image when they say nothing. Throws Error
/// (usage) also for two that would both go to standard output, or one to a terminal.
std::vector<BuildOutput> build_outputs(const Options& options);

/// Whether an image has to be in the store for it.
bool wants_image(const BuildOutput& output);
/// Whether it goes to standard output, where nothing else belongs then.
bool takes_standard_output(const BuildOutput& output);

/// Writes what was built for an output that wants its files. In a directory, which is made when it
/// is missing, other files stay, and owners are the caller's. Devices are left out there and told
/// on standard error. Throws Error.
void write_built_files(const JoinedDirectory& root, const BuildOutput& output);

}  // namespace stack::cli
