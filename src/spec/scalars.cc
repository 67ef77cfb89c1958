// SPDX-License-Identifier: Apache-2.0
#include "spec/scalars.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/format.h"
#include "base/number.h"
#include "base/text.h"

namespace stack::spec {
namespace {

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

std::string without_underscores(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '_');
  return plain;
}

bool is_day(std::string_view year, std::string_view month, std::string_view day) {
  const auto number = [](std::string_view text) {
    return parse_integer<unsigned>(text).value_or(0);
  };
  return std::chrono::year_month_day(std::chrono::year(static_cast<int>(number(year))),
                                     std::chrono::month(number(month)),
                                     std::chrono::day(number(day)))
      .ok();
}

/// 2020-01-31, with or without a time behind it.
bool is_date(std::string_view text) {
  if (text.size() < 8 || !all_digits(text.substr(0, 4)) || text[4] != '-') return false;
  const auto day = text.find('-', 5);
  if (day == std::string_view::npos || day > 7 || !all_digits(text.substr(5, day - 5)))
    return false;
  std::size_t end = day + 1;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end == day + 1 || end > day + 3 ||
      !is_day(text.substr(0, 4), text.substr(5, day - 5), text.substr(day + 1, end - day - 1)))
    return false;
  return end == text.size() || text[end] == 'T' || text[end] == 't' || text[end] == ' ';
}

/// The digits of what YAML reads as a whole number of up to 64 bits.
std::optional<std::string> plain_integer(std::string_view source) {
  std::string digits = without_underscores(source);
  std::string sign;
  if (digits[0] == '-' || digits[0] == '+') {
    if (digits[0] == '-') sign = "-";
    digits.erase(0, 1);
  }
  int base = 10;
  if (digits.starts_with("0x")) {
    base = 16;
  } else if (digits.starts_with("0b")) {
    base = 2;
  } else if (digits.starts_with("0o")) {
    base = 8;
  }
  if (base != 10) {
    digits.erase(0, 2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
  }
  if (digits.empty() || digits[0] == '-') return std::nullopt;
  if (const auto value = parse_integer<std::int64_t>(sign + digits, base))
    return std::to_string(*value);
  const auto large = sign.empty() ? parse_integer<std::uint64_t>(digits, base) : std::nullopt;
  return large ? std::optional(std::to_string(*large)) : std::nullopt;
}

std::optional<double> plain_number(std::string_view source) {
  static constexpr std::array<std::string_view, 3> infinities = {".inf", ".Inf", ".INF"};
  static constexpr std::array<std::string_view, 3> nothings = {".nan", ".NaN", ".NAN"};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const bool has_sign = source[0] == '-' || source[0] == '+';
  if (std::ranges::find(infinities, source.substr(has_sign ? 1 : 0)) != infinities.end())
    return source[0] == '-' ? -infinity : infinity;
  if (std::ranges::find(nothings, source) != nothings.end())
    return std::numeric_limits<double>::quiet_NaN();
  return parse_number(without_underscores(source));
}

std::optional<std::int64_t> checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 9> kUnits = {{{"ns", 1},
                                         {"us", 1'000},
                                         {"µs", 1'000},
                                         {"ms", 1'000'000},
                                         {"s", 1'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"h", 3'600'000'000'000},
                                         {"d", 86'400'000'000'000},
                                         {"w", 604'800'000'000'000}}};

/// Nanoseconds of "1.5" units, by integers only.
std::optional<std::int64_t> scaled(std::string_view amount, std::int64_t unit) {
  const auto dot = amount.find('.');
  const auto whole_text = amount.substr(0, dot);
  std::int64_t whole = 0;
  if (!whole_text.empty()) {
    const auto parsed = parse_integer<std::int64_t>(whole_text);
    if (!parsed || __builtin_mul_overflow(*parsed, unit, &whole)) return std::nullopt;
  }
  if (dot == std::string_view::npos) return whole;
  const auto fraction = amount.substr(dot + 1, 18);
  if (fraction.empty()) return whole_text.empty() ? std::nullopt : std::optional(whole);
  double part = 0;
  double weight = static_cast<double>(unit);
  for (const char digit : fraction) part += (digit - '0') * (weight /= 10);
  return checked_add(whole, rounded(part));
}

}  // namespace

PlainScalar resolve_plain(std::string_view source) {
  using Kind = Node::Kind;
  static constexpr std::array<std::string_view, 5> nulls = {"", "~", "null", "Null", "NULL"};
  if (std::ranges::find(nulls, source) != nulls.end()) return {Kind::null, ""};
  if (source == "true" || source == "True" || source == "TRUE") return {Kind::boolean, "true"};
  if (source == "false" || source == "False" || source == "FALSE") return {Kind::boolean, "false"};
  const char first = source[0];
  if (!is_digit(first) && first != '-' && first != '+' && first != '.')
    return {Kind::string, std::string(source)};
  if (source.find(':') == std::string_view::npos) {
    if (auto integer = plain_integer(source)) return {Kind::integer, std::move(*integer)};
    if (const auto number = plain_number(source)) return {Kind::number, number_text(*number)};
  }
  if (is_date(source)) return {Kind::timestamp, std::string(source)};
  return {Kind::string, std::string(source)};
}

std::optional<bool> parse_boolean(std::string_view text) {
  static constexpr std::array<std::string_view, 4> yes = {"true", "y", "yes", "on"};
  static constexpr std::array<std::string_view, 4> no = {"false", "n", "no", "off"};
  const std::string word = to_lower(text);
  if (std::ranges::find(yes, word) != yes.end()) return true;
  if (std::ranges::find(no, word) != no.end()) return false;
  return std::nullopt;
}

bool is_switched_on(std::string_view variable) {
  return variable == "1" || to_lower(variable) == "t" || parse_boolean(variable).value_or(false);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const std::string scientific = shortest_text(value, Notation::scientific);
  const auto exponent = parse_integer<int>(scientific.substr(scientific.find('e') + 2));
  const bool is_negative = scientific[scientific.find('e') + 1] == '-';
  const bool is_long = exponent.value_or(0) > (is_negative ? 4 : 5);
  return is_long ? scientific : shortest_text(value, Notation::fixed);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto is_amount = [](char c) { return is_digit(c) || c == '.'; };
    const auto amount_end = std::ranges::find_if_not(text, is_amount) - text.begin();
    const auto amount = text.substr(0, static_cast<std::size_t>(amount_end));
    if (amount.empty() || std::ranges::count(amount, '.') > 1) return std::nullopt;
    text.remove_prefix(amount.size());
    const auto unit_end = std::ranges::find_if(text, is_amount) - text.begin();
    const auto name = text.substr(0, static_cast<std::size_t>(unit_end));
    const auto unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit == kUnits.end()) return std::nullopt;
    text.remove_prefix(name.size());
    const auto part = scaled(amount, unit->nanoseconds);
    const auto sum = part ? checked_add(total, *part) : std::nullopt;
    if (!sum) return std::nullopt;
    total = *sum;
  }
  return std::chrono::nanoseconds(negative ? -total : total);
}

namespace {

/// Seconds with as many decimals as they need; never with an exponent, which nobody reads back.
std::string seconds_text(std::int64_t nanoseconds) {
  auto text = fmt::format("{}.{:09}", nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

std::string duration_text(std::chrono::nanoseconds duration) {
  const std::int64_t total = duration.count();
  if (total == 0) return "0s";
  if (total < 0) return "-" + duration_text(-duration);
  if (total < 1'000) return fmt::format("{}ns", total);
  if (total < 1'000'000) return number_text(static_cast<double>(total) / 1e3) + "µs";
  if (total < 1'000'000'000) return number_text(static_cast<double>(total) / 1e6) + "ms";
  const std::int64_t hours = total / 3'600'000'000'000;
  const std::int64_t minutes = total / 60'000'000'000 % 60;
  std::string text;
  if (hours > 0) text += fmt::format("{}h", hours);
  if (hours > 0 || minutes > 0) text += fmt::format("{}m", minutes);
  return text + seconds_text(total % 60'000'000'000) + "s";
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::string_view prefixes = "kmgtp";
  std::string word = to_lower(trim(text));
  std::uint64_t unit = 1;
  if (word.ends_with("ib")) {
    word.resize(word.size() - 2);
  } else if (word.ends_with('b')) {
    word.pop_back();
  }
  if (!word.empty()) {
    if (const auto power = prefixes.find(word.back()); power != std::string_view::npos) {
      unit = 1ULL << (10 * (power + 1));
      word.pop_back();
    }
  }
  const auto amount = trim(word);
  if (all_digits(amount)) {
    const auto whole = parse_integer<std::uint64_t>(amount);
    std::uint64_t bytes = 0;
    if (!whole || __builtin_mul_overflow(*whole, unit, &bytes)) return std::nullopt;
    return bytes;
  }
  const auto number = parse_number(amount);
  if (!number || *number < 0) return std::nullopt;
  const double bytes = *number * static_cast<double>(unit);
  if (bytes >= 9.2e18) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::optional<std::uint32_t> parse_mode(std::string_view text) {
  if (text.starts_with("0o") || text.starts_with("0O")) text.remove_prefix(2);
  const auto mode = parse_integer<std::uint32_t>(text, 8);
  return mode && *mode <= 07777 ? mode : std::nullopt;
}

namespace {

/// Takes one character after the other; its states are the quote it is in, and what holds words
/// together around that: `...` and $(...), which nobody runs.
class WordSplitter {
 public:
  explicit WordSplitter(std::string_view text) : text_(text) {}

  Words split() {
    for (; at_ < text_.size() && goes_on(); ++at_) step();
    end_word();
    if (result_.mistake.empty()) result_.mistake = what_is_open();
    return std::move(result_);
  }

 private:
  bool goes_on() const {
    return result_.shell_operator == std::string_view::npos && result_.mistake.empty();
  }

  void step() {
    const char character = text_[at_];
    if (quote_ == '\'') {
      character == quote_ ? close_quote() : add(character);
    } else if (character == '\\') {
      add_escaped();
    } else if ((character == '"' || character == '\'') && closer_ != ')' && quote_ != '"') {
      quote_ = character;
      open_word();
    } else if (character == quote_) {
      close_quote();
    } else if (quote_ == '"') {
      add(character);
    } else {
      step_unquoted(character);
    }
  }

  void step_unquoted(char character) {
    const bool is_free = closer_ == 0;
    if (is_free && std::string_view(" \t\n\r").find(character) != std::string_view::npos) {
      end_word();
    } else if (is_free && std::string_view(";&|<>").find(character) != std::string_view::npos) {
      end_command(character);
    } else if (character == closer_) {
      closer_ = 0;
      add(character);
    } else if (is_free && character == '`') {
      hold_until('`');
    } else if (is_free && character == '(' && word_.ends_with('$')) {
      hold_until(')');
    } else if ((character == '(' || character == ')') && closer_ != '`') {
      result_.mistake = "a parenthesis outside of quotes";
    } else {
      add(character);
    }
  }

  void hold_until(char closer) {
    add(text_[at_]);
    closer_ = closer;
  }

  /// A number in front of > is that of a descriptor, and of no use without a shell. Any word that
  /// begins with a digit is taken for one, as in docker compose.
  void end_command(char character) {
    const bool is_descriptor = character == '>' && !word_.empty() && is_digit(word_[0]);
    result_.shell_operator = is_descriptor ? word_start_ : at_;
    if (is_descriptor) inside_ = false;
  }

  void add(char character) {
    open_word();
    word_ += character;
  }
  /// Unlike in a shell, a backslash in double quotes takes what is special from any character.
  void add_escaped() {
    if (++at_ == text_.size())
      result_.mistake = "a backslash at its end";
    else
      add(text_[at_]);
  }
  void open_word() {
    if (!inside_) word_start_ = at_;
    inside_ = true;
  }
  void close_quote() { quote_ = 0; }
  void end_word() {
    if (inside_) result_.words.push_back(std::move(word_));
    word_.clear();
    inside_ = false;
  }
  std::string_view what_is_open() const {
    if (quote_ != 0) return "a quote that is not closed";
    if (closer_ == '`') return "a back-quote that is not closed";
    return closer_ == ')' ? "a \"$(\" that is not closed" : "";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_;
  std::size_t word_start_ = 0;
  bool inside_ = false;
  char quote_ = 0;
  char closer_ = 0;
  Words result_;
};

}  // namespace

Words split_words(std::string_view text) {
  return WordSplitter(text).split();
}

std::optional<std::pair<std::string, std::string>> parse_on_change(std::string_view text) {
  constexpr std::string_view prefix = "signal:";
  if (text == "recreate" || text == "restart" || text == "none")
    return std::pair(std::string(text), std::string());
  if (!text.starts_with(prefix)) return std::nullopt;
  const auto signal = canonical_signal(text.substr(prefix.size()));
  if (!signal) return std::nullopt;
  return std::pair(std::string("signal"), *signal);
}

std::optional<std::string> canonical_signal(std::string_view text) {
  static constexpr std::array<std::string_view, 31> names = {
      "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1", "SEGV",
      "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN", "TTOU",
      "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};
  if (const auto number = parse_integer<int>(text)) {
    if (*number < 1 || *number > 64) return std::nullopt;
    if (*number <= 31) return fmt::format("SIG{}", names[static_cast<std::size_t>(*number - 1)]);
    return *number < 34 ? std::nullopt
                        : std::optional(*number == 34 ? std::string("SIGRTMIN")
                                                      : fmt::format("SIGRTMIN+{}", *number - 34));
  }
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (name.starts_with("SIG")) name.erase(0, 3);
  if (std::ranges::find(names, name) != names.end()) return "SIG" + name;
  if (name == "CLD") return "SIGCHLD";
  if (name == "POLL") return "SIGIO";
  if (name == "IOT") return "SIGABRT";
  if (name == "RTMIN" || name == "RTMAX") return "SIG" + name;
  const bool relative = name.starts_with("RTMIN+") || name.starts_with("RTMAX-");
  if (!relative) return std::nullopt;
  const auto offset = parse_integer<int>(std::string_view(name).substr(6));
  if (!offset || *offset < 0 || *offset > 30) return std::nullopt;
  return "SIG" + name;
}

}  // namespace stack::spec
