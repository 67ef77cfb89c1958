// SPDX-License-Identifier: Apache-2.0
#include "runtime/seccomp.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "runtime/seccomp_list.h"

namespace stack::runtime {
namespace {

/// Change it whenever the policy below changes: it is part of the cache's key.
constexpr int policy_version = 1;

struct ReleaseFilter {
  void operator()(void* context) const { seccomp_release(context); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

void check(int result, std::string_view attempt) {
  if (result < 0) throw Error(fmt::format("seccomp: {}", attempt), -result);
}

Filter new_filter() {
  Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) fail("seccomp: cannot make a filter");
  const std::vector<std::uint32_t> architectures = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
  for (const std::uint32_t architecture : architectures) {
    const int result = seccomp_arch_add(filter.get(), architecture);
    if (result != -EEXIST) check(result, "adding an architecture");
  }
  return filter;
}

/// A name that libseccomp or this architecture does not know is left to the prologue, or to EPERM.
void add_rule(const Filter& filter, std::uint32_t action, std::string_view name,
              const std::vector<scmp_arg_cmp>& conditions = {}) {
  const int number = seccomp_syscall_resolve_name(std::string(name).c_str());
  if (number == __NR_SCMP_ERROR) return;
  const int result = seccomp_rule_add_array(
      filter.get(), action, number, static_cast<unsigned>(conditions.size()), conditions.data());
  // EDOM: the call does not exist on one of the architectures. EEXIST: a rule says so already.
  if (result != -EDOM && result != -EEXIST) check(result, name);
}

void allow(const Filter& filter, std::string_view name,
           const std::vector<scmp_arg_cmp>& conditions = {}) {
  add_rule(filter, SCMP_ACT_ALLOW, name, conditions);
}

scmp_arg_cmp argument(unsigned index, scmp_compare comparison, std::uint64_t a,
                      std::uint64_t b = 0) {
  return scmp_arg_cmp{index, comparison, a, b};
}

/// All families but AF_ALG and AF_VSOCK.
void allow_sockets(const Filter& filter) {
  static_assert(AF_ALG == 38 && AF_VSOCK == 40);
  allow(filter, "socket", {argument(0, SCMP_CMP_LT, AF_ALG)});
  allow(filter, "socket", {argument(0, SCMP_CMP_EQ, AF_ALG + 1)});
  allow(filter, "socket", {argument(0, SCMP_CMP_GT, AF_VSOCK)});
}

/// Those that do not switch off address randomisation or make data executable.
void allow_personalities(const Filter& filter) {
  for (const std::uint64_t persona :
       {std::uint64_t{PER_LINUX}, std::uint64_t{PER_LINUX32}, std::uint64_t{UNAME26},
        std::uint64_t{PER_LINUX32} | std::uint64_t{UNAME26}, std::uint64_t{0xffffffff}}) {
    allow(filter, "personality", {argument(0, SCMP_CMP_EQ, persona)});
  }
}

/// Threads and children, but no new namespaces. clone3 hides its flags behind a pointer: ENOSYS
/// makes a libc use clone instead.
void allow_plain_clone(const Filter& filter) {
  constexpr std::uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                       CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  allow(filter, "clone", {argument(0, SCMP_CMP_MASKED_EQ, namespaces, 0)});
  add_rule(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3");
}

SeccompProgram exported(const Filter& filter) {
  const Fd memory(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!memory) throw_errno("memfd_create");
  check(seccomp_export_bpf(filter.get(), memory.get()), "exporting the filter");
  if (::lseek(memory.get(), 0, SEEK_SET) != 0) throw_errno("seccomp: lseek");
  const std::string bytes = read_all(memory.get());
  SeccompProgram program(bytes.size() / sizeof(sock_filter));
  std::memcpy(program.data(), bytes.data(), program.size() * sizeof(sock_filter));
  return program;
}

std::set<std::string_view> names_allowed(const std::set<std::string>& capabilities) {
  const auto always = always_allowed_calls();
  std::set<std::string_view> names(always.begin(), always.end());
  for (const CapabilityCalls& row : calls_allowed_by_capability()) {
    if (capabilities.contains(std::string(row.capability)))
      names.insert(row.calls.begin(), row.calls.end());
  }
  return names;
}

constexpr unsigned x32_bit = 0x40000000;

sock_filter statement(int code, std::uint32_t value) {
  return BPF_STMT(static_cast<__u16>(code), value);
}
sock_filter jump(int code, std::uint32_t value, std::size_t if_true, std::size_t if_false) {
  return BPF_JUMP(static_cast<__u16>(code), value, static_cast<__u8>(if_true),
                  static_cast<__u8>(if_false));
}

/// "If the number in A is N, allow" for each call of our own table.
void append_recent(SeccompProgram& program, const std::set<std::string_view>& allowed,
                   NumberedOn where) {
  for (const NumberedCall& call : recent_calls()) {
    if (call.on != where || !allowed.contains(call.name)) continue;
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, call.number, 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
}

/// What runs before libseccomp's part and falls through to it: it answers for calls that libseccomp
/// does not know, and with ENOSYS for those that nobody here knows. Jumps in BPF are relative, so
/// the rest need not be changed.
SeccompProgram prologue(const std::set<std::string_view>& allowed) {
  // 547 is the last of x32's own numbers; 335 means another call on i386 than on x86_64.
  constexpr unsigned newest_x32 = 547;
  const unsigned newest = recent_calls().back().number;
  SeccompProgram only_64;
  append_recent(only_64, allowed, NumberedOn::x86_64_only);
  SeccompProgram recent;
  append_recent(recent, allowed, NumberedOn::all);
  const std::uint32_t no_such_call = SECCOMP_RET_ERRNO | ENOSYS;

  SeccompProgram program;
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  // An unknown architecture is left to libseccomp, which kills.
  SeccompProgram body;
  body.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 2));
  body.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  body.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(only_64.size() + 5)));
  // x86_64 and x32
  body.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  body.insert(body.end(), only_64.begin(), only_64.end());
  body.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, x32_bit, 0, 3));
  body.push_back(jump(BPF_JMP | BPF_JGT | BPF_K, x32_bit + newest_x32, 4 + recent.size(), 0));
  body.push_back(statement(BPF_ALU | BPF_AND | BPF_K, ~x32_bit));
  body.push_back(statement(BPF_JMP | BPF_JA, 1));
  // x86_64 and i386
  body.push_back(jump(BPF_JMP | BPF_JGT | BPF_K, newest, 1 + recent.size(), 0));
  body.insert(body.end(), recent.begin(), recent.end());
  body.push_back(statement(BPF_JMP | BPF_JA, 1));
  body.push_back(statement(BPF_RET | BPF_K, no_such_call));

  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 2, 0));
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 1, 0));
  program.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(body.size())));
  program.insert(program.end(), body.begin(), body.end());
  return program;
}

std::string libseccomp_version() {
  const scmp_version* version = seccomp_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->micro);
}

std::string_view as_bytes(const SeccompProgram& program) {
  return {reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)};
}

/// A cache file: the key, a hash of the program, the program.
std::string cache_header(const std::string& key, std::string_view program) {
  return fmt::format("{}\n{:016x}\n", key, stable_hash(program));
}

SeccompProgram from_cache(const std::string& content, const std::string& key) {
  const std::size_t header_size = cache_header(key, "").size();
  if (content.size() <= header_size || (content.size() - header_size) % sizeof(sock_filter) != 0)
    return {};
  const std::string_view program = std::string_view(content).substr(header_size);
  if (!content.starts_with(cache_header(key, program))) return {};
  SeccompProgram instructions(program.size() / sizeof(sock_filter));
  std::memcpy(instructions.data(), program.data(), program.size());
  return instructions;
}

}  // namespace

SeccompProgram compile_seccomp(const std::set<std::string>& capabilities) {
  const std::set<std::string_view> allowed = names_allowed(capabilities);
  const Filter filter = new_filter();
  for (const std::string_view name : allowed) allow(filter, name);
  allow_sockets(filter);
  allow_personalities(filter);
  if (!capabilities.contains("SYS_ADMIN")) allow_plain_clone(filter);
  SeccompProgram program = prologue(allowed);
  const SeccompProgram rest = exported(filter);
  program.insert(program.end(), rest.begin(), rest.end());
  return program;
}

std::string seccomp_key(const std::set<std::string>& capabilities) {
  std::string key = fmt::format("stack-seccomp {} libseccomp {} x86_64,x86,x32", policy_version,
                                libseccomp_version());
  for (const CapabilityCalls& row : calls_allowed_by_capability()) {
    if (capabilities.contains(std::string(row.capability)))
      key += fmt::format(" {}", row.capability);
  }
  return key;
}

SeccompProgram cached_seccomp(const std::filesystem::path& cache,
                              const std::set<std::string>& capabilities) {
  if (cache.empty()) return compile_seccomp(capabilities);
  const std::string key = seccomp_key(capabilities);
  const std::filesystem::path file = cache / ("seccomp-" + stable_hex(key, 16));
  try {
    SeccompProgram program = from_cache(read_file_if_exists(file).value_or(""), key);
    if (!program.empty()) return program;
  } catch (const Error&) {
    // Unreadable is as good as absent: the program is made anew.
  }
  SeccompProgram program = compile_seccomp(capabilities);
  try {
    make_directories(cache);
    const std::string_view bytes = as_bytes(program);
    write_file_atomically(file, cache_header(key, bytes) + std::string(bytes),
                          Durability::survives_crash);
  } catch (const Error&) {
    // A full or read-only disk costs the next start some milliseconds, nothing else.
  }
  return program;
}

}  // namespace stack::runtime
