// SPDX-License-Identifier: Apache-2.0
// How a build names a commit of a git repository, "https://host/app.git#v1:dir" or
// "git@host:app.git?tag=v1&subdir=dir", as a value; and what a server's list of refs says of it.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace stack::build {

struct GitReference {
  std::string remote;  ///< what git is given: without query and fragment
  std::string shown;   ///< the whole as it was written, but for
  std::string secret;  ///< the name and password that stand in it
  std::string host;
  std::string ref;  ///< branch, tag or commit; empty: the default branch
  std::string
      checksum;        ///< how the commit's (or the annotated tag's) digits must begin; lower case
  std::string subdir;  ///< clean and relative; empty: the whole
  std::optional<bool> keeps_git_dir;
  bool has_submodules = true;
  bool has_commit_time = false;  ///< its files are as old as the commit
  bool is_ssh = false;
};

/// Whether a short name as "github.com/user/app" is one: a build context may be, a file of ADD not.
enum class ShortNames { are_repositories, are_paths };

/// Nothing when `text` names no repository. An http or https address is one when its path ends in
/// ".git". Throws Error for one that cannot be used.
std::optional<GitReference> parse_git_reference(const std::string& text, ShortNames short_names);

/// All 40 or 64 digits of a commit, in lower case: no server need be asked what it is.
bool is_commit(const std::string& ref);
/// `text` (hex, any case) as GitReference::checksum. Throws Error.
std::string git_checksum(const std::string& text);

/// What a ref is on the server.
struct GitCommit {
  std::string ref;     ///< "refs/heads/main"; the commit itself when that was asked for
  std::string object;  ///< of an annotated tag the tag, else the commit
  std::string commit;
};

/// What `git ls-remote --symref` must be asked for to find `ref`.
std::vector<std::string> refs_to_ask_for(const std::string& ref);
/// Finds `ref` in its answer as git checkout would: a full name, a branch, a tag. Throws Error.
GitCommit find_ref(const std::vector<std::string>& answer, const std::string& ref);
/// Throws Error unless `checksum` is the beginning of the commit's or of the tag's digits, or
/// empty.
void check_commit(const GitCommit& found, const std::string& checksum);

}  // namespace stack::build
