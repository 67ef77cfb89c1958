// SPDX-License-Identifier: Apache-2.0
#include "cli/settled.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/environment.h"
#include "base/error.h"
#include "base/files.h"
#include "base/host_paths.h"
#include "base/ids.h"
#include "base/inquiry.h"
#include "base/process.h"
#include "base/same_file.h"
#include "base/text.h"
#include "cli/captured.h"
#include "cli/change.h"
#include "cli/progress.h"
#include "cli/style.h"
#include "supervisor/operations_mark.h"
#include "supervisor/project_files.h"
#include "supervisor/settled_files.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

constexpr std::string_view last_line = "end\n";
constexpr std::string_view words_line = "words ";

/// What it does besides deciding, asks besides the machine, or says besides the outcome.
bool can_be_settled(const Options& options) {
  const bool only_decides = options.detach && !options.wait && !options.no_start &&
                            !options.dry_run && !options.build && !options.watch &&
                            options.plan.empty() && options.trace.empty() &&
                            options.copy_volumes_from.empty();
  const bool fetches = !options.pull_policy.empty() && options.pull_policy != "missing" &&
                       options.pull_policy != "never";
  return only_decides && !fetches && !options.progress_on_stdout &&
         !shows_live_progress(STDERR_FILENO, options);
}

/// Services whose images depend on a registry or a clock, and providers, are asked each time.
bool can_be_settled(const spec::Project& project) {
  constexpr std::array<std::string_view, 4> local{"", "missing", "if_not_present", "never"};
  return project.providers.empty() && std::ranges::all_of(project.services, [&](const auto& each) {
           const spec::Service& service = each.second;
           return service.pull_refresh_after.empty() &&
                  std::ranges::find(local, service.pull_policy) != local.end();
         });
}

std::string own_program() {
  struct stat info {};
  if (::stat("/proc/self/exe", &info) != 0) throw_errno("stat /proc/self/exe");
  return state_of_file(info);
}

/// All that tells one `up` from another before it asks anything.
std::string key_of_this_command() {
  std::string all = own_program();
  all += fmt::format("\n{} {} {}\n", ::geteuid(), ::isatty(STDOUT_FILENO), ::isatty(STDERR_FILENO));
  all += find_current_directory().value_or("").native() + '\n';
  all += read_file("/proc/self/cmdline");
  for (const auto& [name, value] : process_environment())
    if (name != "_") all += fmt::format("\n{}={}", name, value);
  constexpr std::size_t digits = 32;
  return stable_hex(all, digits);
}

/// How far the keeper has got with writing down who has ended: "DEVICE:INODE:SIZE", as it only
/// grows.
std::string ends_known(const std::string& exit_log) {
  struct stat info {};
  if (::stat(exit_log.c_str(), &info) != 0) return "-";
  return fmt::format("{}:{}:{}", info.st_dev, info.st_ino, info.st_size);
}

/// In the place of Question::life, of a child of the keeper: while that has written down no other
/// end, nobody of them need be asked. No number of theirs is given away before it has.
constexpr char life_of_a_child = 'L';
constexpr std::string_view ends_line = "ends ";

/// An `up`'s memory, as it is written.
class Memory {
 public:
  Memory(const supervisor::ProjectFiles& files, const std::string& ends)
      : keeper_(supervisor::read_keeper_pid(files).value_or(0)),
        text_(fmt::format("{}{} {}\n", ends_line, ends, files.exits().native())) {}

  /// Nothing when one of them does not fit into a line.
  std::optional<std::string> file(const std::vector<Asked>& asked, const std::string& words) {
    for (const Asked& each : asked) {
      if (each.subject.find('\n') != std::string::npos) return std::nullopt;
      text_ += fmt::format("{} {} {}\n", letter_of(each), each.answer, each.subject);
    }
    return fmt::format("{}{}{}\n{}{}", text_, words_line, words.size(), words, last_line);
  }

 private:
  char letter_of(const Asked& asked) const {
    const bool lives = asked.question == Question::life && asked.answer == "1";
    const std::string pid = asked.subject.substr(0, asked.subject.find(' '));
    const bool is_child =
        lives && keeper_ > 0 && parent_of(parse_integer<pid_t>(pid).value_or(0)) == keeper_;
    return is_child ? life_of_a_child : static_cast<char>(asked.question);
  }

  pid_t keeper_;
  std::string text_;
};

/// Of "KEY ANSWER SUBJECT", behind KEY.
std::pair<std::string_view, std::string> answer_and_subject(std::string_view line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  return {line.substr(0, space), std::string(line.substr(std::min(space + 1, line.size())))};
}

bool still_holds(std::string_view line, bool has_anybody_ended) {
  if (line.size() < 4) return false;
  const bool is_child = line.front() == life_of_a_child;
  if (is_child && !has_anybody_ended) return true;
  const auto question = is_child ? Question::life : static_cast<Question>(line.front());
  const auto [answer, subject] = answer_and_subject(line.substr(2));
  return ask(question, subject) == answer;
}

/// The words of one that still holds in every line.
std::optional<std::string> words_that_hold(std::string_view file) {
  if (!file.starts_with(ends_line) || !file.ends_with(last_line)) return std::nullopt;
  file.remove_suffix(last_line.size());
  const auto [ends, exit_log] = answer_and_subject(take_line(file).substr(ends_line.size()));
  const bool has_anybody_ended = ends == "-" || ends_known(exit_log) != ends;
  while (!file.empty()) {
    const std::string_view line = take_line(file);
    if (!line.starts_with(words_line)) {
      if (!still_holds(line, has_anybody_ended)) return std::nullopt;
    } else if (parse_integer<std::size_t>(line.substr(words_line.size())) == file.size()) {
      return std::string(file);
    }
  }
  return std::nullopt;
}

/// What such an `up` tells when it has decided.
std::string words_of(const std::string& project, const UpResult& result) {
  const CapturedErrors captured;
  for (const Problem& warning : result.warnings) tell_warning(warning);
  tell_outcome(project, result);
  return captured.text();
}

bool has_nothing_to_do(const UpResult& result) {
  return result.problems.empty() && result.plan.empty() && result.execution.results.empty() &&
         result.execution.succeeded();
}

}  // namespace

struct Settling::State {
  std::string key;
  std::optional<Inquiry> inquiry{};
  Inquiry::Mark loaded{};
  std::string words{};  ///< of loading
  std::string ends{};   ///< known before anybody was asked whether it lives

  void look_at_ends(const std::string& project);
  /// Looks again when there was something to do.
  std::optional<std::string> lines(const spec::Project& project, const UpRequest& request,
                                   const UpResult& result);
};

Settling::Settling(const Options& options) {
  try {
    if (can_be_settled(options)) state_ = std::make_unique<State>(key_of_this_command());
  } catch (const Error&) {
    // Whoever looks at everything will tell.
  }
}

Settling::~Settling() = default;

std::optional<std::string> Settling::recall() const {
  if (!state_) return std::nullopt;
  try {
    const HostPaths paths = HostPaths::from_environment();
    const auto found = supervisor::find_settled(paths, state_->key);
    if (!found || supervisor::has_operations({paths, found->project})) return std::nullopt;
    const auto file = read_file_if_exists(found->path);
    return file ? words_that_hold(*file) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void Settling::follow() {
  if (state_) state_->inquiry.emplace();
}

void Settling::State::look_at_ends(const std::string& project) {
  ends = ends_known(supervisor::ProjectFiles{HostPaths::from_environment(), project}.exits());
}

void Settling::loaded(const std::string& project, std::string words) {
  if (!state_) return;
  state_->words = std::move(words);
  state_->loaded = state_->inquiry->mark();
  state_->look_at_ends(project);
}

std::optional<std::string> Settling::State::lines(const spec::Project& project,
                                                  const UpRequest& request,
                                                  const UpResult& result) {
  const HostPaths paths = HostPaths::from_environment();
  std::optional<UpResult> again;
  if (!has_nothing_to_do(result)) {
    inquiry->back_to(loaded);
    look_at_ends(project.name);
    again = preview(project, request, paths);
  }
  const UpResult& last = again ? *again : result;
  const auto asked = inquiry->asked();
  if (!asked || !has_nothing_to_do(last)) return std::nullopt;
  return Memory({paths, project.name}, ends).file(*asked, words + words_of(project.name, last));
}

void Settling::remember(const spec::Project& project, const UpRequest& request,
                        const UpResult& result) {
  if (!state_ || !can_be_settled(project)) return;
  if (!result.problems.empty() || !result.execution.succeeded()) return;
  try {
    const auto file = state_->lines(project, request, result);
    if (!file) return;
    const HostPaths paths = HostPaths::from_environment();
    supervisor::write_settled({paths, project.name}, state_->key, *file);
  } catch (const Error&) {
    // Then the next one looks at everything, and tells.
  }
}

}  // namespace stack::cli
