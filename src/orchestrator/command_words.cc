// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/command_words.h"

namespace stack::orchestrator {

using Strings = std::vector<std::string>;

CommandWords command_words(const std::optional<Strings>& entrypoint,
                           const std::optional<Strings>& command, const image::ImageConfig& image) {
  CommandWords words{entrypoint.value_or(image.entrypoint), command.value_or(Strings{})};
  const bool drops_command = entrypoint && !entrypoint->empty();
  if (words.command.empty() && !drops_command) words.command = image.command;
  if (words.entrypoint == Strings{""}) words.entrypoint.clear();
  return words;
}

Strings words_of(const CommandWords& words) {
  Strings all = words.entrypoint;
  all.insert(all.end(), words.command.begin(), words.command.end());
  return all;
}

}  // namespace stack::orchestrator
