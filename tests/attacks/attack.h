// SPDX-License-Identifier: Apache-2.0
// What all attacks have in common: a host with something worth taking, an image with the attacker's
// program in it, and the rule that an attack is worth nothing as a test until it has succeeded
// once.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>

#include "sandbox.h"
#include "weakness.h"

namespace stack::attacks {

/// A directory of the host outside of every container, with one file that is nobody's business.
class Sentinel {
 public:
  explicit Sentinel(std::filesystem::path directory);
  const std::filesystem::path& path() const { return path_; }
  /// What is there that was not, or is not any more; empty when nothing was touched.
  std::string damage() const;
  /// The secret, when `text` has it in it.
  static std::string leaked_in(const std::string& text);

 private:
  std::filesystem::path path_;
};

class Attack : public runtime::testing::Sandbox {
 protected:
  /// Makes an attack and tells what it gained, in words; nothing when all doors were closed.
  using Attempt = std::function<std::string()>;
  using SpecChange = std::function<void(runtime::ContainerSpec&)>;

  void SetUp() override;
  void TearDown() override;

  /// The attack gains nothing, and something once the product has the weaknesses.
  void expect_only_without_defence(const Attempt& attempt,
                                   std::initializer_list<Weakness> weaknesses);
  /// Same, where the defence is data: `weaken` takes it out of each container's spec.
  void expect_only_without_defence(const Attempt& attempt, SpecChange weaken,
                                   std::initializer_list<Weakness> weaknesses = {});

  /// The spec without its defence, while it is the weakened one's turn.
  runtime::ContainerSpec weaken(runtime::ContainerSpec spec) const;
  /// As Sandbox::shell and program, weakened in its turn.
  runtime::ContainerSpec victim(const std::string& command);
  runtime::ContainerSpec attacker(std::vector<std::string> arguments);
  /// Exit code -1 and no output when the launch was refused, which is as good a defence as any.
  runtime::testing::Outcome attempt_of(const runtime::ContainerSpec& spec);
  std::string loot_of(const runtime::ContainerSpec& spec) { return attempt_of(spec).out; }

  Sentinel sentinel() { return Sentinel(fresh_directory("host")); }
  std::filesystem::path fresh_directory(const std::string& name);
  /// Calls `round` until it tells a gain, at most STACK_ATTACK_ROUNDS times (2000). Some rounds
  /// must have come as far as a running program: one that is always refused races with nobody.
  std::string race(const Attempt& round);

 private:
  SpecChange weaken_;
  std::string links_before_;
  int next_directory_ = 0;
  int programs_run_ = 0;
};

/// `source` of the host at `target`.
runtime::MountSpec bind(const std::filesystem::path& source, const std::string& target);

}  // namespace stack::attacks
