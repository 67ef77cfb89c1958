// SPDX-License-Identifier: Apache-2.0
#include "supervisor/syslog_message.h"

#include <ctime>

#include "base/format.h"

namespace stack::supervisor {
namespace {

constexpr int severity_info = 6;
constexpr int severity_error = 3;

int severity_of(Stream stream) {
  return stream == Stream::out ? severity_info : severity_error;
}

std::tm local_time(LogTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm calendar{};
  ::localtime_r(&seconds, &calendar);
  return calendar;
}

std::string calendar_text(const std::tm& calendar, const char* format) {
  char text[64];
  return std::string(text, std::strftime(text, sizeof(text), format, &calendar));
}

/// "2026-11-29T09:00:00.123456+01:00"
std::string rfc3339(LogTime time, bool with_fraction) {
  const std::tm calendar = local_time(time);
  std::string text = calendar_text(calendar, "%Y-%m-%dT%H:%M:%S");
  if (with_fraction) {
    using std::chrono::microseconds;
    const auto all = std::chrono::floor<microseconds>(time.time_since_epoch()).count();
    text += fmt::format(".{:06}", (all % 1'000'000 + 1'000'000) % 1'000'000);
  }
  const std::string zone = calendar_text(calendar, "%z");  // "+0100"
  return fmt::format("{}{}:{}", text, zone.substr(0, 3), zone.substr(3));
}

void add_field(std::string& message, std::string_view name, std::string_view value) {
  message += name;
  if (value.find('\n') == std::string_view::npos) {
    message += '=';
  } else {
    message += '\n';
    for (unsigned shift = 0; shift < 64; shift += 8)  // little endian, whatever the machine's is
      message += static_cast<char>(value.size() >> shift & 0xff);
  }
  message += value;
  message += '\n';
}

}  // namespace

std::string syslog_message(const LogShipping& shipping, const LogLine& line,
                           const LogSpeaker& speaker) {
  using Format = LogShipping::Format;
  const int priority = shipping.facility * 8 + severity_of(line.stream);
  const std::string& tag = shipping.tag;
  if (shipping.format == Format::bsd_local || shipping.format == Format::rfc3164) {
    const std::string time = calendar_text(local_time(line.time), "%b %e %H:%M:%S");
    const std::string host =
        shipping.format == Format::rfc3164 ? fmt::format("{} ", speaker.hostname) : "";
    return fmt::format("<{}>{} {}{}[{}]: {}", priority, time, host, tag, speaker.pid, line.text);
  }
  return fmt::format("<{}>1 {} {} {} {} {} - {}", priority,
                     rfc3339(line.time, shipping.format == Format::rfc5424_micro), speaker.hostname,
                     tag, speaker.pid, tag, line.text);
}

std::string journald_message(const LogShipping& shipping, const LogLine& line) {
  std::string message;
  add_field(message, "PRIORITY", fmt::format("{}", severity_of(line.stream)));
  add_field(message, "SYSLOG_IDENTIFIER", shipping.tag);
  add_field(message, "SYSLOG_TIMESTAMP", rfc3339(line.time, true));
  for (const std::string& field : shipping.fields) {
    const std::size_t equals = field.find('=');
    add_field(message, field.substr(0, equals), field.substr(equals + 1));
  }
  add_field(message, "MESSAGE", line.text);
  return message;
}

}  // namespace stack::supervisor
