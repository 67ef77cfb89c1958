// SPDX-License-Identifier: Apache-2.0
// A whole supervisor with real containers.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "base/error.h"
#include "base/text.h"
#include "runtime/cgroup.h"
#include "stack_fixture.h"
#include "supervisor/operations_mark.h"

namespace stack::supervisor {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

class SupervisorKernel : public StackFixture {
 protected:
  /// Sends a line to a published TCP port on loopback; what comes back.
  static std::string ask(std::uint16_t port, const std::string& text) {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
      return "refused";
    try {
      write_all(socket.get(), text);
      ::shutdown(socket.get(), SHUT_WR);
      return read_all(socket.get());
    } catch (const Error&) {
      return "reset";
    }
  }
};

TEST_F(SupervisorKernel, AContainerRunsAndItsExitCodeIsKnown) {
  run("job", "echo hello; echo problem >&2; exit 7");
  EXPECT_THROW(await("job", AwaitedCondition::completed), Error);
  EXPECT_EQ(to_text(status("job").phase), "exited");
  EXPECT_EQ(status("job").exit_code, 7);
  EXPECT_EQ(log_of("job"), (Lines{"hello", "problem"}));
}

TEST_F(SupervisorKernel, ASuccessfulJobIsCompleted) {
  run("job", "exit 0");
  EXPECT_NO_THROW(await("job", AwaitedCondition::completed));
}

TEST_F(SupervisorKernel, StartingTwiceStartsOnce) {
  run("web", "exec sleep 1000");
  const auto before = status("web").process;
  EXPECT_FALSE(client().call(StartContainer{id_of("web")}).changed);
  EXPECT_EQ(status("web").process, before);
}

TEST_F(SupervisorKernel, AProgramThatDoesNotExistIsAnErrorWithItsExitCode) {
  ContainerConfig config = container("web", "");
  config.spec.process.arguments = {"no-such-program"};
  create(config);
  try {
    start("web");
    ADD_FAILURE() << "it started";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("no-such-program"), std::string::npos) << error.what();
    EXPECT_EQ(error.exit_code(), ExitCode::not_found);
  }
  EXPECT_EQ(to_text(status("web").phase), "created");
  EXPECT_TRUE(runtime::cgroup_processes(config.spec.cgroup).empty());
}

TEST_F(SupervisorKernel, WhatADeadClientHadAskedForIsNotBegunAnyMore) {
  run("web", "trap 'exit 0' TERM; while true; do sleep 0.01; done");
  const ProcessIdentity before = status("web").process;
  const pid_t supervisor = supervisor_pid();
  client();
  {
    auto dead = Client::connect(files_.paths, files_.project);
    ASSERT_TRUE(dead);
    ::kill(supervisor, SIGSTOP);
    eventually("the supervisor is held", [&] { return is_asleep(supervisor); });
    dead->send(StopContainer{id_of("web"), std::chrono::seconds(10)});
  }
  ::kill(supervisor, SIGCONT);
  for (int turn = 0; turn < 5; ++turn) start("web");  // it runs: nothing to do, but an answer
  EXPECT_EQ(status("web").phase, Phase::running);
  EXPECT_EQ(status("web").process, before);
}

TEST_F(SupervisorKernel, AStopIsWrittenDownBeforeAnybodyNeedNotWaitForIt) {
  run("web",
      "trap 'until test -e /go; do sleep 0.01; done; exit 0' TERM; echo up; "
      "while true; do sleep 0.01; done");
  eventually("it runs", [&] { return log_of("web") == Lines{"up"}; });
  EXPECT_FALSE(has_operations(files_));
  client().send(StopContainer{id_of("web"), std::chrono::seconds(60)});
  eventually("it is being stopped", [&] { return status("web").stopped_by_user; });
  eventually("nobody need wait", [&] { return !has_operations(files_); });
  EXPECT_EQ(status("web").phase, Phase::running);
  touch_in("web", "/go");
  eventually("it has ended", [&] { return status("web").phase == Phase::exited; });
}

TEST_F(SupervisorKernel, AStoppedContainerHeardItsSignal) {
  run("web", "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
  eventually("the trap", [&] { return log_of("web") == Lines{"ready"}; });
  EXPECT_EQ(stop("web").note, "");
  EXPECT_EQ(status("web").exit_code, 3);
  EXPECT_EQ(log_of("web"), (Lines{"ready", "bye"}));
}

TEST_F(SupervisorKernel, ADeafProcess1IsKilledAtOnce) {
  run("web", "exec sleep 1000");
  eventually("exec", [&] { return process_name(status("web").process.pid) == "sleep"; });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(stop("web", 10s).note, "killed at once: process 1 ignores SIGTERM");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 8s);
  EXPECT_EQ(status("web").exit_code, 137);
}

TEST_F(SupervisorKernel, ADeafProcess1HasMoreTimeThanIsUsualToItself) {
  run("web", "sleep 0.3; exit 7");
  EXPECT_EQ(stop("web", 60s).note, "");
  EXPECT_EQ(status("web").exit_code, 7);
}

TEST_F(SupervisorKernel, AStubbornContainerIsKilledAfterItsGrace) {
  run("web", "trap 'echo no' TERM; echo ready; while :; do sleep 0.05; done");
  eventually("the trap", [&] { return log_of("web") == Lines{"ready"}; });
  EXPECT_EQ(stop("web", 300ms).note, "killed after 0.3 s");
}

TEST_F(SupervisorKernel, AFailingContainerIsRestartedAndKeepsItsFiles) {
  ContainerConfig config =
      container("web", "echo run >> /count; cat /count | wc -l; test $(cat /count | wc -l) = 3");
  config.restart = {RestartKind::on_failure, 0};
  create(config);
  start("web");
  await("web", AwaitedCondition::completed);
  EXPECT_EQ(log_of("web"), (Lines{"1", "2", "3"}));
  EXPECT_EQ(status("web").restarts, 2U);
}

TEST_F(SupervisorKernel, AStopEndsTheRestarts) {
  ContainerConfig config = container("web", "exit 1");
  config.restart = {RestartKind::always, 0};
  create(config);
  start("web");
  eventually("a restart", [&] { return status("web").restarts > 0; });
  stop("web");
  EXPECT_EQ(to_text(status("web").phase), "exited");
  EXPECT_TRUE(status("web").stopped_by_user);
}

TEST_F(SupervisorKernel, AHealthyContainerIsKnownWithoutWaitingForTheInterval) {
  ContainerConfig config = container("db", "touch /ready; exec sleep 1000");
  HealthPolicy health;
  health.command = {"sh", "-c", "while ! test -e /ready; do sleep 0.01; done"};
  health.interval = 3600s;
  config.health = health;
  create(config);
  start("db");
  await("db", AwaitedCondition::healthy);
  EXPECT_EQ(to_text(status("db").health), "healthy");
}

TEST_F(SupervisorKernel, AnUnhealthyContainerFailsWhoeverWaitsAndTellsWhy) {
  ContainerConfig config = container("db", "exec sleep 1000");
  HealthPolicy health;
  health.command = {"sh", "-c", "echo no answer; exit 1"};
  health.interval = 10ms;
  health.retries = 2;
  config.health = health;
  create(config);
  start("db");
  EXPECT_THROW(await("db", AwaitedCondition::healthy), Error);
  EXPECT_EQ(status("db").last_probe, "no answer\n");
}

TEST_F(SupervisorKernel, ACheckThatHangsIsKilledWithAllItStarted) {
  ContainerConfig config = container("db", "exec sleep 1000");
  HealthPolicy health;
  health.command = {"sh", "-c", "sleep 2000 & sleep 2000"};
  health.interval = 10ms;
  health.timeout = 50ms;
  health.retries = 1;
  config.health = health;
  create(config);
  start("db");
  EXPECT_THROW(await("db", AwaitedCondition::healthy), Error);
  EXPECT_NE(status("db").last_probe.find("no answer within"), std::string::npos);
  stop("db");
}

TEST_F(SupervisorKernel, ContainersFindOneAnotherByName) {
  run("db", "exec sleep 1000");
  run("job", "nslookup -type=a db 127.0.0.11 && ping -c 1 -W 5 db");
  await("job", AwaitedCondition::completed);
}

TEST_F(SupervisorKernel, AnUnknownNameIsAnsweredAtOnce) {
  run("job", "nslookup -type=a nobody 127.0.0.11");
  EXPECT_THROW(await("job", AwaitedCondition::completed), Error);
  EXPECT_NE(join(log_of("job"), " ").find("NXDOMAIN"), std::string::npos)
      << join(log_of("job"), " ");
}

TEST_F(SupervisorKernel, OnlyItsOwnerSeesALink) {
  run("db", "exec sleep 1000");
  ContainerConfig job = container("job", "nslookup -type=a database");
  job.links = {{"database", "db"}};
  create(job);
  start("job");
  await("job", AwaitedCondition::completed);
  run("other", "nslookup -type=a database");
  EXPECT_THROW(await("other", AwaitedCondition::completed), Error);
}

TEST_F(SupervisorKernel, APublishedPortIsReachedByLoopback) {
  ContainerConfig config = container("web", "exec nc -ll -p 80 -e cat");
  config.ports = {{"", 0, 0, 80, "tcp"}};
  create(config);
  start("web");
  const auto published = status("web").published;
  ASSERT_FALSE(published.empty());
  EXPECT_EQ(published.front().host_port, published.back().host_port);  // both families
  eventually("an answer", [&] { return ask(published[0].host_port, "hello\n") == "hello\n"; });
  const std::string much(1 << 20, 'x');
  EXPECT_EQ(ask(published[0].host_port, much), much);
  stop("web");
  EXPECT_EQ(ask(published[0].host_port, ""), "refused");
}

TEST_F(SupervisorKernel, ATakenPortIsRefusedNamingItsHolder) {
  ContainerConfig first = container("one", "exec sleep 1000");
  first.ports = {{"127.0.0.1", 18080, 0, 80, "tcp"}};
  create(first);
  start("one");
  ContainerConfig second = container("two", "exec sleep 1000");
  second.ports = first.ports;
  create(second);
  try {
    start("two");
    ADD_FAILURE() << "it started";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("port is already allocated"), std::string::npos) << text;
    EXPECT_NE(text.find("service \"one\" of stack"), std::string::npos) << text;
  }
}

TEST_F(SupervisorKernel, AContainerSeesItsNamesInEtc) {
  ContainerConfig config =
      container("web", "hostname; cat /etc/resolv.conf | head -n 1; grep -c web /etc/hosts");
  config.extra_hosts = {{"far", "10.9.8.7"}};
  create(config);
  start("web");
  await("web", AwaitedCondition::completed);
  EXPECT_EQ(log_of("web"), (Lines{"web", "nameserver 127.0.0.11", "1"}));
}

TEST_F(SupervisorKernel, ATerminalsOutputIsLogged) {
  ContainerConfig config = container("web", "tty; echo done");
  config.spec.process.terminal = true;
  create(config);
  start("web");
  await("web", AwaitedCondition::completed);
  EXPECT_EQ(log_of("web"), (Lines{"/dev/pts/0\r", "done\r"}));
}

TEST_F(SupervisorKernel, AContainerOutlivesItsSupervisorWhichIsStartedAgain) {
  run("web", "exec sleep 1000");
  const auto before = status("web").process;
  kill_supervisor();
  eventually("the next supervisor", [&] { return supervisor_pid() != 0; });
  EXPECT_EQ(status("web").process, before);
  EXPECT_FALSE(client().call(StartContainer{id_of("web")}).changed);
  stop("web");
  EXPECT_EQ(to_text(status("web").phase), "exited");
}

TEST_F(SupervisorKernel, AnEndThatNobodySawIsKnownAfterwards) {
  run("web", "while ! test -e /go; do sleep 0.02; done; echo last words; exit 9");
  const pid_t supervisor = supervisor_pid();
  reconnect();
  ::kill(supervisor, SIGSTOP);
  touch_in("web", "/go");
  eventually("its end", [&] { return status("web").phase == Phase::exited; });
  ::kill(supervisor, SIGKILL);
  EXPECT_EQ(status("web").exit_code, 9);
  EXPECT_THROW(await("web", AwaitedCondition::completed), Error);
  EXPECT_EQ(log_of("web"), (Lines{"last words"}));
}

TEST_F(SupervisorKernel, NoLogLineIsLostOrDoubledByKillingSupervisors) {
  run("web", "i=0; while test $i -lt 30000; do echo $i; i=$((i+1)); done; exec sleep 1000");
  for (int i = 0; i < 12; ++i) kill_supervisor();
  eventually("the last line", [&] {
    const auto lines = log_of("web");
    return !lines.empty() && lines.back() == "29999";
  });
  const auto lines = log_of("web");
  ASSERT_EQ(lines.size(), 30000U);
  for (std::size_t i = 0; i < lines.size(); ++i) ASSERT_EQ(lines[i], std::to_string(i));
  EXPECT_EQ(to_text(status("web").phase), "running");
}

TEST_F(SupervisorKernel, NamesPortsAndHealthComeBackWithTheNextSupervisor) {
  ContainerConfig config = container("web", "exec nc -ll -p 80 -e cat");
  config.ports = {{"127.0.0.1", 0, 0, 80, "tcp"}};
  config.health = HealthPolicy{{"true"}, 10ms, 10s, 0s, 0s, 3};
  create(config);
  start("web");
  await("web", AwaitedCondition::healthy);
  run("asker",
      "while :; do test -e /ask && nslookup -type=a web && echo found && break; sleep 0.02; done; "
      "exec sleep 1000");
  const auto port = status("web").published.at(0).host_port;
  kill_supervisor();
  touch_in("asker", "/ask");
  eventually("an answer", [&] { return ask(port, "again") == "again"; });
  EXPECT_EQ(status("web").published.at(0).host_port, port);
  eventually("the name", [&] { return join(log_of("asker"), " ").ends_with("found"); });
  await("web", AwaitedCondition::healthy);
}

TEST_F(SupervisorKernel, AContainerWhoseEndIsNotKnownYetCanBeRemoved) {
  run("web", "exec sleep 1000");
  const auto process = status("web").process;
  const pid_t keeper = keeper_pid();
  ::kill(keeper, SIGSTOP);  // who would tell of the end
  ::kill(process.pid, SIGKILL);
  eventually("its end", [&] { return !is_alive(process); });
  auto removal =
      std::async(std::launch::async, [&] { return client().call(RemoveContainer{id_of("web")}); });
  EXPECT_EQ(removal.wait_for(200ms), std::future_status::timeout) << "an answer without knowing";
  ::kill(keeper, SIGCONT);
  EXPECT_TRUE(removal.get().changed);
}

TEST_F(SupervisorKernel, ARestartPolicyAlsoCountsWhileNobodyLooked) {
  ContainerConfig config = container("web",
                                     "echo run; test -e /again && exec sleep 1000; touch /again; "
                                     "while ! test -e /go; do sleep 0.02; done; exit 1");
  config.restart = {RestartKind::always, 0};
  create(config);
  start("web");
  const auto first = status("web").process;
  const pid_t supervisor = supervisor_pid();
  reconnect();
  ::kill(supervisor, SIGSTOP);
  touch_in("web", "/go");
  eventually("its end", [&] { return !is_alive(first); });
  ::kill(supervisor, SIGKILL);
  eventually("the second run", [&] { return log_of("web") == Lines{"run", "run"}; });
}

TEST_F(SupervisorKernel, WhatADeadKeeperLeftIsEndedBeforeTheStackGoesOn) {
  run("web", "exec sleep 1000");
  const auto orphan = status("web").process;
  const pid_t keeper = keeper_pid();
  const pid_t supervisor = supervisor_pid();
  reconnect();
  ::kill(keeper, SIGKILL);
  ::kill(supervisor, SIGKILL);
  eventually("their end", [&] { return supervisor_pid() == 0 && !is_alive(identify(keeper)); });
  EXPECT_TRUE(is_alive(orphan));
  EXPECT_TRUE(client().call(StartContainer{id_of("web")}).changed);
  EXPECT_FALSE(is_alive(orphan));
  EXPECT_TRUE(is_alive(status("web").process));
}

TEST_F(SupervisorKernel, AfterAShutdownNothingIsLeftButData) {
  run("web", "exec sleep 1000");
  EXPECT_THROW(client().call(Shutdown{}), Error);
  stop("web");
  client().call(RemoveContainer{id_of("web")});
  client().call(RemoveNetwork{"net"});
  const pid_t keeper = keeper_pid();
  client().call(Shutdown{});
  EXPECT_FALSE(is_alive(identify(keeper)));
  EXPECT_EQ(list_directory(files_.paths.run), Lines{});
  EXPECT_EQ(list_directory(files_.containers()), Lines{});
  EXPECT_EQ(list_directory(files_.networks()), Lines{});
  EXPECT_EQ(runtime::list_cgroups(files_.cgroup()), Lines{});
  EXPECT_EQ(std::system("nft list tables | grep -q stack_"), 1 << 8);
}

// Each start comes at another moment of the last keeper's end.
TEST_F(SupervisorKernel, AClientThatComesWhileTheStackEndsIsServed) {
  create(container("web", "exec sleep 1000"));
  for (int round = 0; round < 40; ++round) {
    start("web");
    stop("web", 0s);
    reconnect();
  }
}

TEST_F(SupervisorKernel, AStackWithNothingRunningHasNoProcesses) {
  run("job", "exit 0");
  await("job", AwaitedCondition::completed);
  const auto keeper = identify(keeper_pid());
  reconnect();
  eventually("the keeper's end", [&] { return !is_alive(keeper); });
  EXPECT_EQ(to_text(status("job").phase), "exited");
  EXPECT_EQ(status("job").exit_code, 0);
  EXPECT_FALSE(Client::connect(files_.paths, files_.project));
}

TEST_F(SupervisorKernel, AddressesStayTheSameOverDownAndUp) {
  run("web", "exec sleep 1000");
  const auto before = status("web").addresses;
  EXPECT_FALSE(before.empty());
  stop("web");
  client().call(Shutdown{});
  reconnect();
  start("web");
  EXPECT_EQ(status("web").addresses, before);
}

TEST_F(SupervisorKernel, ManyStartsOverlapOnOneConnection) {
  constexpr int count = 10;
  std::vector<std::string> services;
  for (int i = 0; i < count; ++i) services.push_back("s" + std::to_string(i));
  for (const auto& service : services) create(container(service, "exec sleep 1000"));
  for (const auto& service : services) client().send(StartContainer{id_of(service)});
  for (int i = 0; i < count; ++i) {
    const auto reply = client().receive();
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->error) << reply->error->what();
  }
  for (const auto& service : services) EXPECT_EQ(to_text(status(service).phase), "running");
}

TEST_F(SupervisorKernel, AFloodOfOutputLeavesOthersTheirTurn) {
  run("flood", "exec yes");
  run("job", "echo mine");
  await("job", AwaitedCondition::completed);
  EXPECT_EQ(log_of("job"), Lines{"mine"});
  stop("flood");
}

}  // namespace
}  // namespace stack::supervisor
