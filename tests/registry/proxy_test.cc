// SPDX-License-Identifier: Apache-2.0
// Proxies by address, and who needs none.
#include "registry/proxy.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"

namespace stack::registry {
namespace {

/// "origin authorization"
std::string shown(const std::string& address) {
  const Proxy proxy = parse_proxy(address);
  return to_text(proxy.origin) + " " + proxy.authorization;
}

TEST(Proxy, MayHaveAUserInItsAddress) {
  EXPECT_EQ(shown("http://p.example:3128"), "http://p.example:3128 ");
  EXPECT_EQ(shown("p.example:3128/"), "http://p.example:3128 ");
  EXPECT_EQ(shown("http://me:word@p.example"), "http://p.example Basic bWU6d29yZA==");
  EXPECT_EQ(shown("me@p.example"), "http://p.example Basic bWU6");
  EXPECT_EQ(shown("http://me:w%40rd@[::1]:1"), "http://[::1]:1 Basic bWU6d0ByZA==");
}

TEST(Proxy, ThatIsNoneIsToldWithoutThePassword) {
  for (const char* bad : {"socks5://me:hush@p", "https://me:hush@p", "http://me:hush@",
                          "me:hush@p q", "http://me:hush@p:0"}) {
    try {
      parse_proxy(bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find("hush"), std::string::npos) << error.what();
    }
  }
}

TEST(Proxy, IsNotForThoseThatAreExempt) {
  const Origin named{"https", "r.example.org", 5000};
  for (const char* rules : {"*", "r.example.org", "x,R.Example.org", " example.org ",
                            ".example.org", "*.example.org", "r.example.org:5000", "org"})
    EXPECT_TRUE(is_without_proxy(named, rules)) << rules;
  for (const char* rules : {"", ",", "other", "ample.org", ".r.example.org", "r.example.org:443",
                            "example", "0.0.0.0/0"})
    EXPECT_FALSE(is_without_proxy(named, rules)) << rules;
}

TEST(Proxy, IsNotForAddressesThatAreExempt) {
  const Origin v4{"http", "10.1.2.3", 80};
  for (const char* rules : {"10.1.2.3", "10.1.2.3:80", "10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0"})
    EXPECT_TRUE(is_without_proxy(v4, rules)) << rules;
  for (const char* rules :
       {"10.1.2.4", "10.1.2.2/32", "11.0.0.0/8", "10.0.0.0/33", "10.0.0.0/", "::/0"})
    EXPECT_FALSE(is_without_proxy(v4, rules)) << rules;
  const Origin v6{"http", "fd00::1", 80};
  for (const char* rules : {"fd00::1", "[fd00::1]", "[fd00::1]:80", "fd00::/8", "::/0"})
    EXPECT_TRUE(is_without_proxy(v6, rules)) << rules;
  for (const char* rules : {"[fd00::1]:81", "fd00::2", "fe00::/8", "0.0.0.0/0"})
    EXPECT_FALSE(is_without_proxy(v6, rules)) << rules;
}

}  // namespace
}  // namespace stack::registry
