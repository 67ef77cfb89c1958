// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/readiness.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/plan.h"

namespace stack::orchestrator {
namespace {

using namespace testing;
using Condition = spec::Condition;

spec::Service ready(const std::string& name) {
  spec::Service made = service(name);
  made.ready.emplace();
  return made;
}

std::string ports(const spec::Service& service, const std::vector<std::string>& exposed = {}) {
  ImageCatalog catalog = images();
  catalog["busybox"].config.exposed_ports = exposed;
  const DesiredState state = desired_state(project({service}), {service.name}, catalog);
  const auto rule = ready_of(state.containers.begin()->second);
  std::string text;
  for (const auto& port : rule->ports)
    text += std::to_string(port.number) + "/" + port.protocol + " ";
  return text;
}

TEST(Readiness, AutoMeansThePortsOfTheFileOrElseOfTheImage) {
  spec::Service web = ready("web");
  EXPECT_EQ(ports(web), "");
  EXPECT_EQ(ports(web, {"80/tcp", "53/udp"}), "80/tcp 53/udp ");
  web.expose = {"9000-9001", "9000"};
  EXPECT_EQ(ports(web, {"80/tcp"}), "9000/tcp 9001/tcp ");
  web.ports.resize(1);
  web.ports[0].target = 8080;
  EXPECT_EQ(ports(web, {"80/tcp"}), "8080/tcp 9000/tcp 9001/tcp ");
}

TEST(Readiness, WhoListensOnLoopbackAloneIsNotReadyUnlessThatPortWasAskedFor) {
  spec::Service web = ready("web");
  const auto rule = [&] { return *ready_of(desired(project({web})).containers.begin()->second); };
  EXPECT_FALSE(rule().loopback_counts);
  web.ready->port = 80;
  EXPECT_TRUE(rule().loopback_counts);
  EXPECT_EQ(rule().ports, (std::vector<supervisor::ReadyRule::Port>{{80, "tcp"}}));
}

std::string problems(const std::vector<spec::Service>& services) {
  std::string text;
  for (const auto& problem : check_conditions(desired(project(services))))
    text += problem.message + "\n";
  return text;
}

TEST(Readiness, NobodyCanWaitForTheHealthOfAServiceThatCannotTell) {
  spec::Service web = service("web");
  web.scale = 2;
  web.depends_on["db"].condition = Condition::service_healthy;
  EXPECT_EQ(problems({web, service("db")}),
            "service \"web\" waits until \"db\" is healthy, which has no health check\n");
  EXPECT_EQ(problems({web, ready("db")}), "");
  spec::Service checked = service("db");
  checked.healthcheck.emplace().test = {"CMD", "true"};
  EXPECT_EQ(problems({web, checked}), "");
  web.depends_on["db"].required = false;
  EXPECT_EQ(problems({web, service("db")}), "");
}

TEST(Wait, EachIsAwaitedAsWellAsItCanBeTold) {
  spec::Service web = service("web");
  web.depends_on["job"].condition = Condition::service_completed_successfully;
  EXPECT_EQ(to_text(plan_wait(desired(project({web, service("job"), ready("db")})))),
            "#0 await shop-db-1 healthy (asked for)\n"
            "#1 await shop-job-1 completed (others wait for its end)\n"
            "#2 await shop-web-1 started (asked for)\n");
}

TEST(Wait, WhatHoldsVolumesIsWaitedForWhenItServes) {
  spec::Service data = service("data");
  spec::Service web = service("web");
  web.volumes_from = {{spec::VolumesFrom::Kind::service, "data", spec::Access::read_write}};
  EXPECT_EQ(to_text(plan_wait(desired(project({web, data})))),
            "#0 await shop-web-1 started (asked for)\n");
  data.ports = {testing::port(9000)};
  EXPECT_EQ(to_text(plan_wait(desired(project({web, data})))),
            "#0 await shop-data-1 started (asked for)\n"
            "#1 await shop-web-1 started (asked for)\n");
}

}  // namespace
}  // namespace stack::orchestrator
