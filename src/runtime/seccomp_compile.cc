// SPDX-License-Identifier: Apache-2.0
#include "runtime/seccomp_compile.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>

#include "base/error.h"
#include "runtime/bpf_writer.h"

namespace stack::runtime {
namespace {

// What the kernel means by a call that a tracer has cancelled (seccomp(2)).
constexpr std::uint32_t cancelled = 0xffffffff;
constexpr unsigned all_arguments = 0b111111;

/// One way for a call to be decided.
struct Case {
  std::vector<ArgumentTest> tests;
  SeccompAction action = 0;
  unsigned narrow = 0;  ///< bit n: only the lower half of argument n counts

  bool operator==(const Case&) const = default;
};

/// The first that holds decides; the last one has no tests.
using Judgement = std::vector<Case>;

struct NumberedCase {
  std::uint32_t number;
  Case answer;
};

/// From this number to the next range's.
struct Range {
  std::uint32_t first;
  Judgement judgement;
};

Judgement always(SeccompAction action) {
  return {Case{{}, action, 0}};
}

std::uint32_t raw_number(Abi abi, int number) {
  return static_cast<std::uint32_t>(number) | (abi == Abi::x32 ? x32_bit : 0);
}

/// What the rule says of a call through socketcall or ipc.
void add_multiplexed(std::vector<NumberedCase>& cases, const SeccompRule& rule,
                     const SystemCall& call) {
  const MultiplexedCall* way = multiplexed_on_i386(call.name);
  if (way == nullptr || (lets_through(rule.action) && !rule.tests.empty())) return;
  const ArgumentTest selected{0, Comparison::masked_equal, way->selector, way->mask};
  cases.push_back({way->multiplexer, {{selected}, rule.action, all_arguments}});
}

void add_call(std::vector<NumberedCase>& cases, const SeccompRule& rule, const SystemCall& call,
              Abi abi) {
  if (abi == Abi::i386) add_multiplexed(cases, rule, call);
  const int number = call.number(abi);
  if (number < 0) return;
  unsigned narrow = 0;
  if (!rule.tests.empty()) narrow = abi == Abi::i386 ? all_arguments : narrow_arguments(call.name);
  cases.push_back({raw_number(abi, number), {rule.tests, rule.action, narrow}});
}

/// By number; cases of one number stay in the order of the rules.
std::vector<NumberedCase> cases_of(const std::vector<const SeccompRule*>& rules, Abi abi) {
  std::vector<NumberedCase> cases;
  cases.reserve(system_calls().size());
  for (const SeccompRule* rule : rules) {
    for (const SystemCall* call : rule->calls) add_call(cases, *rule, *call, abi);
  }
  std::stable_sort(cases.begin(), cases.end(), [](const NumberedCase& a, const NumberedCase& b) {
    return a.number < b.number;
  });
  return cases;
}

Judgement judgement_of(std::span<const NumberedCase> cases, SeccompAction otherwise) {
  Judgement judgement;
  for (const NumberedCase& each : cases) {
    if (each.answer.tests.empty()) return {each.answer};
    judgement.push_back(each.answer);
  }
  judgement.push_back(Case{{}, otherwise, 0});
  return judgement;
}

void append(std::vector<Range>& ranges, std::uint32_t first, const Judgement& judgement) {
  if (ranges.empty() || ranges.back().judgement != judgement) ranges.push_back({first, judgement});
}

/// What is said of numbers that no rule names, from this one to the next piece's.
struct Piece {
  std::uint32_t first;
  SeccompAction action;
};

std::vector<Piece> unnamed_numbers(const SeccompProfile& profile, Abi abi) {
  // x32's calls whose structures differ from x86_64's, numbered long before those that came after.
  constexpr int own_block = 512;
  constexpr int after_block = 548;
  std::vector<Piece> pieces = {{raw_number(abi, 0), profile.default_action}};
  const int newest = profile.newest[static_cast<std::size_t>(abi)];
  if (newest < 0) return pieces;
  if (abi != Abi::x32 || newest + 1 < own_block)
    pieces.push_back({raw_number(abi, newest + 1), no_such_call});
  if (abi == Abi::x32) {
    pieces.push_back({raw_number(abi, own_block), profile.default_action});
    pieces.push_back({raw_number(abi, std::max(newest + 1, after_block)), no_such_call});
  }
  return pieces;
}

/// Numbers that no rule names: [first, end).
void append_unnamed(std::vector<Range>& ranges, const std::vector<Piece>& pieces,
                    std::uint32_t first, std::uint32_t end) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::uint32_t from = std::max(first, pieces[i].first);
    const std::uint32_t to = i + 1 < pieces.size() ? std::min(end, pieces[i + 1].first) : end;
    if (from < to) append(ranges, from, always(pieces[i].action));
  }
}

/// Adds the ranges of one ABI, which owns the numbers [first, end).
void append_abi(std::vector<Range>& ranges, const std::vector<const SeccompRule*>& rules,
                const SeccompProfile& profile, Abi abi, std::uint32_t end) {
  const std::vector<NumberedCase> cases = cases_of(rules, abi);
  const std::vector<Piece> unnamed = unnamed_numbers(profile, abi);
  std::uint32_t next = raw_number(abi, 0);
  for (auto from = cases.begin(); from != cases.end();) {
    const auto other = [&](const NumberedCase& each) { return each.number != from->number; };
    const auto to = std::find_if(from, cases.end(), other);
    append_unnamed(ranges, unnamed, next, from->number);
    append(ranges, from->number, judgement_of({from, to}, profile.default_action));
    next = from->number + 1;
    from = to;
  }
  append_unnamed(ranges, unnamed, next, end);
}

/// x86_64 and x32 are one architecture to the kernel, and share one space of numbers.
std::vector<Range> ranges_64(const std::vector<const SeccompRule*>& rules,
                             const SeccompProfile& profile) {
  std::vector<Range> ranges;
  append_abi(ranges, rules, profile, Abi::x86_64, x32_bit);
  if (profile.other_abis.contains(Abi::x32)) {
    append_abi(ranges, rules, profile, Abi::x32, cancelled);
  } else {
    append(ranges, x32_bit, always(SECCOMP_RET_KILL_THREAD));
  }
  const bool limited = profile.newest[static_cast<std::size_t>(Abi::x86_64)] >= 0;
  append(ranges, cancelled, always(limited ? no_such_call : profile.default_action));
  return ranges;
}

std::vector<Range> ranges_32(const std::vector<const SeccompRule*>& rules,
                             const SeccompProfile& profile) {
  std::vector<Range> ranges;
  append_abi(ranges, rules, profile, Abi::i386, cancelled);
  return ranges;
}

/// Where half an argument's register is. This processor is little-endian.
std::uint32_t offset_of(unsigned argument, bool upper) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(__u64) +
                                    (upper ? sizeof(__u32) : 0));
}

using Place = BpfWriter::Place;

/// Goes to `yes` when (argument & mask) == value.
Place write_equal(BpfWriter& writer, const ArgumentTest& test, bool narrow, std::uint64_t mask,
                  Place yes, Place no) {
  const auto half = [&](bool upper, Place if_equal) {
    const auto bits = static_cast<std::uint32_t>(upper ? mask >> 32 : mask);
    const auto value = static_cast<std::uint32_t>(upper ? test.value >> 32 : test.value);
    Place place = writer.compare(BPF_JEQ, value & bits, if_equal, no);
    if (bits != 0xffffffff) place = writer.mask(bits, place);
    return writer.load(offset_of(test.index, upper), place);
  };
  const Place lower = half(false, yes);
  return narrow || mask >> 32 == 0 ? lower : half(true, lower);
}

/// Goes to `yes` when argument OPERATION value, for BPF_JGT and BPF_JGE.
Place write_order(BpfWriter& writer, const ArgumentTest& test, bool narrow, int operation,
                  Place yes, Place no) {
  const auto low_value = static_cast<std::uint32_t>(test.value);
  const auto high_value = static_cast<std::uint32_t>(test.value >> 32);
  const Place lower =
      writer.load(offset_of(test.index, false), writer.compare(operation, low_value, yes, no));
  if (narrow) return lower;
  const Place equal = writer.compare(BPF_JEQ, high_value, lower, no);
  return writer.load(offset_of(test.index, true), writer.compare(BPF_JGT, high_value, yes, equal));
}

Place write_test(BpfWriter& writer, const ArgumentTest& test, bool narrow, Place yes, Place no) {
  constexpr std::uint64_t whole = ~std::uint64_t{0};
  switch (test.comparison) {
    case Comparison::equal:
      return write_equal(writer, test, narrow, whole, yes, no);
    case Comparison::not_equal:
      return write_equal(writer, test, narrow, whole, no, yes);
    case Comparison::masked_equal:
      return write_equal(writer, test, narrow, test.mask, yes, no);
    case Comparison::greater:
      return write_order(writer, test, narrow, BPF_JGT, yes, no);
    case Comparison::less_or_equal:
      return write_order(writer, test, narrow, BPF_JGT, no, yes);
    case Comparison::greater_or_equal:
      return write_order(writer, test, narrow, BPF_JGE, yes, no);
    case Comparison::less:
      return write_order(writer, test, narrow, BPF_JGE, no, yes);
  }
  return no;
}

Place write_judgement(BpfWriter& writer, const Judgement& judgement) {
  Place next = writer.answer(judgement.back().action);
  for (auto each = judgement.rbegin() + 1; each != judgement.rend(); ++each) {
    Place matched = writer.answer(each->action);
    for (auto test = each->tests.rbegin(); test != each->tests.rend(); ++test) {
      const bool narrow = (each->narrow >> test->index & 1) != 0;
      matched = write_test(writer, *test, narrow, matched, next);
    }
    next = matched;
  }
  return next;
}

/// A range with numbers in it that are judged otherwise: "is it this one" costs one instruction,
/// ranges on both sides of it two.
struct Span {
  const Range* range;
  std::vector<const Range*> exceptions;
};

std::vector<Span> spans_of(const std::vector<Range>& ranges) {
  constexpr std::size_t most_exceptions = 2;  // asked one after the other
  std::vector<Span> spans;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    Span span{&ranges[i], {}};
    const auto goes_on_after_one = [&] {
      return i + 2 < ranges.size() && ranges[i + 2].first == ranges[i + 1].first + 1 &&
             ranges[i + 2].judgement == span.range->judgement;
    };
    while (span.exceptions.size() < most_exceptions && goes_on_after_one()) {
      span.exceptions.push_back(&ranges[i + 1]);
      i += 2;
    }
    spans.push_back(std::move(span));
  }
  return spans;
}

Place write_span(BpfWriter& writer, const Span& span) {
  Place place = write_judgement(writer, span.range->judgement);
  for (const Range* exception : span.exceptions) {
    const Place answer = write_judgement(writer, exception->judgement);
    place = writer.compare(BPF_JEQ, exception->first, answer, place);
  }
  return place;
}

/// Finds the span of the number that is loaded.
Place write_search(BpfWriter& writer, std::span<const Span> spans) {
  if (spans.size() == 1) return write_span(writer, spans.front());
  const std::size_t middle = spans.size() / 2;
  const Place right = write_search(writer, spans.subspan(middle));
  const Place left = write_search(writer, spans.first(middle));
  return writer.compare(BPF_JGE, spans[middle].range->first, right, left);
}

Place write_numbers(BpfWriter& writer, const std::vector<Range>& ranges) {
  return writer.load(offsetof(seccomp_data, nr), write_search(writer, spans_of(ranges)));
}

/// A rule that repeats the default adds nothing, and must not stand before one that does.
std::vector<const SeccompRule*> rules_that_count(const SeccompProfile& profile,
                                                 const SeccompCircumstances& circumstances) {
  std::vector<const SeccompRule*> rules;
  for (const SeccompRule& rule : profile.rules) {
    if (rule.action != profile.default_action && applies(rule.scope, circumstances))
      rules.push_back(&rule);
  }
  return rules;
}

}  // namespace

bool lets_through(SeccompAction action) {
  const SeccompAction kind = action & SECCOMP_RET_ACTION_FULL;
  return kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE;
}

bool applies(const RuleScope& scope, const SeccompCircumstances& circumstances) {
  const auto held = [&](const std::string& name) {
    return circumstances.capabilities.contains(name);
  };
  if (scope.from_kernel && circumstances.kernel < *scope.from_kernel) return false;
  if (scope.before_kernel && circumstances.kernel >= *scope.before_kernel) return false;
  return std::all_of(scope.needs_capabilities.begin(), scope.needs_capabilities.end(), held) &&
         std::none_of(scope.unless_capabilities.begin(), scope.unless_capabilities.end(), held);
}

SeccompProgram compile_seccomp(const SeccompProfile& profile,
                               const SeccompCircumstances& circumstances) {
  const std::vector<const SeccompRule*> rules = rules_that_count(profile, circumstances);
  BpfWriter writer;
  const Place wrong_architecture = writer.answer(SECCOMP_RET_KILL_THREAD);
  Place otherwise = wrong_architecture;
  if (profile.other_abis.contains(Abi::i386)) {
    const Place numbers = write_numbers(writer, ranges_32(rules, profile));
    otherwise = writer.compare(BPF_JEQ, AUDIT_ARCH_I386, numbers, wrong_architecture);
  }
  const Place numbers = write_numbers(writer, ranges_64(rules, profile));
  writer.load(offsetof(seccomp_data, arch),
              writer.compare(BPF_JEQ, AUDIT_ARCH_X86_64, numbers, otherwise));
  SeccompProgram program = writer.program();
  if (program.size() > BPF_MAXINSNS) {
    fail("seccomp: the profile makes a filter of {} instructions, and the kernel takes {}",
         program.size(), BPF_MAXINSNS);
  }
  return program;
}

}  // namespace stack::runtime
