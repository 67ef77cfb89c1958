// SPDX-License-Identifier: Apache-2.0
#include "base/fail_point.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

namespace stack {
namespace {

/// Until the test has killed whom it wants to kill. Nothing tells of its word across the
/// namespaces that a container's first process is in: so this looks again each millisecond.
void stay_until_let_go(const FailPointControl& control) {
  while (control.let_go == 0) {
    const timespec moment{0, 1'000'000};
    ::nanosleep(&moment, nullptr);
  }
}

[[noreturn]] void end_at_once() {
  ::kill(::getpid(), SIGKILL);
  ::_exit(128 + SIGKILL);  // process 1 of a namespace cannot kill itself
}

/// Whoever could make such a file can stop this program anyway: it is the same user's.
void require_own_file(int file, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(file, &info) != 0) throw_errno("stat {}", path.native());
  const bool own = S_ISREG(info.st_mode) && info.st_uid == ::geteuid() && info.st_nlink == 1 &&
                   (info.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  if (!own) fail("{} is not a private file of this user's own", path.native());
  if (static_cast<std::uint64_t>(info.st_size) < sizeof(FailPointControl))
    fail("{} is too short for the fail points of this program", path.native());
}

}  // namespace

namespace fail_points {

int pass(FailPoint here) {
  FailPointControl& told = *control;
  const std::uint32_t passage = ++told.passages[here.number()];
  if (told.action == FailPointControl::nothing || told.point != here.number()) return 0;
  if (passage < told.first || passage > told.last) return 0;
  ++told.happened;
  switch (told.action) {
    case FailPointControl::kill_this_process:
      end_at_once();
    case FailPointControl::hold:
      stay_until_let_go(told);
      return 0;
    default:
      return told.error;
  }
}

void throw_injected(FailPoint here, int error_number) {
  throw Error(fmt::format("fail point {}", here.name()), error_number);
}

}  // namespace fail_points

void arm_fail_points(const std::filesystem::path& run_root) {
  // secure_getenv(3): not for a program that has been given another user's rights.
  const char* const wanted = ::secure_getenv(fail_points_variable);
  if (wanted == nullptr || std::string_view(wanted) != "1") return;
  const auto path = run_root / fail_points_file;
  const Fd file(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!file) throw_errno("{}=1: open {}", fail_points_variable, path.native());
  require_own_file(file.get(), path);
  void* const memory =
      ::mmap(nullptr, sizeof(FailPointControl), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) throw_errno("mmap {}", path.native());
  auto* const control = static_cast<FailPointControl*>(memory);
  if (std::string_view(control->magic.data(), control->magic.size()) !=
      FailPointControl::magic_text)
    fail("{} does not hold fail points", path.native());
  fail_points::control = control;
}

}  // namespace stack
