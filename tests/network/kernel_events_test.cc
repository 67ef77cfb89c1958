// SPDX-License-Identifier: Apache-2.0
#include "network/kernel_events.h"

#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>

#include <array>
#include <functional>

namespace stack::network {
namespace {

std::string message(int type, const std::function<void(nlmsghdr*)>& write) {
  alignas(nlmsghdr) std::array<char, 1024> buffer{};
  nlmsghdr* m = mnl_nlmsg_put_header(buffer.data());
  m->nlmsg_type = static_cast<std::uint16_t>(type);
  write(m);
  return {buffer.data(), MNL_ALIGN(m->nlmsg_len)};
}

std::string about(int kind, std::uint8_t family, const char* table, const char* comment = "") {
  return message(NFNL_SUBSYS_NFTABLES << 8 | kind, [&](nlmsghdr* m) {
    put_header(m, nfgenmsg{family, NFNETLINK_V0, 0});
    mnl_attr_put_strz(m, NFTA_TABLE_NAME, table);
    mnl_attr_put_strz(m, NFTA_RULE_USERDATA, comment);
  });
}

std::string end_by(const char* process) {
  return message(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN, [&](nlmsghdr* m) {
    put_header(m, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, 0});
    mnl_attr_put_strz(m, NFTA_GEN_PROC_NAME, process);
  });
}

RuleEvents events() {
  return {{{NFPROTO_INET, "stack_1f2e3d4c"}}, "stack:1f2e3d4c", "stack-superviso"};
}

std::string text(const RuleChanges& changes) {
  return std::string(changes.own ? "own" : "") + (changes.others ? " others" : "");
}

TEST(RuleEvents, AFlushByAnybodyElseTouchesOurTable) {
  auto reader = events();
  EXPECT_EQ(text(reader.take(about(NFT_MSG_DELTABLE, NFPROTO_INET, "stack_1f2e3d4c") +
                             about(NFT_MSG_DELTABLE, NFPROTO_IPV4, "filter") + end_by("nft"))),
            "own others");
}

TEST(RuleEvents, WhatWeDoOurselvesIsNoNews) {
  auto reader = events();
  const auto replaced = about(NFT_MSG_DELTABLE, NFPROTO_INET, "stack_1f2e3d4c") +
                        about(NFT_MSG_NEWTABLE, NFPROTO_INET, "stack_1f2e3d4c");
  EXPECT_EQ(text(reader.take(replaced + end_by("stack-superviso"))), "");
  EXPECT_EQ(text(reader.take(replaced)), "") << "nobody knows yet who it was";
  EXPECT_EQ(text(reader.take(end_by("nft"))), "own");
  EXPECT_EQ(text(reader.take(end_by("nft"))), "");
}

TEST(RuleEvents, OnlyATableOfOurFamilyIsOurs) {
  auto reader = events();
  EXPECT_EQ(
      text(reader.take(about(NFT_MSG_NEWRULE, NFPROTO_IPV4, "stack_1f2e3d4c") +
                       about(NFT_MSG_NEWRULE, NFPROTO_INET, "stack_11111111") + end_by("nft"))),
      "");
}

TEST(RuleEvents, NewChainsOfOthersMayBeInTheWayAndOurRulesInTheirsMayGo) {
  auto reader = events();
  EXPECT_EQ(text(reader.take(about(NFT_MSG_NEWCHAIN, NFPROTO_IPV4, "filter") + end_by("dockerd"))),
            " others");
  EXPECT_EQ(text(reader.take(about(NFT_MSG_DELRULE, NFPROTO_IPV4, "filter", "..stack:1f2e3d4c") +
                             end_by("iptables"))),
            " others");
  EXPECT_EQ(text(reader.take(about(NFT_MSG_DELRULE, NFPROTO_IPV4, "filter", "stack:11111111") +
                             about(NFT_MSG_NEWRULE, NFPROTO_IPV4, "filter") + end_by("iptables"))),
            "");
}

TEST(RuleEvents, HalfAMessageIsNone) {
  auto reader = events();
  const auto whole = about(NFT_MSG_DELTABLE, NFPROTO_INET, "stack_1f2e3d4c") + end_by("nft");
  for (std::size_t size = 0; size < whole.size(); ++size)
    static_cast<void>(reader.take(std::string_view(whole).substr(0, size)));
}

std::string link(int type, const char* name, int family, bool up, int mtu, int master) {
  return message(type, [&](nlmsghdr* m) {
    ifinfomsg header{};
    header.ifi_family = static_cast<unsigned char>(family);
    header.ifi_flags = up ? IFF_UP : 0;
    put_header(m, header);
    mnl_attr_put_strz(m, IFLA_IFNAME, name);
    mnl_attr_put_u32(m, IFLA_MTU, static_cast<std::uint32_t>(mtu));
    if (master != 0) mnl_attr_put_u32(m, IFLA_MASTER, static_cast<std::uint32_t>(master));
  });
}

TEST(LinkEvents, TheLatestOfALinkCounts) {
  LinkChanges changes;
  take_link_events(link(RTM_NEWLINK, "v1", AF_UNSPEC, false, 1500, 0) +
                       link(RTM_NEWLINK, "v1", AF_UNSPEC, true, 1400, 7) +
                       link(RTM_DELLINK, "v1", AF_BRIDGE, true, 1400, 7) +
                       link(RTM_DELLINK, "br-x", AF_UNSPEC, true, 1500, 0),
                   changes);
  ASSERT_EQ(changes.changed.size(), 1U);
  EXPECT_TRUE(changes.changed.at("v1").up);
  EXPECT_EQ(changes.changed.at("v1").mtu, 1400);
  EXPECT_EQ(changes.changed.at("v1").master, 7);
  EXPECT_EQ(changes.gone, std::vector<std::string>{"br-x"});
}

std::string route(int type, int prefix, int protocol) {
  return message(type, [&](nlmsghdr* m) {
    rtmsg header{};
    header.rtm_family = AF_INET;
    header.rtm_dst_len = static_cast<unsigned char>(prefix);
    header.rtm_protocol = static_cast<unsigned char>(protocol);
    put_header(m, header);
  });
}

TEST(LinkEvents, DefaultRoutesAndOursThatGoAreNoted) {
  LinkChanges changes;
  take_link_events(route(RTM_NEWROUTE, 24, RTPROT_BOOT), changes);
  take_link_events(route(RTM_NEWROUTE, 20, route_protocol), changes);
  EXPECT_FALSE(changes.default_route || changes.own_route_gone);
  take_link_events(route(RTM_DELROUTE, 20, route_protocol), changes);
  EXPECT_TRUE(changes.own_route_gone);
  take_link_events(route(RTM_NEWROUTE, 1, RTPROT_BOOT), changes);
  EXPECT_TRUE(changes.default_route) << "0.0.0.0/1, as a VPN has it";
}

}  // namespace
}  // namespace stack::network
