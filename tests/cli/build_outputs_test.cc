// SPDX-License-Identifier: Apache-2.0
#include "cli/build_outputs.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::cli {
namespace {

using Kind = BuildOutput::Kind;

TEST(BuildOutput, APathIsADirectoryForTheFiles) {
  EXPECT_EQ(parse_build_output("out"), (BuildOutput{Kind::files, "out"}));
  EXPECT_EQ(parse_build_output("a=b"), (BuildOutput{Kind::files, "a=b"}));
  EXPECT_EQ(parse_build_output("type=local,dest=a/b"), (BuildOutput{Kind::files, "a/b"}));
}

TEST(BuildOutput, ADashIsStandardOutput) {
  const BuildOutput dash = parse_build_output("-");
  EXPECT_EQ(dash, (BuildOutput{Kind::files_archive}));
  EXPECT_EQ(parse_build_output("type=tar,dest=-"), dash);
  EXPECT_TRUE(takes_standard_output(dash));
  EXPECT_TRUE(takes_standard_output(parse_build_output("type=oci")));
  EXPECT_FALSE(takes_standard_output(parse_build_output("type=oci,dest=f")));
  EXPECT_FALSE(takes_standard_output(parse_build_output("type=docker")));
}

TEST(BuildOutput, TypesSayWhatIsMade) {
  EXPECT_EQ(parse_build_output("type=docker"), (BuildOutput{Kind::image}));
  EXPECT_EQ(parse_build_output("Type=docker,dest=f"), (BuildOutput{Kind::archive, "f"}));
  EXPECT_EQ(parse_build_output("type=image,name=shop:1,push=true"),
            (BuildOutput{Kind::pushed_image, "", {"docker.io/library/shop:1"}}));
  EXPECT_EQ(parse_build_output("type=registry"), (BuildOutput{Kind::pushed_image}));
  EXPECT_FALSE(wants_image(parse_build_output("type=tar,dest=f")));
  EXPECT_TRUE(wants_image(parse_build_output("type=oci,dest=f")));
}

TEST(BuildOutput, WhatCannotBeKeptIsRefused) {
  for (const char* text :
       {"", "a,b", "type=zip", "type=local", "type=local,dest=-", "type=image,dest=f",
        "type=image,push=maybe", "type=tar,dest=f,compression=zstd"}) {
    try {
      parse_build_output(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::usage) << text;
    }
  }
}

TEST(BuildOutput, SeveralGoTogetherButNotToOneStream) {
  Options options;
  EXPECT_EQ(build_outputs(options), (std::vector<BuildOutput>{{Kind::image}}));
  options.outputs = {"out"};
  options.load = true;
  EXPECT_EQ(build_outputs(options),
            (std::vector<BuildOutput>{{Kind::files, "out"}, {Kind::image}}));
  options.outputs = {"-", "type=oci"};
  EXPECT_THROW(build_outputs(options), Error);
}

}  // namespace
}  // namespace stack::cli
