// SPDX-License-Identifier: Apache-2.0
// The program git, run for a build: in an environment of ours, so that neither the person's
// settings nor a stranger's repository decide what else is run or asked.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace stack::build {

/// How a server is told who asks.
struct GitAccess {
  std::string agent;          ///< socket of an SSH agent; empty: nobody knows us
  std::string authorization;  ///< value of that header; empty: none
  std::string scope;          ///< addresses that begin so are sent the header
};

class GitProgram {
 public:
  /// `secret`: what stands in an address and is not to be shown. Throws Error when there is no git.
  GitProgram(GitAccess access, std::chrono::milliseconds patience, std::string secret);

  struct Result {
    int code;
    std::vector<std::string> lines;  ///< what it said, errors included
  };
  /// Runs `git ARGUMENTS` in `directory`, killed when it says nothing for longer than the patience.
  Result attempt(const std::filesystem::path& directory,
                 const std::vector<std::string>& arguments) const;
  /// The lines, when all went well. Throws Error with what it said, and what may help.
  std::vector<std::string> run(const std::filesystem::path& directory,
                               const std::vector<std::string>& arguments) const;
  /// Throws the Error of such a failure.
  [[noreturn]] void fail(const std::vector<std::string>& arguments, const Result& result) const;

 private:
  std::filesystem::path program_;
  std::vector<std::string> environment_;
  std::chrono::milliseconds patience_;
  std::string secret_;
};

/// What matters of what git said, as one line: its errors, or else all. Pure.
std::string git_complaint(const std::vector<std::string>& lines);
/// What a person can do about it; may be empty. Pure.
std::string git_cure(const std::string& complaint);

}  // namespace stack::build
