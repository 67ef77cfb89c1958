// SPDX-License-Identifier: Apache-2.0
#include "cli/init_view.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

FirstFile first(std::set<std::string> names, std::string text = "") {
  return first_stack_file(
      {"My Shop", std::move(names), [text](const std::string&) { return text; }});
}

TEST(Init, ADockerfileIsBuiltAndItsPortsPublished) {
  const FirstFile file = first({"Dockerfile"}, "FROM x\nEXPOSE 80 53/udp\nexpose $PORT\n");
  EXPECT_EQ(file.found, "Dockerfile");
  EXPECT_NE(file.text.find("  myshop:\n    build:\n      context: .\n    ports:"),
            std::string::npos)
      << file.text;
  EXPECT_NE(file.text.find("- \"8080:80\"\n      - \"8053:53/udp\"\n    #"), std::string::npos)
      << file.text;
}

TEST(Init, OtherFilesTellWhatToBuild) {
  EXPECT_NE(first({"package.json"}).text.find("FROM node"), std::string::npos);
  EXPECT_NE(first({"requirements.txt", "app.py"}).text.find("\"app.py\""), std::string::npos);
  EXPECT_EQ(first({"README"}).found, "");
}

}  // namespace
}  // namespace stack::cli
