// SPDX-License-Identifier: Apache-2.0
#include "build/ignore.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

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

}  // namespace

PathPattern::PathPattern(std::string_view pattern, Slash slash) : slash_(slash) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    Token token{Kind::character, c, {}, false};
    if (c == '*' && pattern.substr(i).starts_with("**/")) {
      token.kind = Kind::directories;
      i += 2;
    } else if (c == '*' && pattern.substr(i).starts_with("**")) {
      token.kind = Kind::stars;
      ++i;
    } else if (c == '*') {
      token.kind = Kind::star;
    } else if (c == '?') {
      token.kind = Kind::any;
    } else if (c == '\\' && i + 1 < pattern.size()) {
      token.character = pattern[++i];
    } else if (c == '[') {
      token.kind = Kind::in_class;
      ++i;
      if (i < pattern.size() && pattern[i] == '^') {
        token.inverted = true;
        ++i;
      }
      while (i < pattern.size() && pattern[i] != ']') {
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        const char first = pattern[i++];
        char last = first;
        if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
          last = pattern[i + 1];
          i += 2;
        }
        token.members += first;
        token.members += last;
      }
      if (i >= pattern.size() || token.members.empty())
        fail("syntax error in pattern {}", stack::quoted(pattern));
    }
    tokens_.push_back(std::move(token));
  }
}

bool PathPattern::fits(const Token& token, char c) const {
  const bool crosses = c != '/' || slash_ == Slash::is_a_character;
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
bool PathPattern::matches(std::string_view path) const {
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
