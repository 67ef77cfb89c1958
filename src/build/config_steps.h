// SPDX-License-Identifier: Apache-2.0
// Instructions that change no file: what CMD, ENV, LABEL and their like make of a stage's config.
// Pure.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "build/dockerfile.h"
#include "build/expand.h"
#include "image/image_document.h"

namespace stack::build {

/// A stage, as far as it has been built.
struct StageState {
  image::ImageConfig config;
  Arguments arguments{{}, {}};
  std::set<std::string> arguments_over_environment;  ///< ARGs that stand behind an ENV of that name
  std::string author;
  std::vector<std::string> diff_ids;  ///< lowest first
  std::vector<image::HistoryEntry> history;
  std::chrono::system_clock::time_point created;  ///< of the last layer
  bool has_own_command = false;                   ///< CMD stood in this stage
};

/// What $NAME means now: of an ENV and an ARG of that name the later one.
Lookup variables_of(const StageState& state);

/// Carries out an instruction that is none of RUN, COPY, ADD, WORKDIR, FROM. `global`: the ARGs
/// before the first FROM. Throws Error without a place.
void apply_to_config(StageState& state, const Instruction& instruction, const Arguments& global,
                     char escape);

/// The command line of a CMD, an ENTRYPOINT or a RUN; a shell form through SHELL.
std::vector<std::string> command_line(const StageState& state, const Instruction& instruction);

/// WORKDIR: the new directory.
std::string working_directory(const StageState& state, const Instruction& instruction, char escape);

/// The instruction with its variables replaced, as the history has it.
void note_history(StageState& state, const std::string& created_by, bool empty_layer);

}  // namespace stack::build
