// SPDX-License-Identifier: Apache-2.0
// One run of a provider's program, and the talk with it.
#pragma once

#include <poll.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "orchestrator/provider_words.h"
#include "orchestrator/spawned_program.h"

namespace stack::orchestrator {

/// Begins with the program's start. Whoever has one polls its descriptors and lets it go on; gone
/// before the program has ended, it kills it.
class ProviderRun {
 public:
  /// `config`: the answer to get-service-config, asked for when the program asks. Throws Error when
  /// there can be no such program.
  ProviderRun(const Program& program, std::function<std::string()> config);
  ProviderRun(const ProviderRun&) = delete;
  ProviderRun& operator=(const ProviderRun&) = delete;
  ~ProviderRun();

  /// What it waits for.
  std::vector<pollfd> awaited() const;
  /// Reads and writes what can be without waiting. Throws Error: what the program said in an error
  /// message, or that it does not keep to the protocol, or that it ended with a failure and what it
  /// said on its standard error.
  void go_on();
  /// The first line of the latest info message; nothing when it was told already.
  std::optional<std::string> news();
  bool is_over() const { return over_; }
  const ProviderVariables& variables() const { return variables_; }

 private:
  void hear(int fd, std::string& into, Fd& end);
  void take_lines();
  void take(const ProviderWord& word);
  void answer();
  void check_end();

  std::function<std::string()> config_;
  Fd input_, output_, errors_;  ///< our ends; shut ones are empty
  Fd process_;                  ///< pidfd
  pid_t pid_ = -1;              ///< -1: waited for
  std::string heard_;           ///< of its output, up to the next end of a line
  std::string complaints_;      ///< the end of what it says on its standard error
  std::string unsent_;
  std::optional<std::string> news_;
  ProviderVariables variables_;
  bool over_ = false;
};

}  // namespace stack::orchestrator
