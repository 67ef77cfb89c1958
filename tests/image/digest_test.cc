// SPDX-License-Identifier: Apache-2.0
#include "image/digest.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>

#include "base/fd.h"
#include "scratch_fixture.h"

namespace stack::image {
namespace {

constexpr const char* of_nothing =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* of_abc =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, IsThatOfFips180) {
  EXPECT_EQ(digest_of(""), of_nothing);
  EXPECT_EQ(digest_of("abc"), of_abc);
}

TEST(Digest, IsTheSameForPiecesOfAText) {
  Sha256 sum;
  for (const char* piece : {"a", "", "bc"}) sum.add(piece);
  EXPECT_EQ(sum.digest(), of_abc);
}

using DigestFiles = test::InScratch;

// Reading OpenSSL's configuration, and what comes with it, is 2 ms of each `up`.
TEST_F(DigestFiles, NeedNoConfiguration) {
  write("openssl.cnf", "\n");
  const auto file = path("openssl.cnf");
  ::setenv("OPENSSL_CONF", file.c_str(), 1);
  const Fd watch(::inotify_init1(IN_CLOEXEC));
  ASSERT_GE(::inotify_add_watch(watch.get(), file.c_str(), IN_OPEN), 0);
  digest_of("abc");
  pollfd opened{watch.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&opened, 1, 0), 0);
  ::unsetenv("OPENSSL_CONF");
}

}  // namespace
}  // namespace stack::image
