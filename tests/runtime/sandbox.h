// SPDX-License-Identifier: Apache-2.0
// A tiny image (busybox and its links) and one container after another made from it, for tests
// that need the real kernel. Each test starts and ends with the same mounts and without cgroups of
// its own; the fixture checks that.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/container_spec.h"
#include "runtime/join.h"
#include "runtime/launch.h"

namespace stack::runtime::testing {

struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Two pipes; the writing ends go to a program.
struct OutputPipes {
  OutputPipes();
  /// Reads both to their ends; close the writing ends first.
  void read(Outcome& outcome);
  Fd out_read, out_write, err_read, err_write;
};

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// A spec that runs `command` by /bin/sh -c in a fresh writable layer.
  ContainerSpec shell(const std::string& command);
  ContainerSpec program(std::vector<std::string> arguments);
  /// Launches, releases, waits for the end, removes the cgroup.
  Outcome run(const ContainerSpec& spec, int stdin_fd = -1);
  Outcome run(const std::string& command) { return run(shell(command)); }
  /// Standard output of a command that must succeed.
  std::string output_of(const ContainerSpec& spec);
  std::string output_of(const std::string& command) { return output_of(shell(command)); }
  /// The error of a launch that must fail.
  Error failure_of(const ContainerSpec& spec);

  /// A container that runs until it is dropped.
  struct Running {
    ContainerSpec spec;
    ProcessIdentity identity;
    Fd pidfd;
    Fd terminal;
  };
  Running start(const ContainerSpec& spec);
  void stop(Running& running);
  Outcome join(const Running& running, ProcessSpec process);
  ProcessSpec shell_process(const std::string& command) const;

  /// A directory on the host that lives as long as the test.
  std::filesystem::path directory(const std::string& name);
  std::filesystem::path file(const std::string& name, const std::string& content);
  /// Below the image: must be made before the first container.
  std::filesystem::path image() const { return root_ / "image"; }
  LaunchOptions options() const;

  /// Given to each launch.
  SharedNamespaces shared_;

 private:
  std::filesystem::path root_;
  std::string mounts_before_;
  int next_ = 0;
};

/// Waits for a child's end, at most some seconds (then the test fails and the child is killed).
int await_exit(pid_t pid, int pidfd);
bool becomes_readable(int fd);

}  // namespace stack::runtime::testing
