// SPDX-License-Identifier: Apache-2.0
#include "spec/logging.h"

#include <gtest/gtest.h>

#include "load_text.h"
#include "spec/log_destination.h"

namespace stack::spec {
namespace {

std::string mistakes(const Logging& logging) {
  std::string text;
  for (const auto& mistake : mistakes_in(logging))
    text += mistake.path + ": " + mistake.message + " (" + mistake.hint + ")\n";
  return text;
}

TEST(Logging, SizesAreDecimalAsDockersAre) {
  EXPECT_EQ(parse_log_size("10m"), 10'000'000U);
  EXPECT_EQ(parse_log_size("1g"), 1'000'000'000U);
  EXPECT_EQ(parse_log_size("1.5KB"), 1500U);
  EXPECT_EQ(parse_log_size("64 KiB"), 64'000U);
  EXPECT_EQ(parse_log_size("4096"), 4096U);
  EXPECT_EQ(parse_log_size("12b"), 12U);
  for (const char* text : {"", "m", "-1", "0", "10x", "10mm", "1k2", "9999999999999p"})
    EXPECT_EQ(parse_log_size(text), std::nullopt) << text;
}

TEST(Logging, EachDriverHasItsDefaults) {
  EXPECT_EQ(limits_of({}), (LogLimits{true, 10'000'000, 3}));
  EXPECT_EQ(limits_of({"json-file", {}}), (LogLimits{true, 10'000'000, 3}));
  EXPECT_EQ(limits_of({"json-file", {{"max-file", "2"}}}), (LogLimits{true, 10'000'000, 2}));
  EXPECT_EQ(limits_of({"json-file", {{"max-size", "-1"}}}), (LogLimits{true, 0, 1}));
  EXPECT_EQ(limits_of({"json-file", {{"max-size", "10m"}}}), (LogLimits{true, 10'000'000, 1}));
  EXPECT_EQ(limits_of({"local", {}}), (LogLimits{true, 20U << 20, 5}));
  EXPECT_EQ(limits_of({"local", {{"max-file", "2"}}}), (LogLimits{true, 20U << 20, 2}));
  EXPECT_FALSE(limits_of({"none", {}}).keeps_output);
}

TEST(Logging, WhatDockerTakesIsNoMistake) {
  EXPECT_EQ(mistakes({"json-file",
                      {{"max-size", "1k"},
                       {"max-file", "3"},
                       {"compress", "true"},
                       {"mode", "non-blocking"},
                       {"max-buffer-size", "4m"},
                       {"tag", "{{.Name}}"},
                       {"labels", "a,b"},
                       {"labels-regex", "^a"},
                       {"env", "A"},
                       {"env-regex", "^A"}}}),
            "");
  EXPECT_EQ(mistakes({"local", {{"compress", "true"}}}), "") << "it rotates by itself";
  EXPECT_EQ(mistakes({"none", {}}), "");
}

TEST(Logging, OtherDriversAreNotSupported) {
  EXPECT_EQ(mistakes({"fluentd", {{"fluentd-address", "1.2.3.4:1"}}}),
            "driver: logging driver \"fluentd\" is not supported (use json-file, local, none, "
            "journald or syslog)\n");
}

TEST(Logging, OptionsAreThoseOfTheDriver) {
  EXPECT_EQ(mistakes({"syslog",
                      {{"syslog-address", "udp://1.2.3.4:1"},
                       {"syslog-facility", "local7"},
                       {"syslog-format", "rfc5424micro"},
                       {"tag", "{{.ImageName}}/{{ .Name }}/{{.ID}}"},
                       {"cache-max-size", "1m"},
                       {"cache-disabled", "true"}}}),
            "");
  EXPECT_EQ(mistakes({"journald", {{"labels", "a"}, {"env-regex", "^A"}}}), "");
  EXPECT_NE(mistakes({"journald", {{"syslog-facility", "daemon"}}}), "");
  EXPECT_NE(mistakes({"syslog", {{"max-size", "1m"}}}), "");
  EXPECT_EQ(mistakes({"json-file", {{"cache-max-size", "1m"}}}), "");
  EXPECT_EQ(mistakes({"syslog", {{"syslog-tls-skip-verify", "1"}}}),
            "options.syslog-tls-skip-verify: syslog over TLS is not supported (send by tcp:// to a "
            "daemon of this machine that does)\n");
  EXPECT_NE(mistakes({"syslog", {{"tag", "{{.Nothing}}"}}}), "");
  EXPECT_NE(mistakes({"syslog", {{"tag", "{{.Name"}}}), "");
}

TEST(Logging, OutputIsSentWhereItSays) {
  using Kind = LogDestination::Kind;
  const auto to = [](const char* address) {
    return destination_of({"syslog", {{"syslog-address", address}}}).value();
  };
  EXPECT_EQ(destination_of({"local", {}}), std::nullopt);
  EXPECT_EQ(destination_of({"journald", {{"tag", "x"}}}),
            (LogDestination{Kind::journald, "", 0, 3, "", "x"}));
  EXPECT_EQ(to(""), (LogDestination{Kind::syslog_unix, "", 0}));
  EXPECT_EQ(to("unixgram:///run/log"), (LogDestination{Kind::syslog_unix, "/run/log", 0}));
  EXPECT_EQ(to("udp://logs.example"), (LogDestination{Kind::syslog_udp, "logs.example", 514}));
  EXPECT_EQ(to("tcp://[fd00::1]:601"), (LogDestination{Kind::syslog_tcp, "fd00::1", 601}));
  for (const char* address : {"logs.example", "tcp://", "udp://a:0", "udp://a:x", "tcp+tls://a:1",
                              "unix://here", "tcp://[fd00::1", "tcp://[fd00::1]601"})
    EXPECT_FALSE(is_syslog_address(address)) << address;
  for (const char* facility : {"", "daemon", "local0", "23"})
    EXPECT_TRUE(syslog_facility(facility)) << facility;
  for (const char* facility : {"24", "-1", "Daemon", "local8"})
    EXPECT_FALSE(syslog_facility(facility)) << facility;
}

TEST(Logging, WhatIsSentIsKeptInTheCache) {
  EXPECT_EQ(limits_of({"syslog", {}}), (LogLimits{true, 20U << 20, 5}));
  EXPECT_EQ(limits_of({"journald", {{"cache-max-size", "1m"}, {"cache-max-file", "2"}}}),
            (LogLimits{true, 1'000'000, 2}));
}

TEST(Logging, OptionsAreReadStrictly) {
  EXPECT_EQ(mistakes({"", {{"max_size", "1m"}}}),
            "options.max_size: unknown logging option \"max_size\" (did you mean \"max-size\"?)\n");
  EXPECT_EQ(mistakes({"", {{"max-size", "-2"}}}),
            "options.max-size: \"-2\" is not a value of the logging option \"max-size\" (a size "
            "like 10m, or -1 for no limit)\n");
  EXPECT_EQ(mistakes({"", {{"max-size", "-1"}}}), "");
  EXPECT_NE(mistakes({"", {{"max-file", "0"}}}), "");
  EXPECT_NE(mistakes({"", {{"mode", "fast"}}}), "");
  EXPECT_NE(mistakes({"", {{"compress", "perhaps"}}}), "");
  EXPECT_NE(mistakes({"", {{"tag", "{{.Bogus}}"}}}), "");
  EXPECT_EQ(mistakes({"", {{"tag", "{{.Name}}/{{ .ID }} {{index .ContainerLabels \"a\"}}"}}}), "");
}

TEST(Logging, SomeOptionsNeedOthers) {
  EXPECT_EQ(mistakes({"", {{"max-buffer-size", "1m"}}}),
            "options.max-buffer-size: max-buffer-size goes with mode: non-blocking ()\n");
  EXPECT_NE(mistakes({"", {{"compress", "true"}}}), "");
  EXPECT_EQ(mistakes({"local", {{"compress", "true"}}}), "");
  EXPECT_EQ(mistakes({"", {{"compress", "true"}, {"max-size", "1m"}}}),
            "options.compress: compress needs max-size, and a max-file of more than 1 ()\n");
}

}  // namespace
}  // namespace stack::spec
