// SPDX-License-Identifier: Apache-2.0
// What the kernel has of a ruleset when we put it there, against what it has by nft(8).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "all_rulesets.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "nft_program.h"
#include "short_addresses.h"
#include "world.h"

namespace stack::network::test {
namespace {

using ::testing::HasSubstr;

/// In the kernel's hash tables the elements of a set have no order.
std::string with_elements_sorted(const std::string& text) {
  std::vector<std::string> lines = split(text, '\n');
  const auto is_element = [](const std::string& line) { return line.starts_with("\telement"); };
  for (auto at = lines.begin(); at != lines.end();) {
    const auto begin = std::find_if(at, lines.end(), is_element);
    at = std::find_if_not(begin, lines.end(), is_element);
    std::sort(begin, at);
  }
  return join(lines, "\n");
}

class NftScript : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    if (!has_nft()) GTEST_SKIP() << "needs nft(8) to compare with";
  }

  template <typename Put>
  static std::string kernel_has(Put put) {
    const Fd space = bare_namespace();
    const InNamespace inside(space.get());
    put();
    return with_elements_sorted(ruleset() + ruleset_with_expressions());
  }

  static void expect_as_by_nft(const std::string& script) {
    const std::string theirs = kernel_has([&] { load_by_nft(script); });
    EXPECT_THAT(theirs, HasSubstr("chain"));
    EXPECT_EQ(kernel_has([&] { apply_ruleset(script); }), theirs) << script;
  }
};

/// Each part of each golden/NAME.nft.
TEST_F(NftScript, EveryGoldenRulesetIsInTheKernelAsByNft) {
  const auto files = list_directory("golden");
  ASSERT_FALSE(files.empty());
  for (const std::string& name : files) {
    const std::string text = read_file("golden/" + name);
    for (std::size_t start = 0, end = 0; start < text.size(); start = end) {
      end = std::min(text.find(part_mark, start + 1), text.size());
      const std::size_t begin = text.find('\n', start) + 1;
      expect_as_by_nft(text.substr(begin, end - begin));
    }
  }
}

/// With all that a ruleset can have.
FirewallSpec everything() {
  FirewallSpec spec;
  spec.stack_id = "1f2e3d4c";
  spec.uplink = {"stk1f2e3d4c", ip("10.127.8.1"), ip("10.127.8.2"), 1500};
  spec.uplink.host_address6 = ip6("fd7f::1");
  for (int number = 0; number < 4; ++number) {
    const std::string name = "n" + std::to_string(number);
    const auto third = static_cast<std::uint32_t>(number) << 8;
    NetworkSpec network{name,
                        {{ip("172.18.0.0").value + third}, 24},
                        {ip("172.18.0.1").value + third},
                        number == 1,
                        "br-" + name};
    network.enable_ipv6 = true;
    network.subnet6 = {{ip6("fd18::").high + third, 0}, 64};
    network.gateway6 = {network.subnet6.address.high, 1};
    network.masquerade = number != 2;
    network.reaches_host = number != 3;
    network.icc = number != 3;
    spec.networks.push_back(network);
  }
  for (const char* protocol : {"tcp", "udp", "sctp"})
    for (const char* host : {"0.0.0.0", "192.0.2.1", "::", "2001:db8::1"})
      spec.published.push_back({host, 80, protocol, ip("172.18.0.2"), 8080, ip6("fd18::2")});
  const DualAddress one{ip("172.18.0.2"), ip6("fd18::2")};
  const DualAddress two{ip("172.18.0.3"), ip6("fd18::3")};
  spec.virtual_addresses = {{"n0", "web", {ip("172.18.0.254"), ip6("fd18::fffe")}, {one, two}},
                            {"n0", "db", {ip("172.18.0.253"), ip6("fd18::fffd")}, {one}}};
  return spec;
}

TEST_F(NftScript, ARulesetWithEverythingToo) {
  const FirewallSpec spec = everything();
  expect_as_by_nft(host_ruleset(spec));
  expect_as_by_nft(stack_ruleset(spec));
}

TEST_F(NftScript, ManyElementsTakeManyMessages) {
  FirewallSpec spec = everything();
  for (std::uint16_t port = 1000; port < 2000; ++port)
    spec.published.push_back({"192.0.2.7", port, "tcp", ip("172.18.0.2"), port, ip6("fd18::2")});
  for (std::uint32_t number = 10; number < 200; ++number)
    spec.networks.push_back({"m" + std::to_string(number),
                             {{10U << 24 | number << 8}, 24},
                             {(10U << 24 | number << 8) + 1},
                             false,
                             "br-m" + std::to_string(number)});
  expect_as_by_nft(host_ruleset(spec));
  expect_as_by_nft(stack_ruleset(spec));
  std::vector<PortLock> ports;
  for (std::uint32_t number = 2; number < 2000; ++number)
    ports.push_back({"v" + std::to_string(number), "02:42:ac:12:00:02", {{number}}, {{1, number}}});
  expect_as_by_nft(bridge_ruleset(ports));
}

TEST_F(NftScript, RulesOfOtherFirewallsAreAsByNft) {
  const std::string theirs = R"(table ip filter {
    chain FORWARD {
      type filter hook forward priority filter; policy drop;
      counter
    }
  })";
  const std::string opening =
      "insert rule ip filter FORWARD iifname \"stk1\" counter accept comment \"stack:1f2e3d4c\"\n"
      "insert rule ip filter FORWARD oifname \"stk1\" counter accept comment \"stack:1f2e3d4c\"\n";
  const auto by = [&](void (*put)(const std::string&)) {
    return kernel_has([&] {
      load_by_nft(theirs);
      put(opening);
    });
  };
  EXPECT_EQ(by(&apply_ruleset), by(&load_by_nft));
  const auto opened_and_closed = kernel_has([&] {
    load_by_nft(theirs);
    apply_ruleset(opening);
    apply_ruleset("delete rule ip filter FORWARD handle 4\n");
  });
  EXPECT_THAT(opened_and_closed, HasSubstr("iifname \"stk1\""));
  EXPECT_THAT(opened_and_closed, ::testing::Not(HasSubstr("oifname \"stk1\"")));
}

TEST_F(NftScript, WhatTheKernelRefusesChangesNothing) {
  EXPECT_THROW(kernel_has([] { apply_ruleset("delete table inet nobody\n"); }), Error);
  const std::string left = kernel_has([] {
    EXPECT_THROW(apply_ruleset("table inet good {\n}\ninsert rule inet good nowhere accept\n"),
                 Error);
  });
  EXPECT_EQ(left, "");
}

}  // namespace
}  // namespace stack::network::test
