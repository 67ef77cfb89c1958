// SPDX-License-Identifier: Apache-2.0
// Carries plans for providers out: each step is a run of a program.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "orchestrator/engine.h"
#include "orchestrator/provider_program.h"
#include "orchestrator/provider_run.h"

namespace stack::orchestrator {

/// A provider with what is known of its program.
struct KnownProvider {
  spec::Provider provider;
  std::filesystem::path program;
  ProviderMetadata metadata;
};

using KnownProviders = std::map<std::string, KnownProvider>;  ///< by service

/// What all runs for a project have in common.
struct ProviderSurroundings {
  std::string project;
  spec::StringMap environment;  ///< of the programs
  /// A service as the file has it, in a line of JSON.
  std::function<std::string(const std::string& service)> config;
};

class ProviderEngine : public Engine {
 public:
  /// Both outlive this.
  ProviderEngine(const KnownProviders& providers, const ProviderSurroundings& surroundings)
      : providers_(providers), surroundings_(surroundings) {}

  /// Nothing of theirs is ours to see.
  ObservedState observe() override { return {}; }
  void perform(StepId step, const Action& action) override;
  std::optional<Outcome> next(std::chrono::milliseconds patience) override;

  /// What those said that were brought up, by service.
  const std::map<std::string, ProviderVariables>& variables() const { return variables_; }

 private:
  struct Running {
    std::string service;
    std::unique_ptr<ProviderRun> run;
  };

  void let_go_on(StepId step, Running& running);
  void finish(StepId step, std::optional<Error> error);

  const KnownProviders& providers_;
  const ProviderSurroundings& surroundings_;
  std::map<StepId, Running> running_;
  std::map<std::string, ProviderVariables> variables_;
  std::deque<Outcome> outcomes_;
};

}  // namespace stack::orchestrator
