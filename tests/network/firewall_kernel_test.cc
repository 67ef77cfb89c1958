// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "all_rulesets.h"
#include "base/files.h"
#include "network/facilities.h"
#include "network/kernel_rules.h"
#include "network/name_redirection.h"
#include "network/sysctl.h"
#include "nft_program.h"
#include "traffic.h"
#include "world.h"

namespace stack::network::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// As docker and iptables-nft leave it.
constexpr const char* docker_firewall = R"(
table ip filter {
	chain DOCKER-USER {
		counter return
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		counter jump DOCKER-USER
	}
}
)";

constexpr const char* ufw_firewall = R"(
table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		counter
	}
}
)";

// As firewalld 1.3 makes it.
constexpr const char* firewalld_firewall = R"(
table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		ct state { established, related } accept
		iifname "lo" accept
		jump filter_FORWARD_POLICIES
		ct state { invalid } drop
		reject with icmpx admin-prohibited
	}
	chain filter_FORWARD_POLICIES {
		iifname "lan0" oifname "lan0" accept
		iifname "lan0" reject with icmpx admin-prohibited
		reject with icmpx admin-prohibited
	}
}
)";

class Firewall : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    world_.emplace();
  }
  void TearDown() override { ::unlink(memory_file_.c_str()); }

  /// A published port with another firewall in the way.
  void expect_a_way_through(const char* other_firewall) {
    enable_forwarding(memory_file_);
    TestStack stack;
    stack.publish("0.0.0.0", 8080, stack.ip("front", 2), 80);
    stack.apply();
    load_by_nft(other_firewall);
    const Fd web = stack.container({"front"}, 2);
    const auto server = Server::tcp(web.get(), "0.0.0.0", 80);
    const auto outside = Server::tcp(world_->lan(), "0.0.0.0", 443);
    ASSERT_TRUE(is_cut_off(web.get(), World::lan_ip, 443)) << "the obstacle is none";

    const auto& spec = stack.firewall;
    pass_foreign_forward_chains(spec.stack_id, spec.uplink.host_interface);
    EXPECT_TRUE(connects(world_->lan(), World::host_ip, 8080));
    EXPECT_TRUE(connects(web.get(), World::lan_ip, 443));

    const std::string once = ruleset();
    EXPECT_THAT(once, HasSubstr("stack:" + spec.stack_id));
    pass_foreign_forward_chains(spec.stack_id, spec.uplink.host_interface);
    EXPECT_EQ(ruleset(), once);

    remove_host_ruleset(spec.stack_id);
    EXPECT_THAT(ruleset(), Not(HasSubstr("stack")));
  }

  const std::string memory_file_ =
      ::testing::TempDir() + "stack-forwarding-" + std::to_string(::getpid());
  std::optional<World> world_;
};

TEST_F(Firewall, NamesAreRedirectedByTheRulesThatAreWrittenDown) {
  const auto rules_of = [&](const std::function<void()>& put) {
    const Fd space = bare_namespace();
    const InNamespace inside(space.get());
    put();
    return ruleset();
  };
  const std::string written = rules_of([] { load_by_nft(container_ruleset(40001, 40002)); });
  EXPECT_THAT(written, HasSubstr("40002"));
  EXPECT_EQ(rules_of([] { redirect_names(40001, 40002); }), written);
  EXPECT_EQ(rules_of([] {
              redirect_names(1, 2);
              redirect_names(40001, 40002);
            }),
            written)
      << "in the place of those before";
}

TEST_F(Firewall, ChainsAndRulesOfOthersAreRead) {
  load_by_nft(R"(
    table inet ours {
      chain c {
        type filter hook forward priority 0; policy accept;
      }
    }
    table ip nat {
      chain post {
        type nat hook postrouting priority 100
      }
    }
    table ip filter {
      chain DOCKER-USER {
        counter return
      }
      chain FORWARD {
        type filter hook forward priority 0; policy drop;
        iifname "a" accept comment "stack:1"
        oifname "a" counter accept comment "stack:2"
        ip saddr 192.0.2.1 accept
        counter jump DOCKER-USER
        reject
        drop
      }
    }
    table inet filter {
      chain forward {
        reject with icmp host-prohibited
        tcp dport 22 reject with tcp reset
      }
    }
)");
  std::string text;
  for (const ListedChain& each : list_chains())
    text += fmt::format("{} {} {} {}\n", to_text(each.place), each.type,
                        static_cast<int>(each.hook), each.drops);
  EXPECT_EQ(text,
            "inet ours c filter 1 false\n"
            "ip nat post nat 2 false\n"
            "ip filter DOCKER-USER  0 false\n"
            "ip filter FORWARD filter 1 true\n"
            "inet filter forward  0 false\n");
  text.clear();
  for (const ListedRule& each : list_rules())
    text += fmt::format("{} {} {} {} {} {}{}\n", to_text(each.chain), each.comment,
                        each.of_incoming, each.of_outgoing, static_cast<int>(each.verdict),
                        each.target, each.for_all ? " always" : "");
  EXPECT_EQ(text,
            "ip filter DOCKER-USER  false false 5  always\n"
            "ip filter FORWARD stack:1 true false 1 \n"
            "ip filter FORWARD stack:2 false true 1 \n"
            "ip filter FORWARD  false false 1 \n"
            "ip filter FORWARD  false false 3 DOCKER-USER always\n"
            "ip filter FORWARD  false false 2  always\n"
            "ip filter FORWARD  false false 2  always\n"
            "inet filter forward  false false 2  always\n"
            "inet filter forward  false false 2 \n");
}

TEST_F(Firewall, DockersForwardDropLetsOurTrafficPass) {
  expect_a_way_through(docker_firewall);
}

TEST_F(Firewall, AForwardDropWithoutDockersChainLetsOurTrafficPass) {
  expect_a_way_through(ufw_firewall);
}

TEST_F(Firewall, FirewalldLetsOurTrafficPass) {
  expect_a_way_through(firewalld_firewall);
}

TEST_F(Firewall, ARemovedRulesetLeavesOtherTablesAlone) {
  const TestStack shop(18);
  const TestStack blog(19);
  shop.apply();
  blog.apply();
  load_by_nft(docker_firewall);
  remove_host_ruleset(shop.firewall.stack_id);
  EXPECT_THAT(ruleset(), Not(HasSubstr("stack_00000012")));
  EXPECT_THAT(ruleset(), HasSubstr("stack_00000013"));
  EXPECT_THAT(ruleset(), HasSubstr("DOCKER-USER"));
  EXPECT_NO_THROW(remove_host_ruleset(shop.firewall.stack_id)) << "twice";
}

TEST_F(Firewall, ForwardingIsSwitchedOnAndOffAgain) {
  set_sysctl("net/ipv4/ip_forward", "0");
  enable_forwarding(memory_file_);
  enable_forwarding(memory_file_);
  EXPECT_EQ(get_sysctl("net/ipv4/ip_forward"), "1");
  restore_forwarding(memory_file_);
  EXPECT_EQ(get_sysctl("net/ipv4/ip_forward"), "0");
  EXPECT_FALSE(exists(memory_file_));
}

TEST_F(Firewall, ForwardingThatWasOnStaysOn) {
  set_sysctl("net/ipv4/ip_forward", "1");
  enable_forwarding(memory_file_);
  restore_forwarding(memory_file_);
  EXPECT_EQ(get_sysctl("net/ipv4/ip_forward"), "1");
}

TEST_F(Firewall, ForwardingStaysOnForWhoeverTranslatesAddressesByNow) {
  set_sysctl("net/ipv4/ip_forward", "0");
  enable_forwarding(memory_file_);
  load_by_nft(
      "table ip nat {\n\tchain POSTROUTING {\n"
      "\t\ttype nat hook postrouting priority srcnat;\n\t}\n}\n");
  restore_forwarding(memory_file_);
  EXPECT_EQ(get_sysctl("net/ipv4/ip_forward"), "1");
}

TEST_F(Firewall, EverythingThatNetworksNeedIsFoundHere) {
  for (const Facility& facility : facilities()) {
    EXPECT_NE(facility.state, FacilityState::missing) << facility.name << ": " << facility.detail;
  }
}

}  // namespace
}  // namespace stack::network::test
