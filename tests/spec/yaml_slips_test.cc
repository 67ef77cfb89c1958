// SPDX-License-Identifier: Apache-2.0
// The slips of everyday files: what is told must be the line that has to be mended, with how. The
// golden files 15 to 24 show some of them in full.
#include <gtest/gtest.h>

#include "shown.h"
#include "spec/yaml_outline.h"

namespace stack::spec {
namespace {

/// Line and column of the only mistake that is told.
std::string place_of_slip(const std::string& text) {
  const auto result = load_text(text);
  std::string places;
  for (const auto& item : result.diagnostics.sorted())
    places += fmt::format("{}:{} ", item.origin.line, item.origin.column);
  return places;
}

constexpr auto kNoColon = "a colon and a space belong behind the key: ";

TEST(OpenQuote, TakesInTheRestOfTheFileAndIsRefusedWhereItOpens) {
  const std::string head = "services:\n  a:\n    image: x\n    command: ";
  for (const std::string tail :
       {"'abc        # or \"abc\n  b:\n    image: y\n", "'x", "'x\n", "\"x\n", "\"x\\\"\n",
        "'it''s\n", "[sh, 'x\n", "!!str 'x\n", "&a \"x\n", "!!str\n      'x\n", "'x\n---\na: b\n"})
    EXPECT_FALSE(load_text(head + tail).project) << tail;
  EXPECT_EQ(said_of({head + "'abc        # or \"abc\n  b:\n    image: y\n"}),
            "4: the value that goes on from line 4 never ends (close the quote that opens here)\n");
  EXPECT_EQ(place_of_slip(head + "\"x\n"), "4:14 ");
  EXPECT_EQ(place_of_slip(head + "!!str \"x\n"), "4:20 ");
  EXPECT_EQ(place_of_slip(head + "!!str\n      \"x\n"), "5:7 ");
}

TEST(OpenQuote, IsToldWhereItOpensAndNotWhereTheNextOneCloses) {
  EXPECT_EQ(place_of_slip("services:\n  a:\n    image: x\n    ports:\n      - \"80:80\n"
                          "      - \"81:81\"\n    restart: always\n"),
            "5:9 ");
  EXPECT_EQ(place_of_slip("services:\n  a:\n    image: x\n    ports:\n      - \"80:80\n"
                          "    restart: always\n  b:\n    image: y\n    environment:\n"
                          "      A: \"b\"\n"),
            "5:9 ");
}

TEST(LongQuote, ThatIsClosedIsAValueLikeAnyOther) {
  for (const std::string value :
       {"'it''s'", "\"a\\\"b\"", "\"a\n\n      b\"", "'a\n      b'   # not open: '", "!!str 'x'",
        "|\n      'x", ">\n      \"x\n", "it's", "x'", "a \"b"})
    EXPECT_EQ(said_of({"services:\n  a:\n    image: x\n    hostname: " + value + "\n"}), "")
        << value;
}

TEST(MissingColon, IsToldAtTheLineThatIsNoKey) {
  const std::string head = "services:\n  a:\n";
  EXPECT_EQ(
      said_of({head + "    image nginx:1.25\n    ports:\n      - \"80\"\n"}),
      fmt::format("3: this line is not a key with a value ({}image: nginx:1.25)\n", kNoColon));
  EXPECT_EQ(
      said_of({head + "    image:nginx:1.25\n    ports:\n      - \"80\"\n"}),
      fmt::format("3: this line is not a key with a value ({}image: nginx:1.25)\n", kNoColon));
  EXPECT_EQ(said_of({head + "    image: x\n    ports\n      - \"80:80\"\n    restart: always\n"}),
            fmt::format("4: this line is not a key with a value ({}ports:)\n", kNoColon));
  EXPECT_EQ(place_of_slip(head + "    image: x\n    ports\n    - \"80:80\"\n"), "4:5 ");
  EXPECT_EQ(place_of_slip(head + "    image: x\n    command: \"a\n      b\"\n    restart always\n"
                                 "    init: true\n"),
            "6:5 ");
}

TEST(MissingColon, InTheLastLineMakesNoKeyOfIt) {
  const std::string head = "services:\n  a:\n    image: x\n    ";
  for (const std::string tail : {"environment:\n      A: b\n      PASSWORD secret",
                                 "labels:\n      a: b\n      PASSWORD:secret\n",
                                 "labels:\n      a: b\n      \"PASSWORD\" secret\n",
                                 "labels:\n      a: b\n      PASSWORD # x: y\n"})
    EXPECT_EQ(place_of_slip(head + tail), "6:7 ") << tail;
  EXPECT_EQ(place_of_slip("services:\n  a:\n    image: x\nvolumes"), "4:1 ");
  EXPECT_EQ(place_of_slip("services:\n  a:\n    image: x\n    environment\n      - A=b\n"), "4:5 ");
}

TEST(KeyWithoutValue, IsNoSlip) {
  for (const std::string map :
       {"{A, B: c}", "{A: , B}", "\n      A:\n      B: c", "\n      ? A\n      ? B",
        "\n      \"A\" :\n      'B': c", "\n      ? A\n      : c",
        "\n      &x A:\n      !!str B:", "\n      A: # b\n      B: ~"})
    EXPECT_EQ(said_of({"services:\n  a:\n    image: x\n    environment: " + map + "\n"}), "")
        << map;
}

TEST(Conflict, IsToldAtItsFirstMarker) {
  EXPECT_EQ(place_of_slip("services:\n  a:\n    image: x\n<<<<<<< HEAD\n    restart: always\n"
                          "=======\n    restart: no\n>>>>>>> other\n"),
            "4:1 ");
}

TEST(NoBreakSpace, IsToldWhereItIndents) {
  EXPECT_EQ(said_of({"services:\n  a:\n    image: x\n    ports:\n      - 80\n"
                     "\u00a0\u00a0\u00a0\u00a0restart: always\n    init: true\n"}),
            "6: a no-break space (U+00A0) cannot be used to indent (use plain spaces)\n");
}

TEST(OpenBracket, IsToldWhereItOpens) {
  const std::string head = "services:\n  a:\n    image: x\n    command: ";
  const std::string tail = "    environment: {A: b}\n    init: true\n";
  EXPECT_EQ(place_of_slip(head + "[a, b\n" + tail), "4:14 ");
  EXPECT_EQ(place_of_slip(head + "[[a, b]\n" + tail), "4:14 ");
  EXPECT_EQ(place_of_slip(head + "[a, b}\n" + tail), "4:19 ");
  EXPECT_EQ(place_of_slip("services:\n  a: {image: x\n  b: {image: y}\n"), "2:6 ");
}

TEST(SecondDocument, BeginsWithThreeDashes) {
  EXPECT_EQ(said_of({"  services:\n    a:\n      image: x\nvolumes:\n  v:\n"}),
            "4: a further document must begin with \"---\" (keys of one mapping begin in the same "
            "column: line 1 is indented)\n");
  EXPECT_EQ(said_of({"services:\n  a:\n    image: x\n...\nx-foo: bar\n"}),
            "5: a further document must begin with \"---\"\n");
  EXPECT_EQ(said_of({"services:\n  a:\n    image: x\n...\n# end\n---\nx-foo: bar\n...\n"}), "");
}

TEST(EmptyItem, IsRefusedAtItsComma) {
  const std::string head = "services:\n  a:\n    image: x\n    command: ";
  EXPECT_EQ(place_of_slip(head + "[,]\n"), "4:15 ");
  EXPECT_EQ(place_of_slip(head + "[a,,b]\n"), "4:17 ");
  EXPECT_EQ(said_of({head + "[a, b,]\n"}), "");
}

TEST(Tag, MustBeTrue) {
  const std::string head = "services:\n  a:\n    image: x\n    command: ";
  EXPECT_EQ(said_of({head + "!!null x\n"}),
            "4: \"x\" is not null, as its tag says (leave the tag out)\n");
  EXPECT_EQ(said_of({head + "!!null ~\n"}), "");
  EXPECT_EQ(web("hostname: !!binary aGk=", "hostname"), "hi");
  EXPECT_EQ(place_of_slip(head + "!!binary /w==\n"), "4:14 ");
  EXPECT_EQ(place_of_slip(head + "!!binary '%'\n"), "4:14 ");
}

/// One letter for each line: Nothing, Entry, itEm -> "m", Text, Structure, Inside.
std::string outline(std::string_view text) {
  std::string letters;
  for (const auto& line : outline_of(SourceLines(text)).lines)
    letters += "nemtsi"[static_cast<int>(line.kind)];
  return letters;
}

TEST(Outline, TellsKeysItemsTextAndWhatBelongsToAValueAbove) {
  EXPECT_EQ(outline("a:\n  - b\n  - c: d\n\n# e\n  f g\n"),
            "emenn"
            "t");
  EXPECT_EQ(outline("a: |\n  b: c\n\n  'd\ne: f\n"), "eiiie");
  EXPECT_EQ(outline("a: 'b\n  c: d'\ne: [f,\n  g: h]\ni: j\n"), "eieie");
  EXPECT_EQ(outline("---\na: &x\n  &y\n  ? b\n  : c\n"), "sesss");
  EXPECT_EQ(outline("a: {b: '}',\n c}\nd: e\n"), "eie");
}

TEST(Outline, OfHostileLinesNeedsNoStack) {
  std::string keys;
  std::string quotes = "a: [";
  while (keys.size() < 1'000'000) keys += "a: ";
  while (quotes.size() < 1'000'000) quotes += "\"\n\", ";
  EXPECT_EQ(outline_of(SourceLines(keys)).lines.size(), 1U);
  EXPECT_GT(outline_of(SourceLines(quotes)).quotes.size(), 100'000U);
}

}  // namespace
}  // namespace stack::spec
