// SPDX-License-Identifier: Apache-2.0
// Waits until a container is ready, as its rule says: by the kernel's events where it has any
// (files, notifications, output), else by looking again and again (readiness.h says how often).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/pattern.h"
#include "base/process.h"
#include "supervisor/async.h"
#include "supervisor/container_config.h"
#include "supervisor/log_reader.h"
#include "supervisor/status.h"

namespace stack::supervisor {

class ReadyWatch : public std::enable_shared_from_this<ReadyWatch> {
 public:
  /// Told `healthy` once, and before that what is missing, whenever that changes: with `starting`,
  /// or with `unhealthy` after the rule's timeout. It is looked for still then.
  using Listener = std::function<void(Health, const std::string& missing)>;

  /// The run of the container that is watched.
  struct Run {
    ProcessIdentity process;
    std::filesystem::path log;    ///< the directory of its output
    LogTime began;                ///< lines before are of earlier runs
    std::filesystem::path cache;  ///< of compiled filters
    bool has_notified = false;    ///< it has said READY=1 already
  };

  /// `config` must have a rule for it. `known`: unhealthy if its time is known to be over.
  static std::shared_ptr<ReadyWatch> start(Loop& loop, const ContainerConfig& config, Run run,
                                           Health known, Listener listener);
  /// The listener hears no more.
  void stop();

  // Events from elsewhere.
  /// There is new output in its log.
  void output_came();
  /// It has said READY=1.
  void notified();

 private:
  using Self = std::shared_ptr<ReadyWatch>;
  ReadyWatch(Loop& loop, const ContainerConfig& config, Run run, Health known, Listener listener);

  static Awaitable<void> run(Self self);
  static Awaitable<void> call_time(Self self);
  Awaitable<void> until_ready();
  Awaitable<void> until_listening();
  Awaitable<void> until_answering();
  Awaitable<void> until_logged();
  Awaitable<void> until_file();
  Awaitable<void> until_unix_socket();
  Awaitable<void> until_successful();
  Awaitable<void> until_notified();
  Fd open_network() const;
  void tell(std::string missing);
  std::chrono::nanoseconds waited() const { return Clock::now() - begun_; }
  /// False when it is to stop.
  Awaitable<bool> pause(std::chrono::nanoseconds time);
  Awaitable<bool> read_lines(LogReader& reader, const Pattern& pattern);

  Loop* loop_;
  std::string name_;
  runtime::ContainerSpec spec_;
  ReadyRule rule_;
  Run run_;
  Listener listener_;
  Clock::time_point begun_;
  Signal woken_;  ///< something that it waits for has happened, or it is to stop
  Signal over_;
  std::function<void()> cancel_;  ///< of a wait that woken_ does not end
  bool stopped_ = false;
  bool late_ = false;          ///< its time is over
  std::uint64_t outputs_ = 0;  ///< how often output came
  std::uint64_t matched_ = 0;  ///< lines
  std::string missing_;
};

}  // namespace stack::supervisor
