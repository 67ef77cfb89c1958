// SPDX-License-Identifier: Apache-2.0
#include "image/reference.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace stack::image {
namespace {

const std::string named_digest = "sha256:" + std::string(64, 'a');

std::string error_of_name(const std::string& text) {
  try {
    return "accepted as " + canonical(parse_reference(text));
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Reference, IsCompletedByDockersRules) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"ubuntu", "docker.io/library/ubuntu:latest"},
      {"ubuntu:12.04.5", "docker.io/library/ubuntu:12.04.5"},
      {"jdantan/java-8", "docker.io/jdantan/java-8:latest"},
      {"localhost:5000/my-private-image", "localhost:5000/my-private-image:latest"},
      {"localhost/x", "localhost/x:latest"},
      {"a.b/c/d:1", "a.b/c/d:1"},
      {"Host/x", "Host/x:latest"},
      {"[::1]:5000/x", "[::1]:5000/x:latest"},
      {"index.docker.io/library/x", "docker.io/library/x:latest"},
      {"docker.io/x", "docker.io/library/x:latest"},
      {"a__b-c---d.e", "docker.io/library/a__b-c---d.e:latest"},
      {"x@" + named_digest, "docker.io/library/x@" + named_digest},
      {"x:1@" + named_digest, "docker.io/library/x:1@" + named_digest}};
  for (const auto& [text, full] : names) EXPECT_EQ(canonical(parse_reference(text)), full);
}

TEST(Reference, IsShownAsPeopleTypeIt) {
  EXPECT_EQ(familiar(parse_reference("docker.io/library/postgres:15")), "postgres:15");
  EXPECT_EQ(familiar(parse_reference("u/x")), "u/x:latest");
  EXPECT_EQ(familiar(parse_reference("localhost:5000/x")), "localhost:5000/x:latest");
  EXPECT_EQ(familiar(parse_reference("docker.io/library/a/b")), "library/a/b:latest");
  EXPECT_EQ(familiar(parse_reference("docker.io/a.b/c")), "docker.io/a.b/c:latest");
}

TEST(Reference, SaysWhatIsWrong) {
  EXPECT_EQ(error_of_name("Ubuntu"),
            "invalid image name \"Ubuntu\": repository name must be lowercase");
  EXPECT_EQ(error_of_name("x:t@sha256:zz"),
            "invalid image name \"x:t@sha256:zz\": the digest must be sha256: and 64 hex digits");
  EXPECT_EQ(error_of_name("x:-a"),
            "invalid image name \"x:-a\": the tag may have letters, digits, _ . - and 128 "
            "characters");
  EXPECT_EQ(error_of_name(""), "invalid image name \"\": it is empty");
}

TEST(Reference, RefusesWhatDockerRefuses) {
  for (const char* text :
       {"-x", "x-", "a//b", "/a", "a/", "a..b", "a___b", "a.-b", "a b", "a\nb", "../x", "a/../b",
        "x:", "x@", "http://x", "a.b:port/c", "a.b:99999/c", ".a/b", "x:1:2"}) {
    EXPECT_TRUE(error_of_name(text).starts_with("invalid image name")) << error_of_name(text);
  }
  EXPECT_TRUE(error_of_name(std::string(64, 'a')).ends_with("taken for an image id"));
  EXPECT_TRUE(error_of_name(std::string(256, 'a')).ends_with("longer than 255 characters"));
  EXPECT_TRUE(error_of_name("x:" + std::string(129, 'a')).starts_with("invalid image name"));
}

}  // namespace
}  // namespace stack::image
