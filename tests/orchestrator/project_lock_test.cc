// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/project_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "../base/temporary_directory.h"
#include "base/error.h"
#include "base/format.h"

namespace stack::orchestrator {
namespace {

/// A project "shop" that somebody with `rank` holds, and somebody else who comes.
class Contest {
 public:
  explicit Contest(Rank rank)
      : held_(lock_project(paths_, "shop", {"stack up", rank}, [](const std::string&) {})) {}

  /// Waits for the lock until the holder has been asked to break off, or for a few looks.
  void come(const Claim& claim) {
    int looks = 0;
    const auto given_up = [&] { return asked() || ++looks == 4; };
    try {
      lock_project(
          paths_, "shop", claim, [&](const std::string& holder) { told_ = holder; }, given_up);
      ADD_FAILURE() << "it was held";
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::interrupted);
    }
  }

  std::optional<std::string> asked() const { return asked_to_break_off(paths_, "shop"); }
  const std::string& told() const { return told_; }
  void let_go() { held_.reset(); }
  void take_again() {
    held_ = lock_project(paths_, "shop", {"stack up", Rank::gives_way}, [](const std::string&) {});
  }

 private:
  const TemporaryDirectory directory_;
  const HostPaths paths_{directory_.path() / "data", directory_.path() / "run"};
  std::optional<FileLock> held_;
  std::string told_;
};

std::string with_pid(const char* who) {
  return fmt::format("{} (pid {})", who, ::getpid());
}

TEST(ProjectLock, WhoWaitsIsToldForWhom) {
  Contest contest(Rank::gives_way);
  contest.come({"stack restart"});
  EXPECT_EQ(contest.told(), with_pid("stack up"));
  EXPECT_EQ(contest.asked(), std::nullopt);
}

TEST(ProjectLock, WhoComesFirstAsksWhoGivesWayToBreakOff) {
  Contest contest(Rank::gives_way);
  contest.come({"stack down", Rank::comes_first});
  EXPECT_EQ(contest.asked(), with_pid("stack down"));
}

TEST(ProjectLock, NobodyElseIsAsked) {
  Contest contest(Rank::stands);
  contest.come({"stack down", Rank::comes_first});
  EXPECT_EQ(contest.asked(), std::nullopt);
}

TEST(ProjectLock, WhatWasAskedOfAnEarlierHolderIsForgotten) {
  Contest contest(Rank::gives_way);
  contest.come({"stack down", Rank::comes_first});
  contest.let_go();
  contest.take_again();
  EXPECT_EQ(contest.asked(), std::nullopt);
}

}  // namespace
}  // namespace stack::orchestrator
