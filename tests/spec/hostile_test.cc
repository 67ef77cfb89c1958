// SPDX-License-Identifier: Apache-2.0
// Files that want to cost memory or time. Each is refused with a sentence; that it happens at once
// is what the test runner's own time limit sees.
#include <gtest/gtest.h>

#include "load_text.h"
#include "spec/dotenv.h"
#include "spec/render.h"
#include "spec/yaml_tree.h"

namespace stack::spec {
namespace {

std::string first_error_of(const std::string& text) {
  return load_text(text).diagnostics.first_error();
}

TEST(HostileFile, AnAliasBombIsRefused) {
  std::string text = "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int level = 1; level < 12; ++level) {
    const std::string alias = "*a" + std::to_string(level - 1);
    text += "x-" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + alias;
    for (int times = 1; times < 10; ++times) text += ", " + alias;
    text += "]\n";
  }
  EXPECT_NE(first_error_of(text).find("expand to more than 100000 values"), std::string::npos);
}

// The scanner made empty documents out of these for ever.
TEST(HostileFile, ALoneFlowCharacterIsRefused) {
  for (const std::string text : {",", ",\n\n", "]", "}", "a: 1\n---\n,\n"}) {
    EXPECT_NE(first_error_of(text), "") << text;
  }
}

TEST(HostileFile, SeveralDocumentsAreNoStandstill) {
  EXPECT_EQ(first_error_of("services: {a: {image: x}}\n---\n---\nservices: {b: {image: x}}\n---\n"),
            "");
}

// As with a directory that has a link to itself: the paths differ, the files do not.
TEST(HostileFile, IncludesThatBranchForEverAreRefused) {
  const std::string text = "include: [./a/x.yaml, ./b/x.yaml]\nservices: {web: {image: x}}\n";
  SourceRequest request = request_of({text});
  request.surroundings.read = [&](const std::string&) { return text; };
  const auto error = load_from_sources(request).diagnostics.to_text();
  EXPECT_NE(error.find("more than 1000 files or 64 MiB are included or extended"),
            std::string::npos);
}

TEST(HostileFile, AnAliasInsideItselfIsRefused) {
  EXPECT_EQ(first_error_of("x-a: &a [*a]\n"),
            "stack.yaml:1:10: error: this alias stands inside the value that it names");
}

TEST(HostileFile, DeepNestingIsRefused) {
  EXPECT_NE(first_error_of("a: " + std::string(5000, '[')).find("deeper than 100"),
            std::string::npos);
  std::string text;
  for (int depth = 0; depth < 300; ++depth)
    text += std::string(static_cast<std::size_t>(depth), ' ') + "a:\n";
  EXPECT_NE(first_error_of(text).find("deeper than 100"), std::string::npos);
}

TEST(HostileFile, AFileOverTheLimitIsRefused) {
  EXPECT_EQ(first_error_of(std::string(kMaxSourceBytes + 1, '#')),
            "stack.yaml:1:1: error: the file is larger than 4 MiB");
}

TEST(HostileFile, BytesThatAreNoTextAreRefusedAtTheirPlace) {
  EXPECT_EQ(first_error_of("a: 1\nb: \xff\n"),
            "stack.yaml:2:4: error: this byte is not UTF-8 text (0xff)");
  EXPECT_EQ(first_error_of("a: \x1b[2J\n"), "stack.yaml:1:4: error: control character 0x1b");
  EXPECT_EQ(first_error_of(std::string("a: \0b\n", 6)),
            "stack.yaml:1:4: error: control character 0x00");
}

// An env file and the caller's variables may hold any bytes; what config prints must not.
TEST(HostileFile, BytesThatAreNoTextArePrintedAsSuchAndReadAgain) {
  auto request = request_of({"services: {web: {image: x, env_file: a.env}}"},
                            {{"/project/a.env", "A=\xf3\x7f\x01\xc3\xbc\n"}});
  const auto printed = to_yaml(project_of(request));
  EXPECT_NE(printed.find("A: \"\xef\xbf\xbd\\x7F\\x01\xc3\xbc\""), std::string::npos) << printed;
  EXPECT_EQ(to_yaml(project_of(printed)), printed);
}

TEST(HostileFile, HugePortRangesAreRefused) {
  std::string text = "services:\n  a:\n    image: x\n    ports:\n";
  for (int line = 0; line < 1000; ++line) text += "      - 1-65535\n";
  EXPECT_NE(first_error_of(text).find("more than 65536 ports"), std::string::npos);
}

TEST(HostileFile, DefaultsNestedWithoutEndAreRefused) {
  std::string text;
  for (int depth = 0; depth < 2000; ++depth) text += "${A:-";
  text += std::string(2000, '}');
  EXPECT_NE(first_error_of("x-a: \"" + text + "\"\n").find("nested deeper"), std::string::npos);
}

TEST(HostileFile, AThousandServicesInARowAreNoStackOverflow) {
  std::string text = "services:\n";
  for (int index = 0; index < 1000; ++index) {
    text += "  s" + std::to_string(index) + ": {image: x";
    if (index > 0) text += ", depends_on: [s" + std::to_string(index - 1) + "]";
    text += "}\n";
  }
  EXPECT_EQ(project_of(text).services.size(), 1000U);
}

TEST(HostileFile, EmptyAndAlmostEmptyFilesAreToldSo) {
  EXPECT_EQ(first_error_of(""), "stack.yaml:1:1: error: the file has no services");
  EXPECT_EQ(first_error_of("services:\n"), "stack.yaml:1:1: error: the file has no services");
  EXPECT_EQ(first_error_of("- a\n"),
            "stack.yaml:1:1: error: the file must be a mapping, not a list");
}

TEST(HostileFile, WindowsLinesAndAByteOrderMarkAreFine) {
  EXPECT_EQ(project_of("\xef\xbb\xbfservices:\r\n  a:\r\n    image: x\r\n").services.at("a").image,
            "x");
}

TEST(Hostile, VariablesThatDoubleOneAnotherEndAtABudget) {
  std::string text = "A0=" + std::string(100, 'x') + "\n";
  for (int at = 1; at < 64; ++at) {
    const auto before = "$A" + std::to_string(at - 1);
    text += "A" + std::to_string(at) + "=" + before + before + "\n";
  }
  const auto parsed = parse_dotenv(text, [](std::string_view) { return std::nullopt; });
  ASSERT_TRUE(parsed.error);
  EXPECT_EQ(parsed.error->message, "the variables of this file expand to more than 16 MiB");
}

TEST(Hostile, ALongVariableUsedOftenEndsAtABudget) {
  std::string text = "services:\n  web:\n    image: x\n    command:\n";
  for (int at = 0; at < 100; ++at) text += "      - $LONG\n";
  auto request = request_of({text});
  request.surroundings.variables["LONG"] = std::string(1 << 20, 'x');
  EXPECT_EQ(messages_of(load_from_sources(request)),
            "21: the variables of this file expand to more than 16 MiB\n");
}

}  // namespace
}  // namespace stack::spec
