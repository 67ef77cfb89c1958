// SPDX-License-Identifier: Apache-2.0
#include "image/changes.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::image {
namespace {

using Strings = std::vector<std::string>;

ImageConfig after(const Strings& instructions) {
  ImageConfig config;
  for (const std::string& instruction : instructions) apply_change(config, instruction);
  return config;
}

std::string error_of(const std::string& instruction) {
  try {
    after({instruction});
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Changes, TakeCommandsInExecAndShellForm) {
  EXPECT_EQ(after({R"(CMD ["psql", "-l"])"}).command, (Strings{"psql", "-l"}));
  EXPECT_EQ(after({"cmd echo $HOME \"x\""}).command,
            (Strings{"/bin/sh", "-c", "echo $HOME \"x\""}));
  EXPECT_EQ(after({"ENTRYPOINT [\"a\"]"}).entrypoint, (Strings{"a"}));
  EXPECT_EQ(after({"ENTRYPOINT [a]"}).entrypoint, (Strings{"/bin/sh", "-c", "[a]"}));
}

TEST(Changes, SetVariablesQuotedExpandedAndReplaced) {
  EXPECT_EQ(after({"ENV A=1 B=\"x y\" C='$A' D=a\\ b"}).environment,
            (Strings{"A=1", "B=x y", "C=$A", "D=a b"}));
  EXPECT_EQ(after({"ENV P=/bin", "ENV P=/x:$P Q=${P}"}).environment,
            (Strings{"P=/x:/bin", "Q=/bin"}));
  EXPECT_EQ(after({"ENV A one two  three"}).environment, (Strings{"A=one two  three"}));
}

TEST(Changes, FillTheRestOfTheConfig) {
  const ImageConfig config = after(
      {"EXPOSE 80 53/udp 8000-8002", "LABEL a=b \"c d\"=e", "STOPSIGNAL SIGINT", "USER 1000:1000",
       "VOLUME /data /more", "VOLUME [\"/data\", \"/j son\"]", "WORKDIR /app/", "WORKDIR sub"});
  EXPECT_EQ(config.exposed_ports,
            (Strings{"80/tcp", "53/udp", "8000/tcp", "8001/tcp", "8002/tcp"}));
  EXPECT_EQ(config.labels, (std::map<std::string, std::string>{{"a", "b"}, {"c d", "e"}}));
  EXPECT_EQ(config.stop_signal, "SIGINT");
  EXPECT_EQ(config.user, "1000:1000");
  EXPECT_EQ(config.volumes, (Strings{"/data", "/more", "/j son"}));
  EXPECT_EQ(config.working_dir, "/app/sub");
}

TEST(Changes, KnowHealthChecks) {
  const auto check =
      after({R"(HEALTHCHECK --interval=1m30s --timeout=500ms --retries=2 CMD ["a"])"}).healthcheck;
  ASSERT_TRUE(check);
  EXPECT_EQ(check->test, (Strings{"CMD", "a"}));
  EXPECT_EQ(check->interval, std::chrono::seconds(90));
  EXPECT_EQ(check->timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(check->retries, 2U);
  EXPECT_EQ(after({"HEALTHCHECK CMD a | b"}).healthcheck->test, (Strings{"CMD-SHELL", "a | b"}));
  EXPECT_EQ(after({"HEALTHCHECK NONE"}).healthcheck->test, (Strings{"NONE"}));
  EXPECT_EQ(error_of("HEALTHCHECK --interval=x CMD a"),
            "change \"HEALTHCHECK --interval=x CMD a\": invalid duration \"x\"");
  EXPECT_EQ(error_of("HEALTHCHECK CMD"),
            "change \"HEALTHCHECK CMD\": CMD COMMAND or NONE is expected");
}

TEST(Changes, CollectTriggers) {
  EXPECT_EQ(after({"ONBUILD RUN a", "ONBUILD ENV b=c"}).on_build, (Strings{"RUN a", "ENV b=c"}));
  EXPECT_EQ(error_of("ONBUILD ONBUILD RUN a"),
            "change \"ONBUILD ONBUILD RUN a\": chaining ONBUILD is not allowed");
  EXPECT_EQ(error_of("ONBUILD FROM a"),
            "change \"ONBUILD FROM a\": FROM isn't allowed as an ONBUILD trigger");
}

TEST(Changes, SayWhatIsWrong) {
  EXPECT_EQ(error_of("RUN x"),
            "change \"RUN x\": one of CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, "
            "STOPSIGNAL, USER, VOLUME, WORKDIR is expected");
  EXPECT_EQ(error_of("ENV"), "change \"ENV\": a value is expected");
  EXPECT_EQ(error_of("ENV A"), "change \"ENV A\": KEY=VALUE is expected");
  EXPECT_EQ(error_of("ENV A=1 B"), "change \"ENV A=1 B\": KEY=VALUE is expected, not \"B\"");
  EXPECT_EQ(error_of("ENV A=\"x"), "change \"ENV A=\"x\": unfinished double quote");
  EXPECT_EQ(error_of("EXPOSE abc"), "change \"EXPOSE abc\": invalid port \"abc\"");
  EXPECT_EQ(error_of("EXPOSE 9-8"), "change \"EXPOSE 9-8\": invalid port range \"9-8\"");
  EXPECT_EQ(error_of("VOLUME data"),
            "change \"VOLUME data\": a volume needs an absolute path, not \"data\"");
  EXPECT_EQ(error_of("USER a b"), "change \"USER a b\": exactly one value is expected");
}

}  // namespace
}  // namespace stack::image
