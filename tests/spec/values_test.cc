// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "spec/dotenv.h"
#include "spec/paths.h"
#include "spec/scalars.h"
#include "spec/short_forms.h"
#include "spec/substitute.h"
#include "spec/yaml_style.h"

namespace stack::spec {
namespace {

using Kind = Node::Kind;

TEST(Scalar, PlainTextHasTheKindThatComposeGivesIt) {
  EXPECT_EQ(resolve_plain("0644").text, "420");
  EXPECT_EQ(resolve_plain("1e3").text, "1000");
  EXPECT_EQ(resolve_plain("1.10").text, "1.1");
  EXPECT_EQ(resolve_plain("22:22").kind, Kind::string);
  EXPECT_EQ(resolve_plain("yes").kind, Kind::string);
  EXPECT_EQ(resolve_plain("True").kind, Kind::boolean);
  EXPECT_EQ(resolve_plain("~").kind, Kind::null);
  EXPECT_EQ(resolve_plain("2020-01-31").kind, Kind::timestamp);
  EXPECT_EQ(resolve_plain("10.0.0.1").kind, Kind::string);
  EXPECT_EQ(resolve_plain("0x1f").text, "31");
  EXPECT_EQ(resolve_plain("2024-02-29").kind, Kind::timestamp);
  EXPECT_EQ(resolve_plain("2024-13-02").kind, Kind::string);
  EXPECT_EQ(resolve_plain("2023-02-29T00:00:00Z").kind, Kind::string);
}

TEST(Scalar, NumbersKeepTheirDigitsAndAreWrittenAsGoDoes) {
  EXPECT_EQ(resolve_plain("0xFFFFFFFFFFFFFFFF").text, "18446744073709551615");
  EXPECT_EQ(resolve_plain("9223372036854775808").text, "9223372036854775808");
  EXPECT_EQ(resolve_plain("1234567.5").text, "1.2345675e+06");
  EXPECT_EQ(resolve_plain("123456.5").text, "123456.5");
  EXPECT_EQ(resolve_plain("1e15").text, "1e+15");
  EXPECT_EQ(resolve_plain("0.0001").text, "0.0001");
  EXPECT_EQ(resolve_plain("0.00001").text, "1e-05");
  EXPECT_EQ(resolve_plain("-0.0").text, "-0");
  EXPECT_EQ(resolve_plain(".inf").text, "+Inf");
  EXPECT_EQ(resolve_plain("-.Inf").text, "-Inf");
  EXPECT_EQ(resolve_plain(".NaN").text, "NaN");
  EXPECT_EQ(resolve_plain(".NaN").kind, Kind::number);
  EXPECT_EQ(resolve_plain("inf").kind, Kind::string);
}

TEST(Scalar, DurationsAreReadExactlyAndPrintedLikeGo) {
  const auto round_trip = [](std::string_view text) {
    return duration_text(*parse_duration(text));
  };
  EXPECT_EQ(round_trip("90s"), "1m30s");
  EXPECT_EQ(round_trip("1h5m30s20ms"), "1h5m30.02s");
  EXPECT_EQ(round_trip("1.5m"), "1m30s");
  EXPECT_EQ(round_trip("100us"), "100µs");
  EXPECT_EQ(round_trip("1m1ns"), "1m0.000000001s");
  EXPECT_EQ(round_trip("1d"), "24h0m0s");
  EXPECT_EQ(round_trip("0"), "0s");
}

TEST(Scalar, WhatIsNoDurationIsRefused) {
  for (const auto* text : {"", "5", "5 seconds", "s", "1x", "99999999999h", "1..5s", "-"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Scalar, SizesAreBinary) {
  EXPECT_EQ(parse_size("512m"), 512ULL << 20);
  EXPECT_EQ(parse_size("1.5g"), 3ULL << 29);
  EXPECT_EQ(parse_size("10kb"), 10240U);
  EXPECT_EQ(parse_size("64 MiB"), 64ULL << 20);
  EXPECT_EQ(parse_size("17"), 17U);
  for (const auto* text : {"", "m", "-1", "1q", "99999999999999999999", "1e30g"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Scalar, SignalsGetOneSpelling) {
  EXPECT_EQ(canonical_signal("term"), "SIGTERM");
  EXPECT_EQ(canonical_signal("15"), "SIGTERM");
  EXPECT_EQ(canonical_signal("SIGRTMIN+3"), "SIGRTMIN+3");
  EXPECT_EQ(canonical_signal("37"), "SIGRTMIN+3");
  for (const auto* text : {"", "0", "65", "33", "TREM", "RTMIN+99"})
    EXPECT_FALSE(canonical_signal(text)) << text;
}

TEST(Scalar, CommandsAreSplitLikeAShellWithoutBeingOne) {
  const auto words = [](std::string_view text) { return split_words(text).words; };
  using List = std::vector<std::string>;
  EXPECT_EQ(words(R"(sh -c "echo 'a b' \"c\"" d\ e)"),
            (List{"sh", "-c", "echo 'a b' \"c\"", "d e"}));
  EXPECT_EQ(words("a '' b"), (List{"a", "", "b"}));
  EXPECT_EQ(words(R"(a "b\tc" 'd\t')"), (List{"a", "btc", "d\\t"}));
  EXPECT_EQ(words("migrate up && serve"), (List{"migrate", "up"}));
  EXPECT_EQ(split_words("a && b").shell_operator, 2U);
}

TEST(Scalar, ANumberInFrontOfARedirectionIsNoWord) {
  const auto split = split_words("node mock.mjs 8090 2>&1");
  EXPECT_EQ(split.words, (std::vector<std::string>{"node", "mock.mjs", "8090"}));
  EXPECT_EQ(split.shell_operator, 19U);
  EXPECT_EQ(split_words("a2>b").words, std::vector<std::string>{"a2"});
  EXPECT_EQ(split_words("2<b").words, std::vector<std::string>{"2"});
}

TEST(Scalar, CommandSubstitutionsHoldTheirWordsTogether) {
  const auto words = [](std::string_view text) { return split_words(text).words; };
  using List = std::vector<std::string>;
  EXPECT_EQ(words("sh -c echo $(date +%s; x) `a b`"),
            (List{"sh", "-c", "echo", "$(date +%s; x)", "`a b`"}));
  EXPECT_EQ(words(R"($(a "b c") `d "e )` f)"), (List{R"($(a "b c"))", "`d e )` f"}));
  EXPECT_EQ(words(R"("(" ')' \( "`")"), (List{"(", ")", "(", "`"}));
}

TEST(Scalar, WhatIsNoCommandSaysWhy) {
  const auto mistake = [](std::string_view text) { return split_words(text).mistake; };
  EXPECT_EQ(mistake("echo 'open"), "a quote that is not closed");
  EXPECT_EQ(mistake("echo `open"), "a back-quote that is not closed");
  EXPECT_EQ(mistake("echo $(open"), "a \"$(\" that is not closed");
  EXPECT_EQ(mistake("echo (a)"), "a parenthesis outside of quotes");
  EXPECT_EQ(mistake("echo a)"), "a parenthesis outside of quotes");
  EXPECT_EQ(mistake("$(a (b))"), "a parenthesis outside of quotes");
  EXPECT_EQ(mistake("echo \\"), "a backslash at its end");
  EXPECT_EQ(mistake("echo a > (b"), "");
}

// --- text in YAML --------------------------------------------------------------------------------

TEST(YamlStyle, WhatEveryReaderTakesForTheTextIsPlain) {
  for (const auto* text :
       {"nginx:1.27", "-f", "a b", "/a+b:/c", "http://a:80/b", "${A}", "it's", "a#b", "1.2.3", "--",
        "a, b", "~/x", "é", "::1", "0.0.0.0", "?a", "60:60", "\\"})
    EXPECT_EQ(yaml_value(text, 4), text);
}

TEST(YamlStyle, WhatIsReadAsSomethingElseIsInDoubleQuotes) {
  for (const auto* text :
       {"",     "~",          "null",      "True",  "yes", "N",  "off",
        "0",    "0x1f",       "0X1F",      "1_000", "1e3", ".5", "-.inf",
        ".NaN", "2024-01-02", "190:20:30", "1:2",   "=",   "<<", "18446744073709551615"})
    EXPECT_EQ(yaml_value(text, 4), "\"" + std::string(text) + "\"");
}

TEST(YamlStyle, SignsOfYamlAreInSingleQuotes) {
  for (const auto* text :
       {"-",  "- a", "a: b", "a:", "a #b", "#a",  "*a", "&a", "!a",  "[a]", "{a}",
        "%a", "@a",  "`a",   "|",  ">",    "? a", " a", "a ", "---", "...", "\"a"})
    EXPECT_EQ(yaml_value(text, 4), "'" + std::string(text) + "'");
  EXPECT_EQ(yaml_value("'a", 4), std::string(3, '\'') + "a'");
}

TEST(YamlStyle, WhatIsNotSeenIsEscaped) {
  EXPECT_EQ(yaml_value("a\tb", 4), R"("a\tb")");
  EXPECT_EQ(yaml_value("a\rb", 4), R"("a\rb")");
  EXPECT_EQ(yaml_value("a\u0085b\u2028", 4), R"("a\Nb\L")");
  EXPECT_EQ(yaml_value("\ufeff\x01", 4), R"("\uFEFF\x01")");
  EXPECT_EQ(yaml_value("\U0001f600", 4), R"("\U0001F600")");
  EXPECT_EQ(yaml_key("a\nb"), R"("a\nb")");
}

TEST(YamlStyle, LinesAreABlock) {
  EXPECT_EQ(yaml_value("a\n\nb", 2), "|-\n  a\n\n  b");
  EXPECT_EQ(yaml_value("a\n", 2), "|\n  a");
  EXPECT_EQ(yaml_value("a\n\n", 2), "|+\n  a\n");
  EXPECT_EQ(yaml_value("\n", 2), "|2+\n");
  EXPECT_EQ(yaml_value("  a\nb", 2), "|2-\n    a\n  b");
  EXPECT_EQ(yaml_value("a \nb", 2), R"("a \nb")");
  EXPECT_EQ(yaml_value("\t\n", 2), R"("\t\n")");
  EXPECT_EQ(yaml_value("a\n\tb", 2), "|-\n  a\n  \tb");
}

// --- ports and volumes ---------------------------------------------------------------------------

std::string ports_text(std::string_view text) {
  const auto parsed = parse_ports(text);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refusal->message;
  std::string shown;
  for (const auto& port : std::get<std::vector<PortParts>>(parsed)) shown += to_text(port) + " ";
  return shown;
}

TEST(Ports, EveryShortNotationIsUnderstood) {
  EXPECT_EQ(ports_text("80"), "80/tcp ");
  EXPECT_EQ(ports_text("8080:80/udp"), "8080:80/udp ");
  EXPECT_EQ(ports_text("127.0.0.1:8080:80"), "127.0.0.1:8080:80/tcp ");
  EXPECT_EQ(ports_text("127.0.0.1::81"), "127.0.0.1::81/tcp ");
  EXPECT_EQ(ports_text("[::1]:6000:6001"), "[::1]:6000:6001/tcp ");
  EXPECT_EQ(ports_text("::1:6000:6001"), "[::1]:6000:6001/tcp ");
}

TEST(Ports, RangesPairUpOrOfferAChoice) {
  EXPECT_EQ(ports_text("3000-3002"), "3000/tcp 3001/tcp 3002/tcp ");
  EXPECT_EQ(ports_text("9090-9091:8080-8081"), "9090:8080/tcp 9091:8081/tcp ");
  EXPECT_EQ(ports_text("8000-8010:80"), "8000-8010:80/tcp ");
}

TEST(Ports, WrongOnesAreRefusedWithTheReason) {
  EXPECT_EQ(ports_text("80800:80"), "host port 80800 is out of range (1-65535)");
  EXPECT_EQ(ports_text("8080:http"), "\"http\" is not a container port number");
  EXPECT_EQ(ports_text("1-3:1-2"), "the port ranges 1-3 and 1-2 differ in length");
  EXPECT_EQ(ports_text("300.0.0.1:80:80"), "\"300.0.0.1\" is not an IP address");
  EXPECT_EQ(ports_text("[fe80::1%eth0]:80:80"), "\"fe80::1%eth0\" is not an IP address");
  EXPECT_EQ(ports_text("8080:"), "no container port in \"8080:\"");
  EXPECT_EQ(ports_text("80/tpc"), "\"tpc\" is not a protocol");
  EXPECT_EQ(ports_text("90-80"), "container port range 90-80 ends before it begins");
}

TEST(Volumes, TheSourceDecidesBetweenPathAndName) {
  const auto parse = [](std::string_view text) {
    return std::get<VolumeParts>(parse_volume(text));
  };
  EXPECT_TRUE(parse("./data:/data").is_bind);
  EXPECT_TRUE(parse("~/data:/data").is_bind);
  EXPECT_FALSE(parse("data:/data").is_bind);
  EXPECT_TRUE(parse("C:\\data:/data").is_bind);
  EXPECT_EQ(parse("${DATA:-./data}:/data").source, "${DATA:-./data}");
  EXPECT_TRUE(parse("data:/data:ro,nocopy").read_only);
  EXPECT_TRUE(parse("data:/data:ro,nocopy").nocopy);
  EXPECT_EQ(parse("/data").target, "/data");
  EXPECT_EQ(parse("data:/b:what").unknown_options, std::vector<std::string>{"what"});
  EXPECT_TRUE(std::holds_alternative<Refusal>(parse_volume(":/data")));
  EXPECT_TRUE(std::holds_alternative<Refusal>(parse_volume("data:bb:cc:dd")));
}

TEST(Paths, AreCleanedWithoutLookingAtTheDisk) {
  EXPECT_EQ(clean_path("/a//b/../c/."), "/a/c");
  EXPECT_EQ(clean_path("/../.."), "/");
  EXPECT_EQ(clean_path("../x/.."), "..");
  EXPECT_EQ(absolute_path("./x", "/p", "/h"), "/p/x");
  EXPECT_EQ(absolute_path("~/x", "/p", "/h"), "/h/x");
}

// --- variables -----------------------------------------------------------------------------------

std::string expand(std::string_view text) {
  std::string events;
  const Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "a";
    if (name == "EMPTY") return "";
    if (name == "DOLLAR") return "$A";
    return std::nullopt;
  };
  auto result = substitute(text, lookup, [&](const SubstitutionEvent& event) {
    using EventKind = SubstitutionEvent::Kind;
    if (event.kind == EventKind::unset) events += " unset:" + event.name;
    if (event.kind == EventKind::required)
      events += " required:" + event.name + ":" + event.message;
    if (event.kind == EventKind::malformed) events += " malformed";
    if (event.kind == EventKind::unclosed) events += " unclosed";
    if (event.kind == EventKind::too_deep) events += " deep";
  });
  return result + events;
}

TEST(Substitution, KnowsEveryOperator) {
  EXPECT_EQ(expand("$A ${A} ${A:-x} ${A-x} ${A:+x} ${A:?no}"), "a a a a x a");
  EXPECT_EQ(expand("${B:-x} ${B-x} ${B:+x}${B+x}"), "x x ");
  EXPECT_EQ(expand("${EMPTY:-x}|${EMPTY-x}|${EMPTY:+x}|${EMPTY+x}"), "x|||x");
  EXPECT_EQ(expand("${B:?give B}"), " required:B:give B");
  EXPECT_EQ(expand("${EMPTY?never}"), "");
}

TEST(Substitution, NestsAndTakesTheFirstOperator) {
  EXPECT_EQ(expand("${B:-${C:-$A}}"), "a");
  EXPECT_EQ(expand("${B-b:-c}"), "b:-c");
  EXPECT_EQ(expand("${B:-^(\\d{4})$}"), "^(\\d{4})$");
}

TEST(Substitution, LeavesOtherDollarsAlone) {
  EXPECT_EQ(expand("$$A $$ $1 $- a$"), "$A $ $1 $- a$");
  EXPECT_EQ(expand("$DOLLAR"), "$A");
}

TEST(Substitution, TellsWhatIsWrong) {
  EXPECT_EQ(expand("x${A"), "x unclosed");
  EXPECT_EQ(expand("${}"), " malformed");
  EXPECT_EQ(expand("${1A}"), " malformed");
  EXPECT_EQ(expand("${A!}"), " malformed");
  EXPECT_EQ(expand("$B"), " unset:B");
}

// --- env files -----------------------------------------------------------------------------------

std::string env_text(std::string_view text) {
  const Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    return name == "OUT" ? std::optional<std::string>("out") : std::nullopt;
  };
  const auto parsed = parse_dotenv(text, lookup);
  std::string shown;
  for (const auto& [key, value, line] : parsed.entries)
    shown += key + "=" + value.value_or("(none)") + ";";
  if (parsed.error) shown += std::to_string(parsed.error->line) + ": " + parsed.error->message;
  return shown;
}

TEST(Dotenv, ReadsThePlainGrammar) {
  EXPECT_EQ(env_text("A=1\n# note\n\nexport B = two words # note\nC: yaml\nD\n"),
            "A=1;B=two words;C=yaml;D=(none);");
  EXPECT_EQ(env_text("\xef\xbb\xbf"
                     "A=1\r\nB=x#y\r\n"),
            "A=1;B=x#y;");
  EXPECT_EQ(env_text("a.b-c[0]=1"), "a.b-c[0]=1;");
}

TEST(Dotenv, ReadsQuotesOverSeveralLines) {
  EXPECT_EQ(env_text("A='$OUT \\n'"), "A=$OUT \\n;");
  EXPECT_EQ(env_text("A=\"one\ntwo\"\nB=3"), "A=one\ntwo;B=3;");
  EXPECT_EQ(env_text(R"(A="x\ty \"q\" \$OUT \101 \0101")"), "A=x\ty \"q\" $OUT \\101 A;");
}

TEST(Dotenv, ExpandsFromOutsideFirstAndThenFromItself) {
  EXPECT_EQ(env_text("OUT=in\nA=$OUT\nB=1\nC=${B}2"), "OUT=in;A=out;B=1;C=12;");
}

TEST(Dotenv, AValueMayBeginWithTheSignOfAComment) {
  EXPECT_EQ(env_text("A=#secret#\nB: #z\nC= # c\nD=## x #y\nE= #\nF=x #c"),
            "A=#secret#;B=#z;C=# c;D=## x;E=#;F=x;");
  EXPECT_EQ(env_text("A=#${Z:?}"), "A=#;1: required variable Z is missing a value");
  EXPECT_EQ(env_text("A=x # ${Z:?}"), "A=x;");
}

TEST(Dotenv, SpacesOfAnyKindAroundAValueAreNotPartOfIt) {
  EXPECT_EQ(env_text("A=\u00a0x\u00a0"), "A=x;");
  EXPECT_EQ(env_text("A=\vx\v\f"), "A=x;");
  EXPECT_EQ(env_text("A=\u00a0\"x \""), "A=x ;");
  EXPECT_EQ(env_text("A=x \u2003\u3000"), "A=x;");
  EXPECT_EQ(env_text("A=\u2003x"), "A=\u2003x;");
  EXPECT_EQ(env_text("\u00a0A\u00a0=1"), "A=1;");
  EXPECT_EQ(env_text("\v\nA=1\n\n B=2"), "A=1;B=2;");
}

TEST(Dotenv, AKeyMayBeEmpty) {
  EXPECT_EQ(env_text("= x\nexport = y\nA=1"), "=x;=y;A=1;");
}

TEST(Dotenv, KeysMayHaveLettersOfAnyLanguage) {
  EXPECT_EQ(env_text("\u00d1=1\n\u65e5\u672c=2\na\u00e9_=3"),
            "\u00d1=1;\u65e5\u672c=2;a\u00e9_=3;");
  EXPECT_EQ(env_text("A\u00a7=1"), "1: unexpected character \"\u00a7\" in key \"A\u00a7\"");
  EXPECT_FALSE(env_text("A\u200b=1").starts_with("A"));
}

TEST(Dotenv, NamesTheLineOfAMistake) {
  EXPECT_EQ(env_text("A=1\nB C=2"), "A=1;2: key \"B C\" contains a space");
  EXPECT_EQ(env_text("A=1\nB=\"open\nC=2"), "A=1;2: this quote is never closed");
}

/// KEY=VALUE of each raw entry, or what is wrong.
std::string raw_text(std::string_view text) {
  const auto parsed = parse_raw_env(text);
  std::string shown;
  for (const auto& [key, value, line] : parsed.entries)
    shown += key + "=" + value.value_or("(none)") + ";";
  return parsed.error ? parsed.error->message : shown;
}

TEST(Dotenv, KeysOfRawFilesHaveNoBlanksWithinAndNoneInFrontCounts) {
  EXPECT_EQ(raw_text("\xef\xbb\xbf  A=1 \n\tB= 2\r\n  # c\n C\n\u00a0D=3"),
            "A=1 ;B= 2;C=(none);D=3;");
  EXPECT_EQ(raw_text("B = 1"), "key \"B \" contains a space");
  EXPECT_EQ(raw_text("export I=x"), "key \"export I\" contains a space");
  EXPECT_EQ(raw_text("C D"), "key \"C D\" contains a space");
  EXPECT_EQ(raw_text(" =1"), "a key is missing before \"=\"");
}

TEST(Dotenv, RawFilesAreTakenAsTheyAre) {
  const auto parsed = parse_raw_env("A='x' # y\n#B=1\nC=$D\r\n");
  ASSERT_EQ(parsed.entries.size(), 2U);
  EXPECT_EQ(parsed.entries[0].value, "'x' # y");
  EXPECT_EQ(parsed.entries[1].value, "$D");
}

}  // namespace
}  // namespace stack::spec
