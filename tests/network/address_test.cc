// SPDX-License-Identifier: Apache-2.0
#include "network/address.h"

#include <gtest/gtest.h>

namespace stack::network {
namespace {

TEST(Address, EndsWhereItsTextDoes) {
  EXPECT_TRUE(parse_ipv4("10.5.0.1"));
  EXPECT_FALSE(parse_ipv4(std::string("10.5.0.1\0x", 10)));
  EXPECT_FALSE(parse_ipv6(std::string("fd00::1\0x", 9)));
  EXPECT_FALSE(parse_subnet(std::string("10.5.0.0\0x/24", 13)));
}

TEST(Address, HasNoZone) {
  EXPECT_FALSE(parse_ipv6("fe80::1%eth0"));
  EXPECT_FALSE(parse_subnet6("fe80::%eth0/64"));
}

TEST(Address, ThePrefixLengthOfASubnetHasNoSign) {
  EXPECT_TRUE(parse_subnet6("::60/0"));
  EXPECT_FALSE(parse_subnet6("::60/-0"));
  EXPECT_FALSE(parse_subnet("10.5.0.0/+8"));
}

}  // namespace
}  // namespace stack::network
