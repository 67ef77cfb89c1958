// SPDX-License-Identifier: Apache-2.0
#include "supervisor/timeline.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "base/calendar.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::supervisor {
namespace {

using nlohmann::json;
using TimePoint = std::chrono::system_clock::time_point;

constexpr std::string_view file_prefix = "events.";

std::filesystem::path file_of(const std::filesystem::path& directory, std::uint64_t number) {
  return directory / fmt::format("{}{}", file_prefix, number);
}

std::set<std::uint64_t> numbers_in(const std::filesystem::path& directory) {
  std::set<std::uint64_t> numbers;
  for (const std::string& name : list_directory(directory)) {
    if (!name.starts_with(file_prefix)) continue;
    const auto rest = std::string_view(name).substr(file_prefix.size());
    if (const auto number = parse_integer<std::uint64_t>(rest)) numbers.insert(*number);
  }
  return numbers;
}

std::uint64_t newest(const std::filesystem::path& directory) {
  const auto numbers = numbers_in(directory);
  return numbers.empty() ? 0 : *numbers.rbegin();
}

Fd open_to_append(const std::filesystem::path& path) {
  return open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

std::uint64_t size_of(int file) {
  struct stat info {};
  return ::fstat(file, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

std::optional<TimePoint> parse_time(const std::string& text) {
  std::tm calendar{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S.", &calendar);
  if (rest == nullptr) return std::nullopt;
  const auto nanoseconds = parse_integer<std::int64_t>(std::string_view(rest, 9));
  if (!nanoseconds) return std::nullopt;
  return TimePoint(std::chrono::seconds(seconds_of_utc(calendar)) +
                   std::chrono::nanoseconds(*nanoseconds));
}

}  // namespace

std::string time_text(TimePoint time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::tm calendar = utc_calendar(seconds.count());
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &calendar);
  return fmt::format("{}.{:09}Z", date.data(),
                     std::chrono::nanoseconds(since_epoch - seconds).count());
}

std::string to_line(const Event& event) {
  const json object{
      {"time", time_text(event.time)}, {"type", event.type}, {"action", event.action},
      {"service", event.service},      {"id", event.id},     {"attributes", event.attributes}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<Event> parse_event(std::string_view line) {
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  try {
    Event event;
    const auto time = parse_time(object.at("time").get<std::string>());
    if (!time) return std::nullopt;
    event.time = *time;
    object.at("type").get_to(event.type);
    object.at("action").get_to(event.action);
    object.at("service").get_to(event.service);
    object.at("id").get_to(event.id);
    object.at("attributes").get_to(event.attributes);
    return event;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

void TimelineWriter::open() {
  make_directories(directory_);
  number_ = newest(directory_);
  file_ = open_to_append(file_of(directory_, number_));
}

void TimelineWriter::begin_next() {
  file_ = open_to_append(file_of(directory_, ++number_));
  for (const std::uint64_t number : numbers_in(directory_))
    if (number + limits_.files <= number_) ::unlink(file_of(directory_, number).c_str());
}

/// In one write(2) behind what is there: lines of several writers do not mix.
void TimelineWriter::append(const Event& event) {
  if (!file_) open();
  if (size_of(file_.get()) >= limits_.file_size) begin_next();
  write_all(file_.get(), to_line(event) + '\n');
}

void append_event(const std::filesystem::path& directory, const Event& event) {
  make_directories(directory);
  const Fd file = open_to_append(file_of(directory, newest(directory)));
  write_all(file.get(), to_line(event) + '\n');
}

/// Whether the open file is still the one of that name.
bool TimelineReader::is_current() const {
  struct stat ours {
  }, named{};
  return ::fstat(file_.get(), &ours) == 0 &&
         ::stat(file_of(directory_, number_).c_str(), &named) == 0 && ours.st_ino == named.st_ino &&
         ours.st_dev == named.st_dev;
}

/// A file that is not there any more was the last of another stack, or so old that it went: either
/// way the oldest one comes next.
std::optional<std::uint64_t> TimelineReader::find_next() const {
  const auto numbers = numbers_in(directory_);
  const auto next = file_ && is_current() ? numbers.upper_bound(number_) : numbers.begin();
  return next == numbers.end() ? std::nullopt : std::optional(*next);
}

void TimelineReader::go_to(std::uint64_t number) {
  number_ = number;
  file_ = open_file(file_of(directory_, number_), O_RDONLY);
  buffer_.clear();  // half a line that nobody goes on with
}

bool TimelineReader::read_some() {
  std::array<char, 65536> bytes;
  const ssize_t size = ::read(file_.get(), bytes.data(), bytes.size());
  if (size <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(size));
  return true;
}

std::optional<Event> TimelineReader::next() {
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      const auto event = parse_event(std::string_view(buffer_).substr(0, end));
      buffer_.erase(0, end + 1);
      if (event) return event;
      continue;
    }
    if (file_ && read_some()) continue;
    const auto next = find_next();
    if (!next) return std::nullopt;
    if (file_ && read_some()) continue;  // written before the next one was begun
    go_to(*next);
  }
}

}  // namespace stack::supervisor
