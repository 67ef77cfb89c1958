// SPDX-License-Identifier: Apache-2.0
#include "build/dockerfile.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::build {
namespace {

std::string words_of(const std::string& text) {
  std::string all;
  for (const Instruction& each : parse_dockerfile("Dockerfile", text).instructions) {
    all += each.name;
    for (const InstructionFlag& flag : each.flags)
      all += fmt::format(" --{}={}", flag.name, flag.value);
    if (each.exec) all += " exec";
    for (const std::string& word : each.words) all += fmt::format(" <{}>", word);
    if (each.words.empty()) all += fmt::format(" {}", each.text);
    all += "\n";
  }
  return all;
}

std::string refusal_of_text(const std::string& text) {
  try {
    parse_dockerfile("Dockerfile", text);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::invalid_file);
    return error.what();
  }
  return "";
}

TEST(BuildDockerfile, InstructionsInTheirForms) {
  EXPECT_EQ(words_of(R"(
# a comment
from box:1 as Web
RUN --mount=type=cache,target=/c --network=none make  all
RUN ["make", "all"]
COPY --from=x --link ["a b", "/c/"]
ENV A=1 B="two words" C=a\ b
ENV old  style value
LABEL "a b"='c d'
ARG X Y=2
HEALTHCHECK --interval=3s CMD ["true"]
HEALTHCHECK none
ONBUILD COPY . /app
WORKDIR /a b
)"),
            R"(FROM <box:1> <as> <Web>
RUN --mount=type=cache,target=/c --network=none make  all
RUN exec <make> <all>
COPY --from=x --link= exec <a b> </c/>
ENV <A> <1> <B> <"two words"> <C> <a\ b>
ENV <old> <style value>
LABEL <"a b"> <'c d'>
ARG <X> <> <Y> <=2>
HEALTHCHECK --interval=3s exec <CMD> <true>
HEALTHCHECK <NONE>
ONBUILD COPY . /app
WORKDIR /a b
)");
}

TEST(BuildDockerfile, LinesAreJoinedAndCommentsBetweenDropped) {
  const auto file = parse_dockerfile("D", "FROM a\nRUN one \\\n# no\n\n  two \\  \n\tthree\\\\\n");
  EXPECT_EQ(file.instructions.at(1).text, "one   two \tthree\\\\");
  ASSERT_EQ(file.warnings.size(), 1U);
  EXPECT_EQ(file.warnings[0].at.line, 4);
}

TEST(BuildDockerfile, WhatALaterOneOfTheStageReplacesIsToldAtItsPlace) {
  const auto file = parse_dockerfile("D",
                                     "FROM a AS one\nCMD [\"one\"]\nFROM b\nCMD "
                                     "[\"two\"]\nENTRYPOINT [\"x\"]\nCMD [\"three\"]\nCMD []\n");
  std::vector<std::string> texts;
  for (const Problem& warning : file.warnings) texts.push_back(problem_text("D", warning));
  EXPECT_EQ(texts,
            (std::vector<std::string>{
                "D:4:1: CMD has no effect: that of line 6 replaces it; a stage has one of them "
                "[MultipleInstructionsDisallowed]",
                "D:6:1: CMD has no effect: that of line 7 replaces it; a stage has one of them "
                "[MultipleInstructionsDisallowed]"}));
}

TEST(BuildDockerfile, LinesOfUnusualBlanksAreEmpty) {
  EXPECT_EQ(words_of("FROM box:1\n\v\nRUN \\\n \f\n make\n\v"),
            words_of("FROM box:1\n\nRUN \\\n\n make\n"));
}

TEST(BuildDockerfile, DirectivesStandFirst) {
  const auto file =
      parse_dockerfile("D", "# syntax = docker/dockerfile:1\n# ESCAPE=`\nFROM a\nRUN b `\nc\\\n");
  EXPECT_EQ(file.escape, '`');
  EXPECT_EQ(file.syntax, "docker/dockerfile:1");
  EXPECT_EQ(file.instructions.at(1).text, "b c\\");
  EXPECT_EQ(parse_dockerfile("D", "# hello\n# escape=`\nFROM a\n").escape, '\\');
}

TEST(BuildDockerfile, HereDocuments) {
  const auto file =
      parse_dockerfile("D", "FROM a\nRUN <<A cat <<-'B'\none\nA\n\t\ttwo $X\n\tB\nCOPY <<f<g /\n");
  const Instruction& run = file.instructions.at(1);
  ASSERT_EQ(run.heredocs.size(), 2U);
  EXPECT_EQ(run.heredocs[0].content, "one\n");
  EXPECT_TRUE(run.heredocs[0].expands);
  EXPECT_EQ(run.heredocs[1].content, "two $X\n");
  EXPECT_FALSE(run.heredocs[1].expands);
  EXPECT_FALSE(heredoc_start("<<<word"));
  EXPECT_FALSE(heredoc_start("a<<b"));
}

TEST(BuildDockerfile, NamesOfHereDocumentsAreWordsOfAShell) {
  const auto start = [](const char* word) {
    const auto found = heredoc_start(word);
    return found ? found->name + (found->expands ? "" : " as it is") : "none";
  };
  EXPECT_EQ(start("<<A$V"), "A$V");
  EXPECT_EQ(start("<<\"A$V\""), "A$V as it is");
  EXPECT_EQ(start("<<\\A"), "A as it is");
  EXPECT_EQ(start("<<A'B C'"), "AB C as it is");
  EXPECT_EQ(start("<<'A"), "none");
  EXPECT_EQ(start("<<\"\""), "none");
  EXPECT_EQ(start("<<A|b"), "none");
}

TEST(BuildDockerfile, HereDocumentsThatAreFilesKeepTheEndsOfTheirLines) {
  const auto file = parse_dockerfile(
      "D", "FROM a\r\nCOPY <<-EOF /x\r\n\ta\r\n\tEOF\r\nRUN <<EOF\r\nb\r\nEOF\r\n");
  EXPECT_EQ(file.instructions.at(1).heredocs.at(0).content, "a\r\n");
  EXPECT_EQ(file.instructions.at(2).heredocs.at(0).content, "b\n");
}

TEST(BuildDockerfile, QuotesOfFlagsAndOfHereDocuments) {
  const Dockerfile file = parse_dockerfile(
      "D", "FROM a\nCOPY --from=\"box:1\" --chown='a b' x y\nRUN cat <<\"E O\" > /x\nhi\nE O\n");
  EXPECT_EQ(file.instructions.at(1).flag("from")->value, "box:1");
  EXPECT_EQ(file.instructions.at(1).flag("chown")->value, "a b");
  EXPECT_EQ(file.instructions.at(2).heredocs.at(0).content, "hi\n");
}

TEST(BuildDockerfile, MistakesAreToldAllAtOnceWithTheirPlaces) {
  EXPECT_EQ(refusal_of_text("FROM a\nRUNN x\n  COPY --form=b c \\\n d\nENV x\nEXPOSE\n"),
            "Dockerfile:2:1: unknown instruction \"RUNN\"; did you mean RUN?\n"
            "Dockerfile:3:8: unknown flag: --form; did you mean --from?\n"
            "Dockerfile:5:1: ENV must have two arguments; ENV NAME=VALUE\n"
            "Dockerfile:6:1: EXPOSE requires at least one argument");
}

TEST(BuildDockerfile, PlacesInContinuedLines) {
  EXPECT_EQ(refusal_of_text("FROM a\nCOPY \\\n   --what=1 a b\n"),
            "Dockerfile:3:4: unknown flag: --what");
}

TEST(BuildDockerfile, WhatCannotBe) {
  EXPECT_EQ(refusal_of_text("RUN x"),
            "Dockerfile:1:1: no build stage in current context: RUN before FROM; a Dockerfile "
            "begins with FROM; only ARG may stand before it");
  EXPECT_NE(refusal_of_text("FROM a\nONBUILD ONBUILD RUN x"), "");
  EXPECT_NE(refusal_of_text("FROM a\nONBUILD MAINTAINER x"), "");
  EXPECT_NE(refusal_of_text("FROM a b c d"), "");
  EXPECT_NE(refusal_of_text("FROM a AS 1st"), "");
  EXPECT_NE(refusal_of_text("FROM a\nSHELL bash -c"), "");
  EXPECT_NE(refusal_of_text("FROM a\nRUN --mount x"), "");
  EXPECT_NE(refusal_of_text("FROM a\nCOPY --link=perhaps x y"), "");
  EXPECT_NE(refusal_of_text("FROM a\nHEALTHCHECK PING x"), "");
  EXPECT_NE(refusal_of_text("# escape=x\nFROM a"), "");
  EXPECT_NE(refusal_of_text(""), "");
}

}  // namespace
}  // namespace stack::build
