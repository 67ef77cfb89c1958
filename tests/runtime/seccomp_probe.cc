// SPDX-License-Identifier: Apache-2.0
// Runs inside a container: makes the calls that its arguments name and prints what the kernel
// answers, a line for each.
//   runtime_seccomp_probe x86_64:165:0:0 i386:21:0:0 x32:165:0:0
#include "seccomp_probe.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using stack::runtime::testing::ProbedAbi;

/// ABI:NUMBER:FIRST:SECOND, numbers as strtoull takes them.
int probe(const char* call) {
  ProbedAbi abi = ProbedAbi::x86_64;
  if (std::strncmp(call, "i386:", 5) == 0) abi = ProbedAbi::i386;
  if (std::strncmp(call, "x32:", 4) == 0) abi = ProbedAbi::x32;
  const char* at = std::strchr(call, ':');
  unsigned long long numbers[3] = {};
  for (unsigned long long& number : numbers) {
    if (at == nullptr) break;
    char* end = nullptr;
    number = std::strtoull(at + 1, &end, 0);
    at = *end == ':' ? end : nullptr;
  }
  const long answer = stack::runtime::testing::make_call(abi, static_cast<unsigned>(numbers[0]),
                                                         static_cast<long>(numbers[1]),
                                                         static_cast<long>(numbers[2]));
  std::printf("%s %ld\n", call, answer);
  return std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    if (probe(arguments[i]) != 0) return 1;
  }
  return 0;
}
