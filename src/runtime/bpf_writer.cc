// SPDX-License-Identifier: Apache-2.0
#include "runtime/bpf_writer.h"

namespace stack::runtime {
namespace {

// A conditional jump has eight bits for its distance; two instructions may come between when the
// targets need one each to lead there.
constexpr std::size_t near_enough = 255 - 2;

sock_filter statement(int code, std::uint32_t value) {
  return BPF_STMT(static_cast<__u16>(code), value);
}

}  // namespace

BpfWriter::Place BpfWriter::write(const sock_filter& instruction) {
  backwards_.push_back(instruction);
  return backwards_.size() - 1;
}

BpfWriter::Place BpfWriter::jump(Place target) {
  const std::size_t distance = backwards_.size() - 1 - target;
  return write(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(distance)));
}

BpfWriter::Place BpfWriter::near(Place target) {
  if (backwards_.size() - target <= near_enough) return target;
  const sock_filter& there = backwards_[target];
  if (BPF_CLASS(there.code) == BPF_RET) return answer(there.k);
  return jump(target);
}

void BpfWriter::lead_to(Place target) {
  if (target + 1 != backwards_.size()) jump(target);
}

BpfWriter::Place BpfWriter::answer(std::uint32_t answer) {
  const auto known = answers_.find(answer);
  if (known != answers_.end() && backwards_.size() - known->second <= near_enough)
    return known->second;
  return answers_[answer] = write(statement(BPF_RET | BPF_K, answer));
}

BpfWriter::Place BpfWriter::load(std::uint32_t offset, Place next) {
  lead_to(next);
  return write(statement(BPF_LD | BPF_W | BPF_ABS, offset));
}

BpfWriter::Place BpfWriter::mask(std::uint32_t bits, Place next) {
  lead_to(next);
  return write(statement(BPF_ALU | BPF_AND | BPF_K, bits));
}

BpfWriter::Place BpfWriter::compare(int operation, std::uint32_t value, Place yes, Place no) {
  const Place if_yes = near(yes);
  const Place if_no = near(no);
  const std::size_t here = backwards_.size() - 1;
  return write(BPF_JUMP(static_cast<__u16>(BPF_JMP | operation | BPF_K), value,
                        static_cast<__u8>(here - if_yes), static_cast<__u8>(here - if_no)));
}

std::vector<sock_filter> BpfWriter::program() const {
  return {backwards_.rbegin(), backwards_.rend()};
}

}  // namespace stack::runtime
