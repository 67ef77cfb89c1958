// SPDX-License-Identifier: Apache-2.0
// The grammar of .env and env_file: KEY=value lines with quotes, comments and variables.
#pragma once

#include <map>
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

/// Variables in values are asked of `outside`, then of earlier keys of the file, then of `earlier`,
/// which knows the files before it and may be null.
Dotenv parse_dotenv(std::string_view text, const Lookup& outside, const Lookup& earlier = nullptr);

/// Files of variables, one after the other: a later value wins over an earlier one, and none over
/// those that were set outside.
class VariableFiles {
 public:
  using Variables = std::map<std::string, std::string>;
  /// `outside` must live as long as this.
  explicit VariableFiles(const Variables& outside) : outside_(outside) {}

  /// Takes the variables of one file, called `shown`; returns the first mistake in it.
  std::optional<DotenvError> add(std::string_view text, const std::string& shown);
  /// Adds those of all files that were not set outside, and to `places` where each is set
  /// (".env:3").
  void give_to(Variables& variables, Variables& places);

 private:
  const Variables& outside_;
  Variables values_;
  Variables places_;
};

/// `format: raw`: KEY=VALUE lines taken as they are, "#" lines and empty lines left out.
Dotenv parse_raw_env(std::string_view text);

}  // namespace stack::spec
