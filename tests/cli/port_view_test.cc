// SPDX-License-Identifier: Apache-2.0
#include "cli/port_view.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::cli {
namespace {

supervisor::ObservedContainer web() {
  supervisor::ObservedContainer container;
  container.config.name = "shop-web-1";
  container.status.published = {{"0.0.0.0", 49153, "tcp", {}, 80},
                                {"::", 49153, "tcp", {}, 80},
                                {"::1", 5300, "udp", {}, 53}};
  return container;
}

std::string refusal(std::string_view text, const std::string& protocol = "") {
  try {
    return published_address(web(), parse_private_port(text, protocol));
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(PortView, APortIsFoundByNumberAndProtocol) {
  EXPECT_EQ(published_address(web(), {80, "tcp"}), "0.0.0.0:49153");
  EXPECT_EQ(published_address(web(), {53, "udp"}), "[::1]:5300");
}

TEST(PortView, AsVariablesEachPortIsThereOnceAndTheFirstWithoutItsNumber) {
  auto container = web();
  container.config.service = "my-web.2";
  EXPECT_EQ(published_variables(container),
            "MY_WEB_2_PORT=49153\nMY_WEB_2_PORT_80=49153\nMY_WEB_2_PORT_53_UDP=5300\n");
  container.status.published.clear();
  EXPECT_EQ(published_variables(container), "");
}

TEST(PortView, WhatIsNotPublishedIsToldWithWhatIs) {
  EXPECT_EQ(refusal("81"), "no port 81/tcp for container shop-web-1: 80/tcp, 53/udp");
  EXPECT_EQ(refusal("80/udp"), "no port 80/udp for container shop-web-1: 80/tcp, 53/udp");
  EXPECT_EQ(refusal("80", "udp"), "no port 80/udp for container shop-web-1: 80/tcp, 53/udp");
}

TEST(PortView, WhatIsNoPortIsRefused) {
  EXPECT_EQ(refusal("http"), "\"http\" is no port");
  EXPECT_EQ(refusal("0"), "\"0\" is no port");
  EXPECT_EQ(refusal("65536"), "\"65536\" is no port");
  EXPECT_EQ(refusal("80", "ip"), "unknown protocol \"ip\"");
}

TEST(PortView, AllOfThemAreListedAsDockerDoes) {
  EXPECT_EQ(all_published(web()),
            "53/udp -> [::1]:5300\n80/tcp -> 0.0.0.0:49153\n80/tcp -> [::]:49153\n");
}

}  // namespace
}  // namespace stack::cli
