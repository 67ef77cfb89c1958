// SPDX-License-Identifier: Apache-2.0
// A directory for one test, below TMPDIR, gone afterwards; and trees as text.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace stack::test {

class InScratch : public ::testing::Test {
 protected:
  InScratch();
  ~InScratch() override;

  std::filesystem::path path(const std::string& relative) const { return scratch_ / relative; }
  /// Makes a file with its parents.
  void write(const std::string& relative, const std::string& content) const;
  std::string read(const std::string& relative) const;

  std::filesystem::path scratch_;
};

/// One line per entry below `root`, sorted: "name type mode content-or-target".
std::string tree_text(const std::filesystem::path& root);

/// Names starting with ".tmp." anywhere below.
int leftovers(const std::filesystem::path& root);

#define NEEDS_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "needs root"

}  // namespace stack::test
