// SPDX-License-Identifier: Apache-2.0
#include "scratch_fixture.h"

#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/files.h"
#include "base/format.h"

namespace stack::test {
namespace fs = std::filesystem;

InScratch::InScratch() {
  std::string name = (fs::temp_directory_path() / "stack-test.XXXXXX").native();
  scratch_ = ::mkdtemp(name.data());
}

InScratch::~InScratch() {
  remove_tree(scratch_);
}

void InScratch::write(const std::string& relative, const std::string& content) const {
  make_directories(path(relative).parent_path(), 0755);
  write_file_atomically(path(relative), content, Durability::survives_crash, 0644);
}

std::string InScratch::read(const std::string& relative) const {
  return read_file(path(relative));
}

namespace {

std::string describe(const fs::path& file, const struct stat& info) {
  const unsigned mode = info.st_mode & 07777;
  switch (info.st_mode & S_IFMT) {
    case S_IFDIR:
      return fmt::format("dir {:o}", mode);
    case S_IFLNK:
      return "-> " + fs::read_symlink(file).native();
    case S_IFREG:
      return fmt::format(
          "file {:o} {}", mode,
          info.st_size > 200 ? fmt::format("({} bytes)", info.st_size) : read_file(file));
    case S_IFIFO:
      return fmt::format("fifo {:o}", mode);
    case S_IFCHR:
      return fmt::format("char {}:{}", major(info.st_rdev), minor(info.st_rdev));
    default:
      return "other";
  }
}

}  // namespace

std::string tree_text(const fs::path& root) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat info {};
    ::lstat(entry.path().c_str(), &info);
    lines.push_back(entry.path().lexically_relative(root).native() + " " +
                    describe(entry.path(), info));
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

int leftovers(const fs::path& root) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    count += entry.path().filename().native().starts_with(".tmp.") ? 1 : 0;
  return count;
}

}  // namespace stack::test
