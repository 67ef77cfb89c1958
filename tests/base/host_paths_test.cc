// SPDX-License-Identifier: Apache-2.0
#include "base/host_paths.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace stack {
namespace {

/// Sets a variable for the length of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    ::setenv(name, value, 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (old_)
      ::setenv(name_, old_->c_str(), 1);
    else
      ::unsetenv(name_);
  }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST(HostPaths, ComeFromTheEnvironmentWhenSet) {
  const Variable root("STACK_ROOT", "/tmp/root");
  const Variable run("STACK_RUN", "/tmp/run");
  const HostPaths paths = HostPaths::from_environment();
  EXPECT_EQ(paths.images(), "/tmp/root/images");
  EXPECT_EQ(paths.container("shop", "71ab"), "/tmp/root/stacks/shop/containers/71ab");
  EXPECT_EQ(paths.project_run("shop"), "/tmp/run/stacks/shop");
}

TEST(HostPaths, AnEmptyVariableCountsAsUnset) {
  const Variable root("STACK_ROOT", "");
  EXPECT_TRUE(HostPaths::from_environment().data.is_absolute());
}

}  // namespace
}  // namespace stack
