// SPDX-License-Identifier: Apache-2.0
// Runs a container's health checks, one after the other, as long as the container lives.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/process.h"
#include "supervisor/async.h"
#include "supervisor/container_config.h"
#include "supervisor/health.h"
#include "supervisor/health_log.h"

namespace stack::supervisor {

class Prober : public std::enable_shared_from_this<Prober> {
 public:
  /// A check that has ended.
  struct Outcome {
    ProbeResult result = ProbeResult::failed;
    HealthCheck check;
    Health health = Health::starting;  ///< the container's now
    std::uint64_t failing_streak = 0;  ///< see HealthLog
  };
  using Listener = std::function<void(const Outcome&)>;

  /// `config` must have a health policy. `health`: as known so far.
  static std::shared_ptr<Prober> start(Loop& loop, const ContainerConfig& config,
                                       ProcessIdentity container, std::filesystem::path cache,
                                       Health health, Listener listener);
  /// Ends a check under way; the listener hears no more.
  void stop();

 private:
  Prober(Loop& loop, const ContainerConfig& config, ProcessIdentity container,
         std::filesystem::path cache, Health health, Listener listener);

  using Self = std::shared_ptr<Prober>;
  static Awaitable<void> run(Self self);
  Awaitable<HealthCheck> check();
  bool is_over() const;

  Loop* loop_;
  runtime::ContainerSpec spec_;
  HealthPolicy policy_;
  ProcessIdentity container_;
  std::filesystem::path cache_;
  HealthMonitor monitor_;
  Listener listener_;
  Signal stop_signal_;
  bool stopped_ = false;
};

}  // namespace stack::supervisor
