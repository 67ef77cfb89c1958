// SPDX-License-Identifier: Apache-2.0
// What all stages of one build share: the request, the stages that are done, and where files come
// from.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "build/build_request.h"
#include "build/config_steps.h"
#include "build/downloads.h"
#include "build/file_source.h"
#include "build/git_tree.h"
#include "build/guard.h"
#include "build/stages.h"
#include "build/turns.h"

namespace stack::build {

/// The config of an image of the store.
image::ConfigDocument read_document(const BuildSurroundings& with, const image::Image& image);

class BuildJob {
 public:
  /// All must outlive it. Throws Error when SOURCE_DATE_EPOCH is no number.
  BuildJob(const BuildRequest& request, BuildSurroundings& with, const Dockerfile& file,
           const BuildGraph& graph);

  const BuildRequest& request;
  BuildSurroundings& with;
  const Dockerfile& file;
  const BuildGraph& graph;
  Guard guard;
  Turns turns;
  std::map<int, StageState> done;  ///< by number of the stage
  int steps = 0;                   ///< that the report knows of
  /// SOURCE_DATE_EPOCH: nothing in the image is newer.
  std::optional<std::chrono::system_clock::time_point> epoch;

  /// An image that must be there. Throws Error that says how to get it.
  image::ConfigDocument image_of(const std::string& reference, std::string* id = nullptr);
  /// The layers (diff ids) of an origin that is no directory.
  std::vector<std::string> layers_of(const Origin& origin);
  /// The files of an origin; the build context for the default one.
  std::shared_ptr<const FileSource> files_of(const Origin& origin);
  std::shared_ptr<const FileSource> context();
  /// A file of the web, told as a step of its own. The other stages wait meanwhile.
  Download download(const std::string& url, const std::string& checksum);
  /// The files of a commit, in the same way.
  std::shared_ptr<const FileSource> check_out(const GitRequest& wanted);
  /// What `name` means in `stage`.
  Origin origin_of(const std::string& name, const Stage& stage) const;
  /// Whether an origin is a directory of the host.
  bool is_directory(const Origin& origin) const;

  std::chrono::system_clock::time_point now() const;

 private:
  std::shared_ptr<const FileSource> open_named(const std::string& name);

  std::map<std::string, std::shared_ptr<const FileSource>> directories_;
};

}  // namespace stack::build
