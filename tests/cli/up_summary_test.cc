// SPDX-License-Identifier: Apache-2.0
#include "cli/up_summary.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;
using supervisor::Phase;
using namespace std::chrono_literals;

ObservedContainer container(const std::string& service, Phase phase = Phase::running,
                            int code = 0) {
  ObservedContainer container;
  container.config.service = service;
  container.config.name = "shop-" + service + "-1";
  container.status.phase = phase;
  if (phase == Phase::exited) container.status.exit_code = code;
  return container;
}

ObservedContainer publishing(const std::string& service, const std::string& host_ip,
                             std::uint16_t host_port, std::uint16_t port,
                             const std::string& protocol = "tcp") {
  ObservedContainer result = container(service);
  network::PublishedPort published;
  published.host_ip = host_ip;
  published.host_port = host_port;
  published.container_port = port;
  published.protocol = protocol;
  result.status.published.push_back(published);
  if (host_ip == "0.0.0.0") {
    published.host_ip = "::";
    result.status.published.push_back(published);
  }
  return result;
}

spec::Project shop_project() {
  spec::Project project;
  project.name = "shop";
  return project;
}

TEST(UpSummary, TellsWhatRunsAndWhere) {
  EXPECT_EQ(up_summary(shop_project(),
                       {publishing("web", "0.0.0.0", 18080, 80), container("db"),
                        container("migrate", Phase::exited)},
                       1940ms),
            "shop up: 2 services, 1 job done, 1.9 s\n"
            "  web  http://localhost:18080\n");
}

TEST(UpSummary, CountsServicesNotContainers) {
  EXPECT_EQ(up_summary(shop_project(), {container("web"), container("web")}, 100ms),
            "shop up: 1 service, 0.1 s\n");
}

TEST(UpSummary, NamesWhatEndedBadly) {
  EXPECT_EQ(
      up_summary(shop_project(), {container("web"), container("api", Phase::exited, 3)}, 100ms),
      "shop up: 1 service, ended with an error: api (exit code 3), 0.1 s\n");
}

TEST(AddressLines, SayHttpWhereABrowserIsMeant) {
  EXPECT_EQ(address_lines(shop_project(), {publishing("web", "0.0.0.0", 18443, 443),
                                           publishing("postgres", "127.0.0.1", 15432, 5432),
                                           publishing("dns", "192.0.2.1", 53, 53, "udp"),
                                           publishing("six", "::1", 8000, 8000)}),
            "  web       https://localhost:18443\n"
            "  postgres  127.0.0.1:15432\n"
            "  dns       192.0.2.1:53/udp\n"
            "  six       http://[::1]:8000\n");
}

TEST(AddressLines, TheFilesWordIsTheLast) {
  spec::Project project = shop_project();
  spec::Port odd;
  odd.target = 7777;
  odd.app_protocol = "http";
  spec::Port none;
  none.target = 8080;
  none.app_protocol = "postgresql";
  project.services["web"].ports = {odd, none};
  EXPECT_EQ(address_lines(project, {publishing("web", "0.0.0.0", 1, 7777),
                                    publishing("web", "0.0.0.0", 2, 8080)}),
            "  web  http://localhost:1\n"
            "  web  localhost:2\n");
}

}  // namespace
}  // namespace stack::cli
