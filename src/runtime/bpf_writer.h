// SPDX-License-Identifier: Apache-2.0
// Classic BPF, written from its last instruction to its first: jumps only go forward, so whatever
// an instruction jumps to is there already and its distance is known.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <map>
#include <vector>

namespace stack::runtime {

class BpfWriter {
 public:
  /// An instruction's distance from the program's end.
  using Place = std::size_t;

  /// "return `answer`": one that is near already, or a new one.
  Place answer(std::uint32_t answer);
  /// "load the 32 bits at `offset` of seccomp_data", falling through to `next`.
  Place load(std::uint32_t offset, Place next);
  /// "keep these bits of what was loaded", falling through to `next`.
  Place mask(std::uint32_t bits, Place next);
  /// "if loaded OPERATION value go to yes, else to no"; BPF_JEQ, BPF_JGT or BPF_JGE.
  Place compare(int operation, std::uint32_t value, Place yes, Place no);
  /// The whole program, which begins with what was written last.
  std::vector<sock_filter> program() const;

 private:
  Place write(const sock_filter& instruction);
  /// An instruction that leads to `target`, whatever the distance.
  Place jump(Place target);
  /// `target`, or a new instruction that leads there when it is too far for a conditional jump.
  Place near(Place target);
  /// Makes `target` what the next instruction written falls through to.
  void lead_to(Place target);

  std::vector<sock_filter> backwards_;
  std::map<std::uint32_t, Place> answers_;
};

}  // namespace stack::runtime
