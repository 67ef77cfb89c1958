// SPDX-License-Identifier: Apache-2.0
#include "spec/load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/inquiry.h"
#include "base/text.h"
#include "spec/discover.h"
#include "spec/isolate.h"
#include "spec/load_sources.h"
#include "spec/pipes.h"
#include "spec/quick_name.h"
#include "spec/yaml_tree.h"

namespace stack::spec {
namespace {

/// One byte more than allowed, so that check_bytes can tell that it is too much.
constexpr std::uint64_t kReadLimit = kMaxSourceBytes + 1;

std::string read_at_most(int fd) {
  // Most files fit into one piece, and memory that is not touched costs nothing.
  constexpr std::size_t piece = 64 * 1024;
  std::string bytes;
  while (bytes.size() < kReadLimit) {
    const std::size_t before = bytes.size();
    bytes.resize(before + std::min<std::size_t>(piece, kReadLimit - before));
    const ssize_t got = ::read(fd, bytes.data() + before, bytes.size() - before);
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) break;
    if (got < 0 && errno != EINTR) throw_errno("read");
  }
  return bytes;
}

/// A shell's `<(command)`: a pipe that whoever called us has opened.
bool is_process_substitution(const std::string& path, const struct stat& info) {
  return S_ISFIFO(info.st_mode) &&
         (path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/"));
}

/// Another pipe or a device could be endless, or silent for ever.
bool is_readable(const std::string& path, const struct stat& info) {
  return S_ISREG(info.st_mode) || is_process_substitution(path, info);
}

std::string read_regular_file(const std::string& path) {
  return during(path, [&] {
    const Fd file = open_noted(path, O_RDONLY | O_NONBLOCK);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) throw_errno("stat");
    if (!is_readable(path, info)) fail("not a regular file");
    // From now on it is waited for.
    if (::fcntl(file.get(), F_SETFL, O_RDONLY) != 0) throw_errno("fcntl");
    std::string content = read_at_most(file.get());
    if (S_ISREG(info.st_mode))
      note_content(path, content);
    else
      void_inquiry();  // a pipe is not read again
    return content;
  });
}

std::optional<std::string> read_if_present(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && is_readable(path, info)) return read_regular_file(path);
  note_now(Question::kind, path);
  return std::nullopt;
}

/// As docker: an env file may be a pipe.
std::optional<std::string> read_file_or_pipe(const std::string& path) {
  auto text = read_pipe(path);
  return text ? std::move(text) : read_if_present(path);
}

bool is_directory(const std::string& path) {
  struct stat info {};
  note_now(Question::kind, path);
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::vector<SourceText> read_sources(const Discovery& found, const std::string& current_directory) {
  std::vector<SourceText> sources;
  for (const auto& path : found.files) {
    if (path == "-") {
      void_inquiry();
      sources.push_back({"-", "<stdin>", read_at_most(STDIN_FILENO)});
    } else {
      sources.push_back({path, shown_path(path, current_directory), read_regular_file(path)});
    }
  }
  return sources;
}

void check_given_name(const std::string& name) {
  if (name.empty() || is_project_name(name)) return;
  const auto better = normalized_name(name);
  Error error(
      fmt::format("invalid project name {}: it must consist of lower-case letters, digits, "
                  "\"-\" and \"_\", and begin with a letter or digit",
                  stack::quoted(name)));
  if (!better.empty()) error.with_hint(fmt::format("did you mean {}?", stack::quoted(better)));
  throw Error(error);
}

/// A name that somebody gives on the command line is the name; any other is told from that of other
/// checkouts.
Isolation isolation_of(const LoadRequest& request, const std::string& folder,
                       const std::string& name) {
  if (!request.is_isolated || name.empty()) return {name, false};
  const bool is_given = !request.project_name.empty();
  const std::string other = is_given ? name : isolated_name(name, checkout_of(folder));
  return request.is_isolated(other, folder) ? Isolation{other, true} : Isolation{name, false};
}

void warn_of_passed_over(const Discovery& found, const std::string& current_directory,
                         Diagnostics& diagnostics) {
  for (const auto& path : found.passed_over)
    diagnostics
        .warning("override-passed-over", {},
                 fmt::format("{} has no effect: {} is taken",
                             stack::quoted(shown_path(path, current_directory)),
                             stack::quoted(shown_path(found.files.back(), current_directory))))
        .hint = "remove one of them, or name the files with -f";
}

}  // namespace

Error no_file_error() {
  return Error("no configuration file provided: not found")
      .with_hint(
          "stack.yaml or compose.yaml is looked for here and in the folders above; "
          "`stack container` and `stack image` need none");
}

LoadResult load(const LoadRequest& request) {
  const auto found = discover(request);
  if (found.files.empty()) throw Error(no_file_error());
  check_given_name(found.project_name);
  const auto& directory = request.current_directory.native();
  const auto home = request.environment.find("HOME");
  SourceRequest sources;
  sources.sources = read_sources(found, directory);
  sources.project_name = found.project_name;
  sources.isolation = [&](const std::string& name) {
    return isolation_of(request, found.project_directory, name);
  };
  sources.profiles = found.profiles;
  sources.services = request.services;
  sources.scales = request.scales;
  sources.stages = request.stages;
  sources.purpose = request.purpose;
  sources.selection = request.selection;
  sources.needed = request.needed;
  sources.name_separator = request.name_separator;
  sources.surroundings.read = read_if_present;
  sources.surroundings.read_variables = read_file_or_pipe;
  sources.surroundings.is_directory = is_directory;
  sources.surroundings.current_directory = directory;
  sources.surroundings.project_directory = found.project_directory;
  sources.surroundings.home = home == request.environment.end() ? "" : home->second;
  sources.keep_history = request.keep_history;
  sources.lint = request.lint;
  sources.default_bind = request.default_bind;
  sources.surroundings.variables = found.variables;
  sources.surroundings.variable_places = found.variable_places;
  LoadResult result = load_from_sources(std::move(sources));
  warn_of_passed_over(found, directory, result.diagnostics);
  return result;
}

bool has_file(const LoadRequest& request) {
  return !discover(request).files.empty();
}

namespace {

/// Of those that say one the last counts.
std::optional<std::string> quick_name(const std::vector<SourceText>& sources) {
  std::string name;
  for (const SourceText& source : sources) {
    const auto own = spec::quick_name(source.bytes);
    if (!own) return std::nullopt;
    if (!own->empty()) name = *own;
  }
  return name;
}

std::string name_in_files(const LoadRequest& request, const Discovery& found) {
  auto sources = read_sources(found, request.current_directory.native());
  if (const auto name = quick_name(sources)) return *name;
  Diagnostics ignored;
  Reporter reporter(ignored, request.purpose);
  return name_in_sources(parse_sources(std::move(sources), reporter), found.variables);
}

}  // namespace

ProjectPlace find_project(const LoadRequest& request) {
  const auto found = discover(request);
  check_given_name(found.project_name);
  const auto& directory = found.project_directory;
  std::string name = found.project_name;
  if (name.empty()) name = name_in_files(request, found);
  if (name.empty()) name = normalized_name(directory.substr(directory.rfind('/') + 1));
  if (name.empty()) fail("the project has no name: use -p NAME");
  return {isolation_of(request, directory, name).name, directory};
}

std::string find_project_name(const LoadRequest& request) {
  return find_project(request).name;
}

}  // namespace stack::spec
