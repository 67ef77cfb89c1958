// SPDX-License-Identifier: Apache-2.0
// The network of builds: one for all of this machine, with a supervisor as a stack has it, which
// comes with the first step that needs it and goes with the last build. A step is in there by
// itself: it has a way out and names, and reaches nothing that listens on the host's loopback.
#pragma once

#include <optional>

#include "base/host_paths.h"
#include "build/step_network.h"
#include "supervisor/client.h"

namespace stack::orchestrator {

class BuildNetwork : public build::StepNetwork {
 public:
  explicit BuildNetwork(HostPaths paths) : paths_(std::move(paths)) {}
  /// As take_away(), if it was needed, or is left of others.
  ~BuildNetwork() override;

  std::string resolv_conf() const override;
  std::string join(const ProcessIdentity& process, const std::string& id) override;
  void take_away() noexcept override;

 private:
  std::string try_join(const ProcessIdentity& process, const std::string& id);

  HostPaths paths_;
  /// Open from the first step on: a supervisor that somebody talks to stays.
  std::optional<supervisor::Client> client_;
  bool was_needed_ = false;
};

}  // namespace stack::orchestrator
