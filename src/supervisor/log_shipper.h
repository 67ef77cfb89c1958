// SPDX-License-Identifier: Apache-2.0
// Sends the lines of a container's log on, to a syslog daemon or to journald. The log's files are
// what it reads: who does not keep up, or is not there for a while, gets the lines later, as long
// as the files have them. How far it came is written down: a new supervisor goes on there, and
// sends what was under way once more.
#pragma once

#include <array>
#include <filesystem>
#include <memory>

#include "supervisor/async.h"
#include "supervisor/log_reader.h"
#include "supervisor/log_socket.h"
#include "supervisor/syslog_message.h"

namespace stack::supervisor {

class LogShipper {
 public:
  /// `directory`: of the container's log.
  static std::shared_ptr<LogShipper> start(Loop& loop, std::string name, LogShipping shipping,
                                           const std::filesystem::path& directory);
  void output_came();
  /// A run is over: sends what is there, an unfinished last line too, as far as it is taken at
  /// once.
  void flush();
  /// The container goes.
  void stop();

 private:
  using Self = std::shared_ptr<LogShipper>;
  /// How far one stream was sent: lines before `time`, and so many of it.
  struct Position {
    std::int64_t time = 0;
    std::uint64_t lines = 0;
  };
  enum class Progress { more, done, held_up };

  LogShipper(Loop& loop, std::string name, LogShipping shipping,
             const std::filesystem::path& directory);
  static Awaitable<void> run(Self self);
  Progress ship(std::size_t most, LastLine last);
  bool was_sent(const LogLine& line);
  LogSocket::Sent send(const LogLine& line);
  void note_sent(const LogLine& line);
  void read_position(const std::filesystem::path& path);
  void write_position();
  void complain();

  Loop* loop_;
  std::string name_;
  LogShipping shipping_;
  LogSpeaker speaker_;
  LogReader reader_;
  LogSocket socket_;
  Fd position_file_;
  std::array<Position, 2> sent_;     ///< by stream
  std::array<Position, 2> resumed_;  ///< what a former supervisor had sent
  Signal woken_;
  std::uint64_t outputs_ = 0;
  std::uint64_t sent_lines_ = 0;
  bool complained_ = false;
  bool stopped_ = false;
};

}  // namespace stack::supervisor
