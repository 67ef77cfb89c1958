// SPDX-License-Identifier: Apache-2.0
// Lines of logs on their way to standard output: name in front, time, and nothing that drives the
// terminal. Gathers them, so that a million lines are a few thousand writes.
#pragma once

#include <chrono>
#include <string>

#include "cli/options.h"
#include "cli/style.h"
#include "supervisor/log_reader.h"
#include "supervisor/timeline.h"

namespace stack::cli {

/// How one container's lines begin.
struct LogLabel {
  std::string text;  ///< "web-1"
  Colour colour = Colour::none;
  std::string service = {};
  std::string container = {};  ///< its name
};

class LogPrinter {
 public:
  /// What containers write to stderr goes to ours, or all to standard output.
  enum class Streams { apart, together };
  LogPrinter(const Options& options, Streams streams);

  /// Labels are padded to the longest that was announced.
  void announce_label(const LogLabel& label);
  void print(const LogLabel& label, const supervisor::LogRun& run);
  /// Of the timeline, with its time.
  void print(const LogLabel& label, const supervisor::Event& event);
  /// A line of our own in the container's colour.
  void note(const LogLabel& label, const std::string& text);
  /// Writes what has been gathered. Throws Error when that cannot be done.
  void flush();

 private:
  void go_to(int fd);
  void append_time(std::string& to, std::chrono::system_clock::time_point time);
  void begin_lines(const LogLabel& label, const supervisor::LogRun& run);
  void print_line(std::string_view line);
  void print_as_it_is(std::string_view text);
  void print_json(const LogLabel& label, const supervisor::LogRun& run);

  const Options& options_;
  Streams streams_;
  bool colour_;
  bool json_;
  bool raw_;  ///< nobody's terminal shows it
  std::size_t width_ = 0;
  int fd_;
  std::string gathered_;
  std::chrono::seconds second_{-1};  ///< that second_text_ is of
  std::string second_text_;
  const LogLabel* prefixed_ = nullptr;  ///< that prefix_ is of
  std::string prefix_;                  ///< empty: none
  std::string beginning_;               ///< of the lines under way: prefix and time
};

}  // namespace stack::cli
