// SPDX-License-Identifier: Apache-2.0
// Which images of a project are fetched before it is brought up: what `pull_policy` says.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/desired.h"

namespace stack::orchestrator {

struct PullTask {
  std::string image;                  ///< as the file names it
  std::string platform;               ///< empty: this machine's
  std::vector<std::string> services;  ///< that it is fetched for
  bool operator==(const PullTask&) const = default;
};

/// How old what was fetched may be: daily, weekly, every_12h. Nothing for other policies.
std::optional<std::chrono::nanoseconds> refresh_period(const std::string& policy);

/// By the services' own policies, or by `policy` when it is not empty. Each image once, in the
/// order of the services.
std::vector<PullTask> images_to_pull(const spec::Project& project,
                                     const std::set<std::string>& services,
                                     const ImageCatalog& images, const std::string& policy,
                                     std::chrono::system_clock::time_point now);

/// What is said of an image that could not be fetched; `is_there`: an older one is.
std::string fetch_failure(const std::string& image, bool is_there, const std::string& why);
inline constexpr const char* without_registry =
    "`stack image load`, `import` and `debian` need no registry; "
    "`stack image ls` lists what is there";

}  // namespace stack::orchestrator
