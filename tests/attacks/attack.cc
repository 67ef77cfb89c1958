// SPDX-License-Identifier: Apache-2.0
#include "attack.h"

#include <sched.h>
#include <sys/mount.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"
#include "runtime/cgroup.h"

namespace stack::attacks {
namespace {

using runtime::ContainerSpec;

const std::string secret = "nobody's business " + random_hex(16);

std::string network_links() {
  return join(list_directory("/sys/class/net"), " ");
}

int rounds() {
  const char* given = std::getenv("STACK_ATTACK_ROUNDS");
  return given == nullptr ? 2000 : parse_integer<int>(given).value_or(2000);
}

}  // namespace

Sentinel::Sentinel(std::filesystem::path directory) : path_(std::move(directory)) {
  write_file_atomically(path_ / "secret", secret, Durability::survives_crash, 0644);
}

std::string Sentinel::damage() const {
  const auto names = list_directory(path_);
  if (names != std::vector<std::string>{"secret"})
    return "the host's directory has now: " + join(names, ", ");
  return read_file(path_ / "secret") == secret ? "" : "the host's file was changed";
}

std::string Sentinel::leaked_in(const std::string& text) {
  return text.find(secret) == std::string::npos ? "" : "the host's secret";
}

runtime::MountSpec bind(const std::filesystem::path& source, const std::string& target) {
  runtime::MountSpec mount;
  mount.source = source;
  mount.target = target;
  return mount;
}

void Attack::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  // What a weakened run mounts in the wrong place must not reach the machine that the tests run on.
  ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  Sandbox::SetUp();
  if (IsSkipped()) return;
  std::filesystem::copy_file(STACK_ATTACKER, image() / "bin/attacker");
  links_before_ = network_links();
}

void Attack::TearDown() {
  if (IsSkipped()) return;
  EXPECT_EQ(network_links(), links_before_) << "links were left behind";
  Sandbox::TearDown();
}

void Attack::expect_only_without_defence(const Attempt& attempt,
                                         std::initializer_list<Weakness> weaknesses) {
  expect_only_without_defence(
      attempt, [](ContainerSpec&) {}, weaknesses);
}

void Attack::expect_only_without_defence(const Attempt& attempt, SpecChange weaken,
                                         std::initializer_list<Weakness> weaknesses) {
  EXPECT_EQ(attempt(), "") << "the attack succeeded";
  weaken_ = std::move(weaken);
  const Weakened weak(weaknesses);
  const std::string gain = attempt();
  weaken_ = nullptr;
  EXPECT_NE(gain, "") << "the attack gains nothing without the defence either: it tests nothing";
  RecordProperty("gained_without_defence", gain);
}

ContainerSpec Attack::weaken(ContainerSpec spec) const {
  if (weaken_) weaken_(spec);
  return spec;
}

ContainerSpec Attack::attacker(std::vector<std::string> arguments) {
  return weaken(program(std::move(arguments)));
}

ContainerSpec Attack::victim(const std::string& command) {
  return attacker({"/bin/sh", "-c", command});
}

runtime::testing::Outcome Attack::attempt_of(const ContainerSpec& spec) {
  try {
    auto outcome = run(spec);
    ++programs_run_;
    return outcome;
  } catch (const Error&) {
    return {};
  }
}

std::filesystem::path Attack::fresh_directory(const std::string& name) {
  return directory(fmt::format("{}-{}", name, next_directory_++));
}

std::string Attack::race(const Attempt& round) {
  programs_run_ = 0;
  const int all = rounds();
  for (int i = 0; i < all; ++i) {
    if (const std::string gain = round(); !gain.empty()) return gain;
  }
  EXPECT_GE(programs_run_, all / 20) << "of " << all << " rounds";
  RecordProperty("programs_run", programs_run_);
  return "";
}

}  // namespace stack::attacks
