// SPDX-License-Identifier: Apache-2.0
#include "supervisor/secret_store.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"

namespace stack::supervisor {
namespace {

void require_memory(const std::filesystem::path& directory) {
  struct statfs info {};
  if (::statfs(directory.c_str(), &info) != 0) throw_errno("statfs {}", directory.native());
  if (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC) return;
  throw Error(
      fmt::format("{} is on a disk: the text of a secret would get there, too", directory.native()))
      .with_hint("let the run directory be on a tmpfs, or give the secret a file");
}

}  // namespace

void SecretStore::put(const std::string& container, std::size_t index,
                      const std::string& text) const {
  const auto directory = directory_ / container;
  make_directories(directory);
  require_memory(directory);
  fail_point("secret.write");
  write_file_atomically(directory / std::to_string(index), text, Durability::survives_crash);
}

std::optional<std::string> SecretStore::get(const std::string& container, std::size_t index) const {
  return read_file_if_exists(directory_ / container / std::to_string(index));
}

void SecretStore::drop(const std::string& container) const {
  remove_tree(directory_ / container);
  ::rmdir(directory_.c_str());  // while others have secrets it stays
}

}  // namespace stack::supervisor
