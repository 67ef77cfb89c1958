// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/host_sources.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace stack::orchestrator {
namespace {

const HostPaths paths{"/var/lib/stack", "/run/stack"};

/// "-" for what is mounted, else the reason.
std::string verdict(const std::string& source, spec::Access access) {
  return why_not_mounted(source, access, paths).value_or("-");
}

// R18 of tests/attacks/README.md.
TEST(HostSources, AreGivenOrRefused) {
  struct Row {
    const char* source;
    const char* writing;
    const char* reading;
  };
  const char* sockets = "whoever reaches its sockets commands all stacks";
  const char* own = "it is stack's own state";
  const char* settings = "its files are the machine's settings";
  const char* around = "stack's own state lies in it";
  const Row rows[] = {
      {"/", "it is the whole machine", "-"},
      {"/..", "it is the whole machine", "-"},
      {"/proc", settings, "-"},
      {"/proc/sys/kernel", settings, "-"},
      {"/process", "-", "-"},
      {"/sys", settings, "-"},
      {"/sys/fs/cgroup", "-", "-"},
      {"/var", around, "-"},
      {"/var/lib", around, "-"},
      {"/var/lib/other", "-", "-"},
      {"/var/lib/stack", own, own},
      {"/var/lib/stack/stacks/shop", own, own},
      {"/var/lib/stack/volumes/data", own, "-"},
      {"/var/lib/stack/volumes/../stacks", own, own},
      {"/var/lib/stack2", "-", "-"},
      {"/run", around, "-"},
      {"/run/stack", sockets, sockets},
      {"/run/stack/stacks/shop/control.sock", sockets, sockets},
      {"/run/docker.sock", "-", "-"},
      {"/dev", "-", "-"},
      {"/etc", "-", "-"},
      {"/home/somebody/project", "-", "-"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(verdict(row.source, spec::Access::read_write), row.writing) << row.source;
    EXPECT_EQ(verdict(row.source, spec::Access::read_only), row.reading) << row.source;
  }
}

TEST(HostSources, AreWhereTheirLinksLead) {
  const auto link = std::filesystem::temp_directory_path() / "stack-host-sources-test";
  std::filesystem::remove(link);
  std::filesystem::create_symlink("/proc/sys", link);
  EXPECT_EQ(verdict(link, spec::Access::read_write), "its files are the machine's settings");
  std::filesystem::remove(link);
}

}  // namespace
}  // namespace stack::orchestrator
