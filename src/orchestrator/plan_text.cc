// SPDX-License-Identifier: Apache-2.0
#include "base/format.h"
#include "orchestrator/plan.h"
#include "runtime/signals.h"
#include "spec/scalars.h"

namespace stack::orchestrator {
namespace {

const char* provider_verb(RunProvider::Command command) {
  switch (command) {
    case RunProvider::Command::up:
      return "provided";
    case RunProvider::Command::down:
      return "taken down";
    case RunProvider::Command::stop:
      return "stopped";
  }
  return "";
}

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::string for_time(std::chrono::nanoseconds time) {
  return time.count() == 0 ? "" : fmt::format(" for {}", spec::duration_text(time));
}

std::string after_time(std::chrono::nanoseconds time) {
  return time.count() == 0 ? "" : fmt::format(" after {}", spec::duration_text(time));
}

}  // namespace

std::string_view condition_text(spec::Condition condition) {
  switch (condition) {
    case spec::Condition::service_started:
      return "started";
    case spec::Condition::service_healthy:
      return "healthy";
    case spec::Condition::service_completed_successfully:
      return "completed";
  }
  return "";
}

std::string subject(const Action& action) {
  return std::visit(Overloaded{
                        [](const CreateNetwork& it) { return "Network " + it.name; },
                        [](const RemoveNetwork& it) { return "Network " + it.name; },
                        [](const CreateVolume& it) { return "Volume " + it.name; },
                        [](const RemoveVolume& it) { return "Volume " + it.name; },
                        [](const AwaitTurn& it) { return "Service " + it.name; },
                        [](const RunProvider& it) { return "Service " + it.name; },
                        [](const auto& it) { return "Container " + it.name; },
                    },
                    action);
}

std::string to_text(const Action& action) {
  return std::visit(
      Overloaded{
          [](const CreateNetwork& it) { return "create network " + it.name; },
          [](const RemoveNetwork& it) { return "remove network " + it.name; },
          [](const CreateVolume& it) { return "create volume " + it.name; },
          [](const RemoveVolume& it) { return "remove volume " + it.name; },
          [](const CreateContainer& it) { return "create container " + it.name; },
          [](const UpdateContainer& it) { return "update container " + it.name; },
          [](const StartContainer& it) { return "start container " + it.name; },
          [](const StopContainer& it) { return "stop container " + it.name; },
          [](const RemoveContainer& it) { return "remove container " + it.name; },
          [](const PauseContainer& it) { return "pause container " + it.name; },
          [](const UnpauseContainer& it) { return "unpause container " + it.name; },
          [](const SetContainerAside& it) { return "set aside container " + it.name; },
          [](const BringContainerBack& it) { return "bring back container " + it.name; },
          [](const AwaitSettled& it) {
            return fmt::format("await {} settled{}", it.name, for_time(it.monitor));
          },
          [](const AwaitTurn& it) {
            return fmt::format("go on with service {}{}", it.name, after_time(it.delay));
          },
          [](const RunProvider& it) {
            return fmt::format("have service {} {}", it.name, provider_verb(it.command));
          },
          [](const SignalContainer& it) {
            return fmt::format("send {} to container {}", runtime::signal_name(it.signal), it.name);
          },
          [](const AwaitCondition& it) {
            return fmt::format("await {} {}", it.name, condition_text(it.condition));
          },
      },
      action);
}

std::string to_text(const Plan& plan) {
  std::string text;
  for (StepId id = 0; id < plan.steps.size(); ++id) {
    const Step& step = plan.steps[id];
    text += fmt::format("#{} {} ({})", id, to_text(step.action), step.because);
    if (!step.after.empty()) text += fmt::format(" after #{}", fmt::join(step.after, " #"));
    if (!step.rescues.empty()) text += fmt::format(" unless #{}", fmt::join(step.rescues, " #"));
    if (!step.follows.empty())
      text +=
          fmt::format(" following #{}, bearing {}", fmt::join(step.follows, " #"), step.bearable);
    text += '\n';
  }
  return text;
}

}  // namespace stack::orchestrator
