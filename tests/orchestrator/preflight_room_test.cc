// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight_room.h"

#include <gtest/gtest.h>

#include "builders.h"

namespace stack::orchestrator {
namespace {

using namespace stack::orchestrator::testing;

constexpr std::uint64_t gib = 1 << 30;
constexpr HostRoom plenty{.memory = 8 * gib, .disk = gib, .files = 100'000};

HostFindings findings(const std::vector<spec::Service>& services, const HostRoom& room,
                      const ObservedState& world = {}) {
  const spec::Project all = project(services);
  const DesiredState wish = desired(all);
  return check_room({"/var/lib/stack", "/run/stack"}, wish, all_changes(all, wish, world),
                    [&](const HostPaths&) { return room; });
}

/// There is exactly one.
void expect_problem(const std::vector<Problem>& problems, const std::string& message) {
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].message, message);
}

TEST(PreflightRoom, SaysNothingWhereThereIsPlenty) {
  const HostFindings found = findings({service("web")}, plenty);
  EXPECT_TRUE(found.errors.empty());
  EXPECT_TRUE(found.warnings.empty());
}

TEST(PreflightRoom, AFullDiskIsAnError) {
  HostRoom room = plenty;
  room.disk = 100'000;
  expect_problem(
      findings({service("db"), service("web")}, room).errors,
      "the disk of /var/lib/stack is full: 100kB are left, 2 containers need 131kB before "
      "anything is written in them");
}

TEST(PreflightRoom, SoIsOneOutOfInodes) {
  HostRoom room = plenty;
  room.files = 3;
  expect_problem(
      findings({service("web")}, room).errors,
      "the file system of /var/lib/stack has room for 3 more files (inodes), a container "
      "needs 24");
}

TEST(PreflightRoom, AFileSystemThatDoesNotCountFilesIsNotAskedFor) {
  HostRoom room = plenty;
  room.files = std::nullopt;
  EXPECT_TRUE(findings({service("web")}, room).errors.empty());
}

TEST(PreflightRoom, MoreReservedThanThereIsIsAWarning) {
  spec::Service db = service("db");
  db.mem_reservation = 6 * gib;
  spec::Service web = service("web");
  web.mem_reservation = 3 * gib;
  const HostFindings found = findings({db, web, service("worker")}, plenty);
  EXPECT_TRUE(found.errors.empty());
  expect_problem(found.warnings,
                 "db, web reserve 9.66GB of memory, and this machine has 8.59GB available");
}

TEST(PreflightRoom, WhatRunsAlreadyNeedsNoMore) {
  spec::Service db = service("db");
  db.mem_reservation = 100 * gib;
  const ObservedState world = come_true(desired(project({db})));
  HostRoom none;
  none.files = 0;
  const HostFindings found = findings({db}, none, world);
  EXPECT_TRUE(found.errors.empty());
  EXPECT_TRUE(found.warnings.empty());
}

TEST(PreflightRoom, TheMachineTellsWhatItHas) {
  const HostRoom room = host_room({"/nonexistent/data", "/nonexistent/run"});
  EXPECT_GT(room.memory, 0U);
  EXPECT_GT(room.disk, 0U);
}

}  // namespace
}  // namespace stack::orchestrator
