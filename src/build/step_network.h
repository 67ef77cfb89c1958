// SPDX-License-Identifier: Apache-2.0
// The network of the programs that RUN runs. What it is made of is not the builder's to know.
#pragma once

#include <string>

#include "base/process.h"

namespace stack::build {

class StepNetwork {
 public:
  StepNetwork() = default;
  StepNetwork(const StepNetwork&) = delete;
  StepNetwork& operator=(const StepNetwork&) = delete;
  virtual ~StepNetwork() = default;

  /// The /etc/resolv.conf of whoever is in it.
  virtual std::string resolv_conf() const = 0;
  /// Joins a process that is being started in a network namespace of its own; `id` as a
  /// container's. It is in there as long as it lives. Returns what the word host-gateway means to
  /// it. Throws Error.
  virtual std::string join(const ProcessIdentity& process, const std::string& id) = 0;
  /// Takes it away unless others are in it. For a builder that was killed, too, in a process that
  /// it has forked before.
  virtual void take_away() noexcept = 0;
};

}  // namespace stack::build
