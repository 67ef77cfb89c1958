// SPDX-License-Identifier: Apache-2.0
// The rules that each example comes with: ../network/golden/example-NAME.nft.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "all_rulesets.h"
#include "base/files.h"
#include "base/ids.h"
#include "network/addresses.h"
#include "network/subnets.h"
#include "orchestrator/desired.h"
#include "orchestrator/lower.h"
#include "spec/load.h"

namespace stack::orchestrator {
namespace {

using network::PublishedPort;

DesiredState wish_of(const std::filesystem::path& example) {
  spec::LoadRequest request;
  request.current_directory = std::filesystem::absolute(example);
  const auto loaded = spec::load(request);
  EXPECT_TRUE(loaded.project) << loaded.diagnostics.to_text();
  ImageCatalog images;
  image::ImageConfig config;
  config.command = {"true"};  // of images that are built; it has nothing to do with rules
  std::set<std::string> services;
  for (const auto& [name, service] : loaded.project->services) {
    services.insert(name);
    images[service.image] = {"sha256:1", config};
  }
  return desired_state(*loaded.project, services, images);
}

/// As the supervisor decides on a host where nothing else is.
class Decisions {
 public:
  explicit Decisions(const DesiredState& wish) {
    spec_.stack_id = "1f2e3d4c";
    spec_.uplink = {"stk1f2e3d4c", *network::parse_ipv4("10.127.8.1"),
                    *network::parse_ipv4("10.127.8.2")};
    for (const auto& [name, network] : wish.networks) decide(lower(network).spec);
    for (const auto& [name, container] : wish.containers) join(container, wish.project);
  }
  std::string text() const { return network::test::all_rulesets(spec_, locks_); }

 private:
  void decide(network::NetworkSpec network) {
    const auto seed = stable_hash(spec_.stack_id + "/" + network.name);
    network.subnet = network::choose_subnet({}, seed);
    network.gateway = {network.subnet.address.value + 1};
    network.bridge = "br-" + stable_hex(network.name, 10);
    spec_.networks.push_back(network);
  }

  void join(const DesiredContainer& wish, const std::string& project) {
    const Places places{{"/layer"}, [](const auto& volume, const auto&) { return volume; }};
    const auto config = lower(wish, project, std::string(64, 'a'), places);
    std::optional<network::Ipv4> first;
    for (const supervisor::Endpoint& endpoint : config.endpoints) {
      const auto address = lease(endpoint.network);
      if (!first) first = address;
      locks_.push_back(
          network::lock_of("v" + std::to_string(locks_.size() + 1),
                           {endpoint.network, {address}, network::mac_for(address), "eth0"}));
    }
    if (!first) return;
    for (const supervisor::PortRule& rule : config.ports) publish(rule, *first);
  }

  network::Ipv4 lease(const std::string& name) {
    const auto& network = *std::ranges::find(spec_.networks, name, &network::NetworkSpec::name);
    const auto address = network::choose_address(network, taken_[name]);
    taken_[name].insert(address);
    return address;
  }

  void publish(const supervisor::PortRule& rule, network::Ipv4 address) {
    const auto add = [&](const std::string& host) {
      spec_.published.push_back(
          {host, rule.host_port, rule.protocol, address, rule.container_port});
    };
    add(rule.host_ip.empty() ? "0.0.0.0" : rule.host_ip);
    if (rule.host_ip.empty()) add("::");
  }

  network::FirewallSpec spec_;
  std::vector<network::PortLock> locks_;
  std::map<std::string, std::set<network::Ipv4>> taken_;
};

TEST(Golden, RulesOfEveryExample) {
  const std::filesystem::path examples = "../../examples";
  for (const std::string& name : list_directory(examples)) {
    network::test::expect_golden("../network/golden/example-" + name + ".nft",
                                 Decisions(wish_of(examples / name)).text());
  }
}

}  // namespace
}  // namespace stack::orchestrator
