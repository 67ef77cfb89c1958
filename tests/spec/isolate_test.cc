// SPDX-License-Identifier: Apache-2.0
// Several checkouts of one project: names, and what their files say then.
#include "spec/isolate.h"

#include <gtest/gtest.h>

#include <set>

#include "load_text.h"
#include "spec/load_sources.h"

namespace stack::spec {
namespace {

Project isolated(const std::string& text, const std::string& as = "shop-fix") {
  SourceRequest request = request_of({text});
  request.isolation = [as](const std::string&) { return Isolation{as, true}; };
  return project_of(request);
}

TEST(IsolatedName, IsTheProjectsAndTheFolders) {
  EXPECT_EQ(isolated_name("shop", "/src/fix-1234"), "shop-fix-1234");
  EXPECT_EQ(isolated_name("shop", "/src/Fix 12"), "shop-fix12");
}

TEST(IsolatedName, OfAFolderThatSaysBothItIsTheFolders) {
  EXPECT_EQ(isolated_name("shop", "/src/shop-fix"), "shop-fix");
  EXPECT_EQ(isolated_name("shop", "/src/shop_fix"), "shop_fix");
  EXPECT_EQ(isolated_name("shop", "/src/shopping"), "shop-shopping");
}

TEST(IsolatedName, IsNeverTheNameItself) {
  const std::string one = isolated_name("shop", "/a/shop");
  const std::string other = isolated_name("shop", "/b/shop");
  EXPECT_TRUE(one.starts_with("shop-")) << one;
  EXPECT_TRUE(is_project_name(one)) << one;
  EXPECT_NE(one, other);
  EXPECT_TRUE(isolated_name("shop", "/src/--").starts_with("shop-"));
}

constexpr const char* two_ports =
    "services:\n"
    "  web: {image: x, ports: ['8080:80', '127.0.0.1:8443:443', '9000']}\n"
    "  api: {image: x, ports: ['8081:80/udp']}\n";

TEST(Isolating, FixedPortsBecomeTheProjectsOwn) {
  const Project project = isolated(two_ports);
  const auto& ports = project.services.at("web").ports;
  ASSERT_EQ(ports.size(), 3U);
  EXPECT_GE(*ports[0].published, 20000);
  EXPECT_LT(*ports[0].published_last, 32768);
  EXPECT_EQ(*ports[0].published_last, *ports[0].published + 9);
  EXPECT_EQ(ports[0].target, 80);
  EXPECT_EQ(ports[1].host_ip, "127.0.0.1");
  EXPECT_FALSE(ports[2].published.has_value());
  EXPECT_EQ(project.services.at("api").ports[0].protocol, "udp");
  EXPECT_TRUE(project.isolated);
}

TEST(Isolating, PortsStayTheSameAndDifferFromOthers) {
  const auto port_of = [](const Project& project) {
    return *project.services.at("web").ports[0].published;
  };
  EXPECT_EQ(port_of(isolated(two_ports)), port_of(isolated(two_ports)));
  EXPECT_NE(port_of(isolated(two_ports)), port_of(isolated(two_ports, "shop-other")));
}

TEST(Isolating, NoTwoPortsOfAProjectMeet) {
  std::string text = "services:\n";
  for (int number = 0; number < 300; ++number)
    text += fmt::format("  s{0}: {{image: x, ports: ['{1}:80']}}\n", number, 5000 + number);
  std::set<int> firsts;
  for (const auto& [name, service] : isolated(text).services)
    EXPECT_TRUE(firsts.insert(*service.ports[0].published).second) << name;
}

TEST(Isolating, NamesOfObjectsAreTheProjectsUnlessTheyAreSharedWithOthers) {
  const Project project = isolated(
      "services:\n"
      "  web: {image: x, networks: [a, b, c], volumes: ['dd:/d', 'ee:/e']}\n"
      "networks:\n"
      "  a: {name: everybodys}\n"
      "  b: {external: true, name: theirs}\n"
      "  c: {x-stack: {shared: true}}\n"
      "volumes:\n"
      "  dd: {name: everybodys}\n"
      "  ee: {external: true, name: theirs}\n");
  EXPECT_EQ(project.networks.at("a").name, "shop-fix_a");
  EXPECT_EQ(project.networks.at("b").name, "theirs");
  EXPECT_EQ(project.networks.at("c").name, "c");
  EXPECT_EQ(project.volumes.at("dd").name, "shop-fix_dd");
  EXPECT_EQ(project.volumes.at("ee").name, "theirs");
}

TEST(Isolating, SubnetsAreChosenUnlessAnAddressNeedsThem) {
  const Project project = isolated(
      "services:\n"
      "  web: {image: x, networks: {a: {ipv4_address: 10.5.0.9}, b: {}}}\n"
      "networks:\n"
      "  a: {ipam: {config: [{subnet: 10.5.0.0/24}]}}\n"
      "  b: {ipam: {config: [{subnet: 10.6.0.0/24}]}}\n");
  EXPECT_EQ(project.networks.at("a").ipam.size(), 1U);
  EXPECT_EQ(project.networks.at("b").ipam.size(), 0U);
}

}  // namespace
}  // namespace stack::spec
