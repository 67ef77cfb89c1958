// SPDX-License-Identifier: Apache-2.0
// Cgroups of the real machine.
#include "runtime/cgroup.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "runtime/cgroup_layout.h"
#include "runtime/cgroup_plan.h"
#include "runtime/cgroup_setup.h"
#include "runtime/facilities.h"
#include "runtime/host_abilities.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

using testing::await_exit;

/// Moves the calling process there.
void enter(const CgroupEntrance& entrance) {
  for (const Fd& tasks : entrance.v1_tasks) write_all(tasks.get(), "0");
  if (entrance.unified) write_kernel_file(entrance.unified.get(), "cgroup.procs", "0");
}

class Cgroup : public testing::Sandbox {
 protected:
  /// A child that has moved itself into `cgroup` and waits.
  static pid_t child_in(const std::string& cgroup) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      enter(open_cgroups(host_cgroup_layout(), cgroup));
      [[maybe_unused]] const ssize_t sent = ::write(ready[1], "x", 1);
      for (;;) ::pause();
    }
    char word = 0;
    EXPECT_EQ(::read(ready[0], &word, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
  }
  ContainerSpec made() {
    ContainerSpec spec = shell("true");
    make_cgroups(cgroup_plan(host_cgroup_layout(), spec, {}));
    return spec;
  }
};

TEST_F(Cgroup, IsListedEmptyAndRemovedWithItsParents) {
  const ContainerSpec spec = made();
  const std::string parent = spec.cgroup.substr(0, spec.cgroup.rfind('/'));
  EXPECT_EQ(list_cgroups(parent), std::vector<std::string>{spec.id});
  EXPECT_TRUE(cgroup_processes(spec.cgroup).empty());
  remove_cgroup(spec.cgroup);
  for (const std::string& mount : host_cgroup_layout().mounts())
    EXPECT_FALSE(stack::exists(mount + "/" + parent)) << mount;
}

TEST_F(Cgroup, RemovingWhatIsNotThereIsFine) {
  remove_cgroup("stack/runtime-kernel-test/none");
}

TEST_F(Cgroup, AProcessThatJoinsIsListedAndKilled) {
  const ContainerSpec spec = made();
  const pid_t child = child_in(spec.cgroup);
  EXPECT_EQ(cgroup_processes(spec.cgroup), std::vector<pid_t>{child});
  kill_cgroup(spec.cgroup);
  remove_cgroup(spec.cgroup);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST_F(Cgroup, NestedGroupsAreRemovedDeepestFirst) {
  const ContainerSpec spec = made();
  for (const std::string& mount : host_cgroup_layout().mounts())
    make_directories(mount + "/" + spec.cgroup + "/a/b", 0755);
  remove_cgroup(spec.cgroup);
  EXPECT_TRUE(list_cgroups("stack/runtime-kernel-test").empty());
}

TEST_F(Cgroup, TheUnifiedDirectoryIsMade) {
  const std::string cgroup = "stack/runtime-kernel-test/probe";
  const Fd directory = open_unified_cgroup(cgroup);
  EXPECT_EQ(static_cast<bool>(directory), !host_cgroup_layout().unified.empty());
  remove_cgroup(cgroup);
}

TEST_F(Cgroup, TheDoctorFindsWhatTheseTestsNeed) {
  for (const Facility& facility : facilities("/"))
    EXPECT_NE(facility.state, FacilityState::missing) << facility.name << ": " << facility.detail;
}

TEST_F(Cgroup, TheDoctorShowsEachThingThatKeysAskFor) {
  const HostAbilities host = host_abilities();
  const std::vector<Facility> shown = facilities("/");
  for (const HostNeed& need : host_needs()) {
    const auto row = std::ranges::find(shown, need.name, &Facility::name);
    ASSERT_NE(row, shown.end()) << need.name;
    EXPECT_EQ(row->state == FacilityState::ok, find_need(need.need, host).has_value()) << need.name;
  }
}

}  // namespace
}  // namespace stack::runtime
