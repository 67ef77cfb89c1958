// SPDX-License-Identifier: Apache-2.0
#include "registry/url.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::registry {
namespace {

TEST(Url, HasAnOrigin) {
  EXPECT_EQ(parse_url("HTTPS://Host.example/x?y=1#z").origin,
            (Origin{"https", "host.example", 443}));
  EXPECT_EQ(parse_url("https://host.example/x?y=1#z").target, "/x?y=1");
  EXPECT_EQ(parse_url("http://[::1]:5000").origin, (Origin{"http", "::1", 5000}));
  EXPECT_EQ(to_text(parse_url("http://[::1]:5000/v2/")), "http://[::1]:5000/v2/");
}

TEST(Url, OfAnythingElseIsRefused) {
  for (const char* bad :
       {"file:///etc/passwd", "ftp://h/", "//h/x", "h", "http://", "http://u:p@h/", "http://h:0/",
        "http://h:99999/", "http://h/a b", "http://h/\r\nX: y", "http://[::1/", "http://[zz]/", ""})
    EXPECT_THROW(parse_url(bad), Error) << bad;
}

TEST(Url, OfARedirectIsMeantFromWhereItStands) {
  const Url base = parse_url("https://h:1/a/b?c");
  EXPECT_EQ(to_text(resolve(base, "/x")), "https://h:1/x");
  EXPECT_EQ(to_text(resolve(base, "x?y")), "https://h:1/a/x?y");
  EXPECT_EQ(to_text(resolve(base, "//other/x")), "https://other/x");
  EXPECT_EQ(to_text(resolve(base, "http://other/x")), "http://other/x");
  EXPECT_THROW(resolve(base, ""), Error);
  EXPECT_THROW(resolve(base, "file://x/y"), Error);
}

TEST(Url, MayLeadInward) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"localhost.example", "128.0.0.1", "127.example", "::2"})
    EXPECT_FALSE(is_loopback(host)) << host;
  for (const char* host : {"169.254.169.254", "fe80::1", "::ffff:169.254.0.1"})
    EXPECT_TRUE(is_link_local(host)) << host;
  EXPECT_FALSE(is_link_local("169.255.0.1"));
}

TEST(Url, PercentSigns) {
  EXPECT_EQ(percent_decoded("a%20b%2Fc"), "a b/c");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%zz%4"), "%zz%4");
  EXPECT_EQ(percent_decoded(percent_encoded("\xc3\xa4 %")), "\xc3\xa4 %");
}

}  // namespace
}  // namespace stack::registry
