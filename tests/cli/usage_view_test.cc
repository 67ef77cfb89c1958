// SPDX-License-Identifier: Apache-2.0
#include "cli/usage_view.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/process_view.h"

namespace stack::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Fields known{{"Name", "NAME"}, {"PIDs", "PIDS"}};
const std::vector<std::string> columns{"Name", "PIDs"};
const std::vector<Fields> rows{{{"Name", "web-1"}, {"PIDs", "3"}}, {{"Name", "d"}, {"PIDs", "12"}}};

TEST(FieldTemplate, PrintsWhatPeopleWrite) {
  EXPECT_EQ(format_rows("{{.Name}}: {{ .PIDs }}", known, columns, rows), "web-1: 3\nd: 12\n");
  EXPECT_EQ(format_rows("{{.Name}}\\t{{json .PIDs}}", known, columns, rows),
            "web-1\t\"3\"\nd\t\"12\"\n");
  EXPECT_EQ(format_rows("{{json .}}", known, columns, {rows[0]}),
            "{\"Name\":\"web-1\",\"PIDs\":\"3\"}\n");
  EXPECT_EQ(format_rows("plain", known, columns, {rows[0]}), "plain\n");
}

TEST(FieldTemplate, TablesHaveHeadings) {
  EXPECT_EQ(format_rows("", known, columns, rows), "NAME    PIDS\nweb-1   3\nd       12\n");
  EXPECT_EQ(format_rows("table {{.PIDs}}\\t{{.Name}}", known, columns, rows),
            "PIDS   NAME\n3      web-1\n12     d\n");
}

TEST(FieldTemplate, WhatIsNotKnownIsRefusedWithWhatIs) {
  for (const auto& given : {rows, std::vector<Fields>{}}) {
    try {
      format_rows("{{.Nope}}", known, columns, given);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::usage);
      EXPECT_NE(error.hint().find(".Name .PIDs"), std::string::npos) << error.hint();
    }
  }
}

UsageReading reading(milliseconds time, milliseconds cpu) {
  UsageReading it;
  it.time = std::chrono::steady_clock::time_point(time);
  it.resources.cpu = cpu;
  it.resources.memory = 3 << 19;
  it.resources.tasks = 5;
  it.network = {1234, 0};
  return it;
}

TEST(UsageView, CpuIsAShareOfOneProcessor) {
  EXPECT_DOUBLE_EQ(cpu_percent(reading(seconds(1), {}), reading(seconds(2), milliseconds(1500))),
                   150.0);
  EXPECT_DOUBLE_EQ(cpu_percent(reading(seconds(1), {}), reading(seconds(1), seconds(1))), 0.0);
}

TEST(UsageView, HasDockersFieldsAndUnits) {
  const auto fields = usage_fields({"0123", "shop-web-1"}, reading(seconds(1), {}),
                                   reading(seconds(2), milliseconds(5)), 3ULL << 30);
  EXPECT_EQ(json_of(fields),
            R"({"BlockIO":"0B / 0B","CPUPerc":"0.50%","Container":"0123","ID":"0123",)"
            R"("MemPerc":"0.05%","MemUsage":"1.5MiB / 3GiB","Name":"shop-web-1",)"
            R"("NetIO":"1.23kB / 0B","PIDs":"5"})");
}

TEST(UsageView, AContainerThatWasNamedIsCalledAsItWas) {
  const UsageReading now = reading(seconds(1), {});
  const auto fields = usage_fields({"0123", "shop-web-1", "/shop-web-1"}, now, now, 1);
  EXPECT_EQ(format_rows("{{.Container}} {{.ID}}", usage_headings(), {}, {fields}),
            "/shop-web-1 0123\n");
}

TEST(UsageView, BinarySizesHaveFourDigits) {
  EXPECT_EQ(binary_size(0), "0B");
  EXPECT_EQ(binary_size(1023), "1023B");
  EXPECT_EQ(binary_size(1024), "1KiB");
  EXPECT_EQ(binary_size(1234567), "1.177MiB");
  EXPECT_EQ(binary_size(64ULL << 20), "64MiB");
}

TEST(ProcessView, UsersAreNamedAsPsNamesThem) {
  const std::string passwd = "root:x:0:0::/:/bin/sh\nlong-name-of-somebody:x:7:7::/:\n";
  EXPECT_EQ(user_text(0, passwd), "root");
  EXPECT_EQ(user_text(7, passwd), "7") << "longer than eight letters";
  EXPECT_EQ(user_text(70, passwd), "70");
}

TEST(ProcessView, TerminalsHaveTheirNames) {
  EXPECT_EQ(terminal_text(0), "?");
  EXPECT_EQ(terminal_text(34816), "pts/0");
  EXPECT_EQ(terminal_text(34816 + 3), "pts/3");
  EXPECT_EQ(terminal_text(1025), "tty1");
  EXPECT_EQ(terminal_text(1024 + 64), "ttyS0");
}

TEST(ProcessView, TimesAreAsLongAsTheyNeedToBe) {
  EXPECT_EQ(cpu_time_text(milliseconds(62'900)), "00:01:02");
  EXPECT_EQ(cpu_time_text(std::chrono::hours(75)), "3-03:00:00");
}

TEST(ProcessView, ColumnsAreFourWideAndTwoApart) {
  EXPECT_EQ(process_table({"#", "UID", "CMD"}, {{"1", "longer", "a\x1b b"}}),
            "#   UID     CMD\n1   longer  a\\x1b b\n");
}

}  // namespace
}  // namespace stack::cli
