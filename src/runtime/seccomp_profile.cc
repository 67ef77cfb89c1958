// SPDX-License-Identifier: Apache-2.0
#include "runtime/seccomp_profile.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "runtime/capabilities.h"
#include "runtime/seccomp_compile.h"

namespace stack::runtime {
namespace {

using nlohmann::json;

/// A value of the file and where it is, for people: "syscalls[3].action".
struct Member {
  const json* value;  ///< null: absent (or null, which is the same to Go)
  std::string path;

  bool absent() const { return value == nullptr; }
};

std::string shown(const json& value) {
  constexpr std::size_t longest = 60;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= longest ? text : text.substr(0, longest) + "...";
}

[[noreturn]] void refuse(const Member& member, std::string_view what) {
  fail("seccomp profile: {}: {}", member.path, what);
}

[[noreturn]] void refuse_value(const Member& member, std::string_view wanted) {
  fail("seccomp profile: {} must be {}, not {}", member.path, wanted, shown(*member.value));
}

/// `object` is known to be one.
Member member(const Member& object, const char* name) {
  const auto at = object.value->find(name);
  const bool there = at != object.value->end() && !at->is_null();
  return {there ? &*at : nullptr, object.path.empty() ? name : object.path + '.' + name};
}

const Member& object(const Member& member) {
  if (!member.value->is_object()) refuse_value(member, "an object");
  return member;
}

/// Nothing for an absent list.
std::vector<Member> elements(const Member& list) {
  if (list.absent()) return {};
  if (!list.value->is_array()) refuse_value(list, "a list");
  std::vector<Member> members;
  members.reserve(list.value->size());
  for (const json& each : *list.value)
    members.push_back({&each, fmt::format("{}[{}]", list.path, members.size())});
  return members;
}

const std::string& text(const Member& member) {
  if (!member.value->is_string()) refuse_value(member, "a string");
  return member.value->get_ref<const std::string&>();
}

std::uint64_t number(const Member& member, std::uint64_t largest) {
  if (!member.value->is_number_unsigned() || member.value->get<std::uint64_t>() > largest)
    refuse_value(member, fmt::format("a whole number from 0 to {}", largest));
  return member.value->get<std::uint64_t>();
}

std::uint64_t number_or_zero(const Member& member) {
  return member.absent() ? 0 : number(member, std::numeric_limits<std::uint64_t>::max());
}

struct NamedAction {
  std::string_view name;
  SeccompAction action;
};
constexpr NamedAction named_actions[] = {
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
};

/// With the error number, where the action carries one; EPERM when the file does not say.
SeccompAction parse_action(const Member& member, const Member& error_number) {
  constexpr std::uint64_t largest_errno = 4095;  // what the kernel can return
  if (member.absent()) refuse(member, "a profile and each of its rules must say an action");
  const std::string& name = text(member);
  if (name == "SCMP_ACT_NOTIFY")
    refuse(member, "SCMP_ACT_NOTIFY is not supported: nobody listens for the calls");
  const auto named = std::find_if(std::begin(named_actions), std::end(named_actions),
                                  [&](const NamedAction& each) { return each.name == name; });
  if (named == std::end(named_actions))
    refuse_value(member, "an action such as SCMP_ACT_ALLOW or SCMP_ACT_ERRNO");
  const std::uint64_t data =
      error_number.absent() ? std::uint64_t{EPERM} : number(error_number, largest_errno);
  if (named->action != SECCOMP_RET_ERRNO && named->action != SECCOMP_RET_TRACE)
    return named->action;
  return named->action | static_cast<SeccompAction>(data);
}

struct NamedComparison {
  std::string_view name;
  Comparison comparison;
};
constexpr NamedComparison named_comparisons[] = {
    {"SCMP_CMP_EQ", Comparison::equal},     {"SCMP_CMP_GE", Comparison::greater_or_equal},
    {"SCMP_CMP_GT", Comparison::greater},   {"SCMP_CMP_LE", Comparison::less_or_equal},
    {"SCMP_CMP_LT", Comparison::less},      {"SCMP_CMP_MASKED_EQ", Comparison::masked_equal},
    {"SCMP_CMP_NE", Comparison::not_equal},
};

Comparison parse_comparison(const Member& member) {
  if (member.absent()) refuse(member, "a test of an argument must say how to compare");
  const std::string& name = text(member);
  for (const NamedComparison& each : named_comparisons) {
    if (each.name == name) return each.comparison;
  }
  refuse_value(member, "a comparison such as SCMP_CMP_EQ or SCMP_CMP_MASKED_EQ");
}

ArgumentTest parse_test(const Member& file) {
  object(file);
  const Member index = member(file, "index");
  ArgumentTest test;
  if (!index.absent()) test.index = static_cast<unsigned>(number(index, 5));
  test.comparison = parse_comparison(member(file, "op"));
  test.value = number_or_zero(member(file, "value"));
  const std::uint64_t second = number_or_zero(member(file, "valueTwo"));
  if (test.comparison == Comparison::masked_equal) {
    test.mask = test.value;
    test.value = second;
  }
  return test;
}

/// "CAP_SYS_ADMIN" is held when "SYS_ADMIN" is. A name that Linux does not have is held by nobody.
std::vector<std::string> parse_capabilities(const Member& list) {
  std::vector<std::string> names;
  for (const Member& each : elements(list)) {
    const std::string& name = text(each);
    names.push_back(canonical_capability(name).value_or(name));
  }
  return names;
}

std::optional<KernelVersion> parse_kernel(const Member& member) {
  if (member.absent()) return std::nullopt;
  const std::vector<std::string> parts = split(text(member), '.');
  const auto part = [&](std::size_t i) { return parse_integer<unsigned>(parts[i]); };
  if (parts.size() != 2 || !part(0) || !part(1)) refuse_value(member, "a version such as \"4.8\"");
  return KernelVersion{*part(0), *part(1)};
}

bool names_this_processor(const Member& list) {
  const std::vector<Member> names = elements(list);
  return std::any_of(names.begin(), names.end(),
                     [](const Member& each) { return text(each) == "amd64"; });
}

/// The rule's scope; nothing when it is a rule for other processors.
std::optional<RuleScope> parse_scope(const Member& rule) {
  RuleScope scope;
  bool ours = true;
  if (const Member includes = member(rule, "includes"); !includes.absent()) {
    const Member arches = member(object(includes), "arches");
    ours = elements(arches).empty() || names_this_processor(arches);
    scope.needs_capabilities = parse_capabilities(member(includes, "caps"));
    scope.from_kernel = parse_kernel(member(includes, "minKernel"));
  }
  if (const Member excludes = member(rule, "excludes"); !excludes.absent()) {
    ours = ours && !names_this_processor(member(object(excludes), "arches"));
    scope.unless_capabilities = parse_capabilities(member(excludes, "caps"));
    scope.before_kernel = parse_kernel(member(excludes, "minKernel"));
  }
  if (!ours) return std::nullopt;
  return scope;
}

std::vector<const SystemCall*> parse_names(const Member& rule) {
  const Member name = member(rule, "name");
  const Member names = member(rule, "names");
  std::vector<const SystemCall*> calls;
  const auto add = [&](const Member& each) {
    if (const SystemCall* call = find_system_call(text(each))) calls.push_back(call);
  };
  for (const Member& each : elements(names)) add(each);
  if (name.absent() || text(name).empty()) return calls;
  if (!elements(names).empty()) refuse(rule, "a rule has either \"name\" or \"names\"");
  add(name);
  return calls;
}

bool tests_an_argument_twice(const std::vector<ArgumentTest>& tests) {
  std::set<unsigned> seen;
  return std::any_of(tests.begin(), tests.end(),
                     [&](const ArgumentTest& test) { return !seen.insert(test.index).second; });
}

void add_rule(std::vector<SeccompRule>& rules, const Member& file) {
  object(file);
  SeccompRule rule;
  rule.calls = parse_names(file);
  rule.action = parse_action(member(file, "action"), member(file, "errnoRet"));
  for (const Member& each : elements(member(file, "args"))) rule.tests.push_back(parse_test(each));
  const std::optional<RuleScope> scope = parse_scope(file);
  if (!scope) return;
  rule.scope = *scope;
  if (!tests_an_argument_twice(rule.tests)) {
    rules.push_back(std::move(rule));
    return;
  }
  for (const ArgumentTest& test : rule.tests)
    rules.push_back({rule.calls, rule.action, {test}, rule.scope});
}

constexpr std::string_view architectures_of_others[] = {
    "AARCH64", "ARM",      "LOONGARCH64", "M68K",   "MIPS",     "MIPS64", "MIPS64N32",
    "MIPSEL",  "MIPSEL64", "MIPSEL64N32", "PARISC", "PARISC64", "PPC",    "PPC64",
    "PPC64LE", "RISCV64",  "S390",        "S390X",  "SH",       "SHEB",
};

void add_architecture(std::set<Abi>& abis, const Member& member) {
  constexpr std::string_view prefix = "SCMP_ARCH_";
  const std::string_view name = text(member);
  const std::string_view rest = name.starts_with(prefix) ? name.substr(prefix.size()) : "";
  if (rest == "X86") {
    abis.insert(Abi::i386);
  } else if (rest == "X32") {
    abis.insert(Abi::x32);
  } else if (rest != "X86_64" && rest != "NATIVE" &&
             std::find(std::begin(architectures_of_others), std::end(architectures_of_others),
                       rest) == std::end(architectures_of_others)) {
    refuse_value(member, "an architecture such as SCMP_ARCH_X86_64");
  }
}

std::set<Abi> parse_architectures(const Member& file) {
  std::set<Abi> abis;
  const std::vector<Member> list = elements(member(file, "architectures"));
  const std::vector<Member> map = elements(member(file, "archMap"));
  if (!list.empty() && !map.empty())
    fail("seccomp profile: it has either \"architectures\" or \"archMap\"");
  for (const Member& each : list) add_architecture(abis, each);
  for (const Member& each : map) {
    const Member architecture = member(object(each), "architecture");
    if (architecture.absent()) refuse(architecture, "an entry of archMap must say which it is for");
    std::set<Abi> subordinate;
    add_architecture(subordinate, architecture);
    for (const Member& sub : elements(member(each, "subArchitectures")))
      add_architecture(subordinate, sub);
    if (text(architecture) == "SCMP_ARCH_X86_64") abis.merge(subordinate);
  }
  return abis;
}

void refuse_what_needs_help(const Member& file) {
  const Member listener = member(file, "listenerPath");
  if (!listener.absent() && !text(listener).empty())
    refuse(listener, "listeners for system calls are not supported");
  const Member flags = member(file, "flags");
  if (!elements(flags).empty()) refuse(flags, "filter flags are not supported; leave them out");
}

/// The largest number on that ABI of all the calls that the file names; x32's own block apart.
int newest_named(const std::vector<SeccompRule>& rules, Abi abi) {
  constexpr int own_block_of_x32 = 512;
  int newest = -1;
  for (const SeccompRule& rule : rules) {
    for (const SystemCall* call : rule.calls) {
      const int number = call->number(abi);
      if (abi != Abi::x32 || number < own_block_of_x32) newest = std::max(newest, number);
    }
  }
  return newest;
}

/// Line and column, from 1, of a byte.
std::pair<std::size_t, std::size_t> position(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<std::size_t>(lines) + 1, before.size() - line_start + 1};
}

json parse_json(std::string_view text) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    // `byte` counts from 1.
    const auto [line, column] = position(text, error.byte == 0 ? 0 : error.byte - 1);
    fail("seccomp profile: line {}, column {}: this is not JSON", line, column);
  } catch (const json::exception&) {
    // A number that no type holds.
    fail("seccomp profile: it has a number out of range");
  }
}

}  // namespace

SeccompProfile parse_seccomp_profile(std::string_view text) {
  const json document = parse_json(text);
  const Member file{&document, ""};
  if (!document.is_object()) fail("seccomp profile: it must be an object, not {}", shown(document));
  refuse_what_needs_help(file);
  SeccompProfile profile;
  profile.default_action =
      parse_action(member(file, "defaultAction"), member(file, "defaultErrnoRet"));
  profile.other_abis = parse_architectures(file);
  for (const Member& rule : elements(member(file, "syscalls"))) add_rule(profile.rules, rule);
  if (lets_through(profile.default_action)) return profile;
  for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::x32})
    profile.newest[static_cast<std::size_t>(abi)] = newest_named(profile.rules, abi);
  return profile;
}

}  // namespace stack::runtime
