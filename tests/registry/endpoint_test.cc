// SPDX-License-Identifier: Apache-2.0
// Where a name leads, by registries.conf and daemon.json.
#include "registry/endpoint.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"

namespace stack::registry {
namespace {

/// "http://h:1/repository" of each, all origins of it joined by "|".
std::string leads_to(const std::string& name, const RegistriesConf& conf) {
  std::vector<std::string> texts;
  for (const Endpoint& endpoint : endpoints_for(image::parse_reference(name), conf)) {
    std::vector<std::string> origins;
    for (const Origin& origin : endpoint.origins) origins.push_back(to_text(origin));
    texts.push_back(join(origins, "|") + "/" + endpoint.repository);
  }
  return join(texts, " ");
}
RegistriesConf conf_of(const char* text) {
  RegistriesConf conf;
  read_registries_conf(text, conf);
  return conf;
}

TEST(Endpoint, IsEncryptedButOnLoopback) {
  EXPECT_EQ(leads_to("r.example/a/b:1", {}), "https://r.example/a/b");
  EXPECT_EQ(leads_to("localhost:5000/a", {}), "http://localhost:5000|https://localhost:5000/a");
  EXPECT_EQ(leads_to("127.0.0.1:5000/a", {}), "http://127.0.0.1:5000|https://127.0.0.1:5000/a");
}

TEST(Endpoint, OfAnInsecureRegistryMayBePlain) {
  RegistriesConf conf;
  read_daemon_json(R"({"insecure-registries":["r.example"]})", conf);
  EXPECT_EQ(leads_to("r.example/a", conf), "https://r.example|http://r.example/a");
}

TEST(Endpoint, OfMirrorsComesFirst) {
  const auto conf = conf_of(R"(
# a comment
unqualified-search-registries = ["r.example",
  "other.example"]  # goes on
[[registry]]
prefix = "r.example/team"
location = "inner.example/r/team"
[[registry.mirror]]
location = "127.0.0.1:1/cache/team"
[[registry.mirror]]
location = 'm.example/team'
insecure = true
[[registry]]
location = "bad.example"
blocked = true
[aliases]
"app" = "r.example/team/app"
)");
  EXPECT_EQ(leads_to("r.example/team/app:1", conf),
            "http://127.0.0.1:1|https://127.0.0.1:1/cache/team/app "
            "https://m.example|http://m.example/team/app https://inner.example/r/team/app");
  EXPECT_EQ(leads_to("r.example/teammate/app", conf), "https://r.example/teammate/app");
  EXPECT_THROW(leads_to("bad.example/x", conf), Error);
  EXPECT_EQ(without_alias("app:2", conf), "r.example/team/app:2");
  EXPECT_EQ(without_alias("other:2", conf), "other:2");
}

TEST(Endpoint, OfTheDefaultRegistryMayBeMirrored) {
  RegistriesConf conf;
  read_daemon_json(R"({"registry-mirrors":["http://127.0.0.1:9"]})", conf);
  EXPECT_EQ(leads_to("app", conf).substr(0, 33), "http://127.0.0.1:9/library/app ht");
  EXPECT_EQ(leads_to("r.example/app", conf), "https://r.example/app");
}

TEST(RegistriesConf, ThatIsDamagedIsToldWithItsLine) {
  for (const char* bad : {"x", "x = \"y", "x = [\"y\"", "[]", "[[registry.mirror]]"}) {
    try {
      conf_of(bad);
      ADD_FAILURE() << bad;
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace stack::registry
