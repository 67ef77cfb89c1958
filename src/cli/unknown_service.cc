// SPDX-License-Identifier: Apache-2.0
#include "cli/unknown_service.h"

#include <algorithm>

#include "cli/command_table.h"
#include "cli/docker_words.h"
#include "cli/found_container.h"
#include "cli/help.h"

namespace stack::cli {
namespace {

/// By its whole name, or so much of its id as nobody calls a service.
bool is_called(const FoundContainer& found, const std::string& name) {
  constexpr std::size_t enough_of_an_id = 12;
  const auto& config = found.container.config;
  return config.name == name || (name.size() >= enough_of_an_id && config.id.starts_with(name));
}

bool is_name_of_container(const std::string& name) {
  try {
    return std::ranges::any_of(all_containers(supervisor::ConfigParts::summary),
                               [&](const FoundContainer& each) { return is_called(each, name); });
  } catch (const Error&) {
    return false;  // what was typed is the mistake to tell of
  }
}

std::string advice_about_container(const Command& command) {
  const Command* const other = find_command(counterpart_of(command.name));
  if (command.name == "ps") return "it is a container: `stack container ls` lists it";
  const bool takes_one =
      other != nullptr && other->positional_name.find("CONTAINER") != std::string_view::npos;
  if (!takes_one) return "it is a container, and of no service of this stack";
  return fmt::format("it is a container: `stack {}` takes it", other->name);
}

/// Of those whose namesakes of docker are about images, which may be called anything.
std::string advice_about_image(const Command& command) {
  if (command.name == "build") return "if it is a directory: `stack image build` takes it";
  if (command.name != "pull" && command.name != "push" && command.name != "create") return "";
  return fmt::format("if it is an image: `stack {}` takes it", counterpart_of(command.name));
}

}  // namespace

Error with_advice(const orchestrator::NoSuchService& error, const Command& command) {
  if (!group_of(command).empty()) return error;
  std::string advice;
  if (is_name_of_container(error.name())) {
    advice = advice_about_container(command);
  } else if (error.hint().empty()) {
    advice = advice_about_image(command);
  }
  if (advice.empty()) return error;
  return Error(error.what()).with_hint(advice).with_exit_code(error.exit_code());
}

}  // namespace stack::cli
