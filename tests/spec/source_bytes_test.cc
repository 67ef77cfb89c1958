// SPDX-License-Identifier: Apache-2.0
// Files from other machines: their encodings and ends of lines.
#include "spec/source_bytes.h"

#include <gtest/gtest.h>

#include "load_text.h"
#include "spec/yaml_tree.h"

namespace stack::spec {
namespace {

enum class Endian { little, big };

/// `text` (below U+10000) as UTF-16 with its byte order mark.
std::string utf16(std::u16string_view text, Endian endian) {
  std::string bytes;
  const auto add = [&](char16_t unit) {
    const char low = static_cast<char>(unit & 0xff);
    const char high = static_cast<char>(unit >> 8);
    bytes += endian == Endian::little ? low : high;
    bytes += endian == Endian::little ? high : low;
  };
  add(0xfeff);
  for (const char16_t unit : text) add(unit);
  return bytes;
}

TEST(SourceBytes, Utf16IsReadInBothOrders) {
  for (const Endian endian : {Endian::little, Endian::big}) {
    EXPECT_EQ(as_source_text(utf16(u"a: \u00e9\u20ac\U0001f600\r\n", endian)),
              "a: \u00e9\u20ac\U0001f600\n");
    const auto project =
        project_of(utf16(u"services:\r\n  a:\r\n    image: \u00fcber\r\n", endian));
    EXPECT_EQ(project.services.at("a").image, "\u00fcber");
  }
}

TEST(SourceBytes, HalfASurrogateIsNoText) {
  const auto result = load_text(utf16({u"a: \xd800 b\n", 7}, Endian::little));
  EXPECT_EQ(messages_of(result), "1: this byte is not UTF-8 text (0xed)\n");
}

TEST(SourceBytes, Utf16WithoutAMarkIsNamed) {
  EXPECT_EQ(messages_of(load_text(utf16(u"a: b\n", Endian::little).substr(2))),
            "1: control character 0x00 (if this is UTF-16, save the file as UTF-8)\n");
}

TEST(SourceBytes, EveryEndOfALineIsANewline) {
  EXPECT_EQ(as_source_text("a\r\nb\rc\nd\r\r\ne\r"), "a\nb\nc\nd\n\ne\n");
  EXPECT_EQ(as_source_text("\xef\xbb\xbf"
                           "a\r\n"),
            "a\n");
  for (const std::string end : {"\r", "\r\n", "\r\r\n"}) {
    const auto project = project_of("services:" + end + "  a:" + end + "    image: x" + end);
    EXPECT_EQ(project.services.at("a").image, "x");
  }
}

TEST(SourceBytes, ACarriageReturnIsNoPartOfALineThatIsShown) {
  const auto text = load_text("services:\r\n  a:\r\n    imag: x\r\n").diagnostics.to_text();
  EXPECT_NE(text.find("  3 |     imag: x\n"), std::string::npos) << text;
  auto request =
      request_of({"services: {a: {image: x, env_file: a.env}}"}, {{"/project/a.env", "A B=1\r\n"}});
  const auto of_env_file = load_from_sources(request).diagnostics.to_text();
  EXPECT_NE(of_env_file.find("  1 | A B=1\n"), std::string::npos) << of_env_file;
}

TEST(SourceBytes, AFileThatWasCutOffStaysTooLarge) {
  std::string text = "services: {a: {image: x}}\r\n";
  while (text.size() <= kMaxSourceBytes) text += "# comment\r\n";
  EXPECT_EQ(messages_of(load_text(text)), "1: the file is larger than 4 MiB\n");
}

}  // namespace
}  // namespace stack::spec
