// SPDX-License-Identifier: Apache-2.0
#include "cli/log_printer.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iostream>

#include "base/files.h"
#include "base/format.h"
#include "cli/terminal_text.h"

namespace stack::cli {
namespace {

constexpr std::size_t most_gathered = 128U << 10;

std::string date_text(std::chrono::seconds since_epoch) {
  const std::time_t seconds = since_epoch.count();
  std::tm calendar{};
  ::gmtime_r(&seconds, &calendar);
  char date[32];
  const std::size_t size = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S.", &calendar);
  return std::string(date, size);
}

}  // namespace

LogPrinter::LogPrinter(const Options& options, Streams streams)
    : options_(options),
      streams_(streams),
      colour_(shows_colour(STDOUT_FILENO, options) && !options.no_color),
      raw_(!is_terminal(STDOUT_FILENO)),
      fd_(STDOUT_FILENO) {
  std::cout.flush();  // from here on we write without it
}

void LogPrinter::announce_label(const LogLabel& label) {
  width_ = std::max(width_, label.text.size());
  prefixed_ = nullptr;
}

void LogPrinter::go_to(int fd) {
  if (fd == fd_ && gathered_.size() < most_gathered) return;
  flush();
  fd_ = fd;
  raw_ = !is_terminal(fd);
}

void LogPrinter::append_time(std::chrono::system_clock::time_point time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  if (second != second_) second_text_ = date_text(second);
  second_ = second;
  gathered_ += second_text_;
  fmt::format_to(std::back_inserter(gathered_), "{:09}Z ",
                 (time.time_since_epoch() - second).count());
}

void LogPrinter::print(const LogLabel& label, const supervisor::LogLine& line) {
  const bool to_stderr = streams_ == Streams::apart && line.stream == supervisor::Stream::err;
  go_to(to_stderr ? STDERR_FILENO : STDOUT_FILENO);
  if (!options_.no_log_prefix) {
    if (prefixed_ != &label) {
      prefix_ = fmt::format("{:<{}} | ", label.text, width_);
      if (colour_) prefix_ = coloured(prefix_, label.colour);
      prefixed_ = &label;
    }
    gathered_ += prefix_;
  }
  if (options_.timestamps) append_time(line.time);
  if (raw_) {
    gathered_ += line.text;
  } else {
    append_for_terminal(gathered_, line.text);
  }
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
