// SPDX-License-Identifier: Apache-2.0
#include "cli/container_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stack::cli {
namespace {

using namespace std::chrono_literals;
using supervisor::Health;
using supervisor::Phase;

const TimePoint now = TimePoint(1'700'000'000s);

supervisor::ObservedContainer container(Phase phase) {
  supervisor::ObservedContainer it;
  it.config.id = "0123456789abcdef";
  it.config.name = "shop-web-1";
  it.config.service = "web";
  it.config.applied = R"({"image":"busybox:1","labels":{"a":"b"}})";
  it.config.spec.process.arguments = {"sh", "-c", "echo hello; sleep 10"};
  it.status.phase = phase;
  it.status.created = now - 90s;
  it.status.started = now - 5s;
  return it;
}

TEST(ContainerView, StatusSpeaksDockersLanguage) {
  auto web = container(Phase::running);
  EXPECT_EQ(status_text(web, now), "Up 5 seconds");
  web.status.health = Health::starting;
  EXPECT_EQ(status_text(web, now), "Up 5 seconds (health: starting)");
  web.status.health = Health::healthy;
  EXPECT_EQ(status_text(web, now), "Up 5 seconds (healthy)");
  auto held = container(Phase::paused);
  held.status.started = web.status.started;
  EXPECT_TRUE(status_text(held, now).ends_with(" (Paused)"));
  EXPECT_EQ(state_text(held), "paused");

  auto ended = container(Phase::exited);
  ended.status.exit_code = 3;
  ended.status.finished = now - 1s;
  EXPECT_EQ(status_text(ended, now), "Exited (3) 1 second ago");
  EXPECT_EQ(status_text(container(Phase::created), now), "Created");
}

TEST(ContainerView, ADataContainerIsCalledSoBehindWhatScriptsReadOfIt) {
  auto data = container(Phase::exited);
  data.config.data_container = true;
  data.status.exit_code = 0;
  data.status.finished = now - 1s;
  EXPECT_EQ(status_text(data, now), "Exited (0) 1 second ago (data)");
  EXPECT_EQ(state_text(data), "exited");
  EXPECT_TRUE(is_in_state(data, "exited"));
  EXPECT_TRUE(is_in_state(data, "data"));
  EXPECT_FALSE(is_in_state(data, "created"));
  data.config.data_container = false;
  EXPECT_FALSE(is_in_state(data, "data"));
}

TEST(ContainerView, PortsAreListedForBothFamilies) {
  auto web = container(Phase::running);
  web.status.published = {{"0.0.0.0", 18080, "tcp", {}, 8080}, {"::", 18080, "tcp", {}, 8080}};
  EXPECT_EQ(ports_text(web), "0.0.0.0:18080->8080/tcp, [::]:18080->8080/tcp");
}

TEST(ContainerView, ExposedPortsAreShownBareWhileItRuns) {
  auto web = container(Phase::running);
  web.status.process.pid = 12;
  web.status.published = {{"0.0.0.0", 49153, "tcp", {}, 80}};
  const std::vector<std::string> exposed{"80/tcp", "5000/tcp", "53/udp", "8002", "8000-8001"};
  EXPECT_EQ(ports_text(web, exposed), "5000/tcp, 53/udp, 8000-8002/tcp, 0.0.0.0:49153->80/tcp");
  web.status = {};
  EXPECT_EQ(ports_text(web, exposed), "");
}

TEST(ContainerView, PortsOfTheSameNumbersOnBothSidesAreARange) {
  auto web = container(Phase::running);
  for (std::uint16_t port = 3000; port <= 3002; ++port)
    for (const char* ip : {"0.0.0.0", "::"})
      web.status.published.push_back({ip, port, "tcp", {}, port});
  web.status.published.push_back({"0.0.0.0", 9090, "tcp", {}, 8080});
  web.status.published.push_back({"0.0.0.0", 9091, "tcp", {}, 8081});
  EXPECT_EQ(ports_text(web),
            "0.0.0.0:3000-3002->3000-3002/tcp, [::]:3000-3002->3000-3002/tcp, "
            "0.0.0.0:9090->8080/tcp, 0.0.0.0:9091->8081/tcp");
}

TEST(ContainerView, PortsComeByTheContainersPortThenByTheHostsAddress) {
  auto web = container(Phase::running);
  for (const char* protocol : {"udp", "tcp"})
    for (const char* ip : {"::", "0.0.0.0"})
      web.status.published.push_back({ip, 8080, protocol, {}, 80});
  web.status.published.push_back({"127.0.0.1", 5300, "udp", {}, 53});
  web.status.published.push_back({"0.0.0.0", 443, "tcp", {}, 443});
  EXPECT_EQ(ports_text(web),
            "0.0.0.0:443->443/tcp, 127.0.0.1:5300->53/udp, 0.0.0.0:8080->80/tcp, "
            "0.0.0.0:8080->80/udp, [::]:8080->80/tcp, [::]:8080->80/udp");
}

TEST(ContainerView, TheCommandIsQuotedAndCut) {
  EXPECT_EQ(command_text(container(Phase::running), false), "\"sh -c 'echo hello; …\"");
  EXPECT_EQ(command_text(container(Phase::running), true), "\"sh -c 'echo hello; sleep 10'\"");
}

TEST(ContainerView, TheCommandIsQuotedAsGoQuotes) {
  auto each = container(Phase::running);
  each.config.spec.process.arguments = {"sh", "-c", "echo \"a\"\n\techo b"};
  EXPECT_EQ(command_text(each, true), R"("sh -c 'echo \"a\"\n\techo b'")");
  each.config.spec.process.arguments = {"0123456789012345678é"};
  EXPECT_EQ(command_text(each, false), "\"0123456789012345678é\"");
  each.config.spec.process.arguments = {"0123456789012345678é9"};
  EXPECT_EQ(command_text(each, false), "\"0123456789012345678…\"");
}

TEST(ContainerView, JsonHasTheFieldsThatScriptsRead) {
  const auto each = container(Phase::running);
  const auto json = ps_json(each, {{"com.docker.compose.project", "shop"}}, now, wish_of(each), {});
  for (const char* field :
       {"Command",      "CreatedAt",  "ExitCode", "Health", "ID",       "Image", "Labels",
        "LocalVolumes", "Mounts",     "Name",     "Names",  "Networks", "Ports", "Project",
        "Publishers",   "RunningFor", "Service",  "Size",   "State",    "Status"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
  EXPECT_EQ(json["ID"], "0123456789ab");
  EXPECT_EQ(json["Image"], "busybox:1");
  EXPECT_EQ(json["Project"], "shop");
  EXPECT_EQ(json["RunningFor"], "About a minute ago");
}

}  // namespace
}  // namespace stack::cli
