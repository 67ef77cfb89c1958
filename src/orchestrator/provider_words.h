// SPDX-License-Identifier: Apache-2.0
// What a provider's program says on its standard output: a JSON object a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spec/model.h"

namespace stack::orchestrator {

/// For the environments of the services that depend on it.
struct ProviderVariables {
  spec::StringMap prefixed = {};  ///< there "SERVICE_NAME"
  spec::StringMap raw = {};       ///< under their own names
  bool operator==(const ProviderVariables&) const = default;
};

struct ProviderWord {
  enum class Kind { error, info, variable, raw_variable, debug, asks_for_config };
  Kind kind = Kind::info;
  std::string text = {};  ///< of a variable: NAME=VALUE
};

/// Throws Error when the line is no message that the protocol knows.
ProviderWord parse_provider_word(std::string_view line);
/// Adds a variable's word.
void note_variable(const ProviderWord& word, ProviderVariables& variables);

}  // namespace stack::orchestrator
