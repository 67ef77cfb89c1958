// SPDX-License-Identifier: Apache-2.0
// What may come next on a command line, from the command table and from what there is. The scripts
// for shells ask `stack __complete WORD...` and know nothing themselves.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace stack::cli {

/// Names of things, found only when they are needed. `options`: -f, -p and the like, as far as they
/// have been typed.
struct LiveNames {
  using Find = std::function<std::vector<std::string>(const Options& options)>;
  Find services, containers, images, volumes, networks, projects, profiles;
};

struct Candidate {
  std::string word;
  std::string about;  ///< may be empty
  bool operator==(const Candidate&) const = default;
};

struct Completion {
  std::vector<Candidate> candidates;
  bool files = false;  ///< names of files, too
};

/// `words`: those after `stack`, the last of which is being typed and may be empty.
Completion complete(const std::vector<std::string>& words, const LiveNames& live);

/// The script for "bash", "zsh" or "fish"; empty for others.
std::string_view completion_script(std::string_view shell);

}  // namespace stack::cli
