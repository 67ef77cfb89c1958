// SPDX-License-Identifier: Apache-2.0
#include "base/sealed_image.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/same_file.h"

namespace stack {
namespace {
constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
/// EBUSY: somebody in the kernel (a CPU's batch for the LRU lists, a compaction) holds one of the
/// fresh pages for a moment; fcntl(2) waits for it, but not long. There is no event for its end.
void seal(const Fd& copy) {
  constexpr int most_rounds = 100;
  for (int round = 0; ::fcntl(copy.get(), F_ADD_SEALS, all_seals) != 0; ++round) {
    if (errno != EBUSY || round == most_rounds) throw_errno("sealing the program");
    ::poll(nullptr, 0, 5);
  }
}

/// Which file it comes from, and from what state of it; nothing when that cannot be seen.
std::optional<std::string> name_of_copy() {
  struct stat own {};
  if (::stat("/proc/self/exe", &own) != 0) return std::nullopt;
  return "stack-" + stable_hex(state_of_file(own), 32);
}

Fd make_memory_file(const std::string& name) {
  Fd file(::memfd_create(name.c_str(), MFD_ALLOW_SEALING | MFD_EXEC));
  // Kernels before 6.3 do not know MFD_EXEC: there a memfd can always be executed.
  if (!file && errno == EINVAL) file = Fd(::memfd_create(name.c_str(), MFD_ALLOW_SEALING));
  if (!file) throw_errno("memfd_create");
  return file;
}

bool sees_our_mounts(int proc) {
  struct stat ours {};
  struct stat theirs {};
  return ::stat("/proc/self/ns/mnt", &ours) == 0 && ::fstatat(proc, "ns/mnt", &theirs, 0) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

std::string path_of(int fd) {
  std::error_code gone;
  return std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), gone).native();
}

}  // namespace

Fd sealed_image(std::string_view program) {
  fail_point("keeper.program");
  const auto name = name_of_copy();
  if (!name) throw_errno("stat /proc/self/exe");
  Fd copy = make_memory_file(*name);
  during("copying the program to memory", [&] { write_all(copy.get(), program); });
  seal(copy);
  return copy;
}

std::optional<Fd> sealed_image_of(pid_t process, std::string_view program) {
  // What is opened by way of this is the process's, whoever has its number later.
  const Fd proc(::open(fmt::format("/proc/{}", process).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto name = name_of_copy();
  if (!proc || !name || !sees_our_mounts(proc.get())) return std::nullopt;
  Fd image(::openat(proc.get(), "exe", O_RDONLY));
  struct stat info {};
  if (!image || ::fstat(image.get(), &info) != 0) return std::nullopt;
  const bool is_copy = path_of(image.get()) == "/memfd:" + *name + " (deleted)" &&
                       ::fcntl(image.get(), F_GET_SEALS) == all_seals &&
                       info.st_uid == ::geteuid() &&
                       static_cast<std::size_t>(info.st_size) == program.size();
  if (!is_copy) return std::nullopt;
  return image;
}

}  // namespace stack
