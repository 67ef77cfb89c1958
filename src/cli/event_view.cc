// SPDX-License-Identifier: Apache-2.0
#include "cli/event_view.h"

#include <array>
#include <ctime>
#include <vector>

#include "base/format.h"
#include "base/text.h"

namespace stack::cli {

bool is_wanted(const supervisor::Event& event, const EventFilter& filter) {
  if (event.time < filter.since || (filter.until && event.time > *filter.until)) return false;
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
