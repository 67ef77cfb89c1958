// SPDX-License-Identifier: Apache-2.0
#include "supervisor/syslog_message.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace stack::supervisor {
namespace {

using namespace std::string_view_literals;
using Format = LogShipping::Format;

/// One hour before noon of 5 November 2026, UTC, in a zone of half an hour.
class SyslogMessage : public ::testing::Test {
 protected:
  SyslogMessage() {
    ::setenv("TZ", "XXX-5:30", 1);
    ::tzset();
  }
  ~SyslogMessage() override {
    ::unsetenv("TZ");
    ::tzset();
  }

  static LogLine line(std::string_view text, Stream stream = Stream::out) {
    return {stream, LogTime(std::chrono::microseconds(1'793'876'400'000'042)), text};
  }
  std::string message(Format format, const LogLine& line) {
    shipping_.format = format;
    shipping_.tag = "web";
    return syslog_message(shipping_, line, {"host", 7});
  }

  LogShipping shipping_;
};

TEST_F(SyslogMessage, IsAsTheFormatSays) {
  EXPECT_EQ(message(Format::bsd_local, line("a b")), "<30>Nov  5 16:30:00 web[7]: a b");
  EXPECT_EQ(message(Format::rfc3164, line("a b")), "<30>Nov  5 16:30:00 host web[7]: a b");
  EXPECT_EQ(message(Format::rfc5424, line("a b")),
            "<30>1 2026-11-05T16:30:00+05:30 host web 7 web - a b");
  EXPECT_EQ(message(Format::rfc5424_micro, line("a b")),
            "<30>1 2026-11-05T16:30:00.000042+05:30 host web 7 web - a b");
}

TEST_F(SyslogMessage, StandardErrorIsAnError) {
  shipping_.facility = 16;
  EXPECT_EQ(message(Format::bsd_local, line("x", Stream::err)), "<131>Nov  5 16:30:00 web[7]: x");
}

TEST_F(SyslogMessage, ForJournaldHasFields) {
  shipping_.tag = "web";
  shipping_.fields = {"CONTAINER_NAME=shop-web-1", "A=b=c"};
  EXPECT_EQ(journald_message(shipping_, line("text")),
            "PRIORITY=6\nSYSLOG_IDENTIFIER=web\n"
            "SYSLOG_TIMESTAMP=2026-11-05T16:30:00.000042+05:30\n"
            "CONTAINER_NAME=shop-web-1\nA=b=c\nMESSAGE=text\n");
}

TEST_F(SyslogMessage, ForJournaldSaysHowLongTextOfSeveralLinesIs) {
  shipping_.fields = {"LABEL=two\nlines"};
  const std::string made = journald_message(shipping_, line("x"));
  EXPECT_NE(made.find("LABEL\n\x09\0\0\0\0\0\0\0two\nlines\n"sv), std::string::npos) << made;
}

}  // namespace
}  // namespace stack::supervisor
