// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/process.h"
#include "network/link_requests.h"
#include "network/ports.h"
#include "world.h"

namespace stack::network::test {
namespace {

using ::testing::HasSubstr;

/// A namespace of its own: every port is free.
class Ports : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    world_.emplace();
  }
  std::optional<World> world_;
};

bool is_held(const char* ip, std::uint16_t port, const char* protocol = "tcp") {
  return find_port_holder(ip, port, protocol).has_value();
}

TEST_F(Ports, AHeldPortNamesItsHolder) {
  const auto [socket, port] = hold_port("0.0.0.0", 8080, "tcp");
  const auto holder = find_port_holder("0.0.0.0", 8080, "tcp");
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, ::getpid());
  EXPECT_EQ(holder->command, process_name(::getpid()));
  EXPECT_THAT(holder->command_line, HasSubstr("network_kernel_test"));
}

TEST_F(Ports, HoldingATakenPortSaysWhoHasIt) {
  const auto held = hold_port("0.0.0.0", 8080, "tcp");
  try {
    static_cast<void>(hold_port("127.0.0.1", 8080, "tcp"));
    FAIL() << "held twice";
  } catch (const Error& error) {
    EXPECT_EQ(
        error.what(),
        fmt::format("Bind for 127.0.0.1:8080 failed: port is already allocated by {} (pid {})",
                    process_name(::getpid()), ::getpid()));
  }
}

TEST_F(Ports, AnAddressThatTheHostDoesNotHaveIsRefused) {
  try {
    static_cast<void>(hold_port("192.0.2.99", 8080, "tcp"));
    FAIL() << "bound a stranger's address";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "Bind for 192.0.2.99:8080 failed: Cannot assign requested address");
  }
}

TEST_F(Ports, AFreePortHasNoHolder) {
  const auto held = hold_port("127.0.0.1", 8080, "tcp");
  EXPECT_FALSE(is_held("127.0.0.1", 8081));
  EXPECT_FALSE(is_held("127.0.0.1", 8080, "udp"));
  EXPECT_FALSE(is_held(World::host_ip, 8080));
  EXPECT_FALSE(is_held("::1", 8080));
  EXPECT_TRUE(is_held("127.0.0.1", 8080));
  EXPECT_TRUE(is_held("0.0.0.0", 8080));
}

TEST_F(Ports, Ipv6PortsAreApartFromIpv4) {
  const auto v6 = hold_port("::", 8080, "tcp");
  EXPECT_FALSE(is_held("0.0.0.0", 8080));
  EXPECT_TRUE(is_held("::1", 8080));
  EXPECT_NO_THROW(static_cast<void>(hold_port("0.0.0.0", 8080, "tcp")));
}

TEST_F(Ports, TheKernelChoosesForPortZero) {
  const auto [socket, port] = hold_port("127.0.0.1", 0, "udp");
  EXPECT_NE(port, 0);
  EXPECT_TRUE(is_held("127.0.0.1", port, "udp"));
}

}  // namespace
}  // namespace stack::network::test
