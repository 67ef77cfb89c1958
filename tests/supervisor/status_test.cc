// SPDX-License-Identifier: Apache-2.0
#include "supervisor/status.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "examples.h"
#include "supervisor/project_files.h"
#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

using namespace std::chrono_literals;

class Status : public ::testing::Test {
 protected:
  Status() { make_directories(files_.run()); }

  ContainerConfig write_container(const std::string& name) {
    ContainerConfig config = full_config();
    config.id = name;
    config.name = name;
    make_directories(files_.container(config.id));
    write_config(files_, config, TimePoint(5s));
    return config;
  }

  ContainerStatus observed(const std::string& name) {
    for (const auto& container : read_containers(files_.paths, files_.project))
      if (container.config.name == name) return container.status;
    ADD_FAILURE() << "no container " << name;
    return {};
  }

  TemporaryDirectory directory_;
  ProjectFiles files_{{directory_.path() / "data", directory_.path() / "run"}, "shop"};
};

/// A child of this process that has ended and is not reaped.
class Zombie {
 public:
  Zombie() : pid_(::fork()) {
    if (pid_ == 0) ::_exit(9);
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }
  Zombie(const Zombie&) = delete;
  Zombie& operator=(const Zombie&) = delete;
  ~Zombie() { ::waitpid(pid_, nullptr, 0); }

  ProcessIdentity identity() const { return identify(pid_); }

 private:
  pid_t pid_;
};

/// A process that is no more, but was.
const ProcessIdentity gone{std::numeric_limits<pid_t>::max(), 77};

TEST_F(Status, AContainerNeverStartedIsCreated) {
  const ContainerConfig config = write_container("web");
  const auto containers = read_containers(files_.paths, "shop");
  ASSERT_EQ(containers.size(), 1U);
  EXPECT_EQ(containers[0].config, config);
  EXPECT_EQ(to_text(containers[0].status.phase), "created");
  EXPECT_EQ(containers[0].status.created, TimePoint(5s));
}

TEST_F(Status, ContainersComeSortedByName) {
  write_container("b");
  write_container("a");
  const auto containers = read_containers(files_.paths, "shop");
  ASSERT_EQ(containers.size(), 2U);
  EXPECT_EQ(containers[0].config.name, "a");
}

TEST_F(Status, ASummaryHasWhatListsShow) {
  const ContainerConfig config = write_container("web");
  const auto all = read_containers(files_.paths, files_.project, ConfigParts::summary);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].config.spec.process.arguments, config.spec.process.arguments);
  EXPECT_FALSE(config.spec.process.arguments.empty());
  EXPECT_TRUE(all[0].config.spec.mounts.empty());
}

TEST_F(Status, ADirectoryWithoutACompleteConfigIsNoContainer) {
  make_directories(files_.container("half"));
  make_directories(files_.container("torn"));
  std::ofstream(files_.container("torn") / "config.json") << "{\"format\":1,";
  EXPECT_TRUE(read_containers(files_.paths, "shop").empty());
}

TEST_F(Status, ARunningProcessIsBelieved) {
  write_container("web");
  ContainerStatus status = full_status();
  status.id = "web";
  status.phase = Phase::running;
  status.process = identify(::getpid());
  write_status(files_, {&status});
  EXPECT_EQ(to_text(observed("web").phase), "running");
  EXPECT_EQ(observed("web").process, status.process);
  EXPECT_EQ(observed("web").hosts, status.hosts);
}

TEST_F(Status, AProcessThatIsGoneHasExitedWithAnUnknownCode) {
  write_container("web");
  ContainerStatus status = full_status();
  status.id = "web";
  status.phase = Phase::running;
  status.process = gone;
  write_status(files_, {&status});
  EXPECT_EQ(to_text(observed("web").phase), "exited");
  EXPECT_FALSE(observed("web").exit_code);
}

TEST_F(Status, TheExitLogTellsHowItEndedWhenTheSupervisorDidNot) {
  write_container("web");
  ContainerStatus status = full_status();
  status.id = "web";
  status.phase = Phase::running;
  status.process = gone;
  write_status(files_, {&status});
  std::ofstream(files_.exits()) << gone.pid << " 77 1280 9000000000\n";
  EXPECT_EQ(observed("web").exit_code, 5);
  EXPECT_EQ(observed("web").finished, TimePoint(9s));
}

TEST_F(Status, AnEndThatItsKeeperHasNotWrittenDownYetIsNoEndYet) {
  write_container("web");
  const Zombie zombie;
  ContainerStatus status = full_status();
  status.id = "web";
  status.phase = Phase::running;
  status.process = zombie.identity();
  write_status(files_, {&status});
  std::ofstream(files_.keeper_pid()) << ::getpid();
  EXPECT_EQ(to_text(observed("web").phase), "running");
  std::ofstream(files_.exits()) << status.process.pid << ' ' << status.process.start_time
                                << " 2304 9000000000\n";
  EXPECT_EQ(to_text(observed("web").phase), "exited");
  EXPECT_EQ(observed("web").exit_code, 9);
}

/// Or `ps` would say for a moment that a job which runs again and again is over.
TEST_F(Status, OneThatItsSupervisorWillStartAgainHasNotExited) {
  ContainerConfig config = write_container("web");
  config.data_container = false;
  ContainerStatus status = full_status();
  status.id = "web";
  status.phase = Phase::running;
  status.process = gone;
  status.stopped_by_user = false;
  status.restart_due = RestartDue::no;
  const auto phase_of = [&](RestartKind kind) {
    config.restart = {kind};
    write_config(files_, config, TimePoint(5s));
    write_status(files_, {&status});
    return std::string(to_text(observed("web").phase));
  };
  std::ofstream(files_.exits()) << gone.pid << " 77 0 9000000000\n";
  EXPECT_EQ(phase_of(RestartKind::always), "exited") << "there is no supervisor";
  std::ofstream(files_.keeper_pid()) << ::getpid();
  ::prctl(PR_SET_NAME, "stack-keeper");
  EXPECT_EQ(phase_of(RestartKind::always), "restarting");
  EXPECT_EQ(phase_of(RestartKind::on_failure), "exited");
  EXPECT_EQ(phase_of(RestartKind::no), "exited");
  status.stopped_by_user = true;
  EXPECT_EQ(phase_of(RestartKind::always), "exited");
}

/// Or `up` would take what it left behind for running, and do nothing. The keeper has no processor
/// to die on before we wait for it.
TEST_F(Status, AKilledKeeperIsNoneBeforeItHasDied) {
  cpu_set_t before;
  ::sched_getaffinity(0, sizeof before, &before);
  cpu_set_t one{};
  CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
  ::sched_setaffinity(0, sizeof one, &one);
  const pid_t child = ::fork();
  if (child == 0) {
    const sched_param parameters{};
    ::sched_setscheduler(0, SCHED_IDLE, &parameters);
    ::prctl(PR_SET_NAME, "stack-keeper");
    ::pause();
    ::_exit(0);
  }
  std::ofstream(files_.keeper_pid()) << child;
  while (!has_keeper(files_)) ::sched_yield();
  ::kill(child, SIGKILL);
  EXPECT_FALSE(has_keeper(files_)) << "killed";
  siginfo_t info;
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  EXPECT_FALSE(has_keeper(files_)) << "not reaped";
  ::waitpid(child, nullptr, 0);
  ::sched_setaffinity(0, sizeof before, &before);
}

TEST_F(Status, AZombieThatNoKeeperOfItsOwnWillReapHasEnded) {
  write_container("web");
  const Zombie zombie;
  ContainerStatus status = full_status();
  status.id = "web";
  status.phase = Phase::running;
  status.process = zombie.identity();
  write_status(files_, {&status});
  std::ofstream(files_.keeper_pid()) << gone.pid;
  EXPECT_EQ(to_text(observed("web").phase), "exited");
}

TEST_F(Status, WithoutARunDirectoryTheLastStateCounts) {
  write_container("web");
  ContainerStatus status = full_status();
  status.id = "web";
  write_state(files_, status);
  EXPECT_EQ(to_text(observed("web").phase), "exited");
  EXPECT_EQ(observed("web").exit_code, 7);
}

TEST_F(Status, AfterARebootNothingRuns) {
  write_container("web");
  ContainerStatus status = full_status();
  status.id = "web";
  status.phase = Phase::running;
  status.process = identify(::getpid());
  write_state(files_, status);
  const auto path = files_.container("web") / "state.json";
  auto document = nlohmann::json::parse(read_file(path));
  document["boot_id"] = "another boot";
  std::ofstream(path) << document;
  EXPECT_EQ(to_text(observed("web").phase), "exited");
  EXPECT_FALSE(observed("web").exit_code);
}

TEST_F(Status, NetworksAreReadWithTheirAddresses) {
  write_network(files_, {full_network(), {{"shop-db-1", {network::parse_ipv4("10.5.0.2"), {}}}}},
                Durability::survives_crash);
  const auto networks = read_networks(files_.paths, "shop");
  ASSERT_EQ(networks.size(), 1U);
  EXPECT_EQ(networks[0].config, full_network());
  EXPECT_EQ(read_network_records(files_)[0].leases.size(), 1U);
}

TEST_F(Status, ProjectsAreWhatHasADirectory) {
  write_container("web");
  EXPECT_EQ(list_projects(files_.paths), std::vector<std::string>{"shop"});
}

}  // namespace
}  // namespace stack::supervisor
