// SPDX-License-Identifier: Apache-2.0
#include "spec/logging.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/number.h"
#include "base/text.h"
#include "spec/scalars.h"

namespace stack::spec {
namespace {

constexpr std::uint64_t local_max_size = 20U << 20;
constexpr std::uint64_t local_max_files = 5;

const std::string* find(const Logging& logging, const char* option) {
  const auto found = logging.options.find(option);
  return found == logging.options.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> parse_count(const std::string& text) {
  const auto count = parse_integer<std::uint64_t>(text);
  return count && *count > 0 ? count : std::nullopt;
}

std::optional<bool> parse_truth(const std::string& text) {
  const std::string lower = to_lower(text);
  if (lower == "true" || lower == "t" || lower == "1") return true;
  if (lower == "false" || lower == "f" || lower == "0") return false;
  return std::nullopt;
}

bool is_mode(const std::string& text) {
  return text.empty() || text == "blocking" || text == "non-blocking";
}

struct Option {
  std::string_view name;
  bool (*takes)(const std::string& value);
  std::string_view hint;
};

bool takes_anything(const std::string&) {
  return true;
}

constexpr Option options[] = {
    {"compress", [](const std::string& value) { return parse_truth(value).has_value(); },
     "true or false"},
    {"env", takes_anything, ""},
    {"env-regex", takes_anything, ""},
    {"labels", takes_anything, ""},
    {"labels-regex", takes_anything, ""},
    {"max-buffer-size", [](const std::string& value) { return parse_size(value).has_value(); },
     "a size like 4m"},
    {"max-file", [](const std::string& value) { return parse_count(value).has_value(); },
     "a number from 1"},
    {"max-size", [](const std::string& value) { return parse_log_size(value).has_value(); },
     "a size like 10m"},
    {"mode", is_mode, "blocking or non-blocking"},
    {"tag", takes_anything, ""},
};

LoggingMistake unknown_option(const std::string& name) {
  std::vector<std::string> known;
  for (const Option& option : options) known.emplace_back(option.name);
  const auto near = nearest(name, known);
  return {"options." + name, fmt::format("unknown logging option {}", stack::quoted(name)),
          near ? fmt::format("did you mean {}?", stack::quoted(*near))
               : "one of: " + join(known, ", ")};
}

void check_option(const std::string& name, const std::string& value,
                  std::vector<LoggingMistake>& mistakes) {
  const auto* const option = std::ranges::find(options, name, &Option::name);
  if (option == std::end(options)) {
    mistakes.push_back(unknown_option(name));
  } else if (!option->takes(value)) {
    mistakes.push_back({"options." + name,
                        fmt::format("{} is not a value of the logging option {}",
                                    stack::quoted(value), stack::quoted(name)),
                        std::string(option->hint)});
  }
}

/// Options that only make sense with others.
void check_together(const Logging& logging, std::vector<LoggingMistake>& mistakes) {
  const std::string* const mode = find(logging, "mode");
  if (find(logging, "max-buffer-size") != nullptr && (mode == nullptr || *mode != "non-blocking")) {
    mistakes.push_back(
        {"options.max-buffer-size", "max-buffer-size goes with mode: non-blocking", ""});
  }
  const std::string* const compress = find(logging, "compress");
  const LogLimits limits = limits_of(logging);
  const bool rotates = limits.max_size != 0 && limits.max_files > 1;
  if (compress != nullptr && parse_truth(*compress) == true && !rotates && limits.keeps_output) {
    mistakes.push_back(
        {"options.compress", "compress needs max-size, and a max-file of more than 1", ""});
  }
}

}  // namespace

std::optional<std::uint64_t> parse_log_size(std::string_view text) {
  const std::size_t letters = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = parse_number(text.substr(0, letters));
  if (!number || letters == 0) return std::nullopt;
  std::string unit = to_lower(text.substr(letters));
  if (unit.starts_with(' ')) unit.erase(0, 1);
  if (unit.ends_with("ib") && unit.size() == 3) unit.resize(1);
  if (unit.ends_with('b')) unit.pop_back();
  static constexpr std::string_view units = "kmgtp";
  double factor = 1;
  if (!unit.empty()) {
    const std::size_t power = units.find(unit[0]);
    if (unit.size() != 1 || power == std::string_view::npos) return std::nullopt;
    for (std::size_t i = 0; i <= power; ++i) factor *= 1000;
  }
  const double bytes = *number * factor;
  constexpr double most = 9e18;
  if (bytes < 1 || bytes > most) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::vector<LoggingMistake> mistakes_in(const Logging& logging) {
  static const std::vector<std::string> drivers = {"json-file", "local", "none"};
  std::vector<LoggingMistake> mistakes;
  if (!logging.driver.empty() && std::ranges::find(drivers, logging.driver) == drivers.end()) {
    // Its options are not ours to judge.
    return {{"driver",
             fmt::format("logging driver {} is not supported", stack::quoted(logging.driver)),
             "use json-file, local or none"}};
  }
  for (const auto& [name, value] : logging.options) check_option(name, value, mistakes);
  check_together(logging, mistakes);
  return mistakes;
}

LogLimits limits_of(const Logging& logging) {
  LogLimits limits;
  limits.keeps_output = logging.driver != "none";
  if (logging.driver == "local") limits = {true, local_max_size, local_max_files};
  if (const auto* text = find(logging, "max-size"))
    limits.max_size = parse_log_size(*text).value_or(0);
  if (const auto* text = find(logging, "max-file"))
    limits.max_files = parse_count(*text).value_or(1);
  return limits;
}

}  // namespace stack::spec
