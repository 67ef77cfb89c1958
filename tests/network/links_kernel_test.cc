// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "network/addresses.h"
#include "network/link_requests.h"
#include "network/namespaces.h"
#include "network/subnets.h"
#include "network/sysctl.h"
#include "traffic.h"
#include "world.h"

namespace stack::network::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

class Links : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    world_.emplace();
  }
  std::optional<World> world_;
};

std::vector<std::string> own_routes(const std::string& link) {
  NetlinkSocket socket(NETLINK_ROUTE);
  std::vector<std::string> routes;
  for (const RouteInfo& route : list_own_routes(socket, get_link(socket, link).index)) {
    routes.push_back(to_text(route.destination));
  }
  return routes;
}

TEST_F(Links, LettingGoOfTheNamespaceLeavesNothingOnTheHost) {
  TestStack stack;
  stack.apply();
  const auto before = link_names();
  ASSERT_THAT(before, Contains(stack.firewall.uplink.host_interface));
  const Fd web = stack.container({"front"}, 2);
  stack.network_namespace.reset();
  close_firewall_sockets();  // one is open in that namespace
  EXPECT_TRUE(vanishes(stack.firewall.uplink.host_interface));
  EXPECT_THAT(link_names(), ElementsAre("eth0", "lo"));
  EXPECT_THAT(subnets_in_use(), Not(Contains(stack.network("front").subnet)));
}

TEST_F(Links, ASuccessorTakesTheNameOfAnUplinkThatTheKernelIsTakingApart) {
  // The kernel may be quicker in one round or the other, not in all.
  bool was_put_aside = false;
  for (int round = 0; round < 100 && !was_put_aside; ++round) {
    TestStack predecessor;
    predecessor.apply();
    const TestStack stack;
    close_firewall_sockets();
    predecessor.network_namespace.reset();
    stack.apply();
    for (const std::string& name : link_names()) {
      if (!name.starts_with(aside)) continue;
      was_put_aside = true;
      EXPECT_THAT(used_subnets(), Not(Contains(Field(&UsedSubnet::interface, name))));
      EXPECT_TRUE(vanishes(name));
    }
    EXPECT_THAT(own_routes(stack.firewall.uplink.host_interface),
                ElementsAre("172.18.0.0/24", "172.18.1.0/24", "172.18.2.0/24"));
  }
  EXPECT_TRUE(was_put_aside);
}

TEST_F(Links, TheMachinesOwnNamespaceIsNoContainers) {
  EXPECT_THROW(require_another(world_->host()), Error);
  EXPECT_NO_THROW(require_another(make_namespace().get()));
  int closed = -1;
  {
    const Fd gone = make_namespace();
    closed = gone.get();
  }
  EXPECT_THROW(InNamespace inside(closed), Error) << "it would be the number of the way back";
}

TEST_F(Links, EnsuringWhatIsThereChangesNothing) {
  TestStack stack;
  stack.apply();
  NetlinkSocket socket(NETLINK_ROUTE);
  const int before = get_link(socket, stack.firewall.uplink.host_interface).index;
  stack.apply();
  EXPECT_EQ(get_link(socket, stack.firewall.uplink.host_interface).index, before);
  EXPECT_THAT(own_routes(stack.firewall.uplink.host_interface),
              ElementsAre("172.18.0.0/24", "172.18.1.0/24", "172.18.2.0/24"));
}

TEST_F(Links, TheRouteToARemovedNetworkGoes) {
  TestStack stack;
  stack.apply();
  remove_bridge(stack.network("back"), stack.network_namespace.get());
  std::erase_if(stack.firewall.networks, [](const NetworkSpec& n) { return n.name == "back"; });
  stack.apply();
  EXPECT_THAT(own_routes(stack.firewall.uplink.host_interface),
              ElementsAre("172.18.0.0/24", "172.18.2.0/24"));
  const InNamespace inside(stack.network_namespace.get());
  EXPECT_THAT(link_names(), ElementsAre("br-front", "br-vault", "lo", "uplink"));
}

TEST_F(Links, RemovingAMissingBridgeIsFine) {
  const TestStack stack;
  EXPECT_NO_THROW(remove_bridge(stack.network("front"), stack.network_namespace.get()));
}

TEST_F(Links, AnUplinkThatLeadsElsewhereIsReplaced) {
  const TestStack predecessor;
  predecessor.apply();
  const TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  EXPECT_TRUE(pings(world_->host(), stack.ip("front", 2)));
}

TEST_F(Links, ASubnetThatTheHostRoutesElsewhereIsRefusedByName) {
  TestStack stack;
  {
    NetlinkSocket socket(NETLINK_ROUTE);
    Batch batch;
    request_route(batch, get_link(socket, "eth0").index, stack.network("back").subnet,
                  *parse_ipv4(World::lan_ip), "eth0");
    socket.execute(batch);
  }
  try {
    stack.apply();
    FAIL() << "took over somebody's route";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "adding the route to 172.18.1.0/24 over stk00000012: File exists");
  }
}

TEST_F(Links, PluggingIntoAMissingBridgeNamesIt) {
  const TestStack stack;
  try {
    static_cast<void>(stack.container({"front"}, 2));
    FAIL() << "plugged into nothing";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "link br-front: No such device");
  }
}

TEST_F(Links, ATakenInterfaceNameIsAnErrorThatNamesIt) {
  TestStack stack;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const Ipv4 address = *parse_ipv4(stack.ip("back", 2));
  try {
    plug({{"back", {address}, mac_for(address), "eth0", false}}, stack.firewall.networks,
         stack.firewall.uplink, stack.network_namespace.get(), web.get(), "0123456789ab",
         lock_ports);
    FAIL() << "two interfaces of one name";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("making eth0 in network back"));
  }
}

TEST_F(Links, AContainerLeavesANetworkAndTheWayOutLeadsThroughAnother) {
  TestStack stack;
  stack.apply();
  EXPECT_TRUE(has_bridge(stack.network("front"), stack.network_namespace.get()));
  const Fd web = stack.container({"front", "back"}, 2);
  unplug(web.get(), "eth0");
  EXPECT_NO_THROW(unplug(web.get(), "eth0"));
  EndpointSpec back;
  back.network = "back";
  back.address.v4 = parse_ipv4(stack.ip("back", 2));
  back.interface = "eth1";
  back.default_route = true;
  lead_out_by(web.get(), back, stack.network("back"));
  const InNamespace inside(web.get());
  EXPECT_THAT(link_names(), ElementsAre("eth1", "lo"));
  NetlinkSocket socket(NETLINK_ROUTE);
  const auto routes = list_routes(socket);
  EXPECT_THAT(routes, Contains(::testing::Field(&RouteInfo::destination, Subnet{})));
}

TEST_F(Links, ANewNamespaceHasNoBridge) {
  const TestStack stack;
  EXPECT_FALSE(has_bridge(stack.network("front"), stack.network_namespace.get()));
}

TEST_F(Links, AContainersInterfaceHasTheUplinksMtuItsMacAndNoIpv6) {
  TestStack stack;
  stack.firewall.uplink.mtu = 1400;
  stack.apply();
  const Fd web = stack.container({"front"}, 2);
  const InNamespace inside(web.get());
  NetlinkSocket socket(NETLINK_ROUTE);
  EXPECT_EQ(get_link(socket, "eth0").mtu, 1400);
  EXPECT_EQ(get_sysctl("net/ipv6/conf/eth0/disable_ipv6").value_or("1"), "1");
  EXPECT_EQ(get_sysctl("net/ipv6/conf/lo/disable_ipv6").value_or("0"), "0");
}

TEST_F(Links, NobodyHearsOfTheUplinkByIpv6) {
  const TestStack stack;
  stack.apply();
  const auto name =
      fmt::format("net/ipv6/conf/{}/disable_ipv6", stack.firewall.uplink.host_interface);
  EXPECT_EQ(get_sysctl(name).value_or("1"), "1");
}

TEST_F(Links, TheCallersNamespaceIsTheSameAfterAnError) {
  const TestStack stack;
  EXPECT_THROW(static_cast<void>(stack.container({"front"}, 2)), Error);
  EXPECT_THAT(link_names(), ElementsAre("eth0", "lo"));
}

TEST_F(Links, TheMtuIsThatOfTheDefaultRoutesDevice) {
  EXPECT_EQ(uplink_mtu(), 1500) << "without a default route";
  NetlinkSocket socket(NETLINK_ROUTE);
  const int index = get_link(socket, "eth0").index;
  Batch batch;
  batch.add(RTM_NEWLINK, 0, "setting the MTU", [&](nlmsghdr* m) {
    ifinfomsg header{};
    header.ifi_index = index;
    put_header(m, header);
    mnl_attr_put_u32(m, IFLA_MTU, 1380);
  });
  request_route(batch, index, Subnet{}, *parse_ipv4(World::lan_ip), "eth0");
  socket.execute(batch);
  EXPECT_EQ(uplink_mtu(), 1380);
}

TEST_F(Links, SubnetsInUseAreAddressesAndRoutesWithoutDefaults) {
  NetlinkSocket socket(NETLINK_ROUTE);
  const int index = get_link(socket, "eth0").index;
  const Ipv4 gateway = *parse_ipv4(World::lan_ip);
  Batch batch;
  for (const char* subnet : {"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.8.0.0/16"}) {
    request_route(batch, index, *parse_subnet(subnet), gateway, "eth0");
  }
  socket.execute(batch);
  std::vector<std::string> subnets;
  for (const Subnet& subnet : subnets_in_use()) subnets.push_back(to_text(subnet));
  EXPECT_THAT(subnets, ElementsAre("10.8.0.0/16", "192.0.2.0/24"));
}

}  // namespace
}  // namespace stack::network::test
