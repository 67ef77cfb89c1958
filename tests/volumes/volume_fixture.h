// SPDX-License-Identifier: Apache-2.0
// A volume store and some image layers in a directory of their own, gone afterwards.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "volumes/volume_store.h"

namespace stack::volumes {

class Volumes : public ::testing::Test {
 protected:
  Volumes() : scratch_(make_scratch()), store(scratch_ / "volumes") {}
  ~Volumes() override { remove_tree(scratch_); }

  std::filesystem::path path(const std::string& relative) const { return scratch_ / relative; }
  void write(const std::string& relative, const std::string& content) const {
    make_directories(path(relative).parent_path(), 0755);
    write_file_atomically(path(relative), content, Durability::survives_crash, 0644);
  }
  std::filesystem::path data(const std::string& name) const {
    return path("volumes/" + name + "/_data");
  }
  static std::string error_of(const std::function<void()>& work) {
    try {
      work();
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  }

  /// "name mode uid content-or-target" per entry, the directory itself first as ".".
  static std::string tree_text(const std::filesystem::path& root) {
    namespace fs = std::filesystem;
    std::vector<std::string> lines = {describe(root, ".")};
    for (const auto& entry : fs::recursive_directory_iterator(root))
      lines.push_back(describe(entry.path(), entry.path().lexically_relative(root).native()));
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  }

  static void make_whiteout(const std::filesystem::path& file) {
    ASSERT_EQ(::mknod(file.c_str(), S_IFCHR, makedev(0, 0)), 0);
  }
  static void make_opaque(const std::filesystem::path& directory) {
    ASSERT_EQ(::setxattr(directory.c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
  }

 private:
  static std::filesystem::path make_scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "stack-test.XXXXXX").native();
    return ::mkdtemp(name.data());
  }
  static std::string describe(const std::filesystem::path& file, const std::string& name) {
    struct stat info {};
    ::lstat(file.c_str(), &info);
    std::string text = fmt::format("{} {:o} {}", name, info.st_mode & 07777, info.st_uid);
    if (S_ISREG(info.st_mode)) text += " " + read_file(file);
    if (S_ISLNK(info.st_mode)) text += " -> " + std::filesystem::read_symlink(file).native();
    return text;
  }

 protected:
  std::filesystem::path scratch_;
  VolumeStore store;
};

#define NEEDS_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "needs root"

}  // namespace stack::volumes
