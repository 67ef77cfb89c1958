// SPDX-License-Identifier: Apache-2.0
#include "spec/logging.h"

#include <gtest/gtest.h>

#include "load_text.h"

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
  EXPECT_EQ(limits_of({}), (LogLimits{true, 0, 1}));
  EXPECT_EQ(limits_of({"json-file", {}}), (LogLimits{true, 0, 1}));
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
  EXPECT_EQ(mistakes({"syslog", {{"syslog-address", "udp://1.2.3.4:1"}}}),
            "driver: logging driver \"syslog\" is not supported (use json-file, local or none)\n");
}

TEST(Logging, OptionsAreReadStrictly) {
  EXPECT_EQ(mistakes({"", {{"max_size", "1m"}}}),
            "options.max_size: unknown logging option \"max_size\" (did you mean \"max-size\"?)\n");
  EXPECT_EQ(mistakes({"", {{"max-size", "-1"}}}),
            "options.max-size: \"-1\" is not a value of the logging option \"max-size\" (a size "
            "like 10m)\n");
  EXPECT_NE(mistakes({"", {{"max-file", "0"}}}), "");
  EXPECT_NE(mistakes({"", {{"mode", "fast"}}}), "");
  EXPECT_NE(mistakes({"", {{"compress", "perhaps"}}}), "");
}

TEST(Logging, SomeOptionsNeedOthers) {
  EXPECT_EQ(mistakes({"", {{"max-buffer-size", "1m"}}}),
            "options.max-buffer-size: max-buffer-size goes with mode: non-blocking ()\n");
  EXPECT_EQ(mistakes({"", {{"compress", "true"}, {"max-size", "1m"}}}),
            "options.compress: compress needs max-size, and a max-file of more than 1 ()\n");
}

}  // namespace
}  // namespace stack::spec
