// SPDX-License-Identifier: Apache-2.0
// The keys that leave a program alone which goes on running: docker's --detach-keys.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"

namespace stack::cli {

inline constexpr std::string_view default_detach_keys = "ctrl-p,ctrl-q";

/// "ctrl-a,x" as the bytes that a terminal sends: each key is one printable character or ctrl- with
/// a letter or one of @ [ \ ] ^ _. Throws Error (usage) for anything else; "" is "".
std::string parse_detach_keys(std::string_view text);
/// The same of --detach-keys; without it, of the default.
std::string detach_keys_of(const Options& options);

/// Looks for the sequence in what is typed. Bytes that may belong to it are held back until it is
/// clear that they do not.
class DetachKeys {
 public:
  /// An empty sequence is never found.
  explicit DetachKeys(std::string sequence) : sequence_(std::move(sequence)) {}

  struct Typed {
    std::string bytes;      ///< to pass on
    bool detached = false;  ///< the sequence is complete; what came after it is dropped
  };
  Typed take(std::string_view typed);

 private:
  std::string sequence_;
  std::string held_;  ///< a proper beginning of sequence_
};

}  // namespace stack::cli
