// SPDX-License-Identifier: Apache-2.0
// The grammar of .env and env_file: KEY=value lines with quotes, comments and variables.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/substitute.h"

namespace stack::spec {

struct DotenvError {
  int line = 0;
  std::string message;
};

struct Dotenv {
  /// In file order; a key may come twice. A key without "=" has no value: it takes the caller's.
  std::vector<std::pair<std::string, std::optional<std::string>>> entries;
  std::optional<DotenvError> error;  ///< the first mistake; entries before it are kept
};

/// Variables in values see earlier keys of the file through `lookup` failing first: `lookup` wins.
Dotenv parse_dotenv(std::string_view text, const Lookup& lookup);

/// `format: raw`: KEY=VALUE lines taken as they are, "#" lines and empty lines left out.
Dotenv parse_raw_env(std::string_view text);

}  // namespace stack::spec
