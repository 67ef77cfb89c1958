// SPDX-License-Identifier: Apache-2.0
#include "cli/event_view.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/labels.h"

namespace stack::cli {

namespace {

std::string attribute(const supervisor::Event& event, const std::string& key) {
  const auto found = event.attributes.find(key);
  return found == event.attributes.end() ? "" : found->second;
}

/// "health_status: healthy" is of "health_status", too.
bool fits(const supervisor::Event& event, const std::string& key, const std::string& value) {
  if (key == "type") return event.type == value;
  if (key == "event") return event.action == value || event.action.starts_with(value + ":");
  if (key == "service") return event.service == value;
  if (key == "image") return attribute(event, "image") == value;
  if (key == "label") return has_label(event.attributes, value);
  const bool is_container = event.type == "container";
  return is_container && !value.empty() &&
         (attribute(event, "name") == value || event.id.starts_with(value));
}

}  // namespace

std::map<std::string, std::vector<std::string>> event_wishes(
    const std::vector<std::string>& texts) {
  constexpr std::array keys{"type", "event", "container", "service", "image", "label"};
  std::map<std::string, std::vector<std::string>> wishes;
  for (const auto& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    if (equals == std::string::npos || std::ranges::find(keys, key) == keys.end())
      throw Error(fmt::format("invalid filter {}", stack::quoted(text)))
          .with_hint("type=, event=, container=, service=, image= or label=")
          .with_exit_code(ExitCode::usage);
    wishes[key].push_back(text.substr(equals + 1));
  }
  return wishes;
}

nlohmann::ordered_json event_json(const supervisor::Event& event) {
  const auto nanoseconds =
      std::chrono::duration_cast<std::chrono::nanoseconds>(event.time.time_since_epoch()).count();
  constexpr std::int64_t second = 1'000'000'000;
  return {{"Status", event.action},
          {"ID", event.id},
          {"From", attribute(event, "image")},
          {"Type", event.type},
          {"Action", event.action},
          {"Service", event.service},
          {"Actor", {{"ID", event.id}, {"Attributes", event.attributes}}},
          {"Attributes", event.attributes},
          {"Time", nanoseconds / second},
          {"TimeNano", nanoseconds}};
}

bool is_wanted(const supervisor::Event& event, const EventFilter& filter) {
  if (event.time < filter.since || (filter.until && event.time > *filter.until)) return false;
  const bool passes = std::ranges::all_of(filter.wishes, [&](const auto& wish) {
    return std::ranges::any_of(
        wish.second, [&](const std::string& value) { return fits(event, wish.first, value); });
  });
  if (!passes) return false;
  return filter.services.empty() || filter.services.contains(event.service);
}

std::string event_text(const supervisor::Event& event) {
  const auto since_epoch = event.time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t whole = seconds.count();
  std::tm calendar{};
  ::localtime_r(&whole, &calendar);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%d %H:%M:%S", &calendar);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(since_epoch - seconds);
  std::vector<std::string> attributes;
  for (const auto& [key, value] : event.attributes)
    attributes.push_back(printable(fmt::format("{}={}", key, value)));
  return fmt::format("{}.{:06} {} {} {} ({})", date.data(), rest.count(), event.type, event.action,
                     event.id, join(attributes, ", "));
}

}  // namespace stack::cli
