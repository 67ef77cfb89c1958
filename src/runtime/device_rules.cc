// SPDX-License-Identifier: Apache-2.0
#include "runtime/device_rules.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

// What the program keeps in registers. r1 is the kernel's bpf_cgroup_dev_ctx:
// {u32 access_type = access << 16 | type, u32 major, u32 minor}.
enum Register : std::uint8_t {
  answer = BPF_REG_0,
  context = BPF_REG_1,
  type = BPF_REG_2,
  access = BPF_REG_3,
  major_number = BPF_REG_4,
  minor_number = BPF_REG_5,
  scratch = BPF_REG_6,
};

bpf_insn instruction(int code, std::uint8_t destination, std::uint8_t source, std::int16_t offset,
                     std::int32_t immediate) {
  bpf_insn made{};
  made.code = static_cast<__u8>(code);
  made.dst_reg = destination & 0xf;
  made.src_reg = source & 0xf;
  made.off = offset;
  made.imm = immediate;
  return made;
}

bpf_insn load_word(Register to, std::int16_t offset) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, to, context, offset, 0);
}
bpf_insn set(Register to, std::int32_t value) {
  return instruction(BPF_ALU | BPF_MOV | BPF_K, to, 0, 0, value);
}
bpf_insn copy(Register to, Register from) {
  return instruction(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0);
}
bpf_insn mask(Register to, std::int32_t bits) {
  return instruction(BPF_ALU | BPF_AND | BPF_K, to, 0, 0, bits);
}
bpf_insn shift_right(Register to, std::int32_t by) {
  return instruction(BPF_ALU | BPF_RSH | BPF_K, to, 0, 0, by);
}
bpf_insn skip_unless_equal(Register left, std::int32_t value) {
  return instruction(BPF_JMP | BPF_JNE | BPF_K, left, 0, 0, value);
}
bpf_insn skip_unless_zero(Register left) {
  return skip_unless_equal(left, 0);
}
bpf_insn leave() {
  return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

std::int32_t access_bits(const std::string& letters) {
  std::int32_t bits = 0;
  for (const char letter : letters) {
    if (letter == 'm') bits |= BPF_DEVCG_ACC_MKNOD;
    if (letter == 'r') bits |= BPF_DEVCG_ACC_READ;
    if (letter == 'w') bits |= BPF_DEVCG_ACC_WRITE;
  }
  return bits;
}

/// "If all of this holds answer 1", else fall through to what follows.
void append_rule(std::vector<bpf_insn>& program, const DeviceRule& rule) {
  std::vector<bpf_insn> block;
  if (rule.type != DeviceType::any) {
    block.push_back(skip_unless_equal(
        type, rule.type == DeviceType::block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
  }
  if (const std::int32_t allowed = access_bits(rule.access); allowed != 7) {
    block.push_back(copy(scratch, access));
    block.push_back(mask(scratch, ~allowed));
    block.push_back(skip_unless_zero(scratch));
  }
  if (rule.major)
    block.push_back(skip_unless_equal(major_number, static_cast<std::int32_t>(*rule.major)));
  if (rule.minor)
    block.push_back(skip_unless_equal(minor_number, static_cast<std::int32_t>(*rule.minor)));
  block.push_back(set(answer, 1));
  block.push_back(leave());
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (block[i].code == (BPF_JMP | BPF_JNE | BPF_K))
      block[i].off = static_cast<std::int16_t>(block.size() - i - 1);
  }
  program.insert(program.end(), block.begin(), block.end());
}

long bpf(int command, bpf_attr& attributes) {
  return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

DeviceRule character(std::optional<unsigned> major, std::optional<unsigned> minor) {
  return {DeviceType::character, major, minor, "rwm"};
}

}  // namespace

std::vector<DeviceRule> default_device_rules() {
  return {{DeviceType::character, std::nullopt, std::nullopt, "m"},
          {DeviceType::block, std::nullopt, std::nullopt, "m"},
          character(1, 3),                // null
          character(1, 5),                // zero
          character(1, 7),                // full
          character(1, 8),                // random
          character(1, 9),                // urandom
          character(5, 0),                // tty
          character(5, 1),                // console
          character(5, 2),                // ptmx
          character(10, 200),             // net/tun, of use to who has CAP_NET_ADMIN
          character(136, std::nullopt)};  // pts/*
}

std::vector<DeviceRule> all_devices() {
  return {DeviceRule{}};
}

DeviceRule parse_rule(const std::string& text) {
  const auto words = split(text, ' ');
  const auto numbers = words.size() == 3 ? split(words[1], ':') : std::vector<std::string>{};
  const auto number = [&](const std::string& word) -> std::optional<unsigned> {
    if (word == "*") return std::nullopt;
    const auto value = parse_integer<unsigned>(word);
    if (!value) fail("{} is not a rule for devices", stack::quoted(text));
    return value;
  };
  const bool known = numbers.size() == 2 &&
                     (words[0] == "a" || words[0] == "b" || words[0] == "c") && !words[2].empty() &&
                     words[2].find_first_not_of("rwm") == std::string::npos;
  if (!known) fail("{} is not a rule for devices", stack::quoted(text));
  return {static_cast<DeviceType>(words[0][0]), number(numbers[0]), number(numbers[1]), words[2]};
}

std::string device_line(const DeviceRule& rule) {
  const auto number = [](const std::optional<unsigned>& value) {
    return value ? fmt::format("{}", *value) : std::string("*");
  };
  return fmt::format("{} {}:{} {}", static_cast<char>(rule.type), number(rule.major),
                     number(rule.minor), rule.access);
}

std::vector<bpf_insn> device_program(std::span<const DeviceRule> rules) {
  std::vector<bpf_insn> program = {load_word(type, 0),         copy(access, type),
                                   mask(type, 0xffff),         shift_right(access, 16),
                                   load_word(major_number, 4), load_word(minor_number, 8)};
  for (const DeviceRule& rule : rules) {
    append_rule(program, rule);
    // The kernel's verifier refuses instructions that cannot be reached.
    if (rule == DeviceRule{}) return program;
  }
  program.push_back(set(answer, 0));
  program.push_back(leave());
  return program;
}

void attach_device_program(int cgroup, std::span<const bpf_insn> program) {
  static constexpr char license[] = "Apache-2.0";
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<std::uintptr_t>(program.data());
  load.insn_cnt = static_cast<__u32>(program.size());
  load.license = reinterpret_cast<std::uintptr_t>(license);
  const Fd loaded(static_cast<int>(bpf(BPF_PROG_LOAD, load)));
  if (!loaded) throw_errno("loading the device filter");
  bpf_attr attach{};
  attach.target_fd = static_cast<__u32>(cgroup);
  attach.attach_bpf_fd = static_cast<__u32>(loaded.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (bpf(BPF_PROG_ATTACH, attach) != 0) throw_errno("attaching the device filter");
}

}  // namespace stack::runtime
