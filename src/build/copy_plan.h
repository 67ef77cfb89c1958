// SPDX-License-Identifier: Apache-2.0
// What a COPY or an ADD brings: decided from the sources alone, before anything is written. The
// same list gives the content its digest for the cache, and is then carried out.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "build/file_source.h"

namespace stack::build {

/// --chmod: a number, or changes as chmod(1) has them ("u=rwX,go=u-w"): BSD's, as BuildKit.
class ModeChange {
 public:
  ModeChange() = default;  ///< modes stay
  /// Throws Error.
  explicit ModeChange(const std::string& text);
  mode_t apply(mode_t mode) const;
  bool is_none() const { return clauses_.empty() && !number_; }
  /// When it is one, and no change of what there is.
  std::optional<mode_t> number() const { return number_; }

 private:
  /// One operation with some of its letters: "g=u", or "go+rX".
  struct Clause {
    mode_t who;
    char operation;
    std::string what;
  };
  void add_clauses(std::string_view part);
  std::optional<mode_t> number_;
  std::vector<Clause> clauses_;
};

struct CopyRules {
  ModeChange mode;
  std::optional<std::pair<uid_t, gid_t>> owner;  ///< unset: 0:0
  bool keeps_owner = false;                      ///< of files of a stage or an image
  IgnoreRules excluded;                          ///< --exclude, below each source
};

/// One file, with the attributes that its copy shall have.
struct CopyEntry {
  std::string source;  ///< below the source's root, without links
  std::string target;  ///< below the destination directory; "" is that directory itself
  struct stat info {};
};

struct CopyPlan {
  std::vector<CopyEntry> entries;  ///< parents before what is in them
};

/// Adds what `path` is in `source`: of a directory what is in it, to `target` ("" or "a/b" below
/// the destination), of a file itself as `target`. A file is `file_name` there when `target` is a
/// directory. Throws Error (ENOENT) when there is none.
void add_to_plan(const FileSource& source, const FoundFile& found, const std::string& target,
                 const CopyRules& rules, CopyPlan& plan);

/// A digest of names, kinds, modes, owners, attributes and contents, not of times.
std::string content_digest(const FileSource& source, const CopyPlan& plan);

/// Whether every file of the plan is still what it was when the plan was made.
bool is_unchanged(const FileSource& source, const CopyPlan& plan);
/// Waits (20 ms at most) until a change of any file of the plan would show in its time.
void await_distinct_times(const CopyPlan& plan);

}  // namespace stack::build
