// SPDX-License-Identifier: Apache-2.0
#include "build/ignore.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"

namespace stack::build {

namespace {

/// Of the context: "../a" means nothing in it.
bool leads_out(std::string_view path) {
  int depth = 0;
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    depth += part == ".." ? -1 : 1;
    if (depth < 0) return !path.starts_with('/');
  }
  return false;
}

/// A byte that is no UTF-8 stands behind all characters, so that it is like itself alone.
std::u32string characters_of(std::string_view text) {
  constexpr char32_t behind_all = 0x110000;
  constexpr std::array<unsigned, 5> first_bits = {0, 0x7f, 0x1f, 0x0f, 0x07};
  std::u32string characters;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t length = utf8_length(text, at);
    char32_t character = length == 0 ? behind_all + first : first & first_bits.at(length);
    for (std::size_t i = 1; i < length; ++i)
      character = character << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
    characters += character;
    at += std::max<std::size_t>(length, 1);
  }
  return characters;
}

/// A "**" that means any text. As BuildKit, one in the middle means whole names, as if it were
/// "**/"; so does one at the start with further wildcards behind it.
bool is_any_text(std::u32string_view pattern, std::size_t at, Slash slash) {
  const std::u32string_view behind = pattern.substr(at + 2);
  return slash == Slash::is_a_character || behind.empty() || behind == U"/" ||
         (at == 0 && behind.front() != U'/' && behind.find_first_of(U"*?[\\") == behind.npos);
}

}  // namespace

PathPattern::PathPattern(std::string_view text, Slash slash) : slash_(slash) {
  const std::u32string characters = characters_of(text);
  const std::u32string_view pattern = characters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char32_t c = pattern[i];
    if (pattern.substr(i).starts_with(U"**")) {
      const bool is_any = is_any_text(pattern, i, slash);
      tokens_.push_back({is_any ? Kind::stars : Kind::directories});
      ++i;
      if (slash == Slash::parts_names && pattern.substr(i + 1).starts_with(U'/')) ++i;
    } else if (c == U'*') {
      tokens_.push_back({Kind::star});
    } else if (c == U'?') {
      tokens_.push_back({Kind::any});
    } else if (c == U'[') {
      i = read_class(pattern, i);
      if (i >= pattern.size() || tokens_.back().members.empty())
        fail("syntax error in pattern {}", stack::quoted(text));
    } else {
      const bool is_escape = c == U'\\' && i + 1 < pattern.size();
      tokens_.push_back({Kind::character, is_escape ? pattern[++i] : c});
    }
  }
}

/// From its "[", at `at`; returns where its "]" is, or the end without one.
std::size_t PathPattern::read_class(std::u32string_view pattern, std::size_t at) {
  Token token{Kind::in_class};
  token.inverted = pattern.substr(at + 1).starts_with(U'^');
  at += token.inverted ? 2 : 1;
  while (at < pattern.size() && pattern[at] != U']') {
    if (pattern[at] == U'\\' && at + 1 < pattern.size()) ++at;
    const char32_t first = pattern[at++];
    char32_t last = first;
    if (at + 1 < pattern.size() && pattern[at] == U'-' && pattern[at + 1] != U']') {
      last = pattern[at + 1];
      at += 2;
    }
    token.members += first;
    token.members += last;
  }
  tokens_.push_back(std::move(token));
  return at;
}

bool PathPattern::fits(const Token& token, char32_t c) const {
  const bool crosses = c != U'/' || slash_ == Slash::is_a_character;
  switch (token.kind) {
    case Kind::character:
      return c == token.character;
    case Kind::any:
      return crosses;
    case Kind::in_class: {
      bool found = false;
      for (std::size_t i = 0; i + 1 < token.members.size(); i += 2)
        found = found || (c >= token.members[i] && c <= token.members[i + 1]);
      return crosses && found != token.inverted;
    }
    case Kind::star:
    case Kind::stars:
    case Kind::directories:
      break;
  }
  return false;
}

/// reachable[i]: the tokens read so far can end before path[i]. So nothing is tried twice, whatever
/// stars there are.
bool PathPattern::matches(std::string_view text) const {
  const std::u32string path = characters_of(text);
  std::vector<bool> reachable(path.size() + 1, false);
  reachable[0] = true;
  for (const Token& token : tokens_) {
    std::vector<bool> next(path.size() + 1, false);
    bool running = false;
    for (std::size_t i = 0; i <= path.size(); ++i) {
      switch (token.kind) {
        case Kind::star:
          running =
              reachable[i] || (running && (path[i - 1] != '/' || slash_ == Slash::is_a_character));
          next[i] = running;
          break;
        case Kind::stars:
          running = running || reachable[i];
          next[i] = running;
          break;
        case Kind::directories:
          next[i] = reachable[i] || (running && i > 0 && path[i - 1] == '/');
          running = running || reachable[i];
          break;
        default:
          if (i > 0) next[i] = reachable[i - 1] && fits(token, path[i - 1]);
      }
    }
    reachable = std::move(next);
  }
  return reachable[path.size()];
}

bool PathPattern::is_plain() const {
  return std::all_of(tokens_.begin(), tokens_.end(),
                     [](const Token& token) { return token.kind == Kind::character; });
}

IgnoreRules::IgnoreRules(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (line.starts_with('#')) continue;
    during(fmt::format("line {}", number), [&] { add(line); });
  }
}

void IgnoreRules::add(std::string_view line) {
  std::string_view pattern = trim(line);
  const bool takes_back = pattern.starts_with('!');
  if (takes_back) pattern = trim(pattern.substr(1));
  if (takes_back && pattern.empty()) fail("\"!\" needs a pattern");
  const std::string clean = clean_relative(pattern);
  if (clean.empty() || leads_out(pattern)) return;
  rules_.push_back({PathPattern(clean), takes_back, clean});
}

IgnoreRules exclusion(std::span<const std::string> patterns) {
  IgnoreRules rules;
  for (const std::string& pattern : patterns)
    if (!pattern.starts_with('/') && !pattern.starts_with("!/")) rules.add(pattern);
  return rules;
}

bool IgnoreRules::ignores(std::string_view path) const {
  bool ignored = false;
  std::vector<bool> fitting(rules_.size(), false);
  for (std::size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    ignored = false;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const Rule& rule = rules_[i];
      if (!fitting[i] && rule.takes_back == ignored)
        fitting[i] = rule.pattern.matches(path.substr(0, end));
      if (fitting[i]) ignored = !rule.takes_back;
    }
  }
  return ignored;
}

bool IgnoreRules::ignores_alone(std::string_view path) const {
  bool ignored = false;
  for (const Rule& rule : rules_) {
    if (rule.takes_back != ignored) continue;
    std::string_view part = path;
    bool fits = false;
    while (!part.empty() && !fits) {
      fits = rule.pattern.matches(part);
      const std::size_t slash = part.rfind('/');
      part = slash == std::string_view::npos ? std::string_view() : part.substr(0, slash);
    }
    if (fits) ignored = !rule.takes_back;
  }
  return ignored;
}

bool IgnoreRules::may_hold_exceptions(std::string_view path) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    if (!rule.takes_back) return false;
    if (!rule.pattern.is_plain()) return true;
    return rule.text.size() > path.size() && rule.text.starts_with(path) &&
           rule.text[path.size()] == '/';
  });
}

std::string clean_relative(std::string_view path) {
  std::vector<std::string> kept;
  for (std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  return join(kept, "/");
}

}  // namespace stack::build
