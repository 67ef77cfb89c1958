// SPDX-License-Identifier: Apache-2.0
#include "supervisor/etc_files.h"

#include <gtest/gtest.h>

namespace stack::supervisor {
namespace {

constexpr const char* host =
    "nameserver 192.0.2.1\nsearch corp.example\noptions ndots:2 edns0 rotate\n";

TEST(ResolvConfInside, HasOurAddressAndTheHostsSearchListAndOptions) {
  EXPECT_EQ(resolv_conf_text(host, {}),
            "nameserver 127.0.0.11\nsearch corp.example\noptions edns0 rotate ndots:0\n");
}

TEST(ResolvConfInside, HasTheServicesOwnInstead) {
  EXPECT_EQ(resolv_conf_text(host, {{"192.0.2.9"}, {"a.example", "b.example"}, {"timeout:1"}}),
            "nameserver 127.0.0.11\nsearch a.example b.example\noptions timeout:1 ndots:0\n");
  EXPECT_EQ(resolv_conf_text(host, {{}, {}, {"ndots:5", "attempts:3"}}),
            "nameserver 127.0.0.11\nsearch corp.example\noptions ndots:5 attempts:3\n");
}

TEST(ResolvConfInside, ADotIsNoSearchListAtAll) {
  EXPECT_EQ(resolv_conf_text(host, {{}, {"."}, {}}),
            "nameserver 127.0.0.11\noptions edns0 rotate ndots:0\n");
}

TEST(ResolvConfInside, InTheHostsNetworkIsTheHostsWithWhatIsAskedFor) {
  EXPECT_EQ(host_network_resolv_conf(host, {}), host);
  EXPECT_EQ(host_network_resolv_conf(host, {{"192.0.2.9", "192.0.2.10"}, {"."}, {}}),
            "nameserver 192.0.2.9\nnameserver 192.0.2.10\noptions ndots:2 edns0 rotate\n");
}

}  // namespace
}  // namespace stack::supervisor
