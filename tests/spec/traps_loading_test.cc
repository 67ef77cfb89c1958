// SPDX-License-Identifier: Apache-2.0
// Loading, names and environment: rows 1 to 23 of the list of semantic traps,
// docs/compose-traps.md. TrapNN is the row's number there.
#include <gtest/gtest.h>

#include "base/error.h"
#include "folder.h"
#include "shown.h"
#include "spec/dotenv.h"
#include "spec/load.h"
#include "spec/substitute.h"

namespace stack::spec {
namespace {

SourceRequest with_variables(const std::string& text, StringMap variables,
                             std::map<std::string, std::string> disk = {}) {
  auto request = request_of({text}, std::move(disk));
  request.surroundings.variables = std::move(variables);
  return request;
}

/// `text` after substitution, with A and B unset, S "set" and E empty.
std::string substituted(std::string_view text) {
  const Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name == "S") return "set";
    if (name == "E") return "";
    return std::nullopt;
  };
  return substitute(text, lookup, [](const SubstitutionEvent&) {});
}

// --- 1, 2: the order of the stages ---------------------------------------------------------------

TEST(Trap01, VariablesAreReplacedBeforeExtendsLooksForTheService) {
  const auto request = with_variables(
      "services: {web: {extends: '$BASE'}, base: {image: x, user: u}}", {{"BASE", "base"}});
  EXPECT_EQ(shown(project_of(request), "services.web.user"), "u");
}

TEST(Trap01, AnExtensionSeesItsFileAndNoLaterOverride) {
  EXPECT_EQ(shown_of_web({"services: {web: {extends: base}, base: {image: x, user: first}}",
                          "services: {base: {user: later}}"},
                         "user"),
            "first");
}

TEST(Trap01, ShortAndLongNotationMeetInOneFormBeforeTheyMerge) {
  EXPECT_EQ(merged_web("ports: ['8080:80']", "ports: [{target: 80, published: '8080', mode: host}]",
                       "ports"),
            "[{target: 80, published: 8080, mode: host, protocol: tcp}]");
}

TEST(Trap02, EachFileIsInterpolatedOnItsOwn) {
  EXPECT_EQ(merged_web("labels: {a: '$$X'}", "labels: {b: '$$$$'}", "labels"), "{a: $X, b: $$}");
}

TEST(Trap02, KeysAreNeverInterpolatedListItemsAre) {
  const auto request = with_variables(
      "services: {web: {image: x, environment: {$K: map}, labels: [$K=list]}}", {{"K", "key"}});
  const auto web = project_of(request).services.at("web");
  EXPECT_EQ(web.environment, (Environment{{"$K", "map"}}));
  EXPECT_EQ(web.labels, (StringMap{{"key", "list"}}));
}

// --- 3, 4, 5, 6: variables -----------------------------------------------------------------------

TEST(Trap03, ADoubledDollarIsOneAndWhatIsNoNameStays) {
  EXPECT_EQ(substituted("$$S $${S} $1 $ $- a$"), "$S ${S} $1 $ $- a$");
}

TEST(Trap03, BracesWithoutANameAreRefusedAtTheirPlace) {
  EXPECT_EQ(said_of({"services: {web: {image: 'a${}'}}"}),
            "1: \"${}\" is not a variable (write $$ for a literal dollar)\n");
  EXPECT_EQ(said_of({"services: {web: {image: '${1A}'}}"}),
            "1: \"${1A}\" is not a variable (write $$ for a literal dollar)\n");
}

TEST(Trap04, TheFirstOperatorByPositionWins) {
  EXPECT_EQ(substituted("${A-b:-c}"), "b:-c");
  EXPECT_EQ(substituted("${A:-b-c}"), "b-c");
  EXPECT_EQ(substituted("${A:-b:?c}"), "b:?c");
}

TEST(Trap04, TheColonCountsAnEmptyValueAsUnset) {
  EXPECT_EQ(substituted("<${E-d}> <${E:-d}> <${E+s}> <${E:+s}> <${S+s}> <${A+s}>"),
            "<> <d> <s> <> <s> <>");
}

TEST(Trap04, DefaultsAreInterpolatedWithTheirBracesBalanced) {
  EXPECT_EQ(substituted("${A:-${B:-{x}}}"), "{x}");
  EXPECT_EQ(substituted("${A:-<$S>}"), "<set>");
}

TEST(Trap05, ARequiredVariableIsAnErrorWithTheFilesOwnWords) {
  EXPECT_EQ(said_of({"services: {web: {image: '${X:?say ${Y:-which} one}'}}"}),
            "1: required variable X is missing a value: say which one\n");
}

TEST(Trap05, AnUnsetVariableIsAWarningAndEmpty) {
  EXPECT_EQ(said_of({"services: {web: {image: 'x${TAG}'}}"}),
            "1: ${TAG} is not set, so image becomes \"x\"\n");
}

TEST(Trap06, TextFromAVariableBecomesTheTypeOfItsKey) {
  const auto request = with_variables(
      "services: {web: {image: x, scale: '$N', cpus: '$F', tty: '$B', pids_limit: '$N'}}",
      {{"N", "2"}, {"F", "1.5"}, {"B", "true"}});
  const auto web = project_of(request).services.at("web");
  EXPECT_EQ(web.scale, 2);
  EXPECT_EQ(web.cpus, 1.5);
  EXPECT_TRUE(web.tty);
}

TEST(Trap06, YesAndOnAreTrueWithAWarning) {
  EXPECT_TRUE(service_of("    tty: 'on'\n").tty);
  EXPECT_EQ(said_of({"services: {web: {image: x, tty: 'yes'}}"}),
            "1: \"yes\" is read as true (write true)\n");
}

TEST(Trap06, WhatDoesNotFitTheTypeIsRefused) {
  for (const std::string value : {"perhaps", "1", "t"}) {
    EXPECT_EQ(said_of({"services: {web: {image: x, tty: '" + value + "'}}"}),
              "1: \"" + value + "\" is not true or false: \"tty\" of service \"web\"\n");
  }
  EXPECT_EQ(said_of({"services: {web: {image: x, scale: two}}"}),
            "1: \"two\" is not a whole number: \"scale\" of service \"web\"\n");
}

// --- 7, 8, 12, 13: on a real directory -----------------------------------------------------------

class LoadedFolder : public Folder {
 protected:
  static Project project(const LoadRequest& request) {
    auto result = load(request);
    EXPECT_TRUE(result.project) << result.diagnostics.to_text();
    return result.project ? std::move(*result.project) : Project{};
  }
  static std::string image(const LoadRequest& request) {
    return shown(project(request), "services.web.image");
  }
};

using Trap07 = LoadedFolder;
using Trap08 = LoadedFolder;
using Trap12 = LoadedFolder;
using Trap13 = LoadedFolder;

TEST_F(Trap07, TheShellWinsOverEveryEnvFile) {
  write("stack.yaml", "services: {web: {image: $V}}");
  write(".env", "V=dotenv");
  write("named.env", "V=named");
  auto asked = request();
  EXPECT_EQ(image(asked), "dotenv");
  asked.env_files = {"named.env"};
  EXPECT_EQ(image(asked), "named");
  asked.environment = {{"V", "shell"}};
  EXPECT_EQ(image(asked), "shell");
}

TEST_F(Trap07, ALaterEnvFileOverridesAnEarlierOneAndSeesItsValues) {
  write("stack.yaml", "services: {web: {image: $V-$W}}");
  write("a.env", "V=a\nW=a\n");
  write("b.env", "W=b$V\n");
  auto asked = request();
  asked.env_files = {"a.env", "b.env"};
  EXPECT_EQ(image(asked), "a-ba");
}

TEST_F(Trap07, AMissingEnvFileIsAnErrorAMissingDotenvIsNot) {
  write("stack.yaml", "services: {web: {image: x}}");
  EXPECT_EQ(image(request()), "x");
  auto asked = request();
  asked.env_files = {"none.env"};
  EXPECT_THROW(load(asked), Error);
}

TEST_F(Trap07, AKeySetAgainIsSeenByTheLinesBelowIt) {
  write("stack.yaml", "services: {web: {image: $BEFORE-$URL}}");
  write("a.env", "DOMAIN=dev\n");
  write("b.env", "BEFORE=$DOMAIN\nDOMAIN=prod\nURL=$DOMAIN.x\n");
  auto asked = request();
  asked.env_files = {"a.env", "b.env"};
  EXPECT_EQ(image(asked), "dev-prod.x");
  asked.environment = {{"DOMAIN", "shell"}};
  EXPECT_EQ(image(asked), "shell-shell.x");
}

TEST_F(Trap07, DotenvIsThatOfTheFolderThatTheCommandLineNames) {
  write("project/stack.yaml", "services: {web: {image: $V-$W}}");
  write("project/.env", "V=project\n");
  write("other/.env", "V=other\n");
  write(".env", "V=here\nW=here\n");
  auto asked = request();
  asked.files = {"project/stack.yaml", "other/../project/stack.yaml"};
  EXPECT_EQ(image(asked), "project-");
  asked.project_directory = "other";
  EXPECT_EQ(image(asked), "other-");
  asked.environment = {{"COMPOSE_FILE", "other/none.yaml"}};
  EXPECT_EQ(image(asked), "other-");
}

TEST_F(Trap07, DotenvOfTheCallerWinsWhereAVariableNamesTheFiles) {
  write("project/stack.yaml", "services: {web: {image: $V-$W}}");
  write("project/.env", "V=project\nW=project\n");
  write(".env", "V=here\n");
  auto asked = request();
  asked.environment = {{"COMPOSE_FILE", "project/stack.yaml"}};
  EXPECT_EQ(image(asked), "here-project");
}

TEST_F(Trap07, ADotenvThatSwitchesItselfOffKeepsItsSettings) {
  write("project/stack.yaml", "services: {web: {image: 'x:${V-none}', profiles: [p]}}");
  write("project/.env", "V=project\n");
  write(".env",
        "V=here\nCOMPOSE_DISABLE_ENV_FILE=1\nCOMPOSE_PROFILES=p\n"
        "COMPOSE_FILE=project/stack.yaml\n");
  EXPECT_EQ(image(request()), "x:none");
}

TEST_F(Trap08, SettingsInDotenvCountBeforeFilesAreSearched) {
  write("other.yaml", "services: {web: {image: x, profiles: [p]}}");
  write(".env", "COMPOSE_FILE=other.yaml\nCOMPOSE_PROFILES=p\nCOMPOSE_PROJECT_NAME=named\n");
  const auto loaded = project(request());
  EXPECT_EQ(loaded.name, "named");
  EXPECT_TRUE(loaded.services.contains("web"));
}

TEST_F(Trap12, TheNameComesFromTheFlagTheVariableTheLastFileOrTheFolder) {
  write("_My.Shop_1/stack.yaml", "services: {web: {image: x}}");
  auto asked = request("_My.Shop_1");
  EXPECT_EQ(find_project_name(asked), "myshop_1");
  write("_My.Shop_1/stack.yaml", "name: first\nservices: {web: {image: x}}");
  write("_My.Shop_1/stack.override.yaml", "name: last");
  EXPECT_EQ(find_project_name(asked), "last");
  asked.environment = {{"COMPOSE_PROJECT_NAME", "variable"}};
  EXPECT_EQ(find_project_name(asked), "variable");
  asked.project_name = "flag";
  EXPECT_EQ(find_project_name(asked), "flag");
}

TEST_F(Trap12, AGivenNameIsRefusedRatherThanChanged) {
  write("stack.yaml", "services: {web: {image: x}}");
  auto asked = request();
  asked.project_name = "Foo";
  EXPECT_THROW(find_project_name(asked), Error);
}

TEST_F(Trap13, AllFilesAreRelativeToTheFolderOfTheFirst) {
  write("one/stack.yaml", "services: {web: {image: x}}");
  write("two/over.yaml", "services: {web: {build: ./b, volumes: ['./d:/d']}}");
  auto asked = request();
  asked.purpose = Purpose::show;
  asked.files = {"one/stack.yaml", "two/over.yaml"};
  EXPECT_EQ(shown(project(asked), "services.web.build.context"), (root_ / "one/b").native());
  asked.project_directory = "two";
  EXPECT_EQ(shown(project(asked), "services.web.build.context"), (root_ / "two/b").native());
}

// --- 9, 10, 11: the environment of a service -----------------------------------------------------

TEST(Trap09, EnvironmentWinsOverTheLastEnvFileAndThatOverTheFirst) {
  const auto request =
      request_of({"services: {web: {image: x, env_file: [a.env, b.env], environment: {A: own}}}"},
                 {{"/project/a.env", "A=1\nB=1\nC=1\n"}, {"/project/b.env", "A=2\nB=2\n"}});
  EXPECT_EQ(project_of(request).services.at("web").environment,
            (Environment{{"A", "own"}, {"B", "2"}, {"C", "1"}}));
}

TEST(Trap09, AKeyWithoutValueThatNobodySetsUnsetsWhatAnEnvFileSays) {
  const auto request =
      request_of({"services: {web: {image: x, env_file: a.env, environment: [A]}}"},
                 {{"/project/a.env", "A=file\n"}});
  EXPECT_EQ(project_of(request).services.at("web").environment, (Environment{{"A", std::nullopt}}));
}

TEST(Trap09, AMissingEnvFileMattersToWhoMakesContainersOfItsService) {
  auto request = request_of({"services:\n  web: {image: x, env_file: none.env, label_file: none}\n"
                             "  db: {image: x, environment: {A: own}, env_file: a.env}\n"
                             "  job: {image: x, links: [web]}\n"},
                            {{"/project/a.env", "B=b\n"}});
  const auto is_loaded = [&](Needed needed, Strings services) {
    request.needed = needed;
    request.services = std::move(services);
    return load_from_sources(request).project.has_value();
  };
  EXPECT_FALSE(is_loaded(Needed::all, {"db"}));
  EXPECT_FALSE(is_loaded(Needed::chosen, {}));
  EXPECT_FALSE(is_loaded(Needed::chosen, {"web"}));
  EXPECT_FALSE(is_loaded(Needed::chosen, {"job"}));
  EXPECT_TRUE(is_loaded(Needed::chosen, {"db"}));
  EXPECT_TRUE(is_loaded(Needed::none, {}));
  EXPECT_EQ(project_of(request).services.at("db").environment.at("B"), "b");
}

TEST(Trap10, EnvFilesSeeTheCallerThenTheServiceThenTheirOwnKeys) {
  const auto request = with_variables(
      "services: {web: {image: x, env_file: a.env, environment: {S: service, BOTH: service}}}",
      {{"P", "caller"}, {"BOTH", "caller"}},
      {{"/project/a.env", "E=early\nV=$P-$S-$E-$BOTH\nLITERAL='$P'\n"}});
  const auto environment = project_of(request).services.at("web").environment;
  EXPECT_EQ(environment.at("V"), "caller-service-early-caller");
  EXPECT_EQ(environment.at("LITERAL"), "$P");
}

TEST(Trap10, ARawFileIsTakenAsItStands) {
  const auto request =
      with_variables("services: {web: {image: x, env_file: [{path: a.env, format: raw}]}}",
                     {{"P", "caller"}}, {{"/project/a.env", "A=\"$P\" # no comment\n"}});
  EXPECT_EQ(project_of(request).services.at("web").environment.at("A"), "\"$P\" # no comment");
}

/// KEY=VALUE of each entry, joined by "|".
std::string dotenv(std::string_view text) {
  const auto parsed = parse_dotenv(text, [](std::string_view) { return std::nullopt; });
  if (parsed.error) return fmt::format("line {}: {}", parsed.error->line, parsed.error->message);
  std::string shown;
  for (const auto& [key, value, line] : parsed.entries)
    shown += (shown.empty() ? "" : "|") + key + (value ? "=" + *value : "");
  return shown;
}

TEST(Trap11, EnvFilesHaveAGrammarOfTheirOwn) {
  EXPECT_EQ(dotenv("\xef\xbb\xbf"
                   "export A=1\r\nB: two\r\nC.D-E[0]=3\nBARE\n"),
            "A=1|B=two|C.D-E[0]=3|BARE");
  EXPECT_EQ(dotenv("A=a#b\nB=a #b\nC= spaced \nD=\n"), "A=a#b|B=a|C=spaced|D=");
  EXPECT_EQ(dotenv("A=\"two\nlines\" # and a comment\nB='two\nlines'\n"),
            "A=two\nlines|B=two\nlines");
}

TEST(Trap11, EscapesCountInDoubleQuotesOnly) {
  EXPECT_EQ(dotenv(R"(A="t\tq\"b\\d\$o\0061")"), "A=t\tq\"b\\d$o1");
  EXPECT_EQ(dotenv(R"(A=t\t)"), "A=t\\t");
  EXPECT_EQ(dotenv(R"(A='t\t')"), "A=t\\t");
}

TEST(Trap11, AnOctalEscapeHasThreeDigitsBehindItsZero) {
  EXPECT_EQ(dotenv(R"(A="\061|\0061|\0777|\q")"), "A=\\61|1|\\777|\\q");
}

TEST(Trap11, MistakesAreToldWithTheirLine) {
  EXPECT_EQ(dotenv("A=1\nB=\"open\n"), "line 2: this quote is never closed");
  EXPECT_EQ(dotenv("A=1\nB C=1\n"), "line 2: key \"B C\" contains a space");
}

// --- 14, 16, 17: include -------------------------------------------------------------------------

Project including(const std::string& include, std::map<std::string, std::string> disk,
                  StringMap variables = {}) {
  auto request = with_variables("include: [" + include + "]\nservices: {web: {image: x}}",
                                std::move(variables), std::move(disk));
  request.purpose = Purpose::show;
  return project_of(request);
}

TEST(Trap14, AnIncludedFilesPathsAreRelativeToItsOwnFolder) {
  const std::string db = "services: {db: {build: ./b, env_file: e.env}}";
  EXPECT_EQ(shown(including("sub/db.yaml",
                            {{"/project/sub/db.yaml", db}, {"/project/sub/e.env", "A=sub"}}),
                  "services.db.environment"),
            "{A: sub}");
}

TEST(Trap14, OrToTheProjectDirectoryThatItIsGiven) {
  const auto project = including("{path: sub/db.yaml, project_directory: other}",
                                 {{"/project/sub/db.yaml", "services: {db: {build: ./b}}"}});
  EXPECT_EQ(shown(project, "services.db.build.context"), "/project/other/b");
}

TEST(Trap14, TheEnvFilesOfAnIncludeAreRelativeToTheIncludingFile) {
  const auto project = including("{path: sub/db.yaml, env_file: my.env}",
                                 {{"/project/sub/db.yaml", "services: {db: {image: $V}}"},
                                  {"/project/my.env", "V=mine"},
                                  {"/project/sub/my.env", "V=sub"}});
  EXPECT_EQ(shown(project, "services.db.image"), "mine");
}

TEST(Trap16, WhatAnIncludedFileDefinesOtherwiseIsAConflict) {
  EXPECT_EQ(said_of({"include: [b.yaml]\nservices:\n  web: {image: x}\n"},
                    {{"/project/b.yaml", "services: {web: {image: y}}"}}),
            "3: services \"web\" is also defined by an included file (there at b.yaml:1:12)\n");
}

TEST(Trap16, WhatTwoFilesDefineAlikeIsNone) {
  const auto project =
      including("a.yaml, b.yaml",
                {{"/project/a.yaml",
                  "services: {a: {image: y, networks: [n]}}\nnetworks: {n: {internal: true}}"},
                 {"/project/b.yaml",
                  "services: {b: {image: y, networks: [n]}}\nnetworks: {n: {internal: true}}"}});
  EXPECT_EQ(project.services.size(), 3U);
  EXPECT_TRUE(project.networks.at("n").internal);
}

TEST(Trap16, AnOverrideFileMayChangeWhatWasIncluded) {
  auto request = request_of({"include: [b.yaml]", "services: {web: {user: u}}"},
                            {{"/project/b.yaml", "services: {web: {image: y}}"}});
  EXPECT_EQ(shown(project_of(request), "services.web"),
            "{image: y, user: u, networks: {default: null}}");
}

TEST(Trap17, TheIncludingProjectsVariablesWinOverTheIncludedOnesDotenv) {
  const auto project = including("sub/db.yaml",
                                 {{"/project/sub/db.yaml", "services: {db: {image: $TAG-$ONLY}}"},
                                  {"/project/sub/.env", "TAG=sub\nONLY=sub\n"}},
                                 {{"TAG", "ours"}});
  EXPECT_EQ(shown(project, "services.db.image"), "ours-sub");
}

TEST(Trap17, OfSeveralEnvFilesTheLastWins) {
  const auto project = including("{path: db.yaml, env_file: [a.env, b.env]}",
                                 {{"/project/db.yaml", "services: {db: {image: $V}}"},
                                  {"/project/a.env", "V=a\nW=w\n"},
                                  {"/project/b.env", "V=b$W\n"}});
  EXPECT_EQ(shown(project, "services.db.image"), "bw");
}

TEST(Trap17, DevNullMeansNoEnvFileAtAll) {
  const auto project = including("{path: sub/db.yaml, env_file: /dev/null}",
                                 {{"/project/sub/db.yaml", "services: {db: {image: 'y${V}'}}"},
                                  {"/project/sub/.env", "V=sub"}});
  EXPECT_EQ(shown(project, "services.db.image"), "y");
}

TEST(Trap17, AMistakeInAnEnvFileIsToldAtItsLine) {
  EXPECT_EQ(
      said_of({"include: [sub/db.yaml]"}, {{"/project/sub/db.yaml", "services: {db: {image: y}}"},
                                           {"/project/sub/.env", "A=1\nB C=1\n"}}),
      "2: key \"B C\" contains a space\n");
}

// --- 15, 18: extends -----------------------------------------------------------------------------

/// `key` of a web that extends service `base` of the file sub/base.yaml.
std::string extended(const std::string& base, const std::string& key) {
  auto request =
      request_of({"services: {web: {extends: {file: sub/base.yaml, service: base}}}"},
                 {{"/project/sub/base.yaml", "services: {base: {image: x, " + base + "}}"},
                  {"/project/sub/e.env", "A=sub"},
                  {"/project/sub/l.labels", "a=sub"}});
  request.purpose = Purpose::show;
  return shown(project_of(request), "services.web." + key);
}

TEST(Trap15, PathsOfAnExtendedServiceAreRelativeToItsFile) {
  EXPECT_EQ(extended("build: .", "build.context"), "/project/sub");
  // But what the other file does not say is filled in for the project.
  EXPECT_EQ(extended("build: {args: {a: b}}", "build.context"), "/project");
  EXPECT_EQ(extended("build: {context: ., additional_contexts: {c: ./c, s: 'service:web'}}",
                     "build.additional_contexts"),
            "{c: /project/sub/c, s: service:web}");
  EXPECT_EQ(extended("env_file: e.env", "environment"), "{A: sub}");
  EXPECT_EQ(extended("label_file: l.labels", "labels"), "{a: sub}");
  EXPECT_EQ(extended("volumes: ['./d:/d']", "volumes"),
            "[{type: bind, source: /project/sub/d, target: /d, bind: {create_host_path: true}}]");
  EXPECT_EQ(extended("develop: {watch: [{path: ./w, action: rebuild}]}", "develop.watch"),
            "[{path: /project/sub/w, action: rebuild}]");
}

TEST(Trap18, ExtendsBringsReferencesButNotWhatTheyMean) {
  const std::string base =
      "services:\n  base: {image: x, networks: [n], depends_on: [db]}\n  db: {image: y}\n"
      "networks: {n: }\n";
  EXPECT_EQ(said_of({"services: {web: {extends: {file: base.yaml, service: base}}}"},
                    {{"/project/base.yaml", base}}),
            "2: service \"web\" joins network \"n\", which does not exist (declare it under the "
            "top-level \"networks\")\n"
            "2: service \"web\" depends on \"db\", which does not exist\n");
}

TEST(Trap18, ANameAloneIsAServiceOfTheSameFile) {
  EXPECT_EQ(shown_of_web({"services: {web: {extends: base}, base: {image: x, user: u}}"}, "user"),
            "u");
}

TEST(Trap18, ACircleOverTwoFilesIsRefused) {
  EXPECT_EQ(said_of({"services: {web: {extends: {file: b.yaml, service: base}}}"},
                    {{"/project/b.yaml",
                      "services: {base: {extends: {file: b.yaml, service: other}},\n"
                      "           other: {extends: base}}"}}),
            "2: service \"base\" extends itself\n");
}

// --- 19, 20, 21: resources -----------------------------------------------------------------------

constexpr auto kUnused = R"(services:
  web: {image: x}
  tools: {image: x, profiles: [p], networks: [n], volumes: ['vol:/v'], secrets: [s], configs: [c]}
networks: {n: }
volumes: {vol: }
secrets: {s: {file: ./s}}
configs: {c: {file: ./c}}
)";

TEST(Trap19, WhatOnlyInactiveServicesUseIsLeftOut) {
  const auto project = project_of(kUnused);
  EXPECT_EQ(shown(project, "networks"), "{default: {name: project_default}}");
  EXPECT_EQ(shown(project, "volumes"), "absent");
  EXPECT_EQ(shown(project, "secrets"), "absent");
  EXPECT_EQ(shown(project, "configs"), "absent");
}

TEST(Trap20, TheDefaultNetworkIsThereWhenSomebodyJoinsIt) {
  EXPECT_EQ(web("networks: []", "networks"), "{default: null}");
  EXPECT_EQ(web("networks: {}", "networks"), "{default: null}");
  EXPECT_EQ(web("network_mode: none", "networks"), "absent");
  EXPECT_EQ(web("provider: {type: p}", "networks"), "absent");
  EXPECT_EQ(shown(project_of("services: {web: {image: x, networks: [n]}}\n"
                             "networks: {n: , default: {internal: true}}"),
                  "networks"),
            "{n: {name: project_n}}");
}

TEST(Trap21, ResourcesCarryTheProjectsNameUnlessTheyHaveTheirOwn) {
  const auto project = project_of(R"(name: shop
services:
  web: {image: x, networks: [a, b, c, d], volumes: ['vol:/v']}
networks: {a: , b: {name: own}, c: {external: true}, d: {external: true, name: real}}
volumes: {vol: }
)");
  EXPECT_EQ(project.networks.at("a").name, "shop_a");
  EXPECT_EQ(project.networks.at("b").name, "own");
  EXPECT_EQ(project.networks.at("c").name, "c");
  EXPECT_EQ(project.networks.at("d").name, "real");
  EXPECT_EQ(project.volumes.at("vol").name, "shop_vol");
}

// --- 22: profiles --------------------------------------------------------------------------------

Strings names_with(const std::string& text, const Strings& services, const Strings& profiles = {}) {
  auto request = request_of({text});
  request.services = services;
  request.profiles = profiles;
  Strings names;
  for (const auto& [name, service] : project_of(request).services) names.push_back(name);
  return names;
}

TEST(Trap22, NamingAServiceSwitchesItsProfilesOn) {
  const std::string text =
      "services: {web: {image: x}, a: {image: x, profiles: [p]}, b: {image: x, profiles: [p]},\n"
      "           c: {image: x, profiles: [q]}}";
  EXPECT_EQ(names_with(text, {}), Strings{"web"});
  EXPECT_EQ(names_with(text, {"a"}), (Strings{"a", "b", "web"}));
  EXPECT_EQ(names_with(text, {}, {"q"}), (Strings{"c", "web"}));
}

TEST(Trap22, ADependencyInAnotherProfileIsAnErrorUnlessOptional) {
  EXPECT_EQ(
      said_of({"services: {web: {image: x, depends_on: [db]}, db: {image: x, profiles: [p]}}"}),
      "1: service \"web\" depends on \"db\", which belongs to a profile that is not active "
      "(activate it with --profile, or say required: false)\n");
  EXPECT_EQ(said_of({"services: {web: {image: x, depends_on: {db: {condition: service_started, "
                     "required: false}}},\n"
                     "           db: {image: x, profiles: [p]}}"}),
            "");
}

// --- 23: numbers in the environment --------------------------------------------------------------

TEST(Trap23, NumbersBecomeTextTheWayDockerComposeWritesThem) {
  EXPECT_EQ(web("environment: {A: 1.10, B: 0644, C: 1e3, D: 22:22, E: yes, F: true, G: 0x1f}",
                "environment"),
            "{A: 1.1, B: 420, C: 1000, D: 22:22, E: yes, F: true, G: 31}");
}

TEST(Trap23, ANumberThatLosesItsSpellingIsAWarning) {
  EXPECT_EQ(said_of({"services: {web: {image: x, environment: {A: 1.10, B: 2}}}"}),
            "1: A is a YAML number and becomes \"1.1\" (put it in quotes to keep its spelling)\n");
  EXPECT_EQ(said_of({"services: {web: {image: x, environment: {A: '1.10'}}}"}), "");
}

}  // namespace
}  // namespace stack::spec
