// SPDX-License-Identifier: Apache-2.0
// Networks that stacks share with none of them in charge (`x-stack: {shared: true}`): the first
// that needs one makes it and is its owner, the others join, and it goes with the last.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "orchestrator/use_cases.h"

namespace stack::orchestrator {

/// Names of those that this stack is about to make.
std::set<std::string> shared_networks_to_make(const DesiredState& desired, const Changes& changes);

/// While this is held nobody else makes a shared network, so that two stacks that are started at
/// once do not both make it. Waits as lock_project() does.
class SharingLock {
 public:
  explicit SharingLock(const Host& host);
  SharingLock(const SharingLock&) = delete;
  SharingLock& operator=(const SharingLock&) = delete;
  ~SharingLock();

 private:
  HostPaths paths_;
  FileLock lock_;
};

/// Passes everything on, and gives the lock back as soon as all of `networks` are made.
class SharingReport : public ForwardingReport {
 public:
  SharingReport(Report& listener, std::set<std::string> networks, std::optional<SharingLock>& lock);
  void step_ends(StepId id, const Step& step, StepResult result, const std::string& text) override;

 private:
  std::set<std::string> waiting_for_;
  std::optional<SharingLock>& lock_;
};

/// A warning for each shared network that another stack has made in another way than this file
/// says.
std::vector<Problem> differently_shared(const HostPaths& paths, const DesiredState& desired);

/// Of another stack.
struct SharedNetwork {
  std::string owner;
  std::string name;
  auto operator<=>(const SharedNetwork&) const = default;
};
/// Those that containers of the stack `name` are in, running or not, and those that its file names.
std::set<SharedNetwork> shared_with_others(const HostPaths& paths, const std::string& name,
                                           const spec::Project* project);
/// Removes those of them that no container is in and whose owner has been taken down. No lock of a
/// project may be held.
Execution remove_unused(const std::set<SharedNetwork>& networks, Host& host);

}  // namespace stack::orchestrator
