// SPDX-License-Identifier: Apache-2.0
#include "examples.h"

namespace stack::supervisor {

using namespace std::chrono_literals;

ContainerConfig full_config() {
  ContainerConfig config;
  config.id = std::string(64, 'a');
  config.name = "shop-db-1";
  config.service = "db";
  config.number = 2;
  config.spec.id = config.id;
  config.spec.name = config.name;
  config.spec.cgroup = "stack/shop/" + config.id;
  config.spec.process.arguments = {"sh", "-c", "echo \"hi\"\n"};
  config.endpoints = {{"shop_default",
                       network::parse_ipv4("172.18.0.9"),
                       "02:42:ac:12:00:09",
                       {"db", "shop-db-1"}}};
  config.endpoints[0].vip = VirtualSeat{"db", {"db"}, 3};
  config.ports = {{"127.0.0.1", 8080, 8090, 80, "udp"}};
  config.links = {{"database", "db"}};
  config.extra_hosts = {{"far", "10.1.2.3"}};
  config.health = HealthPolicy{{"true"}, 1s, 2s, 3s, 4s, 5};
  config.restart = {RestartKind::on_failure, 4};
  config.stop = {"SIGQUIT", 3s};
  config.data_container = true;
  config.log.shipping = LogShipping{LogShipping::To::journald,
                                    "/run/socket",
                                    LogShipping::Way::tcp,
                                    514,
                                    LogShipping::Format::rfc5424_micro,
                                    4,
                                    "tag",
                                    {"A=b"}};
  config.step = "pre_start-0";
  config.by_hand = HandRun{true, true, {"/volumes/a"}};
  config.wording = {{{"/data", "ro"}, {"/anon", ""}},
                    {{"/run", "size=1m"}},
                    {"/mount"},
                    {"label=disable"},
                    "02:00:00:00:00:05",
                    "db:service_healthy:true",
                    true};
  config.applied = "{\"image\": \"x\"}";
  return config;
}

NetworkConfig full_network() {
  NetworkConfig config;
  config.spec = {"shop_back", *network::parse_subnet("10.5.0.0/24"),
                 *network::parse_ipv4("10.5.0.1"), true, "br-12345678"};
  config.subnet_fixed = true;
  config.applied = "as asked";
  return config;
}

ContainerStatus full_status() {
  ContainerStatus status;
  status.id = std::string(64, 'a');
  status.phase = Phase::exited;
  status.health = Health::unhealthy;
  status.process = {42, 4242};
  status.hosts = {{"shop-vpn-1", {41, 4141}}};
  status.exit_code = 7;
  status.oom_killed = true;
  status.stopped_by_user = true;
  status.restarts = 3;
  status.created = TimePoint(1s);
  status.started = TimePoint(2s);
  status.finished = TimePoint(3s);
  status.addresses = {{"shop_default", {*network::parse_ipv4("172.18.0.9")}}};
  status.virtual_addresses = {{"shop_default", {*network::parse_ipv4("172.18.0.254")}}};
  status.published = {{"0.0.0.0", 8080, "tcp", *network::parse_ipv4("172.18.0.9"), 80}};
  status.dns_udp_port = 5353;
  status.dns_tcp_port = 5354;
  status.error = "it broke";
  status.last_probe = "no answer";
  return status;
}

}  // namespace stack::supervisor
