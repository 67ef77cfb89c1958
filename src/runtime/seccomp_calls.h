// SPDX-License-Identifier: Apache-2.0
// The system calls of an x86_64 kernel by name: their numbers on each of its three ABIs, and what a
// filter must know about how the kernel reads their arguments.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace stack::runtime {

/// The three ways into the kernel. x32 is x86_64 with bit 30 set in the number.
enum class Abi : std::uint8_t { x86_64, i386, x32 };
inline constexpr std::size_t abi_count = 3;
inline constexpr std::uint32_t x32_bit = 0x40000000;

struct SystemCall {
  std::string_view name;
  std::array<int, abi_count> numbers;  ///< by Abi, x32's without its bit; negative: not there

  constexpr int number(Abi abi) const { return numbers[static_cast<std::size_t>(abi)]; }
};

/// All calls that this program knows, by name.
std::span<const SystemCall> system_calls();
/// Null for a name that no ABI of this processor has.
const SystemCall* find_system_call(std::string_view name);

/// A call that i386 (also) reaches through socketcall(2) or ipc(2).
struct MultiplexedCall {
  std::string_view name;
  std::uint32_t multiplexer;  ///< number of socketcall or ipc
  std::uint32_t selector;     ///< which call it is: the multiplexer's first argument...
  std::uint32_t mask;         ///< ...of which these bits count
};
/// Null for a call that has its own number only.
const MultiplexedCall* multiplexed_on_i386(std::string_view name);

/// Bit n: the kernel ignores the upper half of argument n's register, so a filter must not look at
/// it either. socket(2) with 0x100000026 makes a socket of family 0x26, and is greater than 40.
unsigned narrow_arguments(std::string_view name);

}  // namespace stack::runtime
