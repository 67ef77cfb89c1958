// SPDX-License-Identifier: Apache-2.0
#include "runtime/replace_files.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/files.h"
#include "base/pipe.h"
#include "runtime/child_mounts.h"
#include "runtime/mount_plan.h"

namespace stack::runtime {
namespace {

/// In a mount namespace of our own, whose staging directory make_files() covers.
std::vector<Fd> detached_files(const std::vector<MountStep>& steps) {
  if (::unshare(CLONE_NEWNS) != 0) throw_errno("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    throw_errno("make mounts private");
  std::vector<int> trees(steps.size(), -1);
  const ChildFailure failure = make_files(steps, trees);
  std::vector<Fd> files;
  for (const int tree : trees) files.emplace_back(tree);
  if (failure.failed())
    throw Error(fmt::format("make {}", steps[failure.item].target), failure.error);
  return files;
}

void cover(const std::vector<MountStep>& steps, const std::vector<Fd>& files) {
  const Fd root = open_file("/", O_PATH | O_DIRECTORY);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Fd target = open_in_root(root.get(), steps[i].target, O_PATH);
    if (const int error = attach(files[i].get(), target.get()))
      throw Error(fmt::format("mount on {}", steps[i].target), error);
  }
}

/// In the child; what went wrong goes to `report`.
[[noreturn]] void work(int report, const ProcessIdentity& process,
                       const std::vector<MountStep>& steps) {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  try {
    const auto pidfd = open_process(process);
    if (!pidfd) throw Error("the container has ended");
    const std::vector<Fd> files = detached_files(steps);
    if (::setns(pidfd->get(), CLONE_NEWNS) != 0) throw_errno("enter the container's mounts");
    cover(steps, files);
    ::_exit(0);
  } catch (const std::exception& error) {
    const std::string_view text = error.what();
    // Less than PIPE_BUF: whole, and without waiting.
    ::_exit(::write(report, text.data(), std::min<std::size_t>(text.size(), 4000)) < 0 ? 2 : 1);
  }
}

}  // namespace

void replace_files(const ProcessIdentity& process, const ContainerSpec& spec) {
  const std::vector<MountStep> steps = file_steps(spec);
  if (steps.empty()) return;
  Pipe pipe = make_pipe();
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) work(pipe.writing.get(), process, steps);
  pipe.writing.reset();
  const std::string said = read_all(pipe.reading.get(), 1 << 16);
  const auto status = await_end(child);
  if (!said.empty()) throw Error(said);
  if (!status || exit_code_of(*status) != 0) throw Error("giving files another text failed");
}

}  // namespace stack::runtime
