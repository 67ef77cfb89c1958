// SPDX-License-Identifier: Apache-2.0
// Requests to a supervisor that may die before it has answered: the one that the keeper starts in
// its place is asked again. For commands that wait for long.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "supervisor/client.h"

namespace stack::cli {

class LastingClient {
 public:
  explicit LastingClient(std::string project) : project_(std::move(project)) {}

  /// Sends; the answer carries the returned number. Throws Error when no supervisor can be had.
  std::uint64_t send(supervisor::Request request);
  /// The next answer that has come; nothing when there is none yet. Does not wait, except for a new
  /// supervisor. Throws Error when that does not come.
  std::optional<supervisor::Reply> receive();
  /// The next answer. Nothing when a signal of count_interrupts() comes first. Throws Error as
  /// receive() does.
  std::optional<supervisor::Reply> await();
  /// Readable when receive() may have something. Another one after a supervisor's death. Throws
  /// Error.
  int fd();

 private:
  supervisor::Client& connected();
  void reconnect();

  std::string project_;
  std::optional<supervisor::Client> client_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, supervisor::Request> unanswered_;  ///< by our number
  std::map<std::uint64_t, std::uint64_t> numbers_;           ///< the client's -> ours
};

}  // namespace stack::cli
