// SPDX-License-Identifier: Apache-2.0
// Warnings about valid files, how they are silenced, and what is known about each of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "load_text.h"
#include "spec/catalogue.h"

namespace stack::spec {
namespace {

std::string lint_text(const std::string& text) {
  auto request = request_of({text});
  request.lint = true;
  request.purpose = Purpose::show;
  return messages_of(load_from_sources(request));
}

TEST(Lint, AWellKeptFileHasNothingToComplainAbout) {
  EXPECT_EQ(lint_text("services:\n  web:\n    image: nginx:1.27\n    ports: [\"80:80\"]\n"), "");
}

TEST(Lint, AnImageWithoutATagIsNamed) {
  EXPECT_EQ(lint_text("services:\n  web:\n    image: host:5000/nginx\n"),
            "3: image \"host:5000/nginx\" has no tag, so it changes without notice (name the "
            "version that was tested)\n");
}

TEST(Lint, DataInAnUnnamedVolumeIsNamed) {
  EXPECT_EQ(lint_text("services:\n  db:\n    image: x:1\n    volumes: [/data]\n"),
            "4: what service \"db\" writes to \"/data\" is gone after `down` and `up` (give the "
            "volume a name)\n");
}

TEST(Lint, UnusedResourcesAreNamedAndThoseOfInactiveServicesAreUsed) {
  EXPECT_EQ(lint_text("services:\n"
                      "  web: {image: x:1, profiles: [p], volumes: [\"data:/d\"]}\n"
                      "  other: {image: x:1}\n"
                      "volumes: {data: {}, old: {}}\n"),
            "4: no service uses \"old\" of \"volumes\"\n");
}

TEST(Lint, AJobThatRestartsNeverCompletes) {
  EXPECT_EQ(lint_text("services:\n"
                      "  web:\n"
                      "    image: x:1\n"
                      "    depends_on: {job: {condition: service_completed_successfully}}\n"
                      "  job:\n"
                      "    image: x:1\n"
                      "    restart: always\n"),
            "7: service \"web\" waits for \"job\" to complete, but \"always\" restarts it (use "
            "on-failure, or no restart policy)\n");
}

TEST(Lint, ADatabaseThatIsOpenToEverybodyIsNamed) {
  EXPECT_EQ(lint_text("services:\n"
                      "  db:\n"
                      "    image: x:1\n"
                      "    ports:\n"
                      "      - \"15432:5432\"\n"
                      "      - \"127.0.0.1:3306:3306\"\n"
                      "      - \"8080:80\"\n"
                      "      - {target: 6379, published: 6379, host_ip: \"::\"}\n"
                      "      - \"6379\"\n"),
            "5: PostgreSQL of service \"db\" is open to everybody who reaches this machine "
            "(127.0.0.1:15432:5432 is for this machine alone)\n"
            "8: Redis of service \"db\" is open to everybody who reaches this machine "
            "(127.0.0.1:6379:6379 is for this machine alone)\n"
            "9: Redis of service \"db\" is open to everybody who reaches this machine "
            "(127.0.0.1::6379 is for this machine alone)\n");
}

TEST(Lint, PortsAreClosedWhereTheMachinesSettingsSaySo) {
  auto request = request_of({"services: {db: {image: 'x:1', ports: ['5432:5432']}}"});
  request.lint = true;
  EXPECT_NE(messages_of(load_from_sources(request)), "");
  request.default_bind = "127.0.0.1";
  EXPECT_EQ(messages_of(load_from_sources(request)), "");
}

TEST(Warnings, KeysThatAnotherMakesMeaninglessAreNamed) {
  EXPECT_EQ(messages_of(load_text("services:\n"
                                  "  web:\n"
                                  "    image: x\n"
                                  "    network_mode: host\n"
                                  "    ports: [\"80:80\"]\n")),
            "5: \"ports\" of service \"web\" has no effect with network_mode \"host\" (remove "
            "it)\n");
  EXPECT_EQ(messages_of(load_text("services:\n"
                                  "  web:\n"
                                  "    image: x\n"
                                  "    healthcheck: {test: curl x, disable: true}\n")),
            "4: \"test\" of service \"web\" has no effect in a health check that is disabled "
            "(remove it)\n");
}

TEST(Warnings, WordsAndNumbersOfOlderYamlAreNamed) {
  EXPECT_EQ(messages_of(load_text("services:\n"
                                  "  web:\n"
                                  "    image: x\n"
                                  "    ports: [22:22, \"33:33\"]\n"
                                  "    environment: {DEBUG: on, QUOTED: \"on\"}\n")),
            "4: older YAML takes 22:22 for one number to base 60 (put it in quotes)\n"
            "5: DEBUG is the text \"on\", which older YAML takes for true (put it in quotes)\n");
}

TEST(Warnings, AProfileThatNobodyHasIsNamedWithTheNearest) {
  auto request = request_of({"services:\n  web: {image: x, profiles: [debug]}\n  a: {image: x}\n"});
  request.profiles = {"debgu"};
  EXPECT_EQ(messages_of(load_from_sources(request)),
            "0: no service has profile \"debgu\" (did you mean \"debug\"?)\n");
}

TEST(Ignoring, ACommentOnTheLineOrAboveItSilencesThatWarningOnly) {
  const std::string text =
      "services:\n"
      "  web:\n"
      "    image: x:$A  # stack: ignore unset-variable\n"
      "    # stack: ignore number-as-text, unset-variable\n"
      "    hostname: $B\n"
      "    domainname: $C  # stack: ignore old-boolean\n";
  EXPECT_EQ(messages_of(load_text(text)),
            "6: $C is not set, so domainname becomes \"\". Write $$ for a literal dollar\n");
}

TEST(Ignoring, ErrorsCannotBeSilenced) {
  const auto result = load_text("services:\n  web:\n    imag: x  # stack: ignore unknown-key\n");
  EXPECT_TRUE(result.diagnostics.has_errors());
}

TEST(Catalogue, IsSortedAndFindsItsEntries) {
  const auto entries = catalogue();
  EXPECT_TRUE(std::ranges::is_sorted(entries, {}, &Explanation::id));
  for (const auto& entry : entries) {
    EXPECT_EQ(find_explanation(entry.id), &entry);
    EXPECT_FALSE(entry.title.empty());
    EXPECT_TRUE(entry.text.ends_with('.') || entry.text.ends_with(')') || entry.text.ends_with('/'))
        << entry.id;
  }
  EXPECT_EQ(find_explanation("no-such-thing"), nullptr);
}

}  // namespace
}  // namespace stack::spec
