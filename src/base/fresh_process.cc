// SPDX-License-Identifier: Apache-2.0
#include "base/fresh_process.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace stack {
namespace {

constexpr rlim_t mebibyte = 1U << 20;
/// Programs that close every possible descriptor take minutes over an unlimited number.
constexpr rlim_t most_files = 1U << 20;

constexpr StandardLimit limits[] = {
    {RLIMIT_CPU, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_FSIZE, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_DATA, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_STACK, {8 * mebibyte, RLIM_INFINITY}},
    {RLIMIT_CORE, {0, RLIM_INFINITY}},
    {RLIMIT_RSS, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_NPROC, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_NOFILE, {most_files, most_files}},
    {RLIMIT_MEMLOCK, {8 * mebibyte, 8 * mebibyte}},
    {RLIMIT_AS, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_LOCKS, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_NICE, {0, 0}},
    {RLIMIT_RTPRIO, {0, 0}},
    {RLIMIT_RTTIME, {RLIM_INFINITY, RLIM_INFINITY}},
};

/// As high as it may be, at least as high as it should be.
void raise_limit(const StandardLimit& standard) {
  const auto resource = static_cast<__rlimit_resource_t>(standard.resource);
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) return;
  const rlim_t hard = std::max(now.rlim_max, standard.limit.rlim_max);
  rlimit wanted{std::min(standard.limit.rlim_cur, hard), hard};
  if (::setrlimit(resource, &wanted) == 0) return;
  wanted = {std::min(standard.limit.rlim_cur, now.rlim_max), now.rlim_max};
  ::setrlimit(resource, &wanted);
}

void run_as_others_do() {
  sched_param parameters{};
  ::sched_setscheduler(0, SCHED_OTHER, &parameters);
  ::setpriority(PRIO_PROCESS, 0, 0);
  ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
  // Those of init, which the machine's own settings have (isolcpus=, CPUAffinity=); where it is not
  // to be asked, more than any kernel has, of which it takes those that our cpuset allows.
  cpu_set_t processors[8];
  constexpr pid_t init = 1;
  if (::sched_getaffinity(init, sizeof processors, processors) != 0)
    std::memset(processors, 0xff, sizeof processors);
  ::sched_setaffinity(0, sizeof processors, processors);
  constexpr int default_policy = 0;  // MPOL_DEFAULT
  ::syscall(SYS_set_mempolicy, default_policy, nullptr, 0);
}

void take_no_blame_for_memory() {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  [[maybe_unused]] const ssize_t written = ::write(file, "0", 1);
  ::close(file);
}

}  // namespace

std::span<const StandardLimit> standard_limits() {
  return limits;
}

void shed_inherited() {
  constexpr unsigned long usual_slack_ns = 50'000;
  run_as_others_do();
  ::personality(PER_LINUX);
  ::prctl(PR_SET_TIMERSLACK, usual_slack_ns, 0, 0, 0);
  take_no_blame_for_memory();
  for (const StandardLimit& each : limits) raise_limit(each);
}

}  // namespace stack
