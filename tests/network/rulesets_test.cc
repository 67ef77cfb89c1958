// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sstream>

#include "network/firewall.h"
#include "network/subnets.h"
#include "short_addresses.h"

namespace stack::network {
namespace {

/// A shop with an open and an internal network.
FirewallSpec shop() {
  FirewallSpec spec;
  spec.stack_id = "1f2e3d4c";
  spec.uplink = {"stk1f2e3d4c", ip("10.127.8.1"), ip("10.127.8.2"), 1500};
  spec.networks = {
      {"shop_default", *parse_subnet("172.18.0.0/20"), ip("172.18.0.1"), false, "br-default"},
      {"shop_vault", *parse_subnet("172.18.16.0/20"), ip("172.18.16.1"), true, "br-vault"}};
  spec.published = {{"0.0.0.0", 8080, "tcp", ip("172.18.0.2"), 80},
                    {"192.0.2.1", 5353, "udp", ip("172.18.0.3"), 53},
                    {"127.0.0.1", 5432, "tcp", ip("172.18.0.4"), 5432}};
  return spec;
}

TEST(HostRuleset, TranslatesGuardsMasqueradesAndClamps) {
  EXPECT_EQ(host_ruleset(shop()), R"(table inet stack_1f2e3d4c
delete table inet stack_1f2e3d4c
table inet stack_1f2e3d4c {
	set subnets {
		type ipv4_addr
		flags interval
		elements = {
			172.18.0.0/20,
			172.18.16.0/20,
			10.127.8.0/30
		}
	}
	map tcp_anywhere {
		type inet_service : ipv4_addr . inet_service
		elements = {
			8080 : 172.18.0.2 . 80
		}
	}
	map tcp_at_address {
		type ipv4_addr . inet_service : ipv4_addr . inet_service
	}
	map udp_anywhere {
		type inet_service : ipv4_addr . inet_service
	}
	map udp_at_address {
		type ipv4_addr . inet_service : ipv4_addr . inet_service
		elements = {
			192.0.2.1 . 5353 : 172.18.0.3 . 53
		}
	}
	set tcp_loopback {
		type inet_service
		elements = {
			8080,
			5432
		}
	}
	chain guard {
		type filter hook prerouting priority raw; policy accept;
		iifname != "lo" ip daddr 127.0.0.0/8 tcp dport @tcp_loopback drop
		iifname != { "lo", "stk1f2e3d4c" } ip daddr @subnets drop
		iifname "stk1f2e3d4c" ip saddr != @subnets drop
	}
	chain published {
		dnat ip to ip daddr . tcp dport map @tcp_at_address
		dnat ip to tcp dport map @tcp_anywhere
		dnat ip to ip daddr . udp dport map @udp_at_address
		dnat ip to udp dport map @udp_anywhere
	}
	chain arriving {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local jump published
	}
	chain local {
		type nat hook output priority -100; policy accept;
		meta l4proto udp ip daddr != 127.0.0.0/8 fib daddr type local jump published
	}
	chain leaving {
		type nat hook postrouting priority srcnat; policy accept;
		iifname "stk1f2e3d4c" oifname != "stk1f2e3d4c" masquerade
		iifname "stk1f2e3d4c" oifname "stk1f2e3d4c" ct status dnat masquerade
	}
	chain clamp {
		type filter hook forward priority mangle; policy accept;
		iifname "stk1f2e3d4c" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
		oifname "stk1f2e3d4c" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
	}
}
)");
}

TEST(HostRuleset, GuardsThePortsThatLoopbackHasFromWhatComesByALink) {
  const FirewallSpec none;
  EXPECT_EQ(host_ruleset(none).find("127.0.0.0/8 tcp"), std::string::npos);
  FirewallSpec spec = shop();
  spec.published = {{"192.0.2.1", 1, "tcp", ip("172.18.0.2"), 80},
                    {"::", 2, "tcp", ip("172.18.0.2"), 80},
                    {"127.0.0.9", 3, "udp", ip("172.18.0.2"), 80},
                    {"0.0.0.0", 4, "udp", ip("172.18.0.2"), 80}};
  const std::string rules = host_ruleset(spec);
  EXPECT_EQ(rules.find("tcp_loopback"), std::string::npos) << "nobody has it";
  EXPECT_NE(rules.find("set udp_loopback {\n\t\ttype inet_service\n\t\telements = {\n"
                       "\t\t\t3,\n\t\t\t4\n"),
            std::string::npos);
}

TEST(HostRuleset, LeavesOutWhatTheSupervisorServesAndWhatIsInternal) {
  FirewallSpec spec = shop();
  spec.published = {{"127.0.0.1", 1, "tcp", ip("172.18.0.2"), 80},
                    {"127.9.9.9", 2, "udp", ip("172.18.0.2"), 80},
                    {"::", 3, "tcp", ip("172.18.0.2"), 80},
                    {"0.0.0.0", 4, "tcp", ip("172.18.16.2"), 80}};
  EXPECT_EQ(host_ruleset(spec).find("elements = {\n\t\t\t1"), host_ruleset(spec).find("elements"))
      << "the subnets are the only elements";
  EXPECT_EQ(host_ruleset(spec).find(" : 172."), std::string::npos);
}

TEST(StackRuleset, KeepsNetworksApartAndShowsTheHostAsGateway) {
  EXPECT_EQ(stack_ruleset(shop()), R"(table inet stack
delete table inet stack
table inet stack {
	set subnets {
		type ipv4_addr
		flags interval
		elements = {
			172.18.0.0/20,
			172.18.16.0/20
		}
	}
	set gateways {
		type ifname . ipv4_addr
		elements = {
			"br-default" . 172.18.0.1,
			"br-vault" . 172.18.16.1
		}
	}
	set open {
		type ifname
		elements = {
			"br-default"
		}
	}
	set internal {
		type ifname
		elements = {
			"br-vault"
		}
	}
	set same {
		type ifname . ifname
		elements = {
			"br-default" . "br-default",
			"br-vault" . "br-vault"
		}
	}
	chain senders {
		type filter hook prerouting priority raw; policy accept;
		iifname != { "lo", "uplink" } ip saddr != @subnets drop
		iifname "uplink" ip saddr != 10.127.8.1 notrack
		iifname @open ip daddr != 10.127.8.1 iifname . ip daddr != @gateways notrack
	}
	chain arriving {
		type nat hook prerouting priority dstnat; policy accept;
		iifname @open iifname . ip daddr @gateways dnat ip to 10.127.8.1
	}
	chain input {
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		iifname { "lo", "uplink" } accept
		iifname . ip daddr @gateways icmp type echo-request accept
	}
	chain between {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
		iifname "uplink" oifname @open accept
		iifname "uplink" oifname @internal ip saddr 10.127.8.1 accept
		iifname @open oifname "uplink" accept
		iifname . oifname @same accept
	}
	chain leaving {
		type nat hook postrouting priority srcnat; policy accept;
		iifname "uplink" oifname != "uplink" ip saddr 10.127.8.1 masquerade
	}
}
)");
}

/// The shop with IPv6 in its open network.
FirewallSpec shop6() {
  FirewallSpec spec = shop();
  spec.uplink.host_address6 = parse_ipv6("fd00:0:0:ffff::1");
  spec.uplink.stack_address6 = parse_ipv6("fd00:0:0:ffff::2");
  spec.networks[0].enable_ipv6 = true;
  spec.networks[0].subnet6 = *parse_subnet6("fd00:0:0:1::/64");
  spec.networks[0].gateway6 = *parse_ipv6("fd00:0:0:1::1");
  const auto inside = parse_ipv6("fd00:0:0:1::2");
  spec.published = {{"0.0.0.0", 8080, "tcp", ip("172.18.0.2"), 80, inside},
                    {"::", 8080, "tcp", ip("172.18.0.2"), 80, inside},
                    {"::1", 5432, "tcp", ip("172.18.0.2"), 5432, inside},
                    {"2001:db8::1", 53, "udp", ip("172.18.0.2"), 53, inside}};
  return spec;
}

/// The lines that a stack with IPv6 has more than one without.
std::string added(const std::string& with, const std::string& without) {
  std::istringstream lines(with);
  std::string text, line;
  while (std::getline(lines, line))
    if (without.find(line + "\n") == std::string::npos) text += line + "\n";
  return text;
}

TEST(HostRuleset, SaysOfIpv6WhatItSaysOfIpv4) {
  EXPECT_EQ(added(host_ruleset(shop6()), host_ruleset(shop())), R"(	set subnets6 {
		type ipv6_addr
			fd00:0:0:1::/64,
			fd00:0:0:ffff::/126
	map tcp_anywhere6 {
		type inet_service : ipv6_addr . inet_service
			8080 : fd00:0:0:1::2 . 80
	map tcp_at_address6 {
		type ipv6_addr . inet_service : ipv6_addr . inet_service
	map udp_anywhere6 {
		type inet_service : ipv6_addr . inet_service
	map udp_at_address6 {
		type ipv6_addr . inet_service : ipv6_addr . inet_service
			2001:db8::1 . 53 : fd00:0:0:1::2 . 53
			8080
		iifname "stk1f2e3d4c" ip6 saddr fe80::/10 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		iifname != { "lo", "stk1f2e3d4c" } ip6 daddr @subnets6 drop
		iifname "stk1f2e3d4c" ip6 saddr != @subnets6 drop
		dnat ip6 to ip6 daddr . tcp dport map @tcp_at_address6
		dnat ip6 to tcp dport map @tcp_anywhere6
		dnat ip6 to ip6 daddr . udp dport map @udp_at_address6
		dnat ip6 to udp dport map @udp_anywhere6
		meta l4proto udp ip6 daddr != ::1 fib daddr type local jump published
)");
}

TEST(StackRuleset, SaysOfIpv6WhatItSaysOfIpv4) {
  EXPECT_EQ(added(stack_ruleset(shop6()), stack_ruleset(shop())), R"(	set subnets6 {
		type ipv6_addr
			fd00:0:0:1::/64
	set gateways6 {
		type ifname . ipv6_addr
			"br-default" . fd00:0:0:1::1
		ip6 saddr fe80::/10 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		iifname != { "lo", "uplink" } ip6 saddr != @subnets6 drop
		iifname "uplink" ip6 saddr != fd00:0:0:ffff::1 notrack
		iifname @open ip6 daddr != fd00:0:0:ffff::1 iifname . ip6 daddr != @gateways6 notrack
		iifname @open iifname . ip6 daddr @gateways6 dnat ip6 to fd00:0:0:ffff::1
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		iifname . ip6 daddr @gateways6 icmpv6 type echo-request accept
		iifname "uplink" oifname @internal ip6 saddr fd00:0:0:ffff::1 accept
		iifname "uplink" oifname != "uplink" ip6 saddr fd00:0:0:ffff::1 masquerade
)");
}

TEST(HostRuleset, WhoGoesOutUnderItsOwnAddressGetsAnswersAndNothingElse) {
  FirewallSpec spec = shop();
  spec.networks[0].masquerade = false;
  EXPECT_EQ(added(host_ruleset(spec), host_ruleset(shop())), R"(	set plain {
			172.18.0.0/20
		iifname "stk1f2e3d4c" ip saddr != @subnets ip saddr != @plain drop
	chain guard_plain {
		type filter hook prerouting priority mangle; policy accept;
		ct state established,related accept
		iifname != { "lo", "stk1f2e3d4c" } ip daddr @plain drop
		iifname "stk1f2e3d4c" oifname != "stk1f2e3d4c" ip saddr @plain accept
)");
}

TEST(HostRuleset, WhoMayNotUseTheHostIsToldSo) {
  FirewallSpec spec = shop();
  spec.networks[0].reaches_host = false;
  EXPECT_EQ(added(host_ruleset(spec), host_ruleset(shop())), R"(	set denied {
			172.18.0.0/20
	chain host_access {
		type filter hook input priority filter; policy accept;
		iifname "stk1f2e3d4c" ct state established,related accept
		iifname "stk1f2e3d4c" ip saddr @denied reject with icmpx type admin-prohibited
	chain link_access {
		type filter hook forward priority filter; policy accept;
		iifname "stk1f2e3d4c" ip saddr @denied ip daddr 169.254.0.0/16 reject with icmpx type admin-prohibited
)");
}

TEST(HostRuleset, HasMapsForSctpWhereSomethingIsPublishedByIt) {
  FirewallSpec spec = shop();
  spec.published = {{"0.0.0.0", 9000, "sctp", ip("172.18.0.2"), 9001}};
  const std::string text = host_ruleset(spec);
  EXPECT_NE(text.find("9000 : 172.18.0.2 . 9001"), std::string::npos);
  EXPECT_NE(text.find("dnat ip to sctp dport map @sctp_anywhere"), std::string::npos);
  EXPECT_NE(text.find("meta l4proto { udp, sctp } ip daddr"), std::string::npos);
  EXPECT_EQ(host_ruleset(shop()).find("sctp"), std::string::npos);
}

TEST(ContainerRuleset, SendsQuestionsToTheSupervisorsPorts) {
  EXPECT_EQ(container_ruleset(40001, 40002), R"(table ip stack_dns {
	chain questions {
		type filter hook output priority raw; policy accept;
		ip daddr != 127.0.0.11 accept
		udp dport 53 udp dport set 40001
		tcp dport 53 tcp dport set 40002
	}
	chain answers {
		type filter hook output priority mangle; policy accept;
		ip saddr != 127.0.0.11 accept
		udp sport 40001 udp sport set 53
		tcp sport 40002 tcp sport set 53
	}
}
)");
}

}  // namespace
}  // namespace stack::network
