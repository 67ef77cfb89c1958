// SPDX-License-Identifier: Apache-2.0
// What --ssh says, and which keys nobody can use without a passphrase.
#include "build/ssh_agents.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "image/base64.h"
#include "scratch_fixture.h"

#include <sys/socket.h>
#include <sys/un.h>

namespace stack::build {
namespace {

std::string ssh_string(const std::string& text) {
  return std::string("\0\0\0", 3) + static_cast<char>(text.size()) + text;
}

std::string openssh_key(const std::string& cipher) {
  const std::string bytes = std::string("openssh-key-v1\0", 15) + ssh_string(cipher) +
                            ssh_string(cipher == "none" ? "none" : "bcrypt");
  return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + image::to_base64(bytes) +
         "\n-----END OPENSSH PRIVATE KEY-----\n";
}

TEST(BuildSsh, AKeySaysWhetherItHasAPassphrase) {
  EXPECT_FALSE(needs_passphrase(openssh_key("none")));
  EXPECT_TRUE(needs_passphrase(openssh_key("aes256-ctr")));
  EXPECT_TRUE(needs_passphrase("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"));
  EXPECT_TRUE(needs_passphrase(
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n"));
  EXPECT_FALSE(needs_passphrase("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"));
  EXPECT_FALSE(needs_passphrase("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"));
  EXPECT_FALSE(needs_passphrase(""));
}

class SshFlag : public test::InScratch {
 protected:
  SshFlag() : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path("agent").native().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    for (const char* name : {"one", "two"})
      write_file_atomically(path(name), "key", Durability::survives_crash);
  }

  /// "ID:SOCKET" or "ID=KEY,KEY", or what is wrong.
  std::string meaning(const std::string& text, const std::string& running = "") {
    BuildRequest request;
    try {
      add_ssh(text, running, path(""), request);
    } catch (const Error& error) {
      return error.message();
    }
    std::string result;
    for (const auto& [id, socket] : request.agents)
      result += id + ":" + std::filesystem::path(socket).filename().native();
    for (const auto& [id, keys] : request.keys) {
      result += id + "=";
      for (const std::string& key : keys)
        result += std::filesystem::path(key).filename().native() + ",";
    }
    return result;
  }

 private:
  Fd socket_;
};

TEST_F(SshFlag, IsAnAgentOrKeys) {
  EXPECT_EQ(meaning("default", path("agent").native()), "default:agent");
  EXPECT_EQ(meaning("mine=agent"), "mine:agent");
  EXPECT_EQ(meaning("=one"), "default=one,");
  EXPECT_EQ(meaning("mine=one,two"), "mine=one,two,");
  EXPECT_EQ(meaning("mine=one,agent"), "it is one agent's socket, or keys");
  EXPECT_EQ(meaning("default"), "ssh default: no agent is running");
  EXPECT_NE(meaning("mine=absent").find("absent"), std::string::npos);
}

}  // namespace
}  // namespace stack::build
