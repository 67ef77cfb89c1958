// SPDX-License-Identifier: Apache-2.0
// Who reaches whom: the promises of docs/networking.md, kept by the real kernel.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "network/conntrack.h"
#include "network/name_redirection.h"
#include "nft_program.h"
#include "traffic.h"
#include "world.h"

namespace stack::network::test {
namespace {

class Reach : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    world_.emplace();
    enable_forwarding(memory_file_);
  }
  void TearDown() override { ::unlink(memory_file_.c_str()); }

  const std::string memory_file_ =
      ::testing::TempDir() + "stack-forwarding-" + std::to_string(::getpid());
  std::optional<World> world_;
};

TEST_F(Reach, TheHostReachesAContainerAndAppearsAsItsGateway) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const auto server = Server::tcp(web.get(), "0.0.0.0", 80);
  EXPECT_TRUE(pings(world_->host(), stack.ip("front", 2)));
  EXPECT_TRUE(connects(world_->host(), stack.ip("front", 2), 80));
  EXPECT_EQ(server.visitor(), stack.ip("front", 1));
}

TEST_F(Reach, AContainerReachesTheHostByItsGatewayAddress) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const auto server = Server::tcp(world_->host(), "0.0.0.0", 5000);
  EXPECT_TRUE(connects(web.get(), stack.ip("front", 1), 5000));
  EXPECT_EQ(server.visitor(), stack.ip("front", 2));
}

TEST_F(Reach, NeighboursOnOneNetworkReachEachOther) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const Fd db = stack.container({"front"}, 3);
  const auto server = Server::tcp(db.get(), "0.0.0.0", 5432);
  EXPECT_TRUE(connects(web.get(), stack.ip("front", 3), 5432));
  EXPECT_EQ(server.visitor(), stack.ip("front", 2));
}

TEST_F(Reach, NeighboursReachEachOtherWhileBridgedPacketsAreFiltered) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const Fd db = stack.container({"front"}, 3);
  {
    const InNamespace inside(stack.network_namespace.get());
    if (::access("/proc/sys/net/bridge/bridge-nf-call-iptables", W_OK) != 0) {
      GTEST_SKIP() << "br_netfilter is not loaded";
    }
    FILE* setting = ::fopen("/proc/sys/net/bridge/bridge-nf-call-iptables", "w");
    ::fputs("1", setting);
    ::fclose(setting);
  }
  const auto server = Server::tcp(db.get(), "0.0.0.0", 5432);
  EXPECT_TRUE(connects(web.get(), stack.ip("front", 3), 5432));
}

TEST_F(Reach, NetworksOfOneStackAreApart) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const Fd db = stack.container({"back"}, 2);
  const auto server = Server::tcp(db.get(), "0.0.0.0", 5432);
  EXPECT_TRUE(is_cut_off(web.get(), stack.ip("back", 2), 5432));
  EXPECT_TRUE(pings_in_vain(web.get(), stack.ip("back", 2)));
  EXPECT_TRUE(connects(world_->host(), stack.ip("back", 2), 5432));
}

TEST_F(Reach, AContainerInTwoNetworksIsReachedByTheHostAtBothAddresses) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front", "back"}, 2);
  const auto server = Server::tcp(web.get(), "0.0.0.0", 80);
  EXPECT_TRUE(connects(world_->host(), stack.ip("front", 2), 80));
  EXPECT_TRUE(connects(world_->host(), stack.ip("back", 2), 80));
}

TEST_F(Reach, AnInternalNetworkIsReachedByTheHostAndHasNoWayOut) {
  TestStack stack;
  stack.publish("0.0.0.0", 8080, stack.ip("vault", 2), 80);
  stack.apply();
  const Fd safe = stack.container({"vault"}, 2);
  const Fd both = stack.container({"vault", "front"}, 3);
  const auto server = Server::tcp(safe.get(), "0.0.0.0", 80);
  const auto outside = Server::tcp(world_->lan(), "0.0.0.0", 443);
  EXPECT_TRUE(connects(world_->host(), stack.ip("vault", 2), 80));
  EXPECT_TRUE(connects(both.get(), stack.ip("vault", 2), 80));
  EXPECT_TRUE(is_cut_off(safe.get(), World::lan_ip, 443));
  EXPECT_TRUE(is_cut_off(world_->lan(), World::host_ip, 8080));
}

TEST_F(Reach, AContainerReachesTheOutsideUnderTheHostsAddress) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const auto tcp = Server::tcp(world_->lan(), "0.0.0.0", 443);
  EXPECT_TRUE(connects(web.get(), World::lan_ip, 443));
  EXPECT_EQ(tcp.visitor(), World::host_ip);
  const auto udp = Server::udp(world_->lan(), "0.0.0.0", 53);
  EXPECT_TRUE(asks_by_udp(web.get(), World::lan_ip, 53, udp));
  EXPECT_TRUE(pings(web.get(), World::lan_ip));
}

TEST_F(Reach, APublishedPortIsReachedFromTheLanWithTheClientsAddressKept) {
  TestStack stack;
  stack.publish("0.0.0.0", 8080, stack.ip("front", 2), 80);
  stack.publish("0.0.0.0", 5353, stack.ip("front", 2), 53, "udp");
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const auto tcp = Server::tcp(web.get(), "0.0.0.0", 80);
  EXPECT_TRUE(connects(world_->lan(), World::host_ip, 8080));
  EXPECT_EQ(tcp.visitor(), World::lan_ip);
  const auto udp = Server::udp(web.get(), "0.0.0.0", 53);
  EXPECT_TRUE(asks_by_udp(world_->lan(), World::host_ip, 5353, udp));
}

TEST_F(Reach, TheHostReachesAPublishedUdpPortByItsOwnAddress) {
  TestStack stack;
  stack.publish("0.0.0.0", 5353, stack.ip("front", 2), 53, "udp");
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const auto server = Server::udp(web.get(), "0.0.0.0", 53);
  EXPECT_TRUE(asks_by_udp(world_->host(), World::host_ip, 5353, server));
}

TEST_F(Reach, APortPublishedOnOneAddressIsNotReachedByAnother) {
  TestStack stack;
  stack.publish(World::host_ip, 8080, stack.ip("front", 2), 80);
  stack.publish("192.0.2.77", 8081, stack.ip("front", 2), 80);
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const auto server = Server::tcp(web.get(), "0.0.0.0", 80);
  EXPECT_TRUE(connects(world_->lan(), World::host_ip, 8080));
  EXPECT_TRUE(is_cut_off(world_->lan(), World::host_ip, 8081));
}

TEST_F(Reach, AContainerIsNotReachedByARouteToItsAddress) {
  TestStack stack;
  stack.publish("0.0.0.0", 8080, stack.ip("front", 2), 80);
  stack.apply();
  world_->route_from_lan(stack.network("front").subnet);
  const Fd web = stack.container({"front"}, 2);
  const auto server = Server::tcp(web.get(), "0.0.0.0", 80);
  EXPECT_TRUE(is_cut_off(world_->lan(), stack.ip("front", 2), 80));
  EXPECT_TRUE(pings_in_vain(world_->lan(), stack.ip("front", 2)));
  EXPECT_TRUE(connects(world_->lan(), World::host_ip, 8080));
}

TEST_F(Reach, TwoStacksMeetOnlyAtPublishedPorts) {
  TestStack shop(18);
  TestStack blog(19);
  shop.publish("0.0.0.0", 8080, shop.ip("front", 2), 80);
  shop.apply();
  blog.apply();
  const Fd web = shop.container({"front"}, 2);
  const Fd page = blog.container({"front"}, 2);
  const auto server = Server::tcp(web.get(), "0.0.0.0", 80);
  EXPECT_TRUE(is_cut_off(page.get(), shop.ip("front", 2), 80));
  EXPECT_TRUE(pings_in_vain(page.get(), shop.ip("front", 2)));
  EXPECT_TRUE(connects(page.get(), World::host_ip, 8080));
}

TEST_F(Reach, ContainersReachAPublishedPortByTheHostsAddressEvenTheirOwn) {
  TestStack stack;
  stack.publish("0.0.0.0", 8080, stack.ip("front", 2), 80);
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const Fd client = stack.container({"front"}, 3);
  const Fd stranger = stack.container({"back"}, 3);
  const auto server = Server::tcp(web.get(), "0.0.0.0", 80);
  EXPECT_TRUE(connects(client.get(), World::host_ip, 8080));
  EXPECT_TRUE(connects(web.get(), World::host_ip, 8080));
  EXPECT_TRUE(connects(stranger.get(), World::host_ip, 8080));
  EXPECT_TRUE(connects(client.get(), stack.ip("front", 1), 8080));
}

/// A stack in whose network `network` 3 containers from number 2 on are service "web" at .254.
struct Balanced : TestStack {
  std::vector<Fd> containers;
  std::vector<Server> servers;

  explicit Balanced(const std::string& network) {
    firewall.virtual_addresses.push_back({network, "web", {*parse_ipv4(ip(network, 254))}, {}});
    for (std::uint32_t number = 2; number < 5; ++number)
      firewall.virtual_addresses[0].targets.push_back({*parse_ipv4(ip(network, number)), {}});
    apply();
    settle_virtual_addresses(this->network(network), {*firewall.virtual_addresses[0].address.v4},
                             {}, network_namespace.get());
    for (std::uint32_t number = 2; number < 5; ++number) {
      containers.push_back(container({network}, number));
      servers.push_back(Server::tcp(containers.back().get(), "0.0.0.0", 80));
    }
  }
  /// Who came to each of them since the last call, in their order.
  std::vector<std::string> visitors() const {
    std::vector<std::string> all;
    for (const Server& server : servers) all.push_back(server.visitor().value_or("nobody"));
    return all;
  }
};

TEST_F(Reach, AVirtualAddressLeadsToItsContainersInTurn) {
  const Balanced stack("front");
  const Fd client = stack.container({"front"}, 9);
  const std::string address = stack.ip("front", 254);
  const std::vector<std::string> gateways(3, stack.ip("front", 1));
  for (const int from : {client.get(), stack.containers[0].get(), world_->host()}) {
    for (int time = 0; time < 3; ++time) EXPECT_TRUE(connects(from, address, 80));
    EXPECT_EQ(stack.visitors(), gateways) << "each once, as the gateway";
    EXPECT_TRUE(pings(from, address));
  }
}

TEST_F(Reach, AVirtualAddressOfAnInternalNetworkIsReachedFromInsideAndTheHost) {
  const Balanced stack("vault");
  const std::string address = stack.ip("vault", 254);
  for (const int from : {stack.containers[0].get(), world_->host()}) {
    for (int time = 0; time < 3; ++time) EXPECT_TRUE(connects(from, address, 80));
    EXPECT_EQ(stack.visitors(), std::vector<std::string>(3, stack.ip("vault", 1)));
  }
}

TEST_F(Reach, AVirtualAddressIsNobodysForOthers) {
  const Balanced stack("front");
  TestStack other(19);
  other.apply();
  const Fd neighbour = stack.container({"back"}, 2);
  const Fd stranger = other.container({"front"}, 2);
  world_->route_from_lan(stack.network("front").subnet);
  const std::string address = stack.ip("front", 254);
  for (const int from : {neighbour.get(), stranger.get(), world_->lan()}) {
    EXPECT_TRUE(is_cut_off(from, address, 80));
    EXPECT_TRUE(pings_in_vain(from, address));
  }
}

TEST_F(Reach, AVirtualAddressIsAWayAroundNoWallBetweenNeighbours) {
  Balanced stack("front");
  std::ranges::find(stack.firewall.networks, "front", &NetworkSpec::name)->icc = false;
  stack.apply();
  const std::string address = stack.ip("front", 254);
  EXPECT_TRUE(is_cut_off(stack.containers[0].get(), address, 80));
  EXPECT_TRUE(connects(world_->host(), address, 80));
}

TEST_F(Reach, ADatagramFindsAnotherContainerWhenItsOwnIsGone) {
  Balanced stack("front");
  const Fd client = stack.container({"front"}, 9);
  const auto before = stack.firewall.virtual_addresses;
  std::vector<Server> answering;
  for (const Fd& container : stack.containers)
    answering.push_back(Server::udp(container.get(), "0.0.0.0", 53));
  const LastingClient asking(client.get(), stack.ip("front", 254), 53);
  EXPECT_TRUE(asking.asks(answering[0]));
  EXPECT_TRUE(asking.asks(answering[0])) << "it stays where it is";
  auto& targets = stack.firewall.virtual_addresses[0].targets;
  targets.erase(targets.begin());
  const InNamespace inside(stack.network_namespace.get());
  apply_ruleset(stack_ruleset(stack.firewall));
  forget_flows_to(lost_targets(before, stack.firewall.virtual_addresses));
  EXPECT_TRUE(asking.asks(answering[1]));
}

TEST_F(Reach, QuestionsTo127_0_0_11AreAnsweredAtTheGivenPort) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const auto udp = Server::udp(web.get(), "127.0.0.11", 40001);
  const auto tcp = Server::tcp(web.get(), "127.0.0.11", 40002);
  {
    const InNamespace inside(web.get());
    redirect_names(40001, 40002);
  }
  EXPECT_TRUE(asks_by_udp(web.get(), "127.0.0.11", 53, udp));
  EXPECT_TRUE(connects(web.get(), "127.0.0.11", 53));
  const auto own = Server::udp(web.get(), "0.0.0.0", 53);
  EXPECT_TRUE(asks_by_udp(web.get(), "127.0.0.1", 53, own)) << "the container's own DNS server";
}

TEST_F(Reach, ConnectionsOfAContainerAreNotFollowedInItsNamespace) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const Fd client = stack.container({"front"}, 3);
  const auto server = Server::tcp(web.get(), "0.0.0.0", 80);
  const InNamespace inside(client.get());
  redirect_names(40001, 40002);
  const Fd connection = connect(client.get(), stack.ip("front", 2), 80);
  EXPECT_EQ(stack::read_file("/proc/sys/net/netfilter/nf_conntrack_count"), "0\n");
}

TEST_F(Reach, AContainerThatFollowsConnectionsItselfIsAnsweredToo) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const auto udp = Server::udp(web.get(), "127.0.0.11", 40001);
  const auto tcp = Server::tcp(web.get(), "127.0.0.11", 40002);
  {
    const InNamespace inside(web.get());
    redirect_names(40001, 40002);
    load_by_nft(R"(table ip own {
      chain out { type filter hook output priority filter; policy drop; ct state new,established accept; }
      chain in { type filter hook input priority filter; policy drop; ct state new,established accept; }
    })");
  }
  EXPECT_TRUE(asks_by_udp(web.get(), "127.0.0.11", 53, udp));
  EXPECT_TRUE(connects(web.get(), "127.0.0.11", 53));
}

}  // namespace
}  // namespace stack::network::test
