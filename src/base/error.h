// SPDX-License-Identifier: Apache-2.0
// The one error type. It is thrown where a fact is known and gains a frame wherever somebody above
// knows what was being attempted, so that one line tells the whole story, outermost first:
//   starting web: joining network backend: open /proc/71/ns/net: No such file or directory
#pragma once

#include <cerrno>
#include <concepts>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/format.h"

namespace stack {

/// Exit codes of the program, as `stack help exit-codes` documents them.
enum class ExitCode : int {
  ok = 0,
  failure = 1,          ///< anything docker compose answers with 1
  usage = 2,            ///< unknown verb or flag, wrong arguments
  invalid_file = 3,     ///< a stack file, env file or Dockerfile that cannot be accepted
  not_ready = 4,        ///< a dependency or a waited-for service did not become ready
  try_again = 75,       ///< somebody else is at it, and was not to be waited for (EX_TEMPFAIL)
  runtime_error = 125,  ///< the container could not be set up
  not_executable = 126,
  not_found = 127,
  interrupted = 130,
};

/// What went wrong, for a person: attempts (outermost first), the cause, and what to do about it.
class Error : public std::exception {
 public:
  explicit Error(std::string message, int error_number = 0);

  /// The whole line: every frame, then the cause.
  const char* what() const noexcept override { return text_.c_str(); }
  /// The cause alone, without frames.
  const std::string& message() const { return message_; }
  /// errno of the cause; 0 when it did not come from the kernel.
  int error_number() const { return error_number_; }
  const std::string& hint() const { return hint_; }
  ExitCode exit_code() const { return exit_code_; }

  /// Adds what was being attempted, in front of what is known so far.
  Error& add_frame(std::string_view attempt);
  /// What the user can do about it; the innermost hint stays.
  Error& with_hint(std::string hint);
  Error& with_exit_code(ExitCode code);

 private:
  void rebuild_text();

  std::string message_;
  int error_number_;
  std::string hint_;
  ExitCode exit_code_ = ExitCode::failure;
  std::vector<std::string> frames_;
  std::string text_;
};

/// Throws Error with `message` and no errno.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) {
  throw Error(fmt::format(text, std::forward<Args>(args)...));
}

/// Throws Error "MESSAGE: strerror(errno)"; call it first thing after the failed system call.
template <typename... Args>
[[noreturn]] void throw_errno(fmt::format_string<Args...> text, Args&&... args) {
  const int error_number = errno;
  throw Error(fmt::format(text, std::forward<Args>(args)...), error_number);
}

/// Runs `work`; an Error leaving it gains the frame `attempt`.
template <std::invocable Work>
decltype(auto) during(std::string_view attempt, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (Error& error) {
    error.add_frame(attempt);
    throw;
  }
}

/// Text of an errno, thread-safe: "No such file or directory".
std::string errno_text(int error_number);

}  // namespace stack
