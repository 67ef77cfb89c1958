// SPDX-License-Identifier: Apache-2.0
#include "base/self_image.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"

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

}  // namespace

Fd sealed_self_image() {
  fail_point("keeper.program");
  const Fd program = open_file("/proc/self/exe", O_RDONLY);
  struct stat info {};
  if (::fstat(program.get(), &info) != 0) throw_errno("stat /proc/self/exe");
  Fd copy(::memfd_create("stack", MFD_ALLOW_SEALING | MFD_EXEC));
  // Kernels before 6.3 do not know MFD_EXEC: there a memfd can always be executed.
  if (!copy && errno == EINVAL) copy = Fd(::memfd_create("stack", MFD_ALLOW_SEALING));
  if (!copy) throw_errno("memfd_create");
  for (off_t offset = 0; offset < info.st_size;) {
    const auto rest = static_cast<std::size_t>(info.st_size - offset);
    const ssize_t sent = ::sendfile(copy.get(), program.get(), &offset, rest);
    if (sent <= 0) throw_errno("copying the program to memory");
  }
  seal(copy);
  return copy;
}

bool runs_from_sealed_image() {
  const Fd program = open_file("/proc/self/exe", O_RDONLY);
  return ::fcntl(program.get(), F_GET_SEALS) == all_seals;
}

}  // namespace stack
