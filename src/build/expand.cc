// SPDX-License-Identifier: Apache-2.0
#include "build/expand.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "build/ignore.h"

namespace stack::build {
namespace {

constexpr std::string_view between_words = " \t\n\v\f\r";
constexpr int deepest = 100;

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Not between two characters of UTF-8.
bool is_in_character(std::string_view text, std::size_t at) {
  constexpr unsigned marks = 0xc0, further_byte = 0x80;
  return at < text.size() && (static_cast<unsigned char>(text[at]) & marks) == further_byte;
}

enum class Quotes { matter, are_text };
enum class Escapes { are_taken_away, stay };

class Expander {
 public:
  Expander(std::string_view text, const Lookup& variables, char escape, Quotes quotes)
      : text_(text), variables_(variables), escape_(escape), quotes_(quotes) {}

  std::string run() {
    std::string result = read_until('\0');
    if (!word_.empty() || word_is_there_) words_.push_back(word_);
    return result;
  }
  std::vector<std::string> words() { return std::move(words_); }

 private:
  bool at_end() const { return at_ >= text_.size(); }

  /// Plain characters part words, quoted ones do not.
  void add(std::string& result, std::string_view text, bool quoted_text) {
    result += text;
    if (depth_ > 0) return;
    for (const char c : text) {
      if (quoted_text || between_words.find(c) == std::string_view::npos) {
        word_ += c;
        word_is_there_ = true;
      } else {
        end_word();
      }
    }
    word_is_there_ = word_is_there_ || quoted_text;
  }
  void end_word() {
    if (word_is_there_) words_.push_back(std::exchange(word_, {}));
    word_is_there_ = false;
  }

  /// Up to `stop`, which is consumed; NUL: to the end.
  std::string read_until(char stop) {
    std::string result;
    while (!at_end()) {
      const char c = text_[at_];
      if (stop != '\0' && c == stop) {
        ++at_;
        return result;
      }
      if (quotes_ == Quotes::matter && c == '\'') {
        read_single_quoted(result);
      } else if (quotes_ == Quotes::matter && c == '"') {
        read_double_quoted(result);
      } else if (c == '$') {
        add(result, read_variable(), false);
      } else if (c == escape_) {
        read_escape(result);
      } else {
        add(result, text_.substr(at_++, 1), false);
      }
    }
    if (stop != '\0') fail("missing {} in {}", stop, stack::quoted(text_));
    return result;
  }

  void read_escape(std::string& result) {
    ++at_;
    if (escapes_ == Escapes::stay || (at_end() && quotes_ == Quotes::are_text))
      add(result, std::string(1, escape_), true);
    if (!at_end()) add(result, text_.substr(at_++, 1), true);
  }

  void read_single_quoted(std::string& result) {
    const std::size_t end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos)
      fail("unexpected end of {}: a ' is missing", stack::quoted(text_));
    add(result, text_.substr(at_ + 1, end - at_ - 1), true);
    at_ = end + 1;
  }

  void read_double_quoted(std::string& result) {
    ++at_;
    add(result, "", true);
    while (!at_end()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (c == '$') {
        add(result, read_variable(), true);
        continue;
      }
      ++at_;
      if (c == escape_ && !at_end()) {
        const char next = text_[at_++];
        if (next != '"' && next != '$' && next != escape_) add(result, std::string(1, c), true);
        add(result, std::string(1, next), true);
        continue;
      }
      add(result, std::string(1, c), true);
    }
    fail("unexpected end of {}: a \" is missing", stack::quoted(text_));
  }

  std::string value_of(const std::string& name) const { return variables_(name).value_or(""); }

  std::string read_name() {
    const std::size_t begin = at_;
    if (at_end()) return "";
    if (is_name_start(text_[at_])) {
      while (!at_end() && (is_name_start(text_[at_]) || is_digit(text_[at_]))) ++at_;
    } else if (is_digit(text_[at_])) {
      while (!at_end() && is_digit(text_[at_])) ++at_;
    } else if (std::string_view("@*#?-$!").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string read_variable() {
    ++at_;  // $
    if (at_end()) return "$";
    if (text_[at_] != '{') {
      const std::string name = read_name();
      return name.empty() ? "$" : value_of(name);
    }
    ++at_;
    return read_braced();
  }

  std::string read_braced() {
    if (!at_end() && text_[at_] == '}') fail("{}: bad substitution", stack::quoted(text_));
    const std::string name = read_name();
    if (name.empty() || at_end()) fail("{}: bad substitution", stack::quoted(text_));
    const char c = text_[at_++];
    if (c == '}') return value_of(name);
    if (c == ':' && !at_end()) return read_default(name, text_[at_++], true);
    if (c == '-' || c == '+' || c == '?') return read_default(name, c, false);
    if (c == '#' || c == '%') return read_trimmed(name, c);
    if (c == '/') return read_replaced(name);
    fail("{}: unsupported modifier {}", stack::quoted(text_), c);
  }

  std::string read_inner(char stop) {
    if (++depth_ > deepest) fail("{}: too many braces within braces", stack::quoted(text_));
    std::string inner = read_until(stop);
    --depth_;
    return inner;
  }

  std::string read_default(const std::string& name, char kind, bool empty_is_unset) {
    if (kind != '-' && kind != '+' && kind != '?')
      fail("{}: unsupported modifier :{}", stack::quoted(text_), kind);
    const std::string word = read_inner('}');
    const auto value = variables_(name);
    const bool is_set = value && !(empty_is_unset && value->empty());
    if (kind == '+') return is_set ? word : "";
    if (is_set) return *value;
    if (kind == '-') return word;
    fail("{}: {}", name, word.empty() ? "is not allowed to be unset" : word);
  }

  /// Escapes and all: they say what a character of a pattern means.
  std::string read_raw(char stop) {
    const Escapes before = std::exchange(escapes_, Escapes::stay);
    std::string raw = read_inner(stop);
    escapes_ = before;
    return raw;
  }

  /// Of a shell's pattern: * and ? mean something, a class of characters is none.
  PathPattern read_pattern(char stop) {
    std::string pattern;
    const std::string raw = read_raw(stop);
    bool after_star = false;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const bool is_escaped = raw[i] == escape_ && i + 1 < raw.size();
      const bool is_star = raw[i] == '*';
      if (is_star && after_star) continue;
      after_star = is_star;
      if (is_escaped || raw[i] == '[' || raw[i] == '\\') pattern += '\\';
      pattern += is_escaped ? raw[++i] : raw[i];
    }
    return PathPattern(pattern, Slash::is_a_character);
  }

  std::string read_trimmed(const std::string& name, char side) {
    const bool longest = !at_end() && text_[at_] == side;
    if (longest) ++at_;
    const PathPattern pattern = read_pattern('}');
    const std::string value = value_of(name);
    const auto matches = [&](std::size_t size) {
      const std::string part =
          side == '#' ? value.substr(0, size) : value.substr(value.size() - size);
      return pattern.matches(part);
    };
    for (std::size_t i = 0; i <= value.size(); ++i) {
      const std::size_t size = longest ? value.size() - i : i;
      const std::size_t cut = side == '#' ? size : value.size() - size;
      if (is_in_character(value, cut) || !matches(size)) continue;
      return side == '#' ? value.substr(size) : value.substr(0, value.size() - size);
    }
    return value;
  }

  std::string read_replaced(const std::string& name) {
    const bool all = !at_end() && text_[at_] == '/';
    if (all) ++at_;
    const PathPattern pattern = read_pattern('/');
    const std::string replacement = read_raw('}');
    const std::string value = value_of(name);
    std::string result;
    bool replaced = false;
    for (std::size_t i = 0; i < value.size();) {
      const bool may_begin = (all || !replaced) && !is_in_character(value, i);
      const std::size_t size =
          may_begin ? longest_match(pattern, std::string_view(value).substr(i)) : 0;
      if (size == 0) {
        result += value[i++];
        continue;
      }
      result += replacement;
      replaced = true;
      i += size;
    }
    return result;
  }

  static std::size_t longest_match(const PathPattern& pattern, std::string_view text) {
    for (std::size_t size = text.size(); size > 0; --size)
      if (!is_in_character(text, size) && pattern.matches(text.substr(0, size))) return size;
    return 0;
  }

  std::string_view text_;
  const Lookup& variables_;
  char escape_;
  Quotes quotes_;
  Escapes escapes_ = Escapes::are_taken_away;
  std::size_t at_ = 0;
  int depth_ = 0;  ///< of braces
  std::vector<std::string> words_;
  std::string word_;
  bool word_is_there_ = false;
};

/// Pairs: each in both spellings.
constexpr std::array<std::string_view, 10> predefined = {
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
    "ftp_proxy",  "NO_PROXY",   "no_proxy",    "ALL_PROXY",   "all_proxy"};

}  // namespace

std::string expand_word(std::string_view word, const Lookup& variables, char escape) {
  return Expander(word, variables, escape, Quotes::matter).run();
}

std::vector<std::string> expand_words(std::string_view text, const Lookup& variables, char escape) {
  Expander expander(text, variables, escape, Quotes::matter);
  expander.run();
  return expander.words();
}

std::string expand_document(std::string_view text, const Lookup& variables) {
  return Expander(text, variables, '\\', Quotes::are_text).run();
}

Environment::Environment(const std::vector<std::string>& pairs) {
  for (const std::string& pair : pairs) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    set(pair.substr(0, equals), equals < pair.size() ? pair.substr(equals + 1) : "");
  }
}

void Environment::set(const std::string& name, const std::string& value) {
  for (auto& [known, old] : values_) {
    if (known != name) continue;
    old = value;
    return;
  }
  values_.emplace_back(name, value);
}

std::optional<std::string> Environment::find(const std::string& name) const {
  for (const auto& [known, value] : values_)
    if (known == name) return value;
  return std::nullopt;
}

std::vector<std::string> Environment::pairs() const {
  std::vector<std::string> list;
  for (const auto& [name, value] : values_) list.push_back(fmt::format("{}={}", name, value));
  return list;
}

Arguments::Arguments(std::map<std::string, std::string> given,
                     std::map<std::string, std::string> platform)
    : given_(std::move(given)), platform_(std::move(platform)) {}

bool Arguments::declare(const std::string& name, const std::optional<std::string>& value,
                        const Arguments* global) {
  if (const auto found = given_.find(name); found != given_.end()) {
    declared_[name] = found->second;
  } else if (value) {
    declared_[name] = *value;
  } else if (global != nullptr && global->declared_.contains(name)) {
    declared_[name] = global->declared_.at(name);
  } else if (const auto known = platform_.find(name); known != platform_.end()) {
    declared_[name] = known->second;
  } else {
    return false;
  }
  return true;
}

std::optional<std::string> Arguments::find(const std::string& name) const {
  const auto found = declared_.find(name);
  return found == declared_.end() ? std::nullopt : std::optional(found->second);
}

std::map<std::string, std::string> Arguments::proxies() const {
  std::map<std::string, std::string> all;
  for (const auto& [name, value] : given_)
    if (is_predefined_argument(name)) all.emplace(name, value);
  for (std::size_t i = 0; i < predefined.size(); ++i) {
    const std::string other_spelling(predefined[i ^ 1]);
    if (const auto found = given_.find(std::string(predefined[i])); found != given_.end())
      all.emplace(other_spelling, found->second);
  }
  return all;
}

bool is_predefined_argument(std::string_view name) {
  return std::find(predefined.begin(), predefined.end(), name) != predefined.end();
}

}  // namespace stack::build
