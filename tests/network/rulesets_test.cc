// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "network/firewall.h"
#include "network/subnets.h"

namespace stack::network {
namespace {

Ipv4 ip(const char* text) {
  return *parse_ipv4(text);
}

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
	chain guard {
		type filter hook prerouting priority raw; policy accept;
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

TEST(ContainerRuleset, SendsQuestionsToTheSupervisorsPorts) {
  const std::string fresh = container_ruleset(40001, 40002);
  EXPECT_EQ(replacing_container_ruleset(40001, 40002),
            "table ip stack_dns\ndelete table ip stack_dns\n" + fresh);
  EXPECT_EQ(fresh, R"(table ip stack_dns {
	chain output {
		type nat hook output priority -100; policy accept;
		ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:40001
		ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:40002
	}
}
)");
}

}  // namespace
}  // namespace stack::network
