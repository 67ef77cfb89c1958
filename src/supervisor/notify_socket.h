// SPDX-License-Identifier: Apache-2.0
// Where a container's program says how it is, as sd_notify(3) does: an abstract socket of its
// network namespace, so that no image and no read-only root is in the way. It is read as long as
// the container runs, for nobody to wait on a full one, and kept by the keeper, for nothing said to
// be lost with a supervisor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "supervisor/async.h"
#include "supervisor/container_config.h"

namespace stack::supervisor {

class NotifySocket : public std::enable_shared_from_this<NotifySocket> {
 public:
  /// In the namespace, before the container's program runs. Throws Error.
  static Fd open(const std::string& id, int network_namespace);
  /// Reads it. `ready` is called once, when the container has said that it is.
  static std::shared_ptr<NotifySocket> read(Loop& loop, Fd socket, const ContainerConfig& config,
                                            std::function<void()> ready);
  bool has_said_ready() const { return said_ready_; }
  void stop();

 private:
  NotifySocket(Loop& loop, Fd socket, const ContainerConfig& config, std::function<void()> ready);
  using Self = std::shared_ptr<NotifySocket>;
  static Awaitable<void> pump(Self self);
  std::optional<bool> receive(int flags);
  bool is_from_container(pid_t sender) const;

  Loop* loop_;
  Descriptor socket_;
  std::string cgroup_;
  bool is_alone_;  ///< in its network namespace
  std::function<void()> ready_;
  bool said_ready_ = false;
};

}  // namespace stack::supervisor
