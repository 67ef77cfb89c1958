// SPDX-License-Identifier: Apache-2.0
#include "runtime/device_rules.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/error.h"

namespace stack::runtime {
namespace {

/// The few instructions that device_program() uses, interpreted as the kernel would.
std::uint64_t execute(const std::vector<bpf_insn>& program, const std::uint32_t (&context)[3]) {
  std::uint64_t r[11] = {};
  for (std::size_t pc = 0;; ++pc) {
    const bpf_insn& i = program.at(pc);
    const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
    switch (i.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        r[i.dst_reg] = context[i.off / 4];
        break;
      case BPF_ALU | BPF_MOV | BPF_K:
        r[i.dst_reg] = low(static_cast<std::uint64_t>(i.imm));
        break;
      case BPF_ALU | BPF_MOV | BPF_X:
        r[i.dst_reg] = low(r[i.src_reg]);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        r[i.dst_reg] = low(r[i.dst_reg]) & static_cast<std::uint32_t>(i.imm);
        break;
      case BPF_ALU | BPF_RSH | BPF_K:
        r[i.dst_reg] = low(r[i.dst_reg]) >> i.imm;
        break;
      case BPF_JMP | BPF_JNE | BPF_K:
        if (r[i.dst_reg] != static_cast<std::uint64_t>(i.imm))
          pc += static_cast<std::size_t>(i.off);
        break;
      case BPF_JMP | BPF_EXIT:
        return r[0];
      default:
        ADD_FAILURE() << "unexpected instruction " << int{i.code};
        return 99;
    }
  }
}

bool allows(const std::vector<DeviceRule>& rules, char type, std::uint32_t major,
            std::uint32_t minor, const std::string& access) {
  std::uint32_t bits = 0;
  for (const char letter : access) {
    bits |= letter == 'm'
                ? BPF_DEVCG_ACC_MKNOD
                : static_cast<int>(letter == 'r' ? BPF_DEVCG_ACC_READ : BPF_DEVCG_ACC_WRITE);
  }
  const std::uint32_t kind = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
  return execute(device_program(rules), {bits << 16 | kind, major, minor}) == 1;
}

TEST(DeviceRules, LinesAreInTheWordsOfTheV1Controller) {
  EXPECT_EQ(device_line({DeviceType::character, 1, 3, "rwm"}), "c 1:3 rwm");
  EXPECT_EQ(device_line({DeviceType::block, {}, {}, "m"}), "b *:* m");
  EXPECT_EQ(device_line(all_devices().front()), "a *:* rwm");
}

TEST(DeviceRules, TheDefaultOpensOnlyHarmlessDevices) {
  const auto rules = default_device_rules();
  EXPECT_TRUE(allows(rules, 'c', 1, 3, "rw"));
  EXPECT_TRUE(allows(rules, 'c', 136, 77, "rwm"));
  EXPECT_TRUE(allows(rules, 'c', 10, 200, "rw"));
  EXPECT_FALSE(allows(rules, 'c', 10, 229, "rw"));
  EXPECT_FALSE(allows(rules, 'c', 1, 1, "r")) << "/dev/mem";
  EXPECT_FALSE(allows(rules, 'b', 8, 0, "r")) << "a disk";
  EXPECT_FALSE(allows(rules, 'b', 1, 3, "r")) << "a block device of null's number";
  EXPECT_FALSE(allows(rules, 'c', 10, 229, "rw")) << "fuse";
}

TEST(DeviceRules, TheDefaultAllowsMakingNodesButNotUsingThem) {
  const auto rules = default_device_rules();
  EXPECT_TRUE(allows(rules, 'b', 8, 0, "m"));
  EXPECT_FALSE(allows(rules, 'b', 8, 0, "rm"));
}

TEST(DeviceRules, EverythingIsEverything) {
  EXPECT_TRUE(allows(all_devices(), 'b', 8, 0, "rwm"));
  EXPECT_EQ(device_program(all_devices()).size(), 8U)
      << "nothing behind it: it could not be reached";
  EXPECT_FALSE(allows({}, 'c', 1, 3, "r"));
}

}  // namespace
}  // namespace stack::runtime
