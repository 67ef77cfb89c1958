// SPDX-License-Identifier: Apache-2.0
// The way of messages to a syslog daemon or to journald. Never waits.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "supervisor/container_config.h"

namespace stack::supervisor {

class LogSocket {
 public:
  /// Not connected yet; nothing is asked of the kernel.
  explicit LogSocket(LogShipping shipping);

  enum class Sent {
    yes,      ///< taken by the kernel, whole
    not_now,  ///< nobody is there, or he does not keep up: the same again later
    never,    ///< this message will not be taken by anybody (it is too long for a datagram)
  };
  /// Connects when it has to. `message` is without a newline, of which streams get one each.
  Sent send(std::string_view message);
  /// Why the last one was not sent: "connect to /dev/log: No such file or directory".
  const std::string& problem() const { return problem_; }

 private:
  bool connect();
  Fd open() const;
  Fd open_unix(int type) const;
  Sent send_datagram(std::string_view message);
  Sent send_by_file(std::string_view message);
  Sent send_in_stream(std::string_view message);
  bool send_rest();
  Sent lost(const char* what);

  LogShipping shipping_;
  Fd socket_;
  bool is_stream_ = false;
  std::string rest_;  ///< of a message of which a stream took a part
  std::string problem_;
};

}  // namespace stack::supervisor
