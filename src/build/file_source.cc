// SPDX-License-Identifier: Apache-2.0
#include "build/file_source.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/overlay_tree.h"
#include "base/text.h"

namespace stack::build {
namespace {

/// Where an open file is, as the kernel names it.
std::string name_of(int fd) {
  char target[PATH_MAX];
  const ssize_t size =
      ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), target, sizeof target);
  if (size < 0) throw_errno("readlink");
  return std::string(target, static_cast<std::size_t>(size));
}

/// `fd` relative to `root`.
std::string place_below(int root, int fd) {
  const std::string top = name_of(root);
  const std::string whole = name_of(fd);
  if (whole == top) return "";
  const std::string prefix = top == "/" ? top : top + "/";
  if (!whole.starts_with(prefix)) fail("{} has moved", printable(whole));
  return whole.substr(prefix.size());
}

bool is_absence(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP;
}

/// `pattern` with one "*" for several in a row: Go's filepath.Match, which COPY goes by, knows no
/// "**".
std::string with_single_stars(const std::string& pattern) {
  std::string result;
  bool after_star = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool is_star = pattern[i] == '*';
    if (!is_star || !after_star) result += pattern[i];
    if (pattern[i] == '\\' && i + 1 < pattern.size()) result += pattern[++i];
    after_star = is_star;
  }
  return result;
}

std::vector<std::string> names_below(const FileSource& source, const std::string& path) {
  JoinedDirectory alone;
  try {
    alone.push_back(
        open_in_root(source.root.get(), path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
  } catch (const Error&) {
    return {};
  }
  return names_in(alone);
}

std::string below(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "/" + name;
}

bool is_directory_itself(const FileSource& source, const std::string& path) {
  try {
    open_beneath(source.root.get(), path, O_PATH | O_DIRECTORY);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Wildcards part by part: only directories whose names fit are looked into.
class Matcher {
 public:
  explicit Matcher(const FileSource& source) : source_(source) {}

  std::vector<std::string> match(const std::string& pattern) {
    const auto fixed = fixed_part(pattern);
    if (!fixed) return {pattern};
    const auto top = find_file(source_, *fixed);
    if (!top || !S_ISDIR(top->info.st_mode)) return {};
    const std::size_t behind = fixed->empty() ? 0 : fixed->size() + 1;
    for (const std::string& part : split(pattern.substr(behind), '/')) parts_.emplace_back(part);
    walk(top->path, *fixed, 0);
    return std::move(found_);
  }

 private:
  /// `path`: of the directory, without links. `shown`: as the pattern has it.
  void walk(const std::string& path, const std::string& shown, std::size_t depth) {
    for (const std::string& name : names_below(source_, path)) {
      if (!parts_[depth].matches(name)) continue;
      const std::string file = below(path, name);
      const bool is_directory = is_directory_itself(source_, file);
      if (depth + 1 < parts_.size()) {
        if (is_directory) walk(file, below(shown, name), depth + 1);
      } else if (!source_.ignore.ignores(file) ||
                 (is_directory && source_.ignore.may_hold_exceptions(file))) {
        found_.push_back(below(shown, name));
      }
    }
  }

  const FileSource& source_;
  std::vector<PathPattern> parts_;
  std::vector<std::string> found_;
};

/// Wildcards of any depth: all names are looked at, links not followed.
class DeepMatcher {
 public:
  DeepMatcher(const FileSource& source, const std::string& pattern)
      : source_(source), pattern_(pattern) {}

  std::vector<std::string> match() {
    walk("");
    return std::move(found_);
  }

 private:
  void walk(const std::string& path) {
    if (path.size() >= PATH_MAX) throw Error("the path is too long", ENAMETOOLONG);
    for (const std::string& name : names_below(source_, path)) {
      const std::string file = below(path, name);
      const auto found = find_file(source_, file);
      if (!found) continue;
      if (pattern_.matches(file))
        found_.push_back(file);
      else if (found->path == file && S_ISDIR(found->info.st_mode))
        walk(file);
    }
  }

  const FileSource& source_;
  PathPattern pattern_;
  std::vector<std::string> found_;
};

}  // namespace

std::optional<FoundFile> find_file(const FileSource& source, const std::string& path) {
  Fd file;
  try {
    file = open_in_root(source.root.get(), path.empty() ? "." : path, O_PATH);
  } catch (const Error& error) {
    if (is_absence(error.error_number())) return std::nullopt;
    throw;
  }
  FoundFile found;
  if (::fstat(file.get(), &found.info) != 0) throw_errno("stat {}", printable(path));
  found.path = place_below(source.root.get(), file.get());
  const bool left_out = !found.path.empty() && source.ignore.ignores(found.path);
  const bool may_be_passed =
      S_ISDIR(found.info.st_mode) && source.ignore.may_hold_exceptions(found.path);
  if (left_out && !may_be_passed) return std::nullopt;
  return found;
}

int ParentDirectories::open(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  if (!directory_ || parent != path_) {
    directory_ = open_beneath(root_, parent, O_RDONLY | O_DIRECTORY);
    path_ = std::move(parent);
  }
  return directory_.get();
}

std::string last_name(const std::string& path) {
  return path.empty() ? "." : path.substr(path.rfind('/') + 1);
}

std::vector<std::string> match_paths(const FileSource& source, const std::string& pattern,
                                     Stars stars) {
  if (stars == Stars::any_depth && pattern.find("**") != std::string::npos)
    return DeepMatcher(source, pattern).match();
  return Matcher(source).match(with_single_stars(pattern));
}

std::optional<std::string> fixed_part(const std::string& pattern) {
  std::string fixed;
  for (const std::string& part : split(pattern, '/')) {
    if (!PathPattern(part).is_plain()) return fixed;
    fixed = below(fixed, part);
  }
  return std::nullopt;
}

std::string kept_path(const std::string& written, const std::string& found) {
  const std::size_t pivot = written.find("/./");
  if (pivot == std::string::npos) return found;
  const std::string above = clean_relative(written.substr(0, pivot));
  if (above.empty()) return found;
  const PathPattern before(above);
  const PathPattern behind(clean_relative(written.substr(pivot + 3)));
  for (std::size_t end = 0; end != std::string::npos;) {
    end = found.find('/', end + 1);
    const std::string rest = end == std::string::npos ? "" : found.substr(end + 1);
    if (before.matches(std::string_view(found).substr(0, end)) && behind.matches(rest)) return rest;
  }
  return found;
}

}  // namespace stack::build
