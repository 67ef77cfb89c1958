// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_resolvers.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

std::string text_of(const DnsResolver& resolver) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&resolver.address);
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&resolver.address);
  if (resolver.address.ss_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
  }
  return text.data();
}

std::string text_of(const DnsResolvers& resolvers) {
  std::vector<std::string> texts;
  for (const auto& resolver : resolvers) texts.push_back(text_of(*resolver));
  return join(texts, " ");
}

class HostsFile : public ::testing::Test {
 protected:
  void write(const std::filesystem::path& name, const std::string& text) {
    std::ofstream(directory_.path() / name) << text;
  }
  std::string path() const { return (directory_.path() / "resolv.conf").native(); }
  TemporaryDirectory directory_;
};

TEST_F(HostsFile, IsReadAgainWhenItIsWrittenInPlace) {
  ResolvConfResolvers resolvers(path());
  write("resolv.conf", "nameserver 192.0.2.1\n");
  EXPECT_EQ(text_of(resolvers.current()), "192.0.2.1");
  write("resolv.conf", "nameserver 192.0.2.2\n");
  EXPECT_EQ(text_of(resolvers.current()), "192.0.2.2");
}

TEST_F(HostsFile, IsReadAgainWhenItsLinkLeadsElsewhere) {
  write("one", "nameserver 192.0.2.1\nnameserver 2001:db8::1\n");
  write("two", "nameserver 127.0.0.53\n");
  std::filesystem::create_symlink("one", path());
  ResolvConfResolvers resolvers(path());
  EXPECT_EQ(text_of(resolvers.current()), "192.0.2.1 2001:db8::1");
  std::filesystem::create_symlink("two", path() + ".new");
  std::filesystem::rename(path() + ".new", path());
  EXPECT_EQ(text_of(resolvers.current()), "127.0.0.53");
}

TEST_F(HostsFile, WhoStaysInItIsKnownByItsBehaviour) {
  ResolvConfResolvers resolvers(path());
  write("resolv.conf", "nameserver 192.0.2.1\n");
  const auto until = Clock::now() + std::chrono::seconds(30);
  resolvers.current().front()->silent_until = until;
  write("resolv.conf", "nameserver 192.0.2.3\nnameserver 192.0.2.1\n");
  EXPECT_EQ(resolvers.current().back()->silent_until, until);
}

TEST_F(HostsFile, WithoutServersMeansThisMachine) {
  ResolvConfResolvers resolvers(path());
  EXPECT_EQ(text_of(resolvers.current()), "127.0.0.1");
  write("resolv.conf", "search example.org\nnameserver no.address\n");
  EXPECT_EQ(text_of(resolvers.current()), "");
}

TEST(DnsResolvers, WhoWasSilentIsAskedLastForAWhile) {
  const auto resolvers = resolvers_from({"192.0.2.1", "192.0.2.2", "192.0.2.3"});
  const auto now = Clock::now();
  resolvers[0]->silent_until = now + std::chrono::seconds(30);
  EXPECT_EQ(text_of(by_behaviour(resolvers, now)), "192.0.2.2 192.0.2.3 192.0.2.1");
  EXPECT_EQ(text_of(by_behaviour(resolvers, now + std::chrono::seconds(31))),
            "192.0.2.1 192.0.2.2 192.0.2.3");
}

}  // namespace
}  // namespace stack::supervisor
