// SPDX-License-Identifier: Apache-2.0
// What a container runs: the words of its file over those of its image, by docker's rule. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/image_store.h"

namespace stack::orchestrator {

struct CommandWords {
  std::vector<std::string> entrypoint;  ///< stands before the command
  std::vector<std::string> command;
};

/// An entrypoint of its own drops the image's command, too. An empty one drops only the image's
/// entrypoint; [""], which is what `--entrypoint ""` means, drops both. A command of no words is
/// none.
CommandWords command_words(const std::optional<std::vector<std::string>>& entrypoint,
                           const std::optional<std::vector<std::string>>& command,
                           const image::ImageConfig& image);

/// All words, as they are executed.
std::vector<std::string> words_of(const CommandWords& words);

}  // namespace stack::orchestrator
