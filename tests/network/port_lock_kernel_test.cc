// SPDX-License-Identifier: Apache-2.0
// What a container with a raw socket can make its neighbours believe: nothing but its own
// addresses.
#include <gtest/gtest.h>
#include <linux/if_bridge.h>
#include <unistd.h>

#include "base/error.h"
#include "frames.h"
#include "network/addresses.h"
#include "network/link_requests.h"
#include "network/port_lock.h"
#include "nft_program.h"
#include "traffic.h"
#include "world.h"

namespace stack::network::test {
namespace {

class PortLocks : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    world_.emplace();
    stack_.emplace();
    stack_->apply();
    evil_ = stack_->container({"front"}, 2);
    victim_ = stack_->container({"front"}, 3);
  }

  Ipv4 address(std::uint32_t number) const { return *parse_ipv4(stack_->ip("front", number)); }
  std::string mac(std::uint32_t number) const { return mac_for(address(number)); }

  /// Whether a neighbour gets what the attacker sends.
  bool arrives(const std::string& frame) const { return arrives(evil_, frame); }
  bool arrives(const Fd& from, const std::string& frame) const {
    const Wire ear(victim_.get(), "eth0");
    const Wire mouth(from.get(), "eth0");
    // From the gateway, which no lock is for.
    const std::string last = arp(gateway_mac(), gateway_mac(), address(77));
    mouth.send(frame);
    const Wire gateway(stack_->network_namespace.get(), "br-front");
    gateway.send(last);
    return ear.hears(frame, last);
  }
  std::string gateway_mac() const { return mac(1); }

  /// Takes the defence away.
  void unlock() const {
    const InNamespace inside(stack_->network_namespace.get());
    load_by_nft("flush ruleset bridge\n");
  }

  void learn_from_everything() const {
    const InNamespace inside(stack_->network_namespace.get());
    NetlinkSocket socket(NETLINK_ROUTE);
    Batch batch;
    batch.add(RTM_NEWLINK, 0, "changing the bridge", [](nlmsghdr* m) {
      put_header(m, ifinfomsg{});
      mnl_attr_put_strz(m, IFLA_IFNAME, "br-front");
      put_nest(m, IFLA_LINKINFO, [&] {
        mnl_attr_put_str(m, IFLA_INFO_KIND, "bridge");
        put_nest(m, IFLA_INFO_DATA, [&] {
          const br_boolopt_multi loose{0, 1U << BR_BOOLOPT_NO_LL_LEARN};
          mnl_attr_put(m, IFLA_BR_MULTI_BOOLOPT, sizeof loose, &loose);
        });
      });
    });
    socket.execute(batch);
  }

  std::optional<World> world_;
  std::optional<TestStack> stack_;
  Fd evil_;
  Fd victim_;
};

TEST_F(PortLocks, AContainersOwnAddressesPass) {
  EXPECT_TRUE(arrives(arp(mac(2), mac(2), address(2))));
  EXPECT_TRUE(arrives(arp(mac(2), mac(2), Ipv4{}))) << "is this address free?";
  EXPECT_TRUE(arrives(ipv4(mac(2), address(2))));
}

TEST_F(PortLocks, NobodySpeaksForAnother) {
  const std::string other = "02:42:00:00:00:99";
  const std::vector<std::string> lies = {
      arp(mac(2), mac(2), address(3)),          // "its address is at my MAC"
      arp(mac(2), mac(2), address(1)),          // the gateway's too
      arp(mac(2), mac(1), address(2)),          // "my address is at the gateway's MAC"
      arp(mac(1), mac(2), address(2)),          // under another MAC
      arp(other, other, address(2)),            // under a new one
      tagged(arp(mac(2), mac(2), address(3))),  // in disguise
      ipv4(mac(2), address(3)),                 // in its name
      ipv4(mac(3), address(2)),
      frame(everybody, mac(2), 0x88cc, "lldp"),  // another protocol
      icmpv6(mac(2), *parse_ipv6("fe80::42:acff:fe12:2"), 136, *parse_ipv6("fe80::1")),
  };
  for (std::size_t i = 0; i < lies.size(); ++i) EXPECT_FALSE(arrives(lies[i])) << "lie " << i;
  unlock();
  for (std::size_t i = 0; i < lies.size(); ++i)
    EXPECT_TRUE(arrives(lies[i])) << "lie " << i << " is none";
}

TEST_F(PortLocks, WhoHasIpv6SpeaksForItselfOnly) {
  const Ipv6 own = *parse_ipv6("fd00::2");
  const Ipv6 own_link = *parse_ipv6("fe80::42:acff:fe12:4");
  const Ipv6 other = *parse_ipv6("fd00::3");
  const std::string from = mac(4);
  // An endpoint with an IPv6 address, whatever the interface inside has.
  const Fd six = stack_->container({"front"}, 4);
  const auto port = find_ports(stack_->network_namespace.get(), six.get()).at("eth0");
  EndpointSpec endpoint{"front", {address(4), own}, from, "eth0"};
  {
    const InNamespace inside(stack_->network_namespace.get());
    lock_ports({lock_of(port, endpoint)});
  }
  EXPECT_TRUE(arrives(six, icmpv6(from, own, 136, own)));
  EXPECT_TRUE(arrives(six, icmpv6(from, own_link, 136, own)));
  EXPECT_TRUE(arrives(six, icmpv6(from, own, 128, other))) << "an echo";
  EXPECT_TRUE(arrives(six, icmpv6(from, Ipv6{}, 135, own))) << "is this address free?";
  const std::vector<std::string> lies = {
      icmpv6(from, own, 136, other),       // "its address is mine"
      icmpv6(from, Ipv6{}, 136, other),    // from nobody
      icmpv6(from, other, 128, own),       // in its name
      icmpv6(from, own_link, 134, own),    // "I am a router"
      icmpv6(from, own_link, 137, other),  // "that way is shorter"
      icmpv6(mac(3), own, 128, own),
  };
  for (std::size_t i = 0; i < lies.size(); ++i) EXPECT_FALSE(arrives(six, lies[i])) << "lie " << i;
  unlock();
  for (std::size_t i = 0; i < lies.size(); ++i)
    EXPECT_TRUE(arrives(six, lies[i])) << "lie " << i << " is none";
}

/// Frames to 01:80:c2:00:00:0e come by no table.
TEST_F(PortLocks, ABridgeLearnsNoAddressFromFramesOfTheLinkLayer) {
  const Fd third = stack_->container({"front"}, 4);
  const auto steals = [&] {
    EXPECT_TRUE(pings(third.get(), stack_->ip("front", 3)));  // now the bridge knows where it is
    const Wire evil(evil_.get(), "eth0");
    evil.send(frame("01:80:c2:00:00:0e", mac(3), 0x88cc, "lldp"));
    const Wire sender(third.get(), "eth0");
    const std::string secret = frame(mac(3), mac(4), 0x0800, ipv4(mac(4), address(4)).substr(14));
    const std::string last = arp(mac(4), mac(4), address(4));
    sender.send(secret);
    sender.send(last);
    return evil.hears(secret, last);
  };
  EXPECT_FALSE(steals());
  learn_from_everything();
  EXPECT_TRUE(steals()) << "there is nothing to be stolen";
}

TEST_F(PortLocks, ALockThatIsTakenAwayLetsNothingIn) {
  const auto port = find_ports(stack_->network_namespace.get(), evil_.get()).at("eth0");
  const InNamespace inside(stack_->network_namespace.get());
  NetlinkSocket socket(NETLINK_NETFILTER);
  const PortLock lock = lock_of(port, {"front", {address(2)}, mac(2), "eth0"});
  change_locks(socket, {}, {lock});
  EXPECT_FALSE(arrives(arp(mac(2), mac(2), address(2))));
  EXPECT_THROW(change_locks(socket, {}, {lock}), Error) << "twice";
  change_locks(socket, {lock}, {});
  EXPECT_TRUE(arrives(arp(mac(2), mac(2), address(2))));
}

TEST_F(PortLocks, TheWholeTableLocksAsSingleChangesDo) {
  const auto port = find_ports(stack_->network_namespace.get(), evil_.get()).at("eth0");
  EndpointSpec endpoint{"front", {address(2), *parse_ipv6("fd00::2")}, mac(2), "eth0"};
  const PortLock lock = lock_of(port, endpoint);
  {
    const InNamespace inside(stack_->network_namespace.get());
    apply_ruleset(bridge_ruleset({lock}));
    NetlinkSocket socket(NETLINK_NETFILTER);
    change_locks(socket, {}, {lock});  // every element is found by its bytes
    apply_ruleset(bridge_ruleset({lock}));
  }
  EXPECT_TRUE(arrives(arp(mac(2), mac(2), address(2))));
  EXPECT_TRUE(arrives(icmpv6(mac(2), *parse_ipv6("fd00::2"), 136, *parse_ipv6("fd00::2"))));
  EXPECT_FALSE(arrives(arp(mac(2), mac(2), address(3))));
}

class Isolation : public PortLocks {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    world_.emplace();
    stack_.emplace();
    stack_->firewall.networks.front().icc = false;
    stack_->apply();
    evil_ = stack_->container({"front"}, 2);
    victim_ = stack_->container({"front"}, 3);
    enable_forwarding(memory_file_);
  }
  void TearDown() override { ::unlink(memory_file_.c_str()); }
  const std::string memory_file_ =
      ::testing::TempDir() + "stack-forwarding-icc-" + std::to_string(::getpid());
};

TEST_F(Isolation, NeighboursOfSuchANetworkDoNotReachEachOtherAndTheRestDoes) {
  const auto server = Server::tcp(victim_.get(), "0.0.0.0", 80);
  const auto outside = Server::tcp(world_->lan(), "0.0.0.0", 443);
  EXPECT_TRUE(is_cut_off(evil_.get(), stack_->ip("front", 3), 80));
  EXPECT_TRUE(pings_in_vain(evil_.get(), stack_->ip("front", 3)));
  EXPECT_FALSE(arrives(arp(mac(2), mac(2), address(2))));
  EXPECT_TRUE(connects(world_->host(), stack_->ip("front", 3), 80));
  EXPECT_TRUE(connects(evil_.get(), World::lan_ip, 443));
}

/// The gateway is not isolated: a packet to it, for the neighbour, would be sent on.
TEST_F(Isolation, NotByWayOfTheGatewayEither) {
  const auto server = Server::tcp(victim_.get(), "0.0.0.0", 80);
  const auto by_the_gateway = [&] {
    const InNamespace inside(evil_.get());
    NetlinkSocket socket(NETLINK_ROUTE);
    Batch batch;
    request_route(batch, get_link(socket, "eth0").index, {address(3), 32}, address(1), "eth0");
    socket.execute(batch);
  };
  by_the_gateway();
  EXPECT_TRUE(is_cut_off(evil_.get(), stack_->ip("front", 3), 80));
  stack_->firewall.networks.front().icc = true;
  {
    const InNamespace inside(stack_->network_namespace.get());
    apply_ruleset(stack_ruleset(stack_->firewall));
  }
  const InNamespace inside(victim_.get());
  NetlinkSocket socket(NETLINK_ROUTE);
  Batch batch;
  request_route(batch, get_link(socket, "eth0").index, {address(2), 32}, address(1), "eth0");
  socket.execute(batch);
  EXPECT_TRUE(connects(evil_.get(), stack_->ip("front", 3), 80)) << "there is no such way";
}

}  // namespace
}  // namespace stack::network::test
