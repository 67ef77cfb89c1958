// SPDX-License-Identifier: Apache-2.0
#include "spec/dotenv.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/format.h"
#include "base/text.h"
#include "base/utf8.h"

namespace stack::spec {
namespace {

/// Without tables of Unicode: what is beyond ASCII is a letter, but for signs and punctuation of
/// the blocks where they are common, spaces of any kind among them.
bool is_foreign_letter(std::string_view sequence) {
  const bool is_latin_sign = sequence.starts_with('\xc2') && sequence != "\xc2\xaa" &&
                             sequence != "\xc2\xb5" && sequence != "\xc2\xba";
  const bool is_punctuation = sequence.starts_with("\xe2\x80") ||
                              sequence.starts_with("\xe2\x81") || sequence == "\xe3\x80\x80" ||
                              sequence == "\xef\xbb\xbf";
  return sequence.size() > 1 && !is_latin_sign && !is_punctuation;
}

bool is_key_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') ||
         std::string_view("_.-[]").find(character) != std::string_view::npos;
}

/// Spaces beside the line end that UTF-8 needs several bytes for. Behind a value all of them are
/// left out, in front of it only the first two.
constexpr std::array<std::string_view, 6> kWideSpaces = {
    "\xc2\x85", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf"};

/// U+2000 to U+200A.
bool ends_in_typographic_space(std::string_view text) {
  return text.size() >= 3 && text.substr(text.size() - 3, 2) == "\xe2\x80" &&
         static_cast<unsigned char>(text.back()) <= 0x8a;
}

std::string_view trim_right(std::string_view text) {
  for (;;) {
    const auto last = text.find_last_not_of(" \t\r\n\v\f");
    text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
    const auto wide = std::ranges::find_if(
        kWideSpaces, [&](std::string_view space) { return text.ends_with(space); });
    if (wide != kWideSpaces.end())
      text.remove_suffix(wide->size());
    else if (ends_in_typographic_space(text))
      text.remove_suffix(3);
    else
      return text;
  }
}

/// How many bytes of space there are in front, up to the end of the line.
std::size_t margin_of(std::string_view text) {
  std::size_t at = 0;
  for (;;) {
    at = std::min(text.find_first_not_of(" \t\r\v\f", at), text.size());
    const auto rest = text.substr(at);
    if (!rest.starts_with(kWideSpaces[0]) && !rest.starts_with(kWideSpaces[1])) return at;
    at += 2;
  }
}

/// The byte behind "\0": exactly three octal digits.
std::optional<char> octal_byte(std::string_view digits) {
  const auto value = digits.size() == 3 ? parse_integer<unsigned>(digits, 8) : std::nullopt;
  return value && *value <= 0xff ? std::optional(static_cast<char>(*value)) : std::nullopt;
}

/// \n \t \" \\ \0NNN ... as in Go; \$ becomes $$, which substitution turns into a plain dollar.
std::string expand_escapes(std::string_view text) {
  static constexpr std::string_view letters = "abfnrtv\"\\";
  static constexpr std::string_view values = "\a\b\f\n\r\t\v\"\\";
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      result += text[at];
      continue;
    }
    const char letter = text[at + 1];
    if (letter == '$') {
      result += "$$";
    } else if (const auto known = letters.find(letter); known != std::string_view::npos) {
      result += values[known];
    } else if (const auto byte = octal_byte(text.substr(at + 2, 3)); letter == '0' && byte) {
      result += *byte;
      at += 3;
    } else {
      // An incomplete \0NN loses its zero in docker compose, so it does here.
      result += '\\';
      if (letter != '0') result += letter;
    }
    ++at;
  }
  return result;
}

/// The first that no key may have; empty when all may be.
std::string_view first_bad_character(std::string_view key) {
  for (std::size_t at = 0; at < key.size();) {
    const auto length = std::max<std::size_t>(1, utf8_length(key, at));
    const auto character = key.substr(at, length);
    if (!is_foreign_letter(character) && !is_key_character(key[at])) return character;
    at += length;
  }
  return {};
}

class DotenvParser {
 public:
  DotenvParser(std::string_view text, const Lookup& outside, const Lookup& earlier)
      : rest_(text), outside_(outside), earlier_(earlier) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
  }

  Dotenv parse() {
    while (!result_.error && skip_to_statement()) parse_statement();
    return std::move(result_);
  }

 private:
  /// Skips blank lines and comments; false at the end of the file.
  bool skip_to_statement() {
    for (;;) {
      advance(margin_of(rest_));
      if (rest_.empty()) return false;
      if (rest_[0] == '\n') {
        advance(1);
        continue;
      }
      if (rest_[0] != '#') return true;
      const auto end = rest_.find('\n');
      if (end == std::string_view::npos) return false;
      advance(end);
    }
  }

  void parse_statement() {
    statement_line_ = line_;
    if (rest_.starts_with("export") && rest_.size() > 6 && (rest_[6] == ' ' || rest_[6] == '\t')) {
      advance(rest_.find_first_not_of(" \t", 6));
    }
    const auto line = rest_.substr(0, rest_.find('\n'));
    const auto separator = line.find_first_of("=:");
    const auto key = trim_right(line.substr(0, separator));
    if (!check_key(key)) return;
    if (separator == std::string_view::npos) {
      remember(key, std::nullopt);
      advance(line.size());
      return;
    }
    advance(separator + 1);
    advance(margin_of(rest_));
    const bool is_quoted = !rest_.empty() && (rest_[0] == '"' || rest_[0] == '\'');
    if (auto value = is_quoted ? quoted_value() : plain_value()) remember(key, std::move(value));
  }

  bool check_key(std::string_view key) {
    if (key.find_first_of(" \t") != std::string_view::npos) {
      fail_here(fmt::format("key {} contains a space", stack::quoted(key)));
    } else if (const auto bad = first_bad_character(key); !bad.empty()) {
      fail_here(
          fmt::format("unexpected character {} in key {}", stack::quoted(bad), stack::quoted(key)));
    }
    return !result_.error;
  }

  std::optional<std::string> plain_value() {
    const auto line = rest_.substr(0, rest_.find('\n'));
    advance(line.size());
    // One that begins with "#" is a value: the space in front of it is behind "=" already.
    return expand(trim_right(line.substr(0, line.find(" #"))));
  }

  std::optional<std::string> quoted_value() {
    const char quote = rest_[0];
    const int first_line = line_;
    std::string text;
    bool escaped = false;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      const char character = rest_[at];
      if (character == quote && !escaped) {
        advance(at + 1);
        return quote == '"' ? expand(expand_escapes(text)) : text;
      }
      if (escaped && character != quote) text += '\\';
      escaped = character == '\\' && !escaped;
      if (!escaped) text += character;
    }
    line_ = first_line;
    fail_here("this quote is never closed");
    return std::nullopt;
  }

  std::optional<std::string> look_up(std::string_view name) const {
    if (auto value = outside_(name)) return value;
    if (const auto own = known_.find(std::string(name)); own != known_.end()) return own->second;
    return earlier_ ? earlier_(name) : std::nullopt;
  }

  std::string expand(std::string_view text) {
    const Lookup all = [this](std::string_view name) -> std::optional<std::string> {
      const auto value = look_up(name);
      return value ? std::optional(budget_.take(*value)) : std::nullopt;
    };
    auto result = substitute(text, all, [this](const SubstitutionEvent& event) { note(event); });
    if (budget_.is_spent() && !result_.error)
      fail_here(fmt::format("the variables of this file expand to more than {} MiB",
                            kMaxExpandedBytes >> 20));
    return result;
  }

  void note(const SubstitutionEvent& event) {
    using Kind = SubstitutionEvent::Kind;
    if (event.kind == Kind::unset || result_.error) return;
    if (event.kind == Kind::required) {
      fail_here(fmt::format("required variable {} is missing a value{}{}", event.name,
                            event.message.empty() ? "" : ": ", event.message));
    } else {
      fail_here("a \"${\" here is not a variable; write $$ for a literal dollar");
    }
  }

  void remember(std::string_view key, std::optional<std::string> value) {
    if (value) known_[std::string(key)] = *value;
    result_.entries.push_back({std::string(key), std::move(value), statement_line_});
  }

  void fail_here(std::string message) { result_.error = DotenvError{line_, std::move(message)}; }

  void advance(std::size_t count) {
    line_ += static_cast<int>(std::ranges::count(rest_.substr(0, count), '\n'));
    rest_.remove_prefix(std::min(count, rest_.size()));
  }

  std::string_view rest_;
  const Lookup& outside_;
  const Lookup& earlier_;
  int line_ = 1;
  int statement_line_ = 1;
  ExpansionBudget budget_;  ///< each line may double the one before
  std::unordered_map<std::string, std::string> known_;
  Dotenv result_;
};

}  // namespace

Dotenv parse_dotenv(std::string_view text, const Lookup& outside, const Lookup& earlier) {
  return DotenvParser(text, outside, earlier).parse();
}

namespace {

Lookup lookup_in(const VariableFiles::Variables& variables) {
  return [&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

}  // namespace

std::optional<DotenvError> VariableFiles::add(std::string_view text, const std::string& shown) {
  auto parsed = parse_dotenv(text, lookup_in(outside_), lookup_in(values_));
  for (auto& [key, value, line] : parsed.entries) {
    if (!value || outside_.contains(key)) continue;
    places_[key] = fmt::format("{}:{}", shown, line);
    values_[key] = std::move(*value);
  }
  return parsed.error;
}

void VariableFiles::give_to(Variables& variables, Variables& places) {
  variables.merge(values_);
  places.merge(places_);
}

namespace {

/// Nothing in front of a key belongs to it: blanks, those of Unicode, and the mark of a first line.
std::string_view without_margin(std::string_view line, bool is_first) {
  if (is_first && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  for (;;) {
    const auto start = std::min(line.find_first_not_of(" \t\r\n\v\f"), line.size());
    line.remove_prefix(start);
    if (!line.starts_with("\xc2\xa0")) return line;
    line.remove_prefix(2);
  }
}

/// What is wrong with the key of a raw line; empty when nothing is.
std::string raw_key_mistake(std::string_view key) {
  if (key.empty()) return "a key is missing before \"=\"";
  if (key.find_first_of(" \t") != std::string_view::npos)
    return fmt::format("key {} contains a space", stack::quoted(key));
  return {};
}

}  // namespace

Dotenv parse_raw_env(std::string_view text) {
  Dotenv result;
  int number = 0;
  for (const auto& line : split(text, '\n')) {
    ++number;
    const bool ends_in_return = line.ends_with('\r');
    const auto content = without_margin(
        std::string_view(line).substr(0, line.size() - (ends_in_return ? 1 : 0)), number == 1);
    if (content.empty() || content[0] == '#') continue;
    const auto equals = content.find('=');
    const auto key = content.substr(0, equals);
    if (auto mistake = raw_key_mistake(key); !mistake.empty()) {
      result.error = DotenvError{number, std::move(mistake)};
      return result;
    }
    std::optional<std::string> value;
    if (equals != std::string_view::npos) value = content.substr(equals + 1);
    result.entries.push_back({std::string(key), std::move(value), number});
  }
  return result;
}

}  // namespace stack::spec
