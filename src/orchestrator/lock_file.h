// SPDX-License-Identifier: Apache-2.0
// stack.lock: what a stack was made from, so that it is made from the same again, here or
// elsewhere. It stands beside the stack file and is meant to be kept with it: JSON, sorted, and
// nothing in it that only one machine knows (values of variables, absolute paths, the project's
// name).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "image/image_store.h"
#include "orchestrator/diff.h"
#include "spec/model.h"

namespace stack::orchestrator {

inline constexpr const char* lock_file_name = "stack.lock";

struct LockedImage {
  std::string image;                 ///< as the service names it
  std::string id;                    ///< "sha256:..."
  std::vector<std::string> digests;  ///< of registries: "docker.io/library/postgres@sha256:..."
  bool operator==(const LockedImage&) const = default;
};

struct LockFile {
  std::string model;                          ///< JSON, see locked_model()
  std::map<std::string, LockedImage> images;  ///< by service
};

/// The stack file as it is to be locked: `written` is the project with its variables and paths as
/// they are written, and with all its services.
std::string locked_model(const spec::Project& written);

std::string to_text(const LockFile& lock);
/// Throws Error with `path` in it when `text` is no lock file.
LockFile parse_lock_file(const std::string& text, const std::filesystem::path& path);
/// Throws Error, with its cure, when there is none.
LockFile read_lock_file(const std::filesystem::path& path);

/// In which fields the stack file is not what was locked; they stand in `written`'s files.
std::vector<FieldChange> changes_since(const LockFile& lock, const spec::Project& written);

/// What is to be done about a service's image.
struct ImageCheck {
  enum class Verdict {
    same,      ///< as locked
    absent,    ///< not here, but a registry has it: `source`
    built,     ///< not here, and no registry ever had it
    other,     ///< its name means another image here: `found`
    unlocked,  ///< the lock does not know the service
  } verdict = Verdict::same;
  std::string service;
  std::string image;
  std::string source = {};
  std::string found = {};
};
/// `here`: by what services call them; those that are not there are left out.
std::vector<ImageCheck> check_images(const LockFile& lock, const spec::Project& project,
                                     const std::map<std::string, image::Image>& here);

}  // namespace stack::orchestrator
