// SPDX-License-Identifier: Apache-2.0
#include "cli/log_printer.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/calendar.h"
#include "base/display_width.h"
#include "base/files.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/terminal_text.h"
#include "supervisor/timeline.h"

namespace stack::cli {
namespace {

constexpr std::size_t most_gathered = 128U << 10;

std::string date_text(std::chrono::seconds since_epoch) {
  const std::tm calendar = utc_calendar(since_epoch.count());
  char date[32];
  const std::size_t size = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S.", &calendar);
  return std::string(date, size);
}

/// "die (exitCode 3)", "connect web-net (container 3f2a...)": what the label does not say.
std::string event_words(const supervisor::Event& event) {
  std::vector<std::string> more;
  for (const auto& [key, value] : event.attributes)
    if (key == "exitCode" || key == "signal" || key == "container" || key == "oldName")
      more.push_back(fmt::format("{} {}", key, value));
  std::string words = event.action;
  if (event.type != "container") words += " " + event.id;
  return more.empty() ? words : fmt::format("{} ({})", words, join(more, ", "));
}

}  // namespace

LogPrinter::LogPrinter(const Options& options, Streams streams)
    : options_(options),
      streams_(streams),
      colour_(shows_colour(STDOUT_FILENO, options) && !options.no_color),
      json_(options.format == "json"),
      raw_(!is_terminal(STDOUT_FILENO)),
      fd_(STDOUT_FILENO) {
  std::cout.flush();  // from here on we write without it
}

void LogPrinter::announce_label(const LogLabel& label) {
  width_ = std::max(width_, display_width(label.text));
  prefixed_ = nullptr;
}

void LogPrinter::go_to(int fd) {
  if (fd != fd_ || gathered_.size() >= most_gathered) flush();
  if (fd == fd_) return;
  fd_ = fd;
  raw_ = !is_terminal(fd);
}

void LogPrinter::append_time(std::string& to, std::chrono::system_clock::time_point time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  if (second != second_) second_text_ = date_text(second);
  second_ = second;
  to += second_text_;
  fmt::format_to(std::back_inserter(to), "{:09}Z ", (time.time_since_epoch() - second).count());
}

/// What each line of the run begins with: the name, padded and in its colour, and the time.
void LogPrinter::begin_lines(const LogLabel& label, const supervisor::LogRun& run) {
  if (!options_.no_log_prefix && prefixed_ != &label) {
    // As docker compose: a blank wider than the longest.
    prefix_ = fmt::format("{} | ", padded_to_width(label.text, width_ + 1));
    if (colour_) prefix_ = coloured(prefix_, label.colour);
    prefixed_ = &label;
  }
  beginning_ = prefix_;
  if (options_.timestamps) append_time(beginning_, run.time);
  beginning_ += options_.line_beginning;
}

void LogPrinter::print(const LogLabel& label, const supervisor::LogRun& run) {
  const bool to_stderr = streams_ == Streams::apart && run.stream == supervisor::Stream::err;
  go_to(to_stderr ? STDERR_FILENO : STDOUT_FILENO);
  if (json_) return print_json(label, run);
  begin_lines(label, run);
  if (raw_ && beginning_.empty()) return print_as_it_is(run.text);
  for (std::string_view rest = run.text; !rest.empty();) {
    const std::size_t newline = std::min(rest.find('\n'), rest.size());
    print_line(rest.substr(0, newline));
    rest.remove_prefix(std::min(newline + 1, rest.size()));
  }
}

/// An object a line, for programs: what is no UTF-8 is replaced.
void LogPrinter::print_json(const LogLabel& label, const supervisor::LogRun& run) {
  using nlohmann::json;
  for (std::string_view rest = run.text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const json object{{"time", supervisor::time_text(run.time)},
                      {"service", label.service},
                      {"container", label.container},
                      {"stream", run.stream == supervisor::Stream::err ? "stderr" : "stdout"},
                      {"line", line}};
    gathered_ += object.dump(-1, ' ', false, json::error_handler_t::replace);
    gathered_ += '\n';
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

void LogPrinter::print_line(std::string_view line) {
  gathered_ += beginning_;
  if (raw_) {
    gathered_ += line;
  } else {
    append_for_terminal(gathered_, line);
  }
  gathered_ += '\n';
}

/// From the buffer that it was read into, when it is much.
void LogPrinter::print_as_it_is(std::string_view text) {
  if (text.size() >= most_gathered / 2) {
    flush();
    write_all(fd_, text);
  } else {
    gathered_ += text;
  }
  if (!text.ends_with('\n')) gathered_ += '\n';
}

void LogPrinter::print(const LogLabel& label, const supervisor::Event& event) {
  using nlohmann::json;
  go_to(STDOUT_FILENO);
  if (json_) {
    const json object{{"time", supervisor::time_text(event.time)},
                      {"type", event.type},
                      {"service", event.service},
                      {event.type == "container" ? "container" : "name", label.container},
                      {"event", event.action},
                      {"attributes", event.attributes}};
    gathered_ += object.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
    return;
  }
  const std::string prefix = fmt::format("{} * ", padded_to_width(label.text, width_ + 1));
  gathered_ += colour_ ? coloured(prefix, label.colour) : prefix;
  if (options_.timestamps) append_time(gathered_, event.time);
  append_for_terminal(gathered_, event_words(event));
  gathered_ += '\n';
}

void LogPrinter::note(const LogLabel& label, const std::string& text) {
  go_to(STDOUT_FILENO);
  gathered_ += colour_ ? coloured(text, label.colour) : text;
  gathered_ += '\n';
}

void LogPrinter::flush() {
  write_all(fd_, gathered_);
  gathered_.clear();
}

}  // namespace stack::cli
