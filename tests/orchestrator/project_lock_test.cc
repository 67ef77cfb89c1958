// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/project_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

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

/// Takes the lock, leaves a file beside it, and removes all of it again.
void come_and_go(const HostPaths& paths, std::atomic<int>& holders) {
  const FileLock lock = lock_project(paths, "shop", {"stack down"}, [](const std::string&) {});
  EXPECT_EQ(++holders, 1);
  const auto file = paths.project_run("shop") / "file";
  write_file_atomically(file, "mine", Durability::survives_crash);
  std::this_thread::yield();
  EXPECT_EQ(read_file_if_exists(file), "mine");
  --holders;
  remove_project_directories(paths, "shop", lock);
}

TEST(ProjectLock, ComesAndGoesWithTheProjectForOneAfterAnother) {
  const TemporaryDirectory directory;
  const HostPaths paths{directory.path() / "data", directory.path() / "run"};
  std::atomic<int> holders = 0;
  const auto many_times = [&] {
    for (int round = 0; round < 60; ++round) EXPECT_NO_THROW(come_and_go(paths, holders));
  };
  {
    std::vector<std::jthread> threads(4);
    for (auto& thread : threads) thread = std::jthread(many_times);
  }
  EXPECT_FALSE(stack::exists(paths.run));
}

}  // namespace
}  // namespace stack::orchestrator
