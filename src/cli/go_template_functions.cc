// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/text.h"
#include "cli/go_template.h"
#include "cli/go_template_nodes.h"

namespace stack::cli {
namespace {

using Value = TemplateValue;
using Values = std::vector<Value>;

[[noreturn]] void refuse_call(const std::string& why) {
  throw Error("--format: " + why).with_exit_code(ExitCode::usage);
}

const Value& argument(const char* function, const Values& arguments, std::size_t index) {
  if (index >= arguments.size()) refuse_call(fmt::format("{} needs more arguments", function));
  return arguments[index];
}

std::string text_argument(const char* function, const Values& arguments, std::size_t index) {
  const Value& value = argument(function, arguments, index);
  return value.is_string() ? value.get<std::string>() : go_text(value);
}

std::string changed(std::string text, int (*change)(int)) {
  for (char& letter : text) letter = static_cast<char>(change(static_cast<unsigned char>(letter)));
  return text;
}

std::string title(std::string text) {
  bool begins = true;
  for (char& letter : text) {
    if (begins) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    begins = std::isspace(static_cast<unsigned char>(letter)) != 0;
  }
  return text;
}

Value length(const Values& arguments) {
  const Value& value = argument("len", arguments, 0);
  if (value.is_string()) return value.get<std::string>().size();
  if (!value.is_structured() && !value.is_null())
    refuse_call(fmt::format("len of {}", go_text(value)));
  return value.size();
}

Value element(const Value& of, const Value& key) {
  if (of.is_array()) {
    if (!key.is_number_integer()) refuse_call("index of a list takes a number");
    const auto place = key.get<std::int64_t>();
    if (place < 0 || static_cast<std::size_t>(place) >= of.size())
      refuse_call(fmt::format("index out of range: {}", place));
    return of[static_cast<std::size_t>(place)];
  }
  if (of.is_object()) {
    const auto found = of.find(key.is_string() ? key.get<std::string>() : go_text(key));
    return found == of.end() ? Value("") : *found;
  }
  if (of.is_null() && key.is_string()) return "";  // a map without any key
  if (of.is_null()) refuse_call("index of nothing");
  refuse_call(fmt::format("index of {}", go_text(of)));
}

Value indexed(const Values& arguments) {
  Value value = argument("index", arguments, 0);
  for (std::size_t at = 1; at < arguments.size(); ++at) value = element(value, arguments[at]);
  return value;
}

std::string run_together(const Values& arguments) {
  std::string text;
  for (const Value& each : arguments) text += go_text(each);
  return text;
}

/// A part of a text or a list: from the one number to before the other, or to the end.
Value sliced(const Values& arguments) {
  const Value& whole = argument("slice", arguments, 0);
  if (!whole.is_string() && !whole.is_array())
    refuse_call(fmt::format("slice of {}", go_text(whole)));
  const std::size_t size = whole.is_string() ? whole.get<std::string>().size() : whole.size();
  const auto place = [&](std::size_t index, std::size_t otherwise) {
    if (index >= arguments.size()) return otherwise;
    const Value& value = arguments[index];
    if (!value.is_number_unsigned()) refuse_call("slice takes a text or a list, and numbers");
    if (value.get<std::size_t>() > size)
      refuse_call(fmt::format("index out of range: {}", value.get<std::size_t>()));
    return value.get<std::size_t>();
  };
  const std::size_t begin = place(1, 0);
  const std::size_t end = place(2, size);
  if (begin > end) refuse_call(fmt::format("invalid slice index: {} > {}", begin, end));
  if (whole.is_string()) return whole.get<std::string>().substr(begin, end - begin);
  Value part = Value::array();
  for (std::size_t at = begin; at < end; ++at) part.push_back(whole[at]);
  return part;
}

/// For the query of a URL: a space is a plus there.
Value escaped_for_query(const Values& arguments) {
  constexpr std::string_view plain = "-_.~";
  std::string text;
  for (const char letter : run_together(arguments)) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                          (byte >= 'A' && byte <= 'Z') || plain.find(letter) != plain.npos;
    if (is_plain)
      text += letter;
    else
      text += letter == ' ' ? "+" : fmt::format("%{:02X}", byte);
  }
  return text;
}

Value escaped_for_html(const Values& arguments) {
  std::string text;
  for (const char letter : run_together(arguments)) {
    switch (letter) {
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '&':
        text += "&amp;";
        break;
      case '"':
        text += "&#34;";
        break;
      case '\'':
        text += "&#39;";
        break;
      default:
        text += letter;
    }
  }
  return text;
}

Value joined(const Values& arguments) {
  const Value& list = argument("join", arguments, 0);
  std::vector<std::string> parts;
  for (const Value& part : list) parts.push_back(go_text(part));
  return join(parts, text_argument("join", arguments, 1));
}

Value split_text(const Values& arguments) {
  const std::string text = text_argument("split", arguments, 0);
  const std::string separator = text_argument("split", arguments, 1);
  Value parts = Value::array();
  std::size_t begin = 0;
  for (std::size_t at = separator.empty() ? std::string::npos : text.find(separator);
       at != std::string::npos; at = text.find(separator, begin)) {
    parts.push_back(text.substr(begin, at - begin));
    begin = at + separator.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

Value padded(const Values& arguments) {
  const auto width = [&](std::size_t index) {
    const Value& value = argument("pad", arguments, index);
    if (!value.is_number_unsigned()) refuse_call("pad takes a text and two numbers");
    return std::min<std::size_t>(value.get<std::size_t>(), 1000);
  };
  return std::string(width(1), ' ') + text_argument("pad", arguments, 0) +
         std::string(width(2), ' ');
}

Value truncated(const Values& arguments) {
  const Value& most = argument("truncate", arguments, 1);
  if (!most.is_number_unsigned()) refuse_call("truncate takes a text and a number");
  return text_argument("truncate", arguments, 0).substr(0, most.get<std::size_t>());
}

bool is_equal(const Value& a, const Value& b) {
  return a.is_number() == b.is_number() && a.is_string() == b.is_string()
             ? a == b
             : go_text(a) == go_text(b);
}

bool is_less(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.get<double>() < b.get<double>();
  if (a.is_string() && b.is_string()) return a.get<std::string>() < b.get<std::string>();
  refuse_call(fmt::format("{} and {} cannot be compared", go_text(a), go_text(b)));
}

Value is_any_equal(const Values& arguments) {
  const Value& first = argument("eq", arguments, 0);
  argument("eq", arguments, 1);
  return std::any_of(arguments.begin() + 1, arguments.end(),
                     [&](const Value& other) { return is_equal(first, other); });
}

/// The first that decides it, as Go: `and` gives the first that is empty, `or` the first that is
/// not.
Value first_that(bool wanted, const char* function, const Values& arguments) {
  argument(function, arguments, 0);
  for (const Value& value : arguments)
    if (is_true(value) == wanted) return value;
  return arguments.back();
}

/// One % of printf: "%-10s".
struct Directive {
  bool left = false;
  bool zeros = false;
  std::size_t width = 0;
  std::optional<std::size_t> precision;
  char verb = 0;
};

std::string float_text(const Value& value, const Directive& how) {
  if (!value.is_number()) return fmt::format("%!{}({})", how.verb, go_text(value));
  return fmt::format("{:.{}f}", value.get<double>(), how.precision.value_or(6));
}

std::string integer_text(const Value& value, const Directive& how) {
  if (!value.is_number_integer()) return fmt::format("%!{}({})", how.verb, go_text(value));
  const auto number = value.get<std::int64_t>();
  if (how.verb == 'x') return fmt::format("{:x}", number);
  if (how.verb == 'o') return fmt::format("{:o}", number);
  return fmt::format("{}", number);
}

std::string directive_text(const Directive& how, const Value& value) {
  switch (how.verb) {
    case 'd':
    case 'o':
      return integer_text(value, how);
    case 'x':
      return value.is_string() ? to_hex(value.get<std::string>()) : integer_text(value, how);
    case 'f':
      return float_text(value, how);
    case 'q':
      return stack::quoted(go_text(value));
    case 't':
    case 'v':
    case 's': {
      const std::string text = go_text(value);
      return how.precision && how.verb == 's' ? text.substr(0, *how.precision) : text;
    }
    default:
      refuse_call(fmt::format("printf does not know %{}", how.verb));
  }
}

std::string in_field(const Directive& how, const std::string& text) {
  if (text.size() >= how.width) return text;
  const std::size_t room = how.width - text.size();
  if (how.left) return text + std::string(room, ' ');
  return std::string(room, how.zeros ? '0' : ' ') + text;
}

Directive read_directive(const std::string& format, std::size_t& at) {
  const auto number = [&] {
    std::size_t value = 0;
    for (; at < format.size() && std::isdigit(static_cast<unsigned char>(format[at])) != 0; ++at)
      value = std::min<std::size_t>(value * 10 + static_cast<std::size_t>(format[at] - '0'), 1000);
    return value;
  };
  Directive how;
  for (; at < format.size() && std::string_view("-+0# ").find(format[at]) != std::string::npos;
       ++at) {
    how.left = how.left || format[at] == '-';
    how.zeros = how.zeros || format[at] == '0';
  }
  how.width = number();
  if (at < format.size() && format[at] == '.') {
    ++at;
    how.precision = number();
  }
  if (at == format.size()) refuse_call("printf: a % without its letter");
  how.verb = format[at];
  return how;
}

Value formatted(const Values& arguments) {
  const std::string format = text_argument("printf", arguments, 0);
  std::string text;
  std::size_t next = 1;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      text += format[at];
      continue;
    }
    ++at;
    const Directive how = read_directive(format, at);
    text += how.verb == '%'
                ? "%"
                : in_field(how, directive_text(how, argument("printf", arguments, next++)));
  }
  return text;
}

/// Spaces between, as `println` has them.
std::string spaced(const Values& arguments) {
  std::vector<std::string> words;
  for (const Value& each : arguments) words.push_back(go_text(each));
  return join(words, " ");
}

struct Function {
  std::string_view name;
  Value (*call)(const Values& arguments);
};

constexpr std::array functions{
    Function{"and", [](const Values& a) { return first_that(false, "and", a); }},
    Function{"or", [](const Values& a) { return first_that(true, "or", a); }},
    Function{"not", [](const Values& a) { return Value(!is_true(argument("not", a, 0))); }},
    Function{"eq", is_any_equal},
    Function{"ne",
             [](const Values& a) {
               return Value(!is_equal(argument("ne", a, 0), argument("ne", a, 1)));
             }},
    Function{
        "lt",
        [](const Values& a) { return Value(is_less(argument("lt", a, 0), argument("lt", a, 1))); }},
    Function{"le",
             [](const Values& a) {
               return Value(!is_less(argument("le", a, 1), argument("le", a, 0)));
             }},
    Function{
        "gt",
        [](const Values& a) { return Value(is_less(argument("gt", a, 1), argument("gt", a, 0))); }},
    Function{"ge",
             [](const Values& a) {
               return Value(!is_less(argument("ge", a, 0), argument("ge", a, 1)));
             }},
    Function{"html", escaped_for_html},
    Function{"index", indexed},
    Function{"len", length},
    Function{"json", [](const Values& a) { return Value(argument("json", a, 0).dump()); }},
    Function{"join", joined},
    Function{"slice", sliced},
    Function{"split", split_text},
    Function{
        "upper",
        [](const Values& a) { return Value(changed(text_argument("upper", a, 0), std::toupper)); }},
    Function{
        "lower",
        [](const Values& a) { return Value(changed(text_argument("lower", a, 0), std::tolower)); }},
    Function{"title", [](const Values& a) { return Value(title(text_argument("title", a, 0))); }},
    Function{"pad", padded},
    Function{"truncate", truncated},
    Function{"print", [](const Values& a) { return Value(run_together(a)); }},
    Function{"printf", formatted},
    Function{"urlquery", escaped_for_query},
    Function{"println", [](const Values& a) { return Value(spaced(a) + "\n"); }},
};

const Function* find_function(std::string_view name) {
  const auto found = std::find_if(functions.begin(), functions.end(),
                                  [&](const Function& each) { return each.name == name; });
  return found == functions.end() ? nullptr : &*found;
}

}  // namespace

bool is_true(const TemplateValue& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0;
  if (value.is_string()) return !value.get<std::string>().empty();
  return !value.is_null() && !value.empty();
}

bool is_template_function(std::string_view name) {
  return find_function(name) != nullptr;
}

std::optional<TemplateValue> call_template_function(const std::string& name,
                                                    const std::vector<TemplateValue>& arguments) {
  const Function* const function = find_function(name);
  if (function == nullptr) return std::nullopt;
  return function->call(arguments);
}

}  // namespace stack::cli
