// SPDX-License-Identifier: Apache-2.0
// Which files and variables are taken, on a real directory.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/inquiry.h"
#include "folder.h"

namespace stack::spec {
namespace {

class Discovering : public Folder {
 protected:
  static std::string image(const LoadRequest& request) {
    const auto result = load(request);
    EXPECT_TRUE(result.project) << result.diagnostics.to_text();
    return result.project ? result.project->services.at("a").image : "";
  }
  static std::string service(const std::string& image) {
    return "services: {a: {image: '" + image + "'}}\n";
  }
};

TEST_F(Discovering, TheCurrentDirectoryIsAVariableWithoutAShellToo) {
  write("compose.yaml", service("${PWD}"));
  EXPECT_EQ(image(request()), root_.native());
  auto from_shell = request();
  from_shell.environment["PWD"] = "/said";
  EXPECT_EQ(image(from_shell), "/said");
}

TEST_F(Discovering, OurNameComesFirstAndFoldersAboveAreSearched) {
  write("docker-compose.yml", service("docker"));
  EXPECT_EQ(image(request()), "docker");
  write("compose.yaml", service("compose"));
  EXPECT_EQ(image(request()), "compose");
  write("stack.yaml", service("stack"));
  write("deep/er/file", "");
  EXPECT_EQ(image(request("deep/er")), "stack");
}

TEST_F(Discovering, AnOverrideFileBesideItIsMergedUnlessFilesAreNamed) {
  write("stack.yaml", service("base"));
  write("stack.override.yaml", service("over"));
  EXPECT_EQ(image(request()), "over");
  auto named = request();
  named.files = {"stack.yaml"};
  EXPECT_EQ(image(named), "base");
}

TEST_F(Discovering, AnOverrideFileMayBeOfEitherFamily) {
  for (const char* const name :
       {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"})
    for (const char* const extra :
         {"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
          "docker-compose.override.yaml"}) {
      write(name, service("base"));
      write(extra, service("over"));
      EXPECT_EQ(image(request()), "over") << name << " " << extra;
      std::filesystem::remove(root_ / name);
      std::filesystem::remove(root_ / extra);
    }
}

TEST_F(Discovering, OfSeveralOverrideFilesTheFirstIsTakenAndTheOthersAreTold) {
  write("docker-compose.yml", service("base"));
  write("docker-compose.override.yml", service("second"));
  write("compose.override.yaml", service("first"));
  const auto result = load(request());
  ASSERT_TRUE(result.project);
  EXPECT_EQ(result.project->services.at("a").image, "first");
  const auto told = result.diagnostics.sorted();
  ASSERT_EQ(told.size(), 1);
  EXPECT_EQ(told[0].message,
            "\"docker-compose.override.yml\" has no effect: \"compose.override.yaml\" is taken");
  write("stack.yaml", service("own"));
  EXPECT_EQ(image(request()), "own");
}

TEST_F(Discovering, TheFirstNamedFileThatIsNotStandardInputSaysWhereTheProjectIs) {
  write("folder/compose.yaml", service("x"));
  auto asked = request();
  asked.files = {"-", "folder/compose.yaml"};
  EXPECT_EQ(find_project(asked).working_dir, root_ / "folder");
}

TEST_F(Discovering, WhatIsNotThereIsAskedAgain) {
  write("compose.yaml", service("x"));
  const Inquiry inquiry;
  image(request());
  const auto asked = inquiry.asked();
  ASSERT_TRUE(asked);
  for (const char* const name : {"compose.override.yml", "docker-compose.override.yaml", ".env"})
    EXPECT_TRUE(std::ranges::any_of(*asked, [&](const Asked& question) {
      return question.subject == (root_ / name).native();
    })) << name;
}

/// The services that are active, in order.
std::string active(const LoadRequest& request) {
  const auto result = load(request);
  EXPECT_TRUE(result.project) << result.diagnostics.to_text();
  std::string names;
  if (result.project)
    for (const auto& [name, service] : result.project->services) names += name + " ";
  return names;
}

TEST_F(Discovering, TheEmptyProfileIsActiveWhileNoOtherIsAskedFor) {
  write("compose.yaml",
        "services:\n  a: {image: 'x:1', profiles: ['', dev]}\n  b: {image: 'x:1', profiles: [b]}\n"
        "  c: {image: 'x:1'}\n");
  auto asked = request();
  EXPECT_EQ(active(asked), "a c ");
  asked.environment["COMPOSE_PROFILES"] = "";
  EXPECT_EQ(active(asked), "a c ");
  asked.environment["COMPOSE_PROFILES"] = "b,,b";
  EXPECT_EQ(active(asked), "a b c ");
  asked.environment["COMPOSE_PROFILES"] = "none, b";
  EXPECT_EQ(active(asked), "b c ");
  asked.profiles = {"x"};
  EXPECT_EQ(active(asked), "c ");
  asked.profiles = {""};
  EXPECT_EQ(active(asked), "a c ");
}

TEST_F(Discovering, ADirectoryInPlaceOfAFileIsCalledOne) {
  write("compose.yaml", "include: [folder]\nservices: {a: {image: 'x:1', env_file: folder}}\n");
  write("folder/file", "");
  const auto text = load(request()).diagnostics.to_text();
  EXPECT_NE(text.find("file \"folder\" is a directory"), std::string::npos) << text;
  EXPECT_NE(text.find("env file \"folder\" is a directory"), std::string::npos) << text;
}

TEST_F(Discovering, DotenvSetsVariablesAndComposeSettings) {
  write("other.yaml", service("${TAG}"));
  write(".env", "TAG=dotenv\nCOMPOSE_FILE=other.yaml\nCOMPOSE_PROJECT_NAME=named\n");
  EXPECT_EQ(image(request()), "dotenv");
  EXPECT_EQ(find_project_name(request()), "named");
  auto shell = request();
  shell.environment = {{"TAG", "shell"}};
  EXPECT_EQ(image(shell), "shell");
}

TEST_F(Discovering, LaterEnvFilesWinAndAMissingOneIsAnError) {
  write("stack.yaml", service("$TAG"));
  write("a.env", "TAG=a\n");
  write("b.env", "TAG=b\n");
  auto both = request();
  both.env_files = {"a.env", "b.env"};
  EXPECT_EQ(image(both), "b");
  both.env_files = {"none.env"};
  EXPECT_THROW(load(both), Error);
}

TEST_F(Discovering, NamesArePrecededByFlagThenVariableThenFileThenFolder) {
  write("My.Folder/stack.yaml", service("x"));
  auto asked = request("My.Folder");
  EXPECT_EQ(find_project_name(asked), "myfolder");
  write("My.Folder/stack.yaml", "name: filed\n" + service("x"));
  EXPECT_EQ(find_project_name(asked), "filed");
  asked.environment = {{"COMPOSE_PROJECT_NAME", "variable"}};
  EXPECT_EQ(find_project_name(asked), "variable");
  asked.project_name = "flag";
  EXPECT_EQ(find_project_name(asked), "flag");
  asked.project_name = "Not Valid!";
  EXPECT_THROW(find_project_name(asked), Error);
}

TEST_F(Discovering, PathsAreRelativeToTheFirstFilesFolder) {
  write("sub/stack.yaml", "services: {a: {image: x, volumes: ['./d:/d']}}");
  write("over.yaml", "services: {a: {volumes: ['./e:/e']}}");
  auto asked = request();
  asked.files = {"sub/stack.yaml", "over.yaml"};
  const auto result = load(asked);
  ASSERT_TRUE(result.project);
  const auto& mounts = result.project->services.at("a").volumes;
  EXPECT_EQ(mounts[0].source, (root_ / "sub/d").native());
  EXPECT_EQ(mounts[1].source, (root_ / "sub/e").native());
  EXPECT_EQ(to_text(*result.project->sources.find("services.a.volumes.0")), "sub/stack.yaml:1:36");
}

TEST_F(Discovering, WithoutAFileTheErrorIsComposes) {
  auto asked = request();
  asked.project_directory = "/proc/1/fdinfo";
  try {
    load(asked);
    FAIL() << "must not find a file";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no configuration file provided: not found");
    EXPECT_EQ(error.exit_code(), ExitCode::failure);
  }
}

TEST_F(Discovering, ACheckoutIsNamedAfterTheFolderThatGitMade) {
  write("fix/.git", "gitdir: /src/shop/.git/worktrees/fix");
  write("fix/deploy/stack.yaml", "name: shop\nservices: {a: {image: x}}");
  auto asked = request("fix/deploy");
  EXPECT_EQ(find_project_name(asked), "shop");
  std::string folder;
  asked.is_isolated = [&](const std::string& name, const std::string& where) {
    folder = where;
    return name == "shop-fix";
  };
  EXPECT_EQ(find_project_name(asked), "shop-fix");
  EXPECT_EQ(folder, (root_ / "fix/deploy").native());
  const auto result = load(asked);
  ASSERT_TRUE(result.project);
  EXPECT_EQ(result.project->name, "shop-fix");
  EXPECT_TRUE(result.project->isolated);
}

TEST_F(Discovering, ANameGivenByHandIsTheNameOfACheckoutToo) {
  write("fix/stack.yaml", "name: shop\nservices: {a: {image: x}}");
  auto asked = request("fix");
  asked.project_name = "mine";
  asked.is_isolated = [](const std::string&, const std::string&) { return true; };
  EXPECT_EQ(find_project_name(asked), "mine");
  EXPECT_TRUE(load(asked).project->isolated);
}

TEST_F(Discovering, OnlyRegularFilesAreRead) {
  auto asked = request();
  asked.files = {"/dev/zero"};
  EXPECT_THROW(load(asked), Error);
  asked.files = {"missing.yaml"};
  EXPECT_THROW(load(asked), Error);
}

}  // namespace
}  // namespace stack::spec
