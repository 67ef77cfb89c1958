// SPDX-License-Identifier: Apache-2.0
// A whole stack for one test: its own directories, its own network namespace in the place of the
// host's, busybox as the image. Everything is gone when the test is, however it ended.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/client.h"
#include "supervisor/project_files.h"
#include "temporary_directory.h"

namespace stack::supervisor {

class StackFixture : public ::testing::Test {
 protected:
  StackFixture();
  void SetUp() override;
  void TearDown() override;

  /// A container that runs `script` with busybox's shell in network "net"; not created yet.
  ContainerConfig container(const std::string& service, const std::string& script) const;
  /// The same, created and started.
  std::string run(const std::string& service, const std::string& script);
  void create(const ContainerConfig& config);
  void start(const std::string& service) { client().call(StartContainer{id_of(service)}); }
  Reply stop(const std::string& service, std::chrono::nanoseconds grace = std::chrono::seconds(10));
  void await(const std::string& service, AwaitedCondition condition);
  static std::string id_of(const std::string& service);

  /// The connection; a new one after reconnect().
  Client& client();
  void reconnect() { client_.reset(); }
  ContainerStatus status(const std::string& service) const;
  pid_t supervisor_pid() const;
  pid_t keeper_pid() const;
  /// kill -9 of the supervisor, and waits until it is gone.
  void kill_supervisor();
  std::vector<std::string> log_of(const std::string& service) const;

  /// Makes an empty file inside a running container.
  void touch_in(const std::string& service, const std::string& path) const;
  /// Waits, looking again and again, for something that has no event. Fails the test at the
  /// deadline.
  void eventually(const std::string& what, const std::function<bool()>& holds) const;

  TemporaryDirectory directory_;
  ProjectFiles files_;
  std::string root_;  ///< the image: an unpacked root file system

 private:
  void make_image();
  std::optional<Client> client_;
};

}  // namespace stack::supervisor
