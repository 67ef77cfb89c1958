// SPDX-License-Identifier: Apache-2.0
// What is decided about a step before it is done: config, mounts, modes, key.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "base/error.h"
#include "build/cache_key.h"
#include "build/config_steps.h"
#include "build/copy_plan.h"
#include "build/file_source.h"
#include "build/layers.h"
#include "build/owners.h"
#include "build/run_mounts.h"

namespace stack::build {
namespace {

using Strings = std::vector<std::string>;

StageState after(const std::string& instructions) {
  StageState state;
  const Dockerfile file = parse_dockerfile("D", "FROM x\n" + instructions);
  for (std::size_t i = 1; i < file.instructions.size(); ++i)
    apply_to_config(state, file.instructions[i], Arguments({}, {}), file.escape);
  return state;
}

TEST(BuildConfig, AllOfOneInstructionSeesTheValuesBeforeIt) {
  EXPECT_EQ(after("ENV A=1\nENV A=2 B=$A\n").config.environment, (Strings{"A=2", "B=1"}));
}

TEST(BuildConfig, ShellFormsGoThroughTheShell) {
  const StageState state = after("CMD echo $A\nSHELL [\"bash\", \"-ec\"]\nENTRYPOINT run it\n");
  EXPECT_EQ(state.config.command, (Strings{"/bin/sh", "-c", "echo $A"}));
  EXPECT_EQ(state.config.entrypoint, (Strings{"bash", "-ec", "run it"}));
}

TEST(BuildConfig, LabelsAreExpandedAndVolumesListedOnce) {
  const auto config =
      after("ARG V=3\nLABEL v=$V \"a b\"='$V'\nVOLUME /x [\nVOLUME [\"/x\"]\n").config;
  EXPECT_EQ(config.labels, (std::map<std::string, std::string>{{"v", "3"}, {"a b", "$V"}}));
  EXPECT_EQ(config.volumes, (Strings{"/x", "["}));
}

TEST(BuildConfig, WordsThatMakeNoSenseAreRefused) {
  EXPECT_THROW(after("EXPOSE nothing\n"), Error);
  EXPECT_THROW(after("EXPOSE 99999999\n"), Error);
  EXPECT_THROW(after("VOLUME /\n"), Error);
}

TEST(BuildVolumes, TakeWhatWasChangedThereOutOfALayer) {
  using Kind = image::ChangeKind;
  std::vector<image::TreeChange> changes{{Kind::modified, "/data"},  {Kind::added, "/data/a"},
                                         {Kind::removed, "/data/b"}, {Kind::added, "/database"},
                                         {Kind::added, "/new"},      {Kind::added, "/new/a"},
                                         {Kind::modified, "/var"},   {Kind::removed, "/var/x"}};
  EXPECT_EQ(leave_out({"/data", "/new", "/other"}, changes),
            (std::set<std::string>{"/data", "/new"}));
  EXPECT_EQ(changes, (std::vector<image::TreeChange>{{Kind::added, "/database"},
                                                     {Kind::added, "/new"},
                                                     {Kind::modified, "/var"},
                                                     {Kind::removed, "/var/x"}}));
}

TEST(BuildMounts, AreReadWithTheirDefaults) {
  const RunMount cache = parse_run_mount("type=cache,target=cache,sharing=locked,mode=0700", "/w");
  EXPECT_EQ(cache.target, "/w/cache");
  EXPECT_EQ(cache.id, "/w/cache");
  EXPECT_TRUE(cache.writable);
  EXPECT_EQ(cache.sharing, CacheSharing::locked);
  EXPECT_EQ(cache.mode, 0700U);
  const RunMount secret = parse_run_mount("type=secret,id=token", "/");
  EXPECT_EQ(secret.target, "/run/secrets/token");
  EXPECT_EQ(parse_run_mount("type=secret,id=t,env=T", "/").target, "");
  EXPECT_EQ(parse_run_mount("target=/x,from=a,source=b", "/").kind, RunMountKind::bind);
  EXPECT_EQ(parse_run_mount("type=tmpfs,target=/x,size=2m", "/").size, 2U << 20);
}

TEST(BuildMounts, MistakesAreTold) {
  for (const char* text :
       {"type=bnd,target=/x", "type=bind", "target=/x,tagret=/y", "target=/x,ro=perhaps",
        "type=cache,target=/x,sharing=us", "type=tmpfs,target=/x,size=much"})
    EXPECT_THROW(parse_run_mount(text, "/"), Error) << text;
}

TEST(BuildModes, AsChmodHasThem) {
  EXPECT_EQ(ModeChange("640").apply(S_IFREG | 0755), S_IFREG | 0640U);
  EXPECT_EQ(ModeChange("u=rwX,go=rX").apply(S_IFREG | 0600) & 07777, 0644U);
  EXPECT_EQ(ModeChange("u=rwX,go=rX").apply(S_IFDIR | 0700) & 07777, 0755U);
  EXPECT_EQ(ModeChange("+x").apply(S_IFREG | 0644) & 07777, 0755U);
  EXPECT_EQ(ModeChange("g-w,o=").apply(S_IFREG | 0666) & 07777, 0640U);
  // A class takes over what another one has, one operation follows another.
  EXPECT_EQ(ModeChange("g=u").apply(S_IFREG | 0640) & 07777, 0660U);
  EXPECT_EQ(ModeChange("u=rwX,go=u-w").apply(S_IFREG | 0600) & 07777, 0644U);
  EXPECT_EQ(ModeChange("u+rw-x").apply(S_IFREG | 0755) & 07777, 0655U);
  EXPECT_EQ(ModeChange("g=ur").apply(S_IFREG | 0755) & 07777, 0745U) << "BSD: the last one is left";
  EXPECT_EQ(ModeChange("a-x,+X").apply(S_IFREG | 0755) & 07777, 0755U) << "X asks what was";
  EXPECT_EQ(ModeChange("o+t").apply(S_IFREG | 0644) & 07777, 0644U);
  EXPECT_EQ(ModeChange("+t").apply(S_IFREG | 0644) & 07777, 01644U);
  EXPECT_THROW(ModeChange("g=a"), Error);
  EXPECT_THROW(ModeChange("u"), Error);
  EXPECT_THROW(ModeChange("755,g+w"), Error);
  EXPECT_THROW(ModeChange("rw"), Error);
  EXPECT_THROW(ModeChange("99"), Error);
  EXPECT_THROW(ModeChange("77777"), Error);
}

TEST(BuildPatterns, WhatStandsBeforeTheFirstWildcard) {
  EXPECT_EQ(fixed_part("a/b"), std::nullopt);
  EXPECT_EQ(fixed_part("*/b"), "");
  EXPECT_EQ(fixed_part("a/b/x?/c"), "a/b");
  EXPECT_EQ(fixed_part("a\\*/[b]"), "a\\*");
}

TEST(BuildOwners, UserAndGroupAreLookedUpEachForItself) {
  const auto owner = [](const std::string& text) {
    const FoundOwner found =
        owner_in("root:x:0:0::/:\napp:x:1000:1001::/:\n", "root:x:0:\nextra:x:2000:\n", text);
    return fmt::format("{}:{}{}", found.owner.first, found.owner.second, found.is_known ? "" : "?");
  };
  EXPECT_EQ(owner("app"), "1000:1001");
  EXPECT_EQ(owner("7"), "7:7");
  EXPECT_EQ(owner("app:extra"), "1000:2000");
  EXPECT_EQ(owner("app:"), "1000:0");
  EXPECT_EQ(owner(":extra"), "0:2000");
  EXPECT_EQ(owner(":"), "0:0");
  EXPECT_EQ(owner("app:none"), "1000:1001?");
  EXPECT_EQ(owner("5:none"), "5:5?");
  EXPECT_EQ(owner("none:extra"), "0:2000?");
  EXPECT_EQ(owner("none:1"), "0:1?");
  EXPECT_EQ(owner("extra:none"), "0:0?");
  EXPECT_EQ(owner("none"), "0:0?");
  EXPECT_THROW(owner("a:b:c"), Error);
}

TEST(BuildParents, WhatStandsBehindThePivotIsKept) {
  EXPECT_EQ(kept_path("a/b/c", "a/b/c"), "a/b/c");
  EXPECT_EQ(kept_path("a/./b/c", "a/b/c"), "b/c");
  EXPECT_EQ(kept_path("/a/./b/./c", "a/b/c"), "b/c") << "the first one counts";
  EXPECT_EQ(kept_path("a/./", "a"), "") << "what is in it";
  EXPECT_EQ(kept_path("./a/b", "a/b"), "a/b");
  EXPECT_EQ(kept_path("*/./c", "x/c"), "c");
  EXPECT_EQ(kept_path("a/b*/./c/**/e", "a/b2/c/d/e"), "c/d/e");
  EXPECT_EQ(kept_path("**/x/./*", "a/b/x/y"), "y");
}

TEST(BuildConfig, WhatDockerTakesAlthoughItSaysNothing) {
  EXPECT_EQ(after("ARG P\nEXPOSE $P\nEXPOSE $P 80\n").config.exposed_ports, Strings{"80/tcp"});
  EXPECT_EQ(after("EXPOSE 0\n").config.exposed_ports, Strings{"0/tcp"});
  EXPECT_EQ(after("HEALTHCHECK --interval=0 CMD a\n").config.healthcheck->interval.count(), 0);
  EXPECT_EQ(after("MAINTAINER \"A B\" $X  y\n").author, "\"A B\" $X  y");
}

TEST(BuildKey, NothingIsMistakenForSomethingElse) {
  const auto key = [](const Strings& words, const std::string& user) {
    return CacheKey("run", "base").add("words", words).add("user", user).digest();
  };
  EXPECT_EQ(key({"a", "b"}, "c"), key({"a", "b"}, "c"));
  EXPECT_NE(key({"a", "b"}, "c"), key({"a"}, "b c"));
  EXPECT_NE(key({"a b"}, ""), key({"a", "b"}, ""));
  EXPECT_NE(CacheKey("run", "x").digest(), CacheKey("copy", "x").digest());
}

}  // namespace
}  // namespace stack::build
