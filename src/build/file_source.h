// SPDX-License-Identifier: Apache-2.0
// A tree that COPY and ADD take files from: a build context with its .dockerignore, the files of a
// stage or an image. Names are looked up below its root only, whatever links there are.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "build/content_memory.h"
#include "build/ignore.h"
#include "image/entry_stream.h"

namespace stack::build {

struct FileSource {
  Fd root;
  IgnoreRules ignore;
  std::string name;  ///< for messages: "the build context"
  /// Of directories of the host: what this machine has attached to a file (its origin on the web,
  /// access lists) is no part of a build.
  image::Attributes attributes = image::Attributes::kept;
  /// Of directories of the host: docker's builder is sent what the sources of the Dockerfile fit,
  /// and knows nothing of the rest.
  bool is_sent_in_part = false;
  std::shared_ptr<ContentMemory> memory;  ///< of what its files hold; may be null
};

/// Something in a source, found.
struct FoundFile {
  std::string path;  ///< where it really is, relative, without links; empty: the root itself
  struct stat info {};
};

/// Follows links in the path and at its end. Nothing when there is none, or it is left out.
std::optional<FoundFile> find_file(const FileSource& source, const std::string& path);

/// Opens the directories that hold entries; neighbours share one.
class ParentDirectories {
 public:
  explicit ParentDirectories(int root) : root_(root) {}
  /// The directory that `path` (as in FoundFile) is in, borrowed until the next call.
  int open(const std::string& path);

 private:
  int root_;
  Fd directory_;
  std::string path_;
};
/// The last name of such a path; "." for the root.
std::string last_name(const std::string& path);

/// What "**" is in a pattern: "*", as COPY goes by Go's filepath.Match, which knows no other; or,
/// with --parents, any number of names.
enum class Stars { one_name, any_depth };

/// The paths that `pattern` fits, sorted; a plain one is itself, there or not. Wildcards as in
/// PathPattern. Links are followed before the first name with a wildcard, not behind it; one that
/// fits whole is named, wherever it leads. What is in a directory that fits is not named besides
/// it. Throws Error for a pattern that is none.
std::vector<std::string> match_paths(const FileSource& source, const std::string& pattern,
                                     Stars stars = Stars::one_name);

/// What stands before the first name of `pattern` that has a wildcard ("" when it is the first of
/// all); nothing without wildcards. Throws Error for a pattern that is none.
std::optional<std::string> fixed_part(const std::string& pattern);

/// The part of `found`, which `written` fits, that --parents keeps: what stands behind the first
/// "/./", or all of it.
std::string kept_path(const std::string& written, const std::string& found);

}  // namespace stack::build
