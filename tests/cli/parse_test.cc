// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.h"

#include <gtest/gtest.h>

#include "cli/command_table.h"

#include "base/error.h"

namespace stack::cli {
namespace {

Parsed parsed(const std::vector<std::string>& arguments) {
  return parse(arguments);
}

TEST(Parse, GlobalFlagsWorkBeforeAndAfterTheVerb) {
  EXPECT_EQ(parsed({"-p", "shop", "up", "-d"}).options.project_name, "shop");
  EXPECT_EQ(parsed({"up", "-d", "-p", "shop"}).options.project_name, "shop");
  EXPECT_EQ(parsed({"-f", "a.yaml", "-f", "b.yaml", "ps"}).options.files,
            (std::vector<std::string>{"a.yaml", "b.yaml"}));
}

TEST(Parse, AFileFlagTakesOneValueAndLeavesTheVerbAlone) {
  const Parsed line = parsed({"-f", "a.yaml", "up", "web"});
  ASSERT_NE(line.command, nullptr);
  EXPECT_EQ(line.command->name, "up");
  EXPECT_EQ(line.options.arguments, std::vector<std::string>{"web"});
}

TEST(Parse, WorkdirIsAnOldNameOfTheProjectsDirectory) {
  EXPECT_EQ(parsed({"--workdir", "/srv", "ps"}).options.project_directory, "/srv");
  const Parsed line = parsed({"exec", "--workdir", "/srv", "web", "ls"});
  EXPECT_EQ(line.options.workdir, "/srv");
  EXPECT_EQ(line.options.project_directory, "");
}

TEST(Parse, TwoDashesEndTheFlags) {
  for (const char* verb : {"ps", "logs", "up", "stop", "config"}) {
    const Parsed line = parsed({verb, "--", "web", "-q"});
    ASSERT_NE(line.command, nullptr) << verb;
    EXPECT_EQ(line.options.arguments, (std::vector<std::string>{"web", "-q"}));
  }
  EXPECT_NE(parsed({"version", "--"}).command, nullptr);
}

TEST(Parse, AnEmptyValueBehindTheEqualsSignIsOne) {
  const Parsed line = parsed({"--profile=", "-f", "p.yaml", "config", "--format=", "--services"});
  ASSERT_NE(line.command, nullptr);
  EXPECT_EQ(line.options.profiles, std::vector<std::string>{""});
  EXPECT_EQ(line.options.files, std::vector<std::string>{"p.yaml"});
  EXPECT_EQ(line.options.format, "");
  EXPECT_TRUE(line.options.services);
  EXPECT_EQ(parsed({"exec", "web", "env", "--profile="}).options.arguments,
            (std::vector<std::string>{"web", "env", "--profile="}));
}

TEST(Parse, AFlagThatMayComeAgainTakesOneValueBeforePositionals) {
  const Parsed line = parsed({"commit", "-c", "CMD a", "-c", "ENV b=c", "web", "made:1"});
  EXPECT_EQ(line.options.changes, (std::vector<std::string>{"CMD a", "ENV b=c"}));
  EXPECT_EQ(line.options.arguments, (std::vector<std::string>{"web", "made:1"}));
}

TEST(Parse, AfterCommitPMeansPause) {
  EXPECT_TRUE(parsed({"commit", "web"}).options.pause);
  EXPECT_TRUE(parsed({"commit", "-p", "web"}).options.pause);
  EXPECT_FALSE(parsed({"commit", "--pause=false", "web"}).options.pause);
  EXPECT_EQ(parsed({"-p", "shop", "commit", "-p", "web"}).options.project_name, "shop");
}

TEST(Parse, ADashIsAPlaceToCopyFromOrTo) {
  EXPECT_EQ(parsed({"cp", "-a", "web:/a", "-"}).options.arguments,
            (std::vector<std::string>{"web:/a", "-"}));
  EXPECT_EQ(parsed({"cp", "-", "web:/a"}).options.arguments,
            (std::vector<std::string>{"-", "web:/a"}));
}

TEST(Parse, AfterLogsFMeansFollow) {
  const Parsed line = parsed({"logs", "-f", "--tail", "5", "web"});
  EXPECT_TRUE(line.options.follow);
  EXPECT_EQ(line.options.tail, "5");
  EXPECT_EQ(line.options.arguments, std::vector<std::string>{"web"});
}

TEST(Parse, WhatFollowsTheServiceOfExecBelongsToTheProgram) {
  const Parsed line = parsed({"exec", "-T", "-e", "A=1", "db", "ls", "-l", "--all", "-T"});
  EXPECT_TRUE(line.options.no_tty);
  EXPECT_FALSE(line.options.all);
  EXPECT_EQ(line.options.environment, std::vector<std::string>{"A=1"});
  EXPECT_EQ(line.options.arguments, (std::vector<std::string>{"db", "ls", "-l", "--all", "-T"}));
}

TEST(Parse, WhatFollowsTheServiceOfRunBelongsToTheProgram) {
  const Parsed line =
      parsed({"run", "--rm", "-p", "80:80", "-v", "a:/a", "db", "ls", "--rm", "-p"});
  EXPECT_TRUE(line.options.remove_at_end);
  EXPECT_EQ(line.options.publish, std::vector<std::string>{"80:80"});
  EXPECT_EQ(line.options.project_name, "");
  EXPECT_EQ(line.options.arguments, (std::vector<std::string>{"db", "ls", "--rm", "-p"}));
}

TEST(Parse, RunNeedsNoCommandButAService) {
  EXPECT_EQ(parsed({"run", "db"}).options.arguments, std::vector<std::string>{"db"});
  EXPECT_EQ(parsed({"run"}).exit_code, static_cast<int>(ExitCode::usage));
}

TEST(Parse, HIsAHostNameWhereDockerHasItSo) {
  EXPECT_EQ(parsed({"container", "run", "-h", "box", "image:1"}).options.hostname, "box");
  testing::internal::CaptureStdout();
  EXPECT_EQ(parsed({"container", "run", "-h"}).command, nullptr);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("--hostname"), std::string::npos);
}

TEST(Parse, AnEntrypointMayBeNone) {
  EXPECT_EQ(parsed({"run", "--entrypoint", "", "db"}).options.entrypoints,
            std::vector<std::string>{""});
  EXPECT_TRUE(parsed({"run", "db"}).options.entrypoints.empty());
}

TEST(Parse, InputIsPassedOnToARunUnlessTold) {
  EXPECT_TRUE(parsed({"run", "-i", "db"}).options.keep_stdin);
  EXPECT_FALSE(parsed({"run", "--interactive=false", "db"}).options.keep_stdin);
}

TEST(Parse, AServiceMayBeCalledExec) {
  EXPECT_EQ(parsed({"-f", "exec", "up", "exec", "web"}).options.arguments,
            (std::vector<std::string>{"exec", "web"}));
}

TEST(Parse, ServicesCanBeNamedLikeFlagValues) {
  EXPECT_EQ(parsed({"stop", "-t", "3", "a", "b"}).options.arguments,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parsed({"stop", "-t", "3", "a", "b"}).options.timeout, "3");
}

TEST(Parse, CommandsOfAGroupAreFound) {
  const Parsed line =
      parsed({"image", "import", "root.tar", "busybox:1", "-c", "CMD sh", "--change", "ENV A=1"});
  ASSERT_NE(line.command, nullptr);
  EXPECT_EQ(line.command->name, "image import");
  EXPECT_EQ(line.options.changes, (std::vector<std::string>{"CMD sh", "ENV A=1"}));
}

std::string mistake(const std::vector<std::string>& arguments) {
  ::testing::internal::CaptureStderr();
  const Parsed line = parsed(arguments);
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(line.command, nullptr);
  EXPECT_EQ(line.exit_code, static_cast<int>(ExitCode::usage));
  return text.substr(0, text.find('\n'));
}

TEST(Parse, AnUnknownWordIsAnsweredWithTheNearestOne) {
  EXPECT_EQ(mistake({"upp"}), "stack: unknown command: upp (did you mean up?)");
  EXPECT_EQ(mistake({"up", "--detatch"}),
            "stack: unknown flag: --detatch (did you mean --detach?)");
  EXPECT_EQ(mistake({"doctor", "--xyz-unheard-of"}), "stack: unknown flag: --xyz-unheard-of");
}

TEST(Parse, AFlagThatStandsInFrontOfItsCommandIsToldWhereItGoes) {
  EXPECT_EQ(mistake({"--trace", "t.json", "up"}),
            "stack: flag in front of its command: --trace (write: stack up --trace)");
  EXPECT_EQ(mistake({"-d", "up"}), "stack: flag in front of its command: -d (write: stack up -d)");
}

TEST(Parse, AWordThatAGroupDoesNotHaveIsAnsweredWithItsOwn) {
  EXPECT_EQ(mistake({"image", "inspekt"}),
            "stack: unknown command: image inspekt (did you mean inspect?)");
  EXPECT_EQ(mistake({"volume", "ls", "--fliter", "a=b"}),
            "stack: unknown flag: --fliter (did you mean --filter?)");
}

TEST(Parse, DryRunMayStandAnywhereAndIsRefusedByWhatCannotTell) {
  EXPECT_TRUE(parsed({"--dry-run", "up"}).options.dry_run);
  EXPECT_TRUE(parsed({"kill", "--dry-run", "web"}).options.dry_run);
  EXPECT_EQ(mistake({"--dry-run", "exec", "web", "true"}),
            "stack: `exec` cannot tell what it would do: --dry-run is not for it");
}

TEST(Parse, ShortFlagsMayStandTogether) {
  const Parsed line = parsed({"logs", "-ftn", "5", "web"});
  EXPECT_TRUE(line.options.follow);
  EXPECT_TRUE(line.options.timestamps);
  EXPECT_EQ(line.options.tail, "5");
}

TEST(Parse, AfterVersionFMeansFormat) {
  EXPECT_EQ(parsed({"version", "-f", "json"}).options.format, "json");
}

TEST(Parse, ValuesOfShortFlagsMayHaveAnEqualsSign) {
  const Parsed line = parsed({"container", "run", "-it=false", "-d=true", "-e=A=1", "-e", "-d=true",
                              "-w=/tmp", "box:1", "-e=B"});
  ASSERT_NE(line.command, nullptr);
  EXPECT_TRUE(line.options.open_stdin);
  EXPECT_FALSE(line.options.tty);
  EXPECT_TRUE(line.options.detach);
  EXPECT_EQ(line.options.environment, (std::vector<std::string>{"A=1", "-d=true"}));
  EXPECT_EQ(line.options.workdir, "/tmp");
  EXPECT_EQ(line.options.arguments, (std::vector<std::string>{"box:1", "-e=B"}));
  EXPECT_EQ(parsed({"logs", "-n=2", "web"}).options.tail, "2");
  EXPECT_TRUE(parsed({"container", "rm", "-f=true", "web"}).options.force);
  EXPECT_EQ(parsed({"-f=a.yaml", "ps"}).options.files, std::vector<std::string>{"a.yaml"});
}

TEST(Parse, OfWhatThereCanBeOneOfTheLastCounts) {
  const Parsed line = parsed({"container", "run", "-m", "100m", "-m", "200m", "box:1"});
  ASSERT_NE(line.command, nullptr);
  EXPECT_EQ(line.options.memory, "200m");
  EXPECT_EQ(parsed({"-p", "one", "up", "-p", "two"}).options.project_name, "two");
}

TEST(Parse, DockersCommandsHaveDockersF) {
  EXPECT_EQ(parsed({"volume", "ls", "-qf", "name=tmp_"}).options.filters,
            std::vector<std::string>{"name=tmp_"});
  for (const char* group : {"volume", "network", "image", "container"}) {
    const Parsed line = parsed({group, "inspect", "-f", "{{.Name}}", "x"});
    EXPECT_EQ(line.options.format, "{{.Name}}") << group;
    EXPECT_TRUE(line.options.files.empty()) << group;
  }
  EXPECT_EQ(
      parsed({"container", "exec", "--env-file", "f", "web", "env"}).options.env_files_of_container,
      std::vector<std::string>{"f"});
  EXPECT_EQ(parsed({"image", "build", "-f", "Dockerfile.dev", "."}).options.files,
            std::vector<std::string>{"Dockerfile.dev"});
}

TEST(Parse, WhereNoStackFileIsReadNoneCanBeNamed) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"volume", "rm", "-f", "x", "--file", "y"},
        {"-f", "x.yaml", "container", "ls"},
        {"network", "inspect", "--profile", "dev", "n"},
        {"container", "rm", "--env-file", "x", "web"},
        {"system", "df", "--project-directory", "/"}}) {
    const Parsed line = parsed(words);
    EXPECT_EQ(line.command, nullptr) << words[0] << ' ' << words[1];
    EXPECT_EQ(line.exit_code, static_cast<int>(ExitCode::usage));
  }
  EXPECT_NE(parsed({"-f", "x.yaml", "ls"}).command, nullptr) << "docker compose takes it";
}

TEST(Parse, ARunOfAnImageLeavesWhatStandsInFrontOfIt) {
  EXPECT_EQ(as_container_run({"--profile", "dev", "-fx.yaml", "--env-file=y", "--progress", "plain",
                              "run", "--rm", "box:1"}),
            (std::vector<std::string>{"--progress", "plain", "container", "run", "--rm", "box:1"}));
}

TEST(Parse, WhatAShellAsksAboutIsNoLineOfOurs) {
  const Parsed line = parsed({"__complete", "up", "--bogus", "-f", ""});
  ASSERT_NE(line.command, nullptr);
  EXPECT_EQ(line.options.arguments, (std::vector<std::string>{"up", "--bogus", "-f", ""}));
}

TEST(Parse, EveryCommandHasHelpExampleAndHandler) {
  for (const auto& command : commands()) {
    const bool is_hidden = command.name == "fail-points" || command.name == "__complete" ||
                           command.name == "reference";
    EXPECT_EQ(command.help.empty(), is_hidden) << command.name;
    EXPECT_NE(command.example.find("stack "), std::string_view::npos) << command.name;
    EXPECT_NE(command.run, nullptr) << command.name;
  }
}

TEST(Commands, EachIsFoundByItsNameAlone) {
  for (const auto& command : commands()) {
    const Command* const found = find_command(command.name);
    ASSERT_NE(found, nullptr) << command.name;
    EXPECT_EQ(found->run, command.run) << command.name;
  }
  EXPECT_EQ(find_command("image"), nullptr);
  EXPECT_EQ(find_command("nope"), nullptr);
  EXPECT_TRUE(commands_of("nope").empty());
}

}  // namespace
}  // namespace stack::cli
