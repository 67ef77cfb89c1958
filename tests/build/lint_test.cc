// SPDX-License-Identifier: Apache-2.0
#include "build/lint.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace stack::build {
namespace {

/// "RULE LINE", one after another.
std::string rules_in(const std::string& text) {
  std::vector<std::string> rules;
  for (const Problem& each : parse_dockerfile("D", text).warnings)
    rules.push_back(fmt::format("{} {}", each.rule, each.at.line));
  return join(rules, ", ");
}

TEST(Lint, FindsNothingInAGoodOne) {
  EXPECT_EQ(rules_in("ARG TAG=1\nFROM box:$TAG AS made\nARG PUBLIC_KEY\nENV TOKEN_FILE=/x\nWORKDIR "
                     "/a\nWORKDIR b\n"
                     "FROM made\nCOPY --from=made /a /\nEXPOSE 80/tcp 90\nCMD [\"x\"]\n"),
            "");
}

TEST(Lint, CasesOfInstructions) {
  EXPECT_EQ(rules_in("FROM a\nrun x\nRUN y\n"), "ConsistentInstructionCasing 2");
  EXPECT_EQ(rules_in("from a\nrun x\nRUN y\nRun z\n"),
            "ConsistentInstructionCasing 3, ConsistentInstructionCasing 4");
  EXPECT_EQ(rules_in("from a\nrun x\n"), "");
}

TEST(Lint, NamesOfStages) {
  EXPECT_EQ(rules_in("FROM a AS Base\n"), "StageNameCasing 1");
  EXPECT_EQ(rules_in("FROM a as base\n"), "FromAsCasing 1");
  EXPECT_EQ(rules_in("FROM a AS one\nFROM b AS one\n"), "DuplicateStageName 2");
  EXPECT_EQ(rules_in("FROM a AS context\n"), "ReservedStageName 1");
}

TEST(Lint, BasesThatNeedAnArgument) {
  EXPECT_EQ(rules_in("FROM a:$TAG\n"), "UndefinedArgInFrom 1");
  EXPECT_EQ(rules_in("ARG TAG\nFROM a:$TAG\n"), "InvalidDefaultArgInFrom 2");
  EXPECT_EQ(rules_in("ARG TAG\nFROM a:${TAG:-1}\n"), "");
  EXPECT_EQ(rules_in("ARG ONE=1\nARG TAG=${ONE}2\nFROM a:$TAG\n"), "");
}

TEST(Lint, Platforms) {
  EXPECT_EQ(rules_in("FROM --platform=$TARGETPLATFORM a\n"), "RedundantTargetPlatform 1");
  EXPECT_EQ(rules_in("FROM --platform=linux/amd64 a\n"), "FromPlatformFlagConstDisallowed 1");
  EXPECT_EQ(rules_in("FROM --platform=linux/amd64 a AS build_amd64\n"), "");
  EXPECT_EQ(rules_in("FROM --platform=$BUILDPLATFORM a\n"), "");
}

TEST(Lint, WhatAStageSays) {
  EXPECT_EQ(rules_in("FROM a\nCMD x\n"), "JSONArgsRecommended 2");
  EXPECT_EQ(rules_in("FROM a\nSHELL [\"sh\", \"-c\"]\nENTRYPOINT x\n"), "");
  EXPECT_EQ(rules_in("FROM a\nHEALTHCHECK CMD x\nHEALTHCHECK CMD y\n"),
            "MultipleInstructionsDisallowed 2");
  EXPECT_EQ(rules_in("FROM a\nMAINTAINER me\n"), "MaintainerDeprecated 2");
  EXPECT_EQ(rules_in("FROM a\nWORKDIR app\nWORKDIR more\n"), "WorkdirRelativePath 2");
  EXPECT_EQ(rules_in("FROM a\nENV NAME value\n"), "LegacyKeyValueFormat 2");
  EXPECT_EQ(rules_in("FROM a\nRUN x \\\n\n  y\n"), "NoEmptyContinuation 3");
  EXPECT_EQ(rules_in("FROM a\nEXPOSE 80/TCP\nEXPOSE 1:2\n"),
            "ExposeProtoCasing 2, ExposeInvalidFormat 3");
}

TEST(Lint, Secrets) {
  EXPECT_EQ(rules_in("FROM a\nENV DB_PASSWORD=x HOME=/\nARG token\n"),
            "SecretsUsedInArgOrEnv 2, SecretsUsedInArgOrEnv 3");
  EXPECT_EQ(rules_in("FROM a\nENV TOKENS=1 KEYBOARD=us\n"), "");
}

TEST(Lint, ADirectiveLeavesRulesOut) {
  const std::string bad = "FROM a\nCMD x\nMAINTAINER me\n";
  EXPECT_EQ(rules_in("# check=skip=JSONArgsRecommended\n" + bad), "MaintainerDeprecated 4");
  EXPECT_EQ(rules_in("# check=skip=JSONArgsRecommended, MaintainerDeprecated;error=true\n" + bad),
            "");
  EXPECT_EQ(rules_in("# check=skip=all;error=true\n" + bad), "");
}

TEST(Lint, ADirectiveMakesErrorsOfThem) {
  try {
    parse_dockerfile("D", "# check=error=true\nFROM a\nMAINTAINER me\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::invalid_file);
    EXPECT_STREQ(error.what(),
                 "D:3:1: MAINTAINER is out of use; say LABEL org.opencontainers.image.authors= "
                 "[MaintainerDeprecated]");
  }
  EXPECT_THROW(parse_dockerfile("D", "# check=errors=true\nFROM a\n"), Error);
  EXPECT_THROW(parse_dockerfile("D", "# check=maybe\nFROM a\n"), Error);
}

}  // namespace
}  // namespace stack::build
