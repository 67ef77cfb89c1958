// SPDX-License-Identifier: Apache-2.0
// The grammar of .env and env_file: KEY=value lines with quotes, comments and variables.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/substitute.h"

namespace stack::spec {

struct DotenvError {
  int line = 0;
  std::string message;
};

struct DotenvEntry {
  std::string key;
  std::optional<std::string> value;  ///< none without "=": it takes the caller's
  int line = 0;
  bool operator==(const DotenvEntry&) const = default;
};

struct Dotenv {
  std::vector<DotenvEntry> entries;  ///< in file order; a key may come twice
  std::optional<DotenvError> error;  ///< the first mistake; entries before it are kept
};

/// Variables in values see earlier keys of the file through `lookup` failing first: `lookup` wins.
Dotenv parse_dotenv(std::string_view text, const Lookup& lookup);

/// `format: raw`: KEY=VALUE lines taken as they are, "#" lines and empty lines left out.
Dotenv parse_raw_env(std::string_view text);

}  // namespace stack::spec
