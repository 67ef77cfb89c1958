// SPDX-License-Identifier: Apache-2.0
// Limits: in the files where an operator looks, and in what a greedy program gets.
#include "base/files.h"
#include "runtime/cgroup_layout.h"
#include "runtime/launch.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

class Limits : public testing::Sandbox {
 protected:
  /// Content of the controller's file of a running container, v1 or v2.
  static std::string value(const Running& running, const char* controller, const char* v1_file,
                           const char* v2_file) {
    const CgroupLayout layout = host_cgroup_layout();
    const CgroupHierarchy* v1 = layout.v1_with(controller);
    const std::string mount = v1 != nullptr ? v1->mount : layout.unified;
    return read_file(mount + "/" + running.spec.cgroup + "/" + (v1 != nullptr ? v1_file : v2_file));
  }
  static bool on_v1(const char* controller) {
    return host_cgroup_layout().v1_with(controller) != nullptr;
  }
};

TEST_F(Limits, AreVisibleInTheCgroup) {
  ContainerSpec spec = shell("sleep 1000");
  spec.resources.memory_limit = 64U << 20;
  spec.resources.cpus = 0.5;
  spec.resources.pids_limit = 50;
  Running running = start(spec);
  EXPECT_EQ(value(running, "memory", "memory.limit_in_bytes", "memory.max"), "67108864\n");
  EXPECT_EQ(value(running, "pids", "pids.max", "pids.max"), "50\n");
  EXPECT_EQ(value(running, "cpu", "cpu.cfs_quota_us", "cpu.max"),
            on_v1("cpu") ? "50000\n" : "50000 100000\n");
  stop(running);
}

TEST_F(Limits, AForkBombIsStopped) {
  ContainerSpec spec = shell("for i in $(seq 100); do sleep 1000 & done; echo never");
  spec.resources.pids_limit = 30;
  const auto outcome = run(spec);
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("can't fork"), std::string::npos) << outcome.err;
}

TEST_F(Limits, AMemoryHogIsKilled) {
  ContainerSpec spec = shell("");
  spec.resources.memory_limit = 16U << 20;
  // Pages of a tmpfs count and cannot be dropped: the writer is killed, the shell reports it.
  spec.process.arguments[2] = "head -c 64m /dev/zero > /dev/shm/x; echo $?";
  EXPECT_NE(run(spec).out, "0\n");
}

TEST_F(Limits, CoreFilesAreOffAndDescriptorsAreBounded) {
  EXPECT_EQ(output_of("ulimit -c"), "0\n");
  const std::string files = output_of("ulimit -n");
  EXPECT_LE(std::stol(files), 1L << 20);
}

TEST_F(Limits, ALimitThatIsTooSmallToStartIsRefused) {
  ContainerSpec spec = shell("true");
  spec.resources.memory_limit = 4096;
  EXPECT_STREQ(failure_of(spec).what(), "memory limit 4.1kB is too small to start in");
}

}  // namespace
}  // namespace stack::runtime
