// SPDX-License-Identifier: Apache-2.0
#include "cli/project_pull.h"

#include <algorithm>
#include <array>
#include <iostream>

#include "base/error.h"
#include "base/text.h"
#include "cli/image_use.h"
#include "registry/pull.h"

namespace stack::cli {
namespace {

using orchestrator::PullTask;
using Failures = std::map<std::string, std::string>;

void check_policy(const std::string& policy) {
  constexpr std::array words{"", "always", "missing", "never", "policy"};
  if (std::find(words.begin(), words.end(), policy) == words.end())
    throw Error(fmt::format("--pull {} is not known", printable(policy)))
        .with_hint("always, missing or never")
        .with_exit_code(ExitCode::usage);
}

void tell(const Options& options, const PullTask& task, const std::string& what) {
  if (options.quiet || options.quiet_pull) return;
  for (const auto& service : task.services) std::cerr << fmt::format(" {} {}\n", service, what);
}

Failures fetch_all(const std::vector<PullTask>& tasks, const Options& options) {
  const auto surroundings = registry::surroundings_from_environment();
  auto store = open_store();
  Failures failures;
  for (const PullTask& task : tasks) {
    tell(options, task, "Pulling");
    try {
      registry::PullRequest request{.name = task.image};
      if (!task.platform.empty()) request.platform = image::parse_platform(task.platform);
      registry::pull_image(store, request, surroundings);
      tell(options, task, "Pulled");
    } catch (const Error& error) {
      failures[task.image] = error.what();
      tell(options, task, "Error");
    }
  }
  return failures;
}

}  // namespace

orchestrator::PullImages pull_images(const Options& options) {
  check_policy(options.pull_policy);
  // "policy" is docker compose's word for what the services say themselves.
  const std::string asked = options.pull_policy == "policy" ? "" : options.pull_policy;
  return {.policy = options.locked ? "never" : asked,
          .fetch = [&options](const std::vector<PullTask>& tasks) {
            return fetch_all(tasks, options);
          }};
}

}  // namespace stack::cli
