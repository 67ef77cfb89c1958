// SPDX-License-Identifier: Apache-2.0
#include "network/port_lock.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace stack::network {
namespace {

EndpointSpec web() {
  return {"shop_default", {*parse_ipv4("172.18.0.2")}, "02:42:ac:12:00:02", "eth0"};
}

std::string text(const PortLock& lock) {
  std::string lines;
  for (const LockElement& element : elements_of(lock))
    lines += element.set + ": " + to_text(element) + "\n";
  return lines;
}

TEST(PortLock, IsTheAddressOfItsContainer) {
  EXPECT_EQ(text(lock_of("v1", web())),
            "senders: \"v1\" . 02:42:ac:12:00:02 . 0.0.0.0\n"
            "senders: \"v1\" . 02:42:ac:12:00:02 . 172.18.0.2\n");
}

TEST(PortLock, HasAllAddressesOfAnEndpoint) {
  EndpointSpec endpoint = web();
  endpoint.address.v6 = parse_ipv6("fd00::2");
  endpoint.link_local = {*parse_ipv4("169.254.8.8")};
  endpoint.link_local6 = {*parse_ipv6("fe80::8")};
  EXPECT_EQ(text(lock_of("v1", endpoint)),
            R"(senders: "v1" . 02:42:ac:12:00:02 . 0.0.0.0
senders: "v1" . 02:42:ac:12:00:02 . 169.254.8.8
senders: "v1" . 02:42:ac:12:00:02 . 172.18.0.2
senders6: "v1" . 02:42:ac:12:00:02 . ::
senders6: "v1" . 02:42:ac:12:00:02 . fe80::8
neighbours6: "v1" . 02:42:ac:12:00:02 . 0xfe800000000000000000000000000008
senders6: "v1" . 02:42:ac:12:00:02 . fd00::2
neighbours6: "v1" . 02:42:ac:12:00:02 . 0xfd000000000000000000000000000002
senders6: "v1" . 02:42:ac:12:00:02 . fe80::42:acff:fe12:2
neighbours6: "v1" . 02:42:ac:12:00:02 . 0xfe800000000000000042acfffe120002
)");
}

TEST(PortLock, AnElementsBytesArePaddedToWords) {
  const LockElement element{"senders", "v1", "02:42:ac:12:00:02", *parse_ipv4("172.18.0.2")};
  EXPECT_EQ(to_hex(key_of(element)),
            "76310000000000000000000000000000"
            "0242ac1200020000"
            "ac120002");
}

}  // namespace
}  // namespace stack::network
