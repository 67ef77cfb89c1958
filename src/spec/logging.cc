// SPDX-License-Identifier: Apache-2.0
#include "spec/logging.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/number.h"
#include "base/pattern.h"
#include "base/text.h"
#include "spec/log_destination.h"
#include "spec/scalars.h"

namespace stack::spec {
namespace {

/// Of those who say nothing: docker keeps everything, until the disk is full.
constexpr std::uint64_t usual_max_size = 10'000'000;
constexpr std::uint64_t usual_max_files = 3;
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

/// Which drivers take an option.
enum Drivers : unsigned { files = 1, journald = 2, syslog = 4, sent = journald | syslog, all = 7 };

Drivers driver_of(const Logging& logging) {
  if (logging.driver == "journald") return journald;
  return logging.driver == "syslog" ? syslog : files;
}

struct Option {
  std::string_view name;
  Drivers drivers;
  bool (*takes)(const std::string& value);
  std::string_view hint;
};

bool takes_anything(const std::string&) {
  return true;
}

bool takes_truth(const std::string& value) {
  return parse_truth(value).has_value();
}

bool takes_count(const std::string& value) {
  return parse_count(value).has_value();
}

bool takes_log_size(const std::string& value) {
  return parse_log_size(value).has_value();
}

bool takes_tag(const std::string& value) {
  return log_tag(value,
                 [](std::string_view name) -> std::optional<std::string> {
                   const bool known =
                       std::ranges::find(log_tag_words, name) != std::end(log_tag_words);
                   return known ? std::optional<std::string>("") : std::nullopt;
                 })
      .has_value();
}

/// Nothing is made of it, so what else a template may do is not looked at.
bool takes_file_tag(const std::string& value) {
  static constexpr std::string_view further[] = {
      "Command",         "Config",        "ContainerArgs",       "ContainerCreated",
      "ContainerEnv",    "ContainerID",   "ContainerImageID",    "ContainerImageName",
      "ContainerLabels", "ContainerName", "ContainerEntrypoint", "Hostname",
      "LogPath"};
  const auto is_known = [&](const std::string& name) {
    return std::ranges::find(log_tag_words, name) != std::end(log_tag_words) ||
           std::ranges::find(further, name) != std::end(further);
  };
  static const Pattern plain_word("^ *\\.[A-Za-z]+ *$");
  for (std::size_t begin = value.find("{{"); begin != std::string::npos;
       begin = value.find("{{", begin + 2)) {
    const std::string word = value.substr(begin + 2, value.find("}}", begin) - begin - 2);
    if (plain_word.matches(word) && !is_known(std::string(trim(word).substr(1)))) return false;
  }
  return true;
}

constexpr Option logging_options[] = {
    {"cache-compress", all, takes_truth, "true or false"},
    {"cache-disabled", all, takes_truth, "true or false"},
    {"cache-max-file", all, takes_count, "a number from 1"},
    {"cache-max-size", all, takes_log_size, "a size like 10m"},
    {"compress", files, takes_truth, "true or false"},
    {"env", all, takes_anything, ""},
    {"env-regex", files, takes_anything, ""},
    {"env-regex", sent, is_pattern, "an extended regular expression"},
    {"labels", all, takes_anything, ""},
    {"labels-regex", files, takes_anything, ""},
    {"labels-regex", sent, is_pattern, "an extended regular expression"},
    {"max-buffer-size", all, [](const std::string& value) { return parse_size(value).has_value(); },
     "a size like 4m"},
    {"max-file", files, takes_count, "a number from 1"},
    {"max-size", files,
     [](const std::string& value) { return value == "-1" || takes_log_size(value); },
     "a size like 10m, or -1 for no limit"},
    {"mode", all, is_mode, "blocking or non-blocking"},
    {"syslog-address", syslog, is_syslog_address,
     "udp://192.0.2.1:514, tcp://logs.example:514 or unixgram:///dev/log"},
    {"syslog-facility", syslog,
     [](const std::string& value) { return syslog_facility(value).has_value(); },
     "a name of syslog(3) like daemon or local0, or a number from 0 to 23"},
    {"syslog-format", syslog, is_syslog_format, "rfc3164, rfc5424 or rfc5424micro"},
    {"tag", files, takes_file_tag, "text with {{.Name}}, {{.ID}}, {{.ImageName}} and the like"},
    {"tag", sent, takes_tag,
     "text with {{.Name}}, {{.ID}}, {{.FullID}}, {{.ImageName}} and the like"},
};

LoggingMistake unknown_option(const std::string& name, Drivers drivers) {
  std::vector<std::string> known;
  for (const Option& option : logging_options)
    if ((option.drivers & drivers) != 0) known.emplace_back(option.name);
  if (drivers == syslog && name.starts_with("syslog-tls-"))
    return {"options." + name, "syslog over TLS is not supported",
            "send by tcp:// to a daemon of this machine that does"};
  const auto near = nearest(name, known);
  return {"options." + name, fmt::format("unknown logging option {}", stack::quoted(name)),
          near ? fmt::format("did you mean {}?", stack::quoted(*near))
               : "one of: " + join(known, ", ")};
}

void check_option(const std::string& name, const std::string& value, Drivers drivers,
                  std::vector<LoggingMistake>& mistakes) {
  const auto* const option = std::ranges::find_if(logging_options, [&](const Option& each) {
    return each.name == name && (each.drivers & drivers) != 0;
  });
  if (option == std::end(logging_options)) {
    mistakes.push_back(unknown_option(name, drivers));
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
  // docker keeps one file of any size where nothing is said; local has limits of its own.
  const bool is_limited = logging.driver == "local" || find(logging, "max-size") != nullptr;
  const bool rotates = is_limited && limits.max_size != 0 && limits.max_files > 1;
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
  static const std::vector<std::string> drivers = {"json-file", "local", "none", "journald",
                                                   "syslog"};
  std::vector<LoggingMistake> mistakes;
  if (!logging.driver.empty() && std::ranges::find(drivers, logging.driver) == drivers.end()) {
    // Its options are not ours to judge.
    return {{"driver",
             fmt::format("logging driver {} is not supported", stack::quoted(logging.driver)),
             "use json-file, local, none, journald or syslog"}};
  }
  for (const auto& [name, value] : logging.options)
    check_option(name, value, driver_of(logging), mistakes);
  check_together(logging, mistakes);
  return mistakes;
}

LogLimits limits_of(const Logging& logging) {
  if (logging.driver == "none") return {false};
  const bool is_sent = driver_of(logging) != files;
  const auto* const size = find(logging, is_sent ? "cache-max-size" : "max-size");
  const auto* const count = find(logging, is_sent ? "cache-max-file" : "max-file");
  LogLimits limits{true, usual_max_size, usual_max_files};
  if (logging.driver == "local" || is_sent) {
    limits = {true, local_max_size, local_max_files};
  } else if (size != nullptr) {
    limits.max_files = 1;  // as docker, which is asked for a size here
  }
  if (size != nullptr) limits.max_size = parse_log_size(*size).value_or(0);
  if (count != nullptr) limits.max_files = parse_count(*count).value_or(1);
  return limits;
}

}  // namespace stack::spec
