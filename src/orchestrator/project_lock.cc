// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/project_lock.h"

#include <poll.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/format.h"
#include "base/process.h"
#include "base/same_file.h"
#include "base/text.h"
#include "supervisor/operations_mark.h"

namespace stack::orchestrator {
namespace {

constexpr const char* somebody = "another stack command";
/// What is asked stands in a file beside the lock, addressed to one process: unlike a signal it
/// cannot reach whoever has let go of the lock in the meantime, or has got its pid.
constexpr const char* request_name = "break-off";

/// As its lock file tells: its name on the first line, and on a second one, if it gives way, its
/// identity.
struct Holder {
  std::string who = somebody;
  std::optional<ProcessIdentity> gives_way = {};
};

std::string text_of(const ProcessIdentity& process) {
  return fmt::format("{} {}", process.pid, process.start_time);
}

std::optional<ProcessIdentity> parse_identity(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto pid = parse_integer<pid_t>(text.substr(0, space));
  const auto start = parse_integer<std::uint64_t>(text.substr(space + 1));
  if (!pid || !start) return std::nullopt;
  return ProcessIdentity{*pid, *start};
}

std::pair<std::string, std::string> first_two_lines(const std::string& text) {
  const auto lines = split(text, '\n');
  return {lines.empty() ? "" : std::string(trim(lines[0])),
          lines.size() < 2 ? "" : std::string(trim(lines[1]))};
}

std::string text_of_holder(const Claim& claim) {
  std::string text = fmt::format("{} (pid {})\n", claim.who, ::getpid());
  if (claim.rank == Rank::gives_way) text += text_of(identify(::getpid())) + "\n";
  return text;
}

Holder holder_of(const std::filesystem::path& lock) {
  const auto [who, identity] = first_two_lines(read_file_if_exists(lock).value_or(""));
  Holder holder;
  if (!who.empty()) holder.who = who;
  holder.gives_way = parse_identity(identity);
  return holder;
}

struct BreakOffRequest {
  std::string by;
  std::optional<ProcessIdentity> whom;
};

BreakOffRequest read_request(const std::filesystem::path& directory) {
  const auto text = read_file_if_exists(directory / request_name);
  if (!text) return {};
  const auto [by, whom] = first_two_lines(*text);
  return {by, parse_identity(whom)};
}

void ask_to_break_off(const std::filesystem::path& directory, const Holder& holder,
                      const Claim& claim) {
  const bool may_ask = claim.rank == Rank::comes_first && holder.gives_way;
  if (!may_ask || read_request(directory).whom == holder.gives_way) return;
  write_file_atomically(
      directory / request_name,
      fmt::format("{} (pid {})\n{}\n", claim.who, ::getpid(), text_of(*holder.gives_way)),
      Durability::survives_crash);
}

/// Does `work` in the project's directory; false when that went in the meantime, with the project
/// of a command that ends just now.
template <typename Work>
bool while_it_is_there(Work work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    if (error.error_number() != ENOENT) throw;
    return false;
  }
}

/// A little while, or until a signal comes. Not flock(2) that waits: a Ctrl-C between the question
/// and the wait would be lost.
void pause_unless(const std::function<bool()>& given_up) {
  constexpr int milliseconds = 20;
  if (!given_up()) ::poll(nullptr, 0, milliseconds);
  if (given_up()) throw Error("").with_exit_code(ExitCode::interrupted);
}

/// A command that is killed leaves its supervisor at work: who plans meanwhile would not count on
/// what is about to run. That takes moments; what takes longer (a hook, a start behind a slow stop)
/// is no reason to keep a `down` waiting.
void await_operations(const supervisor::ProjectFiles& files,
                      const std::function<void(const std::string&)>& waiting,
                      const std::function<bool()>& given_up) {
  constexpr int worth_telling = 10, most = 250;
  for (int pauses = 0; pauses < most && supervisor::has_operations(files); ++pauses) {
    if (pauses == worth_telling) waiting("what another command had begun");
    pause_unless(given_up);
  }
}

}  // namespace

FileLock lock_project(const HostPaths& paths, const std::string& project, const Claim& claim,
                      const std::function<void(const std::string&)>& waiting,
                      const std::function<bool()>& given_up) {
  const auto directory = paths.project_run(project);
  const auto path = directory / "lock";
  for (bool told = false;;) {
    std::optional<FileLock> lock;
    const auto try_to_lock = [&] {
      make_directories(directory);
      lock = FileLock::try_acquire(path);
    };
    if (!while_it_is_there(try_to_lock)) continue;
    if (!lock) {
      const Holder holder = holder_of(path);
      if (!std::exchange(told, true)) waiting(holder.who);
      while_it_is_there([&] { ask_to_break_off(directory, holder, claim); });
      pause_unless(given_up);
      continue;
    }
    // Removed by a `down` while we waited for it, it is of no use.
    if (!is_file_at(lock->fd(), path)) continue;
    ::unlink((directory / request_name).c_str());  // to somebody who held it before
    fail_point("project.describe-lock");
    lock->describe_holder(text_of_holder(claim));
    await_operations({paths, project}, waiting, given_up);
    return std::move(*lock);
  }
}

std::optional<std::string> lock_holder(const HostPaths& paths, const std::string& project) {
  const auto path = paths.project_run(project) / "lock";
  if (!stack::exists(path) || FileLock::try_acquire(path)) return std::nullopt;
  return holder_of(path).who;
}

std::optional<std::string> asked_to_break_off(const HostPaths& paths, const std::string& project) {
  const BreakOffRequest request = read_request(paths.project_run(project));
  if (!request.whom || *request.whom != identify(::getpid())) return std::nullopt;
  return request.by;
}

void remove_lock(const HostPaths& paths, const std::string& project, const FileLock& /*lock*/) {
  const auto directory = paths.project_run(project);
  for (const char* name : {request_name, "lock"}) ::unlink((directory / name).c_str());
  for (const auto& each : {directory, paths.run / "stacks", paths.run}) ::rmdir(each.c_str());
}

void remove_project_directories(const HostPaths& paths, const std::string& project,
                                const FileLock& /*lock*/) {
  fail_point("project.remove-data");
  remove_tree(paths.project_data(project));
  fail_point("project.remove-run");
  // The lock last: whoever waits has one of their own from that moment on, and the rest would be
  // theirs.
  const auto directory = paths.project_run(project);
  for (const std::string& name : list_directory(directory))
    if (name != "lock") remove_tree(directory / name);
  ::unlink((directory / "lock").c_str());
  ::rmdir(directory.c_str());
  // The shared parents go with the last project; a neighbour's content keeps them (ENOTEMPTY).
  fail_point("project.remove-shared");
  ::rmdir((paths.run / "stacks").c_str());
  ::rmdir(paths.run.c_str());
}

}  // namespace stack::orchestrator
