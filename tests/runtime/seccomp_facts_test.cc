// SPDX-License-Identifier: Apache-2.0
// Docker's list as it was read from the field, kept apart from this repository. Where that file is
// absent there is nothing to compare with, and the test is skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/format.h"
#include "runtime/capabilities.h"
#include "runtime/seccomp_list.h"
#include "seccomp_judge.h"

namespace stack::runtime {
namespace {

using nlohmann::json;
using testing::all_abis;
using testing::verdict;

constexpr const char* facts_file = "../../../shared/security/seccomp-facts.json";

bool holds(const std::set<std::string>& capabilities, const json& names) {
  return std::any_of(names.begin(), names.end(), [&](const json& name) {
    return capabilities.contains(*canonical_capability(name.get<std::string>()));
  });
}

bool contains(const json& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool holds(const json& test, std::uint64_t argument) {
  const auto value = test.at("value").get<std::uint64_t>();
  const auto op = test.at("op").get<std::string>();
  if (op == "LT") return argument < value;
  if (op == "GT") return argument > value;
  if (op == "MASKED_EQ") return (argument & test.at("mask").get<std::uint64_t>()) == value;
  return argument == value;
}

bool allowed_always(const json& facts, std::string_view name,
                    const std::set<std::string>& capabilities) {
  if (contains(facts.at("allow_always"), name)) return true;
  for (const json& row : facts.at("allow_min_kernel")) {
    if (contains(row.at("names"), name)) return true;
  }
  for (const json& row : facts.at("allow_if_arch")) {
    if (contains(row.at("arches"), "amd64") && contains(row.at("names"), name)) return true;
  }
  for (const json& row : facts.at("allow_if_cap")) {
    if (holds(capabilities, row.at("any_cap")) && contains(row.at("names"), name)) return true;
  }
  return false;
}

/// What the facts say of a call with this first argument.
std::string expected(const json& facts, std::string_view name, std::uint64_t argument,
                     const std::set<std::string>& capabilities) {
  if (allowed_always(facts, name, capabilities)) return "allow";
  for (const json& row : facts.at("errno_instead")) {
    if (row.at("name") == name) return row.at("errno_name");
  }
  for (const json& row : facts.at("allow_if_args")) {
    if (row.at("name") != name) continue;
    for (const json& test : row.at("any_of")) {
      if (holds(test, argument)) return "allow";
    }
  }
  return facts.at("default").at("errno_name");
}

std::string differences(const json& facts, const std::set<std::string>& capabilities) {
  const SeccompProgram program = compile_seccomp(docker_seccomp_profile(), {capabilities, {6, 18}});
  constexpr int newest = 469;
  std::string text;
  for (const SystemCall& call : system_calls()) {
    for (const Abi abi : all_abis) {
      const int number = call.number(abi);
      if (number < 0 || number == newest + 1 || number == newest + 2) continue;
      for (const std::uint64_t argument :
           {0, 2, 8, 37, 38, 39, 40, 41, 0x20000, 0x20008, 0x40000, 0x10000000, 0x2000000}) {
        const std::string is = verdict(program, abi, static_cast<unsigned>(number), {argument});
        const std::string must = expected(facts, call.name, argument, capabilities);
        if (is != must)
          text += fmt::format("{} {}({}): {}, not {}\n", testing::name_of(abi), call.name, argument,
                              is, must);
      }
    }
  }
  return text;
}

TEST(SeccompFacts, OurListIsTheFields) {
  const auto text = read_file_if_exists(facts_file);
  if (!text) GTEST_SKIP() << "skipped: no " << facts_file << " to compare with";
  const json facts = json::parse(*text);
  EXPECT_EQ(differences(facts, {}), "");
  for (const json& row : facts.at("allow_if_cap")) {
    for (const json& name : row.at("any_cap"))
      EXPECT_EQ(differences(facts, {*canonical_capability(name.get<std::string>())}), "") << name;
  }
}

}  // namespace
}  // namespace stack::runtime
