// SPDX-License-Identifier: Apache-2.0
#include "supervisor/readiness.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "supervisor/container_config.h"

namespace stack::supervisor {
namespace {

using namespace std::chrono_literals;

TEST(Readiness, LooksComeOftenAtFirstAndSeldomLater) {
  EXPECT_EQ(pause_between_looks(0s), 1ms);
  EXPECT_EQ(pause_between_looks(100ms), 5ms);
  EXPECT_EQ(pause_between_looks(30s), 10ms);
  EXPECT_EQ(pause_between_looks(2min), 100ms);
  EXPECT_EQ(pause_between_questions(0s), 50ms);
  EXPECT_EQ(pause_between_questions(1min), 1s);
}

TEST(Readiness, AStatusIsReadAsSoonAsItsLineIsThere) {
  EXPECT_EQ(http_status("HTTP/1.1 204 No Content\r\nServer: x"), 204);
  EXPECT_EQ(http_status("HTTP/1.0 503\n"), 503);
  EXPECT_EQ(http_status("HT"), std::nullopt);
  EXPECT_EQ(http_status("HTTP/1.1 20"), std::nullopt);
  EXPECT_EQ(http_status("SSH-2.0-x\r\n"), 0);
  EXPECT_EQ(http_status("HTTP/1.1\r\n"), 0);
  EXPECT_EQ(http_status("HTTP/" + std::string(5000, 'x')), 0);
}

TEST(Readiness, WithoutAStatusAnythingThatIsNoErrorWillDo) {
  ReadyRule rule;
  EXPECT_TRUE(means_ready(rule, 200));
  EXPECT_TRUE(means_ready(rule, 302));
  EXPECT_FALSE(means_ready(rule, 404));
  EXPECT_FALSE(means_ready(rule, 0));
  rule.status = 401;
  EXPECT_TRUE(means_ready(rule, 401));
  EXPECT_FALSE(means_ready(rule, 200));
}

TEST(Readiness, TheQuestionNamesTheHost) {
  ReadyRule rule;
  rule.host = "::1";
  rule.ports = {{8080, "tcp"}};
  rule.path = "/up?x=1";
  const std::string request = http_request(rule);
  EXPECT_TRUE(request.starts_with("GET /up?x=1 HTTP/1.1\r\nHost: [::1]:8080\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n"));
}

TEST(Readiness, OnlyAWholeLineSaysReady) {
  EXPECT_TRUE(says_ready("READY=1"));
  EXPECT_TRUE(says_ready("STATUS=up\nREADY=1\nMAINPID=7\n"));
  EXPECT_FALSE(says_ready("READY=10"));
  EXPECT_FALSE(says_ready("STATUS=READY=1"));
}

TEST(Readiness, WhatIsMissingIsToldInWords) {
  ReadyRule rule;
  EXPECT_EQ(what_is_missing(rule), "nothing listens on any port");
  rule.ports = {{80, "tcp"}, {53, "udp"}};
  EXPECT_EQ(what_is_missing(rule), "nothing listens on port 80 or 53/udp");
  rule.kind = ReadyRule::Kind::file;
  rule.path = "/run/ready";
  EXPECT_EQ(what_is_missing(rule), "there is no /run/ready");
}

TEST(Readiness, ARuleIsTheSameWhenItIsReadBack) {
  ContainerConfig config;
  config.id = "c";
  config.ready.emplace();
  config.ready->kind = ReadyRule::Kind::http;
  config.ready->ports = {{80, "tcp"}};
  config.ready->host = "localhost";
  config.ready->path = "/";
  config.ready->status = 204;
  config.ready->timeout = 5s;
  config.restart_with = {{"db", true}};
  config.attributes = {{"image", "x"}};
  config.restart.when_unhealthy = true;
  nlohmann::json summary(config);
  const nlohmann::json details = take_details(summary);
  ContainerConfig read;
  read_summary(summary, read);
  read_details(details, read);
  EXPECT_EQ(read, config);
}

}  // namespace
}  // namespace stack::supervisor
