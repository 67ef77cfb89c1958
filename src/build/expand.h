// SPDX-License-Identifier: Apache-2.0
// Variables in a Dockerfile's words, as its own little shell knows them: quotes, escapes, $NAME,
// ${NAME}, and ${NAME:-word} with its relatives. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::build {

/// The value of a variable; nothing when it is unset.
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// One word: variables replaced, quotes and escapes taken away. Throws Error for a quote or a brace
/// that is not closed, an unknown modifier, and ${NAME:?word} of what is not set.
std::string expand_word(std::string_view word, const Lookup& variables, char escape);
/// The same; blanks that stand outside of quotes, in a value too, part words.
std::vector<std::string> expand_words(std::string_view text, const Lookup& variables, char escape);
/// A here-document: variables replaced, quotes are characters like others. Its escape is \, that of
/// the Dockerfile whatever it is.
std::string expand_document(std::string_view text, const Lookup& variables);

/// Variables by name, in the order in which they were set first: an image's environment.
class Environment {
 public:
  Environment() = default;
  explicit Environment(const std::vector<std::string>& pairs);
  void set(const std::string& name, const std::string& value);
  std::optional<std::string> find(const std::string& name) const;
  /// NAME=VALUE
  std::vector<std::string> pairs() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// What a build argument has as its value at some place of a stage.
class Arguments {
 public:
  /// `given`: --build-arg. `platform`: TARGETPLATFORM and its like, which ARG brings into scope.
  Arguments(std::map<std::string, std::string> given, std::map<std::string, std::string> platform);

  /// ARG NAME or ARG NAME=VALUE, before the first FROM or in a stage. `global`: the ARGs before the
  /// first FROM, whose values a stage takes over when it says ARG NAME. False when it has no value.
  bool declare(const std::string& name, const std::optional<std::string>& value,
               const Arguments* global);
  std::optional<std::string> find(const std::string& name) const;
  /// Those that ARG brought into scope and that have a value.
  const std::map<std::string, std::string>& declared() const { return declared_; }
  /// What RUN alone is given without an ARG, in both spellings: HTTP_PROXY and its like. They may
  /// hold passwords: no image and no cache key may have them.
  std::map<std::string, std::string> proxies() const;
  /// Given on the command line and named by no ARG.
  const std::map<std::string, std::string>& given() const { return given_; }

 private:
  std::map<std::string, std::string> given_;
  std::map<std::string, std::string> platform_;
  std::map<std::string, std::string> declared_;
};

/// HTTP_PROXY and the others that need no ARG.
bool is_predefined_argument(std::string_view name);

}  // namespace stack::build
