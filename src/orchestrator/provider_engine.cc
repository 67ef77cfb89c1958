// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/provider_engine.h"

#include <poll.h>

#include <algorithm>

namespace stack::orchestrator {

void ProviderEngine::perform(StepId step, const Action& action) {
  const auto& wanted = std::get<RunProvider>(action);
  const KnownProvider& known = providers_.at(wanted.name);
  const Program program{
      known.program,
      provider_arguments(surroundings_.project, known.provider, known.metadata, wanted.command),
      surroundings_.environment};
  try {
    auto config = [this, service = wanted.name] { return surroundings_.config(service); };
    running_[step] = {wanted.name, std::make_unique<ProviderRun>(program, std::move(config))};
  } catch (const Error& error) {
    running_[step] = {wanted.name, nullptr};
    finish(step, error);
  }
}

void ProviderEngine::finish(StepId step, std::optional<Error> error) {
  const auto running = running_.find(step);
  const std::string service = running->second.service;
  if (!error) variables_[service] = running->second.run->variables();
  running_.erase(running);  // which kills a program that does not keep to the protocol
  if (error) error->add_frame("service " + service);
  outcomes_.push_back({step, std::move(error), ""});
}

void ProviderEngine::let_go_on(StepId step, Running& running) {
  try {
    running.run->go_on();
    if (const auto news = running.run->news()) outcomes_.push_back({step, {}, *news, true});
    if (running.run->is_over()) finish(step, std::nullopt);
  } catch (const Error& error) {
    finish(step, error);
  }
}

std::optional<Outcome> ProviderEngine::next(std::chrono::milliseconds patience) {
  if (outcomes_.empty() && !running_.empty()) {
    std::vector<pollfd> all;
    for (const auto& [step, running] : running_)
      std::ranges::copy(running.run->awaited(), std::back_inserter(all));
    if (::poll(all.data(), all.size(), static_cast<int>(patience.count())) < 0 && errno != EINTR)
      throw_errno("poll");
    std::vector<StepId> steps;
    for (const auto& [step, running] : running_) steps.push_back(step);
    for (const StepId step : steps) let_go_on(step, running_.at(step));
  }
  if (outcomes_.empty()) return std::nullopt;
  Outcome outcome = std::move(outcomes_.front());
  outcomes_.pop_front();
  return outcome;
}

}  // namespace stack::orchestrator
