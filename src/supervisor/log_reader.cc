// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_reader.h"

#include <algorithm>

namespace stack::supervisor {

LogReader::LogReader(const std::filesystem::path& directory)
    : out_(directory, Stream::out), err_(directory, Stream::err) {}

const LogLine* LogReader::front(LastLine last) {
  const LogLine* const out = out_.front(last);
  // Whatever came to the other stream before these bytes is there to be found.
  if (out_reads_ != out_.reads()) err_.look_again();
  out_reads_ = out_.reads();
  const LogLine* const err = err_.front(last);
  const bool is_err = err != nullptr && (out == nullptr || err->time < out->time);
  front_ = is_err ? &err_ : &out_;
  return is_err ? err : out;
}

void LogReader::take() {
  front_->take();
}

void LogReader::look_again() {
  out_.look_again();
  err_.look_again();
}

void LogReader::end_at_present() {
  out_.end_at_present();
  err_.end_at_present();
}

void LogReader::go_on() {
  out_.go_on();
  err_.go_on();
  look_again();
}

std::size_t LogReader::skip_to_last(std::size_t lines, LastLine last) {
  const std::size_t there = out_.skip_to_last(lines, last) + err_.skip_to_last(lines, last);
  for (std::size_t more = there; more > lines && front(last) != nullptr; --more) take();
  return std::min(there, lines);
}

void LogReader::skip_before(LogTime time) {
  out_.skip_before(time);
  err_.skip_before(time);
}

}  // namespace stack::supervisor
