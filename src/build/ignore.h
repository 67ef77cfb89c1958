// SPDX-License-Identifier: Apache-2.0
// Patterns of names as Dockerfiles and .dockerignore files have them. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stack::build {

/// What "/" is to a pattern.
enum class Slash { parts_names, is_a_character };

/// `*` and `?` do not cross a "/", `**` does; [a-z], [^a-z]; \ takes a meaning away. A character is
/// one of UTF-8; a byte that belongs to none is one of its own.
class PathPattern {
 public:
  /// Throws Error when a class is not closed.
  explicit PathPattern(std::string_view pattern, Slash slash = Slash::parts_names);
  bool matches(std::string_view path) const;
  /// It matches itself alone.
  bool is_plain() const;

 private:
  enum class Kind { character, any, in_class, star, stars, directories };
  struct Token {
    Kind kind;
    char32_t character = 0;
    std::u32string members = {};  ///< of a class: pairs of first and last
    bool inverted = false;
  };
  std::size_t read_class(std::u32string_view pattern, std::size_t at);
  bool fits(const Token& token, char32_t c) const;
  Slash slash_;
  std::vector<Token> tokens_;
};

/// A .dockerignore file: the last line that fits decides, `!` takes back. A directory hands down
/// which lines have fitted it. A line that had nothing to decide there (`!` where nothing is left
/// out, or another where it is already) is not among them: so "a/b", "!a" leaves a/b out.
class IgnoreRules {
 public:
  IgnoreRules() = default;
  /// Throws Error naming the line.
  explicit IgnoreRules(std::string_view text);

  /// One more line.
  void add(std::string_view pattern);

  bool empty() const { return rules_.empty(); }
  /// Whether `path` (relative, without "." and "..") is left out of a build.
  bool ignores(std::string_view path) const;
  /// The same as `watch` of docker compose has it, which walks no tree: each line is asked about
  /// the path and all that it is in, so that "a/b", "!a" takes a/b back.
  bool ignores_alone(std::string_view path) const;
  /// Whether there may be something in the directory `path`, which is left out itself, that is not.
  bool may_hold_exceptions(std::string_view path) const;

 private:
  struct Rule {
    PathPattern pattern;
    bool takes_back;
    std::string text;
  };
  std::vector<Rule> rules_;
};

/// What --exclude leaves out below a source: patterns as lines of a .dockerignore, but one that
/// begins with "/" fits nothing there, as BuildKit has it. Throws Error.
IgnoreRules exclusion(std::span<const std::string> patterns);

/// "a/./b/../c/" as "a/c"; a leading "/" is dropped, ".." never leads above the top.
std::string clean_relative(std::string_view path);

}  // namespace stack::build
