// SPDX-License-Identifier: Apache-2.0
// What happened to a stack, line after line, in <data>/stacks/PROJECT/events: it outlives the
// containers that it tells of, and whoever writes it. A line is what `stack events --json` prints.
// When a file is full the next one begins, and the oldest goes: nothing is renamed, so that whoever
// follows has to ask nobody. No Asio in here.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace stack::supervisor {

/// In docker compose's words.
struct Event {
  std::chrono::system_clock::time_point time;
  std::string type = "container";  ///< or network, volume
  std::string action;              ///< "start", "health_status: healthy"
  std::string service;             ///< of a container
  std::string id;                  ///< of a network or volume: its name
  std::map<std::string, std::string> attributes = {};
  bool operator==(const Event&) const = default;
};

/// One line of JSON, without its newline.
std::string to_line(const Event& event);
/// Nothing for a line that is none: half of one, written when the power went.
std::optional<Event> parse_event(std::string_view line);
/// "2026-01-02T15:04:05.000000001Z"
std::string time_text(std::chrono::system_clock::time_point time);

struct TimelineLimits {
  std::uint64_t file_size = 1U << 20;
  std::uint64_t files = 4;  ///< that are kept, the one being written included
};

/// One per stack, of the process that may begin new files: its supervisor.
class TimelineWriter {
 public:
  explicit TimelineWriter(std::filesystem::path directory, TimelineLimits limits = {})
      : directory_(std::move(directory)), limits_(limits) {}
  /// Throws Error (a full disk): the event is not told then.
  void append(const Event& event);

 private:
  void open();
  void begin_next();

  std::filesystem::path directory_;
  TimelineLimits limits_;
  std::uint64_t number_ = 0;
  Fd file_;
};

/// For those who are not the supervisor: at the end of the newest file, however full.
void append_event(const std::filesystem::path& directory, const Event& event);

/// From the oldest line that is kept to the newest.
class TimelineReader {
 public:
  explicit TimelineReader(std::filesystem::path directory) : directory_(std::move(directory)) {}
  /// The next event; nothing when there is none (yet): call again when the directory has changed.
  /// After the stack went and came again, those of the new one.
  std::optional<Event> next();

 private:
  bool read_some();
  std::optional<std::uint64_t> find_next() const;
  void go_to(std::uint64_t number);
  bool is_current() const;

  std::filesystem::path directory_;
  Fd file_;
  std::uint64_t number_ = 0;
  std::string buffer_;
};

}  // namespace stack::supervisor
