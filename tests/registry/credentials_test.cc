// SPDX-License-Identifier: Apache-2.0
// Whose password is found for which registry, and what of it stands on the disk.
#include "registry/credentials.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "scratch_fixture.h"

namespace stack::registry {
namespace {

class Passwords : public test::InScratch {
 protected:
  Passwords() : store(path("home/.docker/config.json"), {path("auth.json")}) {}
  std::string found(const std::string& registry) const {
    const auto credentials = store.find(registry);
    if (!credentials) return "nothing";
    return credentials->user + ":" + credentials->password + credentials->identity_token;
  }
  CredentialStore store;
};

TEST_F(Passwords, AreFoundInDockersFileAndInContainers) {
  write("home/.docker/config.json", R"({"auths":{
    "r.example:5000":{"auth":"dXNlcjpwYXNz"},
    "https://index.docker.io/v1/":{"username":"u","password":"p"},
    "https://old.example/v1/":{"auth":"dXNlcjpwYXNz"},
    "t.example":{"identitytoken":"tok"},"e.example":{}}})");
  write("auth.json", R"({"auths":{"c.example":{"auth":"YTpi"}}})");
  EXPECT_EQ(found("r.example:5000"), "user:pass");
  EXPECT_EQ(found("r.example"), "nothing") << "another port is another server";
  EXPECT_EQ(found("docker.io"), "u:p");
  EXPECT_EQ(found("old.example"), "user:pass");
  EXPECT_EQ(found("t.example"), ":tok");
  EXPECT_EQ(found("e.example"), "nothing");
  EXPECT_EQ(found("c.example"), "a:b");
}

TEST_F(Passwords, OfTheOldestFileAreFound) {
  write("home/.dockercfg", R"({"r.example":{"auth":"YTpi"}})");
  EXPECT_EQ(found("r.example"), "a:b");
}

TEST_F(Passwords, AreKeptForTheirOwnerOnly) {
  write("home/.docker/config.json", R"({"detachKeys":"ctrl-q"})");
  ::chmod(path("home/.docker/config.json").c_str(), 0644);
  EXPECT_NE(store.warning(), "");
  store.keep("r.example", {"me", "secret", ""});
  EXPECT_EQ(store.warning(), "");
  EXPECT_EQ(found("r.example"), "me:secret");
  EXPECT_NE(read("home/.docker/config.json").find("ctrl-q"), std::string::npos);
  EXPECT_TRUE(store.forget("r.example"));
  EXPECT_FALSE(store.forget("r.example"));
  EXPECT_EQ(found("r.example"), "nothing");
}

TEST_F(Passwords, MayBeKeptByAHelper) {
  write("bin/docker-credential-test", R"(#!/bin/sh
case $1 in
get) read -r server; [ "$server" = r.example ] || { echo credentials not found in native keychain; exit 1; }
     echo '{"ServerURL":"r.example","Username":"h","Secret":"s"}';;
store) cat > )" + path("stored").native() +
                                          R"(;;
erase) rm )" + path("stored").native() + R"(;;
esac
)");
  ::chmod(path("bin/docker-credential-test").c_str(), 0755);
  const std::string before = ::getenv("PATH");
  ::setenv("PATH", (path("bin").native() + ":" + before).c_str(), 1);
  write("home/.docker/config.json", R"({"credHelpers":{"r.example":"test","x.example":"../x"},
    "credsStore":"test"})");
  EXPECT_EQ(found("r.example"), "h:s");
  EXPECT_EQ(found("other.example"), "nothing");
  EXPECT_THROW(found("x.example"), Error) << "a helper is a name, not a path";
  store.keep("r.example", {"me", "secret", ""});
  EXPECT_NE(read("stored").find("secret"), std::string::npos);
  EXPECT_EQ(read("home/.docker/config.json").find("secret"), std::string::npos);
  EXPECT_TRUE(store.forget("r.example"));
  ::setenv("PATH", before.c_str(), 1);
}

}  // namespace
}  // namespace stack::registry
