// SPDX-License-Identifier: Apache-2.0
// `config --why`: the place and the reasons of each value.
#include <gtest/gtest.h>

#include "base/text.h"
#include "load_text.h"
#include "spec/why.h"

namespace stack::spec {
namespace {

std::string why_text(SourceRequest request, std::string_view path) {
  request.keep_history = true;
  const auto answer = why(project_of(request), path);
  if (!answer.problem.empty()) return answer.problem + " (" + answer.hint + ")\n";
  std::string text;
  for (const auto& value : answer.values) {
    text += value.path + " = " + value.value + " @ " + value.origin.file + ":" +
            std::to_string(value.origin.line);
    for (const auto& reason : value.reasons) text += "; " + reason;
    text += "\n";
  }
  return text;
}

const std::string kBase = R"(services:
  web:
    image: nginx:1.25
    ports: ["8080:80", "443:443"]
    command: one
    volumes: ["data:/data"]
    labels: {a: x, com.example.b: y}
volumes: {data: {}, other: {}}
)";

TEST(Why, PortsOfTwoFilesTellWhichAddedAndWhichReplaced) {
  const std::string over = "services:\n  web:\n    ports:\n      - 9090:90\n      - 443:443\n";
  EXPECT_EQ(why_text(request_of({kBase, over}), "services.web.ports"),
            "services.web.ports[0] = 8080:80/tcp @ stack.yaml:4\n"
            "services.web.ports[1] = 443:443/tcp @ override1.yaml:5; replaces the item at "
            "stack.yaml:4:24, which has the same address, host port, container port and protocol\n"
            "services.web.ports[2] = 9090:90/tcp @ override1.yaml:4; appended to the list at "
            "stack.yaml:4:12\n");
}

TEST(Why, AnOverriddenScalarNamesWhatItOverrides) {
  const std::string over = "services:\n  web:\n    image: nginx:1.28\n";
  EXPECT_EQ(why_text(request_of({kBase, over}), "services.web.image"),
            "services.web.image = \"nginx:1.28\" @ override1.yaml:3; overrides \"nginx:1.25\" at "
            "stack.yaml:3:12\n");
}

TEST(Why, AMountWithTheSameTargetReplacesTheEarlierOne) {
  const std::string over = "services:\n  web:\n    volumes: [\"other:/data\"]\n";
  EXPECT_EQ(why_text(request_of({kBase, over}), "services.web.volumes.0"),
            "services.web.volumes[0] = other:/data @ override1.yaml:3; replaces the item at "
            "stack.yaml:6:15, which has the same target\n");
}

TEST(Why, ACommandIsReplacedAsAWhole) {
  const std::string over = "services:\n  web:\n    command: two\n";
  EXPECT_EQ(why_text(request_of({kBase, over}), "services.web.command"),
            "services.web.command[0] = two @ override1.yaml:3; replaces all of stack.yaml:5:14: it "
            "is never merged\n");
}

TEST(Why, AKeyWithoutAValueKeepsWhatWasThere) {
  const std::string over = "services:\n  web:\n    image:\n";
  EXPECT_EQ(why_text(request_of({kBase, over}), "services.web.image"),
            "services.web.image = \"nginx:1.25\" @ stack.yaml:3; kept: override1.yaml:3:5 has the "
            "key without a value\n");
}

TEST(Why, ResetTellsWhoRemovedTheKey) {
  const std::string over = "services:\n  web:\n    labels:\n      a: !reset null\n";
  const auto request = request_of({kBase, over});
  EXPECT_EQ(why_text(request, "services.web.labels"),
            "services.web.labels.com.example.b = \"y\" @ stack.yaml:7\n"
            "services.web.labels.a = (not there) @ override1.yaml:4; removed by !reset\n");
  EXPECT_EQ(why_text(request, "services.web.labels.a"),
            "services.web.labels has no \"a\" (removed by !reset at override1.yaml:4:10)\n");
}

TEST(Why, KeysWithDotsAreFound) {
  EXPECT_EQ(why_text(request_of({kBase}), "services.web.labels.com.example.b"),
            "services.web.labels.com.example.b = \"y\" @ stack.yaml:7\n");
}

TEST(Why, AVariableTellsWhereItsValueIsFrom) {
  auto request = request_of({"services:\n  web:\n    image: nginx:${TAG:-1}${REST}\n"});
  request.surroundings.variables = {{"TAG", "9"}, {"REST", ""}};
  request.surroundings.variable_places = {{"TAG", ".env:3"}};
  EXPECT_EQ(why_text(request, "services.web.image"),
            "services.web.image = \"nginx:9\" @ stack.yaml:3; variables replaced in "
            "\"nginx:${TAG:-1}${REST}\", REST from the environment, TAG from .env:3\n");
}

TEST(Why, ExtendedAndIncludedValuesTellOfIt) {
  const auto request = request_of(
      {"include: [inc.yaml]\nservices:\n  web:\n    extends: {service: base, file: base.yaml}\n"},
      {{"/project/base.yaml", "services:\n  base:\n    image: from-base\n"},
       {"/project/inc.yaml", "services:\n  cache:\n    image: redis:7\n"}});
  EXPECT_EQ(why_text(request, "services.web.image"),
            "services.web.image = from-base @ base.yaml:3; inherited from service \"base\" by "
            "extends at stack.yaml:4:14\n");
  EXPECT_EQ(why_text(request, "services.cache.image"),
            "services.cache.image = \"redis:7\" @ inc.yaml:3; taken in by include at "
            "stack.yaml:1:11\n");
}

TEST(Why, ImpliedAndFilledInValuesSayByWhat) {
  const auto request =
      request_of({"services:\n  web:\n    image: x\n    links: [db]\n  db: {image: x}\n"});
  EXPECT_EQ(why_text(request, "services.web.depends_on.db.restart"),
            "services.web.depends_on.db.restart = true @ stack.yaml:4; implied by links at "
            "stack.yaml:4:13\n");
  EXPECT_EQ(why_text(request, "services.db.networks"),
            "services.db.networks.default = null @ :0; filled in: a service without networks joins "
            "this one\n");
}

TEST(Why, ValuesOfEnvFilesNameTheirLine) {
  const auto request = request_of({"services:\n  web:\n    image: x\n    env_file: app.env\n"},
                                  {{"/project/app.env", "# one\nA=1\n"}});
  EXPECT_EQ(why_text(request, "services.web.environment.A"),
            "services.web.environment.A = \"1\" @ app.env:2; read from a file that is named at "
            "stack.yaml:4:5\n");
}

TEST(Why, AWrongPathHasAHint) {
  EXPECT_EQ(why_text(request_of({kBase}), "services.wbe"),
            "services has no \"wbe\" (did you mean \"web\"?)\n");
  EXPECT_EQ(why_text(request_of({kBase}), "services.web.ports[5]"),
            "services.web.ports has no item \"5\" (it has 2 items, [0] is the first)\n");
}

}  // namespace
}  // namespace stack::spec
