// SPDX-License-Identifier: Apache-2.0
#include "build/git_tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/scratch.h"
#include "base/text.h"
#include "build/git_program.h"
#include "build/told_step.h"
#include "image/base64.h"
#include "image/build_cache.h"
#include "image/digest.h"
#include "image/store_writer.h"

namespace stack::build {
namespace {

namespace fs = std::filesystem;

constexpr const char* lock_name = "lock";

/// What of the files of a commit depends on more than the commit.
std::string name_of(const GitRequest& request, const GitCommit& found) {
  std::string name = found.commit;
  if (request.keeps_git_dir)
    name += ".git-" + image::hex_of(image::digest_of(found.ref + " " + found.object)).substr(0, 16);
  if (!request.what.has_submodules) name += ".alone";
  if (request.what.has_commit_time) name += ".dated";
  return name;
}

/// The secret that is for this host, or else the one for all; empty without.
std::string secret_for(const std::string& id, const std::string& host,
                       const BuildRequest& request) {
  for (const std::string& name : {id + "." + host, id}) {
    const auto found = request.secrets.find(name);
    if (found != request.secrets.end()) return std::string(trim(found->second));
  }
  return "";
}

std::string authorization_for(const GitReference& what, const BuildRequest& request) {
  const std::string header = secret_for("GIT_AUTH_HEADER", what.host, request);
  if (!header.empty()) return header;
  const std::string token = secret_for("GIT_AUTH_TOKEN", what.host, request);
  return token.empty() ? "" : "basic " + image::to_base64("x-access-token:" + token);
}

GitAccess access_for(const GitReference& what, const BuildRequest& request) {
  const auto agent = request.agents.find("default");
  GitAccess access;
  if (agent != request.agents.end()) access.agent = agent->second;
  if (!what.is_ssh) access.authorization = authorization_for(what, request);
  // Submodules of a private repository are often of the same people.
  for (const std::string_view all : {"https://github.com/", "https://www.github.com/"})
    if (what.remote.starts_with(all)) access.scope = all;
  if (access.scope.empty()) access.scope = what.remote;
  return access;
}

/// A repository in a scratch directory, until its files are what was asked for.
class Checkout {
 public:
  Checkout(const GitRequest& request, const GitProgram& git, fs::path tree)
      : request_(request), git_(git), tree_(std::move(tree)) {}

  /// What came is told: the ref may have moved since it was looked up.
  GitCommit make(const GitCommit& wanted) {
    begin(wanted);
    fetch(wanted);
    GitCommit found = wanted;
    found.object = digits_of(wanted_name(wanted));
    found.commit = digits_of(wanted_name(wanted) + "^{commit}");
    check_commit(found, request_.what.checksum);
    git_.run(tree_, {"checkout", "--progress", "--detach", found.commit});
    if (request_.what.has_submodules && stack::exists(tree_ / ".gitmodules")) fetch_submodules();
    const std::string time = one_line({"log", "-1", "--format=%ct", found.commit});
    request_.keeps_git_dir ? tidy_git_dir() : remove_git_dirs();
    if (request_.what.has_commit_time) set_times(time);
    return found;
  }

 private:
  static std::string wanted_name(const GitCommit& wanted) {
    return wanted.ref == "HEAD" ? "refs/heads/main" : wanted.ref;
  }

  std::string digits_of(const std::string& name) {
    const auto answer = git_.attempt(tree_, {"rev-parse", "--verify", "--quiet", name});
    if (answer.code != 0 || answer.lines.size() != 1)
      throw Error(fmt::format("the repository has no commit {}", name))
          .with_hint("all digits of one that a branch or a tag leads to");
    return answer.lines.front();
  }

  std::string one_line(const std::vector<std::string>& arguments) {
    const auto lines = git_.run(tree_, arguments);
    if (lines.size() != 1) fail("git {}: an unexpected answer", arguments.front());
    return lines.front();
  }

  void begin(const GitCommit& wanted) {
    make_directories(tree_, 0755);
    git_.run(tree_,
             {"init", "--quiet", "--initial-branch=main",
              wanted.object.size() == 64 ? "--object-format=sha256" : "--object-format=sha1"});
    git_.run(tree_, {"remote", "add", "origin", request_.what.remote});
  }

  void fetch(const GitCommit& wanted) {
    const bool is_named = !is_commit(wanted.ref);
    const std::string what =
        is_named ? fmt::format("+{}:{}", wanted.ref, wanted_name(wanted)) : wanted.ref;
    const std::vector<std::string> all = {"fetch", "--progress", "--no-tags", "--update-head-ok",
                                          "--",    "origin",     what};
    std::vector<std::string> latest = all;
    latest.insert(latest.begin() + 1, "--depth=1");
    const auto short_way = git_.attempt(tree_, latest);
    if (short_way.code == 0) return;
    if (says(short_way, "fatal: unable to access") || says(short_way, "couldn't find remote ref"))
      git_.fail(latest, short_way);
    // Simple web servers know no depth, and some servers no commits but those of refs.
    const auto long_way = git_.attempt(tree_, all);
    if (long_way.code == 0) return;
    if (is_named) git_.fail(all, long_way);
    git_.run(tree_, {"fetch", "--progress", "--tags", "--", "origin",
                     "+refs/heads/*:refs/remotes/origin/*"});
  }

  static bool says(const GitProgram::Result& result, std::string_view words) {
    return std::any_of(result.lines.begin(), result.lines.end(), [&](const std::string& line) {
      return line.find(words) != std::string::npos;
    });
  }

  void fetch_submodules() {
    std::vector<std::string> all = {"submodule", "update", "--init", "--recursive", "--progress"};
    std::vector<std::string> latest = all;
    latest.push_back("--depth=1");
    if (git_.attempt(tree_, latest).code != 0) git_.run(tree_, all);
  }

  /// No password stands in it.
  void tidy_git_dir() {
    git_.run(tree_, {"remote", "set-url", "origin", shown_remote()});
    git_.run(tree_, {"reflog", "expire", "--all", "--expire=now"});
    remove_tree(tree_ / ".git" / "FETCH_HEAD");
  }

  std::string shown_remote() const {
    const std::string& shown = request_.what.shown;
    return shown.substr(0, shown.find_first_of("?#"));
  }

  /// Those of submodules are files that would lead nowhere.
  void remove_git_dirs() {
    std::vector<fs::path> found;
    for (auto each = fs::recursive_directory_iterator(tree_); each != fs::end(each); ++each) {
      if (each->path().filename() != ".git") continue;
      found.push_back(each->path());
      each.disable_recursion_pending();
    }
    for (const fs::path& path : found) remove_tree(path);
  }

  void set_times(const std::string& seconds) {
    const timespec time{parse_integer<time_t>(seconds).value_or(0), 0};
    const timespec times[2] = {time, time};
    const auto set = [&](const fs::path& path) {
      if (::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
        throw_errno("set the time of {}", printable(path.native()));
    };
    for (const auto& each : fs::recursive_directory_iterator(tree_)) set(each.path());
    set(tree_);
  }

  const GitRequest& request_;
  const GitProgram& git_;
  fs::path tree_;
};

class Keeper {
 public:
  Keeper(const GitRequest& request, const BuildRequest& build, const BuildSurroundings& with)
      : request_(request),
        with_(with),
        git_(access_for(request.what, build), with.patience, request.what.secret),
        place_(with.cache / git_trees_name / image::hex_of(image::digest_of(request.what.remote))) {
  }

  GitTree take() {
    GitTree tree;
    tree.build = image::hold_builds(with_.store);
    make_directories(place_);
    const FileLock lock = FileLock::acquire(place_ / lock_name);
    const GitCommit wanted = resolve();
    check_commit(wanted, request_.what.checksum);
    std::string name = name_of(request_, wanted);
    tree.was_there = stack::exists(place_ / name);
    if (!tree.was_there) name = fetch(wanted);
    tree.commit = name.substr(0, wanted.commit.size());
    hold(name, tree);
    return tree;
  }

 private:
  /// A commit is what it is; of the rest the server knows.
  GitCommit resolve() {
    const std::string& ref = request_.what.ref;
    if (is_commit(ref)) return {ref, ref, ref};
    std::vector<std::string> arguments = {"ls-remote", "--symref", "--", request_.what.remote};
    for (const std::string& each : refs_to_ask_for(ref)) arguments.push_back(each);
    return find_ref(git_.run(place_, arguments), ref);
  }

  std::string fetch(const GitCommit& wanted) {
    const ScratchDirectory scratch = image::begin_layer(with_.store);
    const fs::path made = scratch.path() / "tree";
    const std::string name = name_of(request_, Checkout(request_, git_, made).make(wanted));
    drop_others(scratch.path());
    // It may be there: a tag's digits are those of its commit only once it is known.
    if (!stack::exists(place_ / name) && ::rename(made.c_str(), (place_ / name).c_str()) != 0)
      throw_errno("keep {}", (place_ / name).native());
    return name;
  }

  /// They leave their place whole, so that none is ever found there in part.
  void drop_others(const fs::path& into) {
    for (const std::string& name : list_directory(place_)) {
      if (name == lock_name) continue;
      const Fd other = open_file(place_ / name, O_RDONLY | O_DIRECTORY);
      if (::flock(other.get(), LOCK_EX | LOCK_NB) == 0)
        ::rename((place_ / name).c_str(), (into / name).c_str());
    }
  }

  void hold(const std::string& name, GitTree& tree) {
    tree.held = open_file(place_ / name, O_RDONLY | O_DIRECTORY);
    if (::flock(tree.held.get(), LOCK_SH) != 0) throw_errno("lock {}", (place_ / name).native());
    const std::string& below = request_.what.subdir;
    tree.directory = place_ / name / below;
    if (below.empty()) return;
    try {
      open_beneath(tree.held.get(), below, O_PATH | O_DIRECTORY);
    } catch (const Error& error) {
      throw Error(fmt::format("the repository has no directory {}", stack::quoted(below)),
                  error.error_number());
    }
  }

  const GitRequest& request_;
  const BuildSurroundings& with_;
  GitProgram git_;
  fs::path place_;
};

}  // namespace

GitTree check_out(const GitRequest& what, const BuildRequest& request,
                  const BuildSurroundings& with) {
  GitRequest asked = what;
  asked.keeps_git_dir = asked.keeps_git_dir && asked.what.subdir.empty();
  return during(printable(asked.what.shown), [&] { return Keeper(asked, request, with).take(); });
}

GitTree tell_check_out(int step, const std::string& title, const GitRequest& what,
                       const BuildRequest& request, const BuildSurroundings& with) {
  return tell_step(with.report, step, title, [&] {
    GitTree found = check_out(what, request, with);
    with.report.output(step, fmt::format("commit {}\n", found.commit));
    return found;
  });
}

}  // namespace stack::build
