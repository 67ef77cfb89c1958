// SPDX-License-Identifier: Apache-2.0
// What the system call filter of a default container costs, ours beside libseccomp's of the same
// policy: to make, to load, and for each call that is made under it.
//
//   bench_seccomp [ROUNDS]
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>

#include "base/error.h"
#include "base/text.h"
#include "runtime/container_spec.h"
#include "runtime/seccomp.h"
#include "runtime/seccomp_list.h"
#include "seccomp_judge.h"

namespace {

namespace runtime = stack::runtime;
using runtime::SeccompProgram;
using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

double median(std::vector<double> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

double microseconds(const std::function<void()>& work) {
  const auto begin = Clock::now();
  work();
  return Microseconds(Clock::now() - begin).count();
}

void load(const SeccompProgram& program) {
  const sock_fprog filter{static_cast<unsigned short>(program.size()),
                          const_cast<sock_filter*>(program.data())};
  if (::syscall(SYS_seccomp, 1, 0, &filter) != 0) ::_exit(1);
}

/// What a child measured under a filter, in shared memory.
struct Costs {
  double load;         ///< µs
  double getppid;      ///< ns a call: allowed whatever its arguments
  double personality;  ///< ns a call: judged by its argument
};

Costs measured_in_child(const SeccompProgram& program) {
  constexpr int calls = 20000;
  void* memory =
      ::mmap(nullptr, sizeof(Costs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) stack::throw_errno("mmap");
  auto* costs = static_cast<Costs*>(memory);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!program.empty()) costs->load = microseconds([&] { load(program); });
    const auto each = [](long number, long argument) {
      return microseconds([&] {
               for (int i = 0; i < calls; ++i) ::syscall(number, argument);
             }) *
             1000 / calls;
    };
    costs->getppid = each(SYS_getppid, 0);
    costs->personality = each(SYS_personality, 0xffffffff);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const Costs result = *costs;
  ::munmap(memory, sizeof(Costs));
  if (status != 0) stack::fail("the child could not load the filter");
  return result;
}

/// One way to get a filter, and what it cost in each round.
struct Candidate {
  const char* name;
  std::function<SeccompProgram()> make;
  std::size_t instructions{};
  std::vector<double> generate{}, load{}, getppid{}, personality{};
};

void measure(Candidate& candidate) {
  SeccompProgram program;
  candidate.generate.push_back(microseconds([&] { program = candidate.make(); }));
  const Costs costs = measured_in_child(program);
  candidate.instructions = program.size();
  candidate.load.push_back(costs.load);
  candidate.getppid.push_back(costs.getppid);
  candidate.personality.push_back(costs.personality);
}

void report(const Candidate& candidate) {
  std::cout << fmt::format(
      "{:12} {:5} instructions  generate {:7.0f} us  load {:5.0f} us  getppid {:5.1f} ns  "
      "personality {:5.1f} ns\n",
      candidate.name, candidate.instructions, median(candidate.generate), median(candidate.load),
      median(candidate.getppid), median(candidate.personality));
}

/// In turns, each round beginning with another one.
void compare(std::vector<Candidate> candidates, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    for (Candidate& candidate : candidates) measure(candidate);
    std::rotate(candidates.begin(), candidates.begin() + 1, candidates.end());
  }
  for (const Candidate& candidate : candidates) report(candidate);
}

SeccompProgram by_libseccomp() {
  return runtime::testing::by_libseccomp(runtime::docker_seccomp_profile(),
                                         {runtime::default_capabilities(), {6, 18}});
}

SeccompProgram ours() {
  return runtime::seccomp_for("", runtime::default_capabilities());
}

SeccompProgram none() {
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? stack::parse_integer<int>(arguments[1]).value_or(0) : 101;
  if (rounds < 1) {
    std::cerr << "usage: bench_seccomp [ROUNDS]\n";
    return 2;
  }
  try {
    compare({{"none", none}, {"libseccomp", by_libseccomp}, {"ours", ours}}, rounds);
  } catch (const stack::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
