// SPDX-License-Identifier: Apache-2.0
// Many stacks that choose their subnets at the same time, each a process of its own, as in life.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "network/subnets.h"
#include "supervisor/stack_network.h"

namespace stack::supervisor {
namespace {

constexpr int stacks = 200;
constexpr int at_once = 8;

NetworkConfig network_of(const std::string& project) {
  NetworkConfig config;
  config.spec.name = project + "_default";
  return config;
}

class SubnetLeases : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string root = ::testing::TempDir() + "stack-leases-" + std::to_string(::getpid());
    paths_ = {root + "/data", root + "/run"};
  }
  void TearDown() override { remove_tree(paths_.data.parent_path()); }

  void make(int number) const {
    const ProjectFiles files{paths_, "project-" + std::to_string(number)};
    make_directories(files.run());
    make_directories(files.networks());
    Loop loop(1);
    StackNetwork(loop, files, -1).create(network_of(files.project));
  }

  /// Makes each at_once-th, from `first` on; exits.
  [[noreturn]] void make_some(int first) const {
    try {
      for (int number = first; number < stacks; number += at_once) make(number);
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }

  HostPaths paths_;
};

TEST_F(SubnetLeases, TwoHundredStacksAtTheSameTimeChooseSubnetsApart) {
  for (int first = 0; first < at_once; ++first)
    if (::fork() == 0) make_some(first);
  for (int i = 0; i < at_once; ++i) {
    int status = 0;
    ::wait(&status);
    ASSERT_EQ(status, 0);
  }
  std::vector<network::Subnet> taken = network::subnets_in_use();
  for (const std::string& project : list_projects(paths_)) {
    for (const NetworkRecord& record : read_network_records({paths_, project})) {
      for (const network::Subnet& other : taken)
        ASSERT_FALSE(other.overlaps(record.config.spec.subnet)) << project;
      taken.push_back(record.config.spec.subnet);
    }
  }
  EXPECT_GE(taken.size(), static_cast<std::size_t>(stacks));
}

}  // namespace
}  // namespace stack::supervisor
