// SPDX-License-Identifier: Apache-2.0
#include "spec/substitute.h"

namespace stack::spec {
namespace {

bool starts_name(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         character == '_';
}

bool continues_name(char character) {
  return starts_name(character) || (character >= '0' && character <= '9');
}

std::string_view name_at(std::string_view text) {
  if (text.empty() || !starts_name(text[0])) return {};
  std::size_t end = 1;
  while (end < text.size() && continues_name(text[end])) ++end;
  return text.substr(0, end);
}

/// ":-" and the like at the start of `text`.
bool has_operator(std::string_view text) {
  if (text.starts_with(':')) text.remove_prefix(1);
  return !text.empty() && std::string_view("-+?").find(text[0]) != std::string_view::npos;
}

/// Index of the "}" that closes a "${" standing before `text`, pairs inside skipped. Where they are
/// no pairs, the last one closes a text behind an operator, as in docker compose.
std::size_t closing_brace(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '}') {
      if (depth == 0) return at;
      --depth;
    } else if (text[at] == '{') {
      ++depth;
    }
  }
  const auto name = name_at(text);
  return !name.empty() && has_operator(text.substr(name.size())) ? text.rfind('}')
                                                                 : std::string_view::npos;
}

/// Walks one text. Nested texts (defaults, messages) are views into the whole, so that offsets
/// hold.
class Walk {
 public:
  Walk(std::string_view whole, const Lookup& lookup, const OnEvent& on_event)
      : whole_(whole), lookup_(lookup), on_event_(on_event) {}

  std::string expand(std::string_view text, int depth) {
    std::string result;
    while (!text.empty()) {
      const auto dollar = text.find('$');
      result += text.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      text.remove_prefix(dollar);
      text.remove_prefix(expand_one(text, result, depth));
    }
    return result;
  }

 private:
  using Kind = SubstitutionEvent::Kind;

  /// Expands the expression at the start of `text` (a `$`); returns how many bytes it took.
  std::size_t expand_one(std::string_view text, std::string& result, int depth) {
    const auto rest = text.substr(1);
    if (rest.starts_with('$')) {
      result += '$';
      return 2;
    }
    if (rest.starts_with('{')) return expand_braced(text, result, depth);
    const auto name = name_at(rest);
    if (name.empty()) {
      result += '$';
      return 1;
    }
    result += value_or_report(name, text.substr(0, name.size() + 1));
    return name.size() + 1;
  }

  std::size_t expand_braced(std::string_view text, std::string& result, int depth) {
    const auto body_length = closing_brace(text.substr(2));
    if (body_length == std::string_view::npos) {
      report(Kind::unclosed, name_at(text.substr(2)), text);
      return text.size();
    }
    const auto expression = text.substr(0, body_length + 3);
    if (depth >= kMaxSubstitutionDepth) {
      report(Kind::too_deep, "", expression);
      return expression.size();
    }
    const auto body = text.substr(2, body_length);
    const auto name = name_at(body);
    if (name.empty()) {
      report(Kind::malformed, "", expression);
    } else {
      result += apply_operator(name, body.substr(name.size()), expression, depth);
    }
    return expression.size();
  }

  std::string apply_operator(std::string_view name, std::string_view operation,
                             std::string_view expression, int depth) {
    if (operation.empty()) return value_or_report(name, expression);
    const bool empty_counts_as_unset = operation[0] == ':';
    if (empty_counts_as_unset) operation.remove_prefix(1);
    const char symbol = operation.empty() ? ' ' : operation[0];
    if (symbol != '-' && symbol != '?' && symbol != '+') {
      report(Kind::malformed, name, expression);
      return {};
    }
    const auto argument = operation.substr(1);
    const auto value = lookup_(name);
    const bool is_set = value && !(empty_counts_as_unset && value->empty());
    if (symbol == '+') return is_set ? expand(argument, depth + 1) : std::string();
    if (is_set) return *value;
    if (symbol == '-') return expand(argument, depth + 1);
    report(Kind::required, name, expression, expand(argument, depth + 1));
    return {};
  }

  std::string value_or_report(std::string_view name, std::string_view expression) {
    if (auto value = lookup_(name)) return *value;
    report(Kind::unset, name, expression);
    return {};
  }

  void report(Kind kind, std::string_view name, std::string_view expression,
              std::string message = {}) {
    const auto offset = static_cast<std::size_t>(expression.data() - whole_.data());
    on_event_({kind, std::string(name), std::move(message), offset, expression.size()});
  }

  std::string_view whole_;
  const Lookup& lookup_;
  const OnEvent& on_event_;
};

}  // namespace

std::string substitute(std::string_view text, const Lookup& lookup, const OnEvent& on_event) {
  return Walk(text, lookup, on_event).expand(text, 0);
}

void for_each_variable(std::string_view text,
                       const std::function<void(const VariableExpression&)>& found) {
  for (auto dollar = text.find('$'); dollar != std::string_view::npos; dollar = text.find('$')) {
    text.remove_prefix(dollar + 1);
    const bool is_braced = text.starts_with('{');
    if (is_braced) text.remove_prefix(1);
    const auto length = is_braced ? closing_brace(text) : name_at(text).size();
    if (text.starts_with('$') || length == std::string_view::npos) {
      text.remove_prefix(text.starts_with('$') ? 1 : 0);
      continue;
    }
    const auto body = text.substr(0, length);
    text.remove_prefix(length);
    VariableExpression expression{name_at(body), ' ', {}};
    if (expression.name.empty()) continue;
    auto rest = body.substr(expression.name.size());
    if (rest.starts_with(':')) rest.remove_prefix(1);
    if (!rest.empty()) expression = {expression.name, rest[0], rest.substr(1)};
    found(expression);
  }
}

}  // namespace stack::spec
