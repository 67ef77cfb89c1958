// SPDX-License-Identifier: Apache-2.0
#include "cli/log_moments.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/moment.h"
#include "spec/scalars.h"

namespace stack::cli {
namespace {

using supervisor::Event;
using TimePoint = LogWindow::TimePoint;

constexpr auto usual_distance = std::chrono::seconds(2);
constexpr std::string_view plus_minus = "±";
constexpr std::string_view plain_plus_minus = "+-";
constexpr std::string_view between = "..";

struct Happening {
  std::string_view word;
  std::string_view action;  ///< as the timeline has it
};
constexpr std::array happenings{Happening{"start", "start"},
                                Happening{"ready", "health_status: healthy"},
                                Happening{"healthy", "health_status: healthy"},
                                Happening{"unhealthy", "health_status: unhealthy"},
                                Happening{"exit", "die"},
                                Happening{"stop", "stop"},
                                Happening{"kill", "kill"},
                                Happening{"oom", "oom"}};

[[noreturn]] void refuse(std::string_view flag, std::string_view text, std::string_view right) {
  throw Error(fmt::format("{} takes {}, not {}", flag, right, stack::quoted(std::string(text))))
      .with_exit_code(ExitCode::usage);
}

constexpr std::string_view of_between =
    "two moments or events with .. between them, like 10:31..10:32 or db.ready..web.exit";

/// What happened to a service; nothing for a text that is not of that form.
struct Sought {
  std::string_view service;
  std::string_view word;
  std::string_view action;
};
std::optional<Sought> parse_event_name(std::string_view text) {
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const auto word = text.substr(dot + 1);
  const auto* const found = std::ranges::find(happenings, word, &Happening::word);
  if (found == happenings.end()) return std::nullopt;
  return Sought{text.substr(0, dot), word, found->action};
}

bool is_it(const Event& event, const Sought& sought) {
  return event.type == "container" && event.service == sought.service &&
         event.action == sought.action;
}

[[noreturn]] void never_happened(const Sought& sought, std::string_view when) {
  throw Error(
      fmt::format("there is no {} of {} in the timeline{}", sought.word, sought.service, when))
      .with_hint("`stack events --since 720h --until 0s` shows what there is");
}

/// One end of --between: at most one of both; neither when it is left out.
struct End {
  std::optional<TimePoint> moment;
  std::optional<Sought> sought;
};

End parse_end(std::string_view text, TimePoint now) {
  if (text.empty()) return {};
  if (const auto sought = parse_event_name(text)) return {{}, sought};
  const auto moment = parse_moment(text, now);
  if (!moment) refuse("--between", text, of_between);
  return {moment, {}};
}

std::optional<TimePoint> begin_of(const End& end, const std::vector<Event>& events) {
  if (!end.sought) return end.moment;
  for (auto event = events.rbegin(); event != events.rend(); ++event)
    if (is_it(*event, *end.sought)) return event->time;
  never_happened(*end.sought, "");
}

std::optional<TimePoint> end_of(const End& end, std::optional<TimePoint> begin,
                                const std::vector<Event>& events) {
  if (!end.sought) return end.moment;
  for (const Event& event : events)
    if (is_it(event, *end.sought) && (!begin || event.time >= *begin)) return event.time;
  never_happened(*end.sought, begin ? " after that" : "");
}

}  // namespace

LogWindow common(const LogWindow& one, const LogWindow& other) {
  LogWindow both = one;
  if (other.since) both.since = std::max(one.since.value_or(*other.since), *other.since);
  if (other.until) both.until = std::min(one.until.value_or(*other.until), *other.until);
  return both;
}

LogWindow window_at(std::string_view text, TimePoint now) {
  std::size_t sign = text.find(plus_minus);
  std::size_t length = plus_minus.size();
  if (sign == std::string_view::npos) {
    sign = text.find(plain_plus_minus);
    length = plain_plus_minus.size();
  }
  std::optional<std::chrono::nanoseconds> distance = usual_distance;
  if (sign != std::string_view::npos)
    distance = spec::parse_duration(trim(text.substr(sign + length)));
  const auto moment = parse_moment(trim(text.substr(0, std::min(sign, text.size()))), now);
  if (!moment || !distance)
    refuse("--at", text, "a time of today, or a date, like 10:31:05 or 10:31:05±500ms");
  return {*moment - *distance, *moment + *distance};
}

LogWindow window_between(std::string_view text, const std::vector<Event>& events, TimePoint now) {
  const std::size_t middle = text.find(between);
  if (middle == std::string_view::npos) refuse("--between", text, of_between);
  const auto begin = begin_of(parse_end(trim(text.substr(0, middle)), now), events);
  return {begin, end_of(parse_end(trim(text.substr(middle + between.size())), now), begin, events)};
}

std::map<std::string, LogWindow> windows_of_run(int run, const std::vector<Event>& events) {
  std::map<std::string, std::vector<TimePoint>> starts;  // by container
  for (const Event& event : events) {
    const auto name = event.attributes.find("name");
    if (event.type == "container" && event.action == "start" && name != event.attributes.end())
      starts[name->second].push_back(event.time);
  }
  std::map<std::string, LogWindow> windows;
  for (const auto& [name, times] : starts) {
    const auto count = static_cast<std::ptrdiff_t>(times.size());
    const std::ptrdiff_t index = run < 0 ? count + run : run - 1;
    if (index < 0 || index >= count) continue;
    LogWindow window{times[static_cast<std::size_t>(index)], std::nullopt};
    if (index + 1 < count)
      window.until = times[static_cast<std::size_t>(index) + 1] - std::chrono::nanoseconds(1);
    windows.emplace(name, window);
  }
  return windows;
}

}  // namespace stack::cli
