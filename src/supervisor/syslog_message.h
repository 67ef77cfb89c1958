// SPDX-License-Identifier: Apache-2.0
// A line of output as syslog daemons and journald take it. Pure.
#pragma once

#include <string>

#include "supervisor/container_config.h"
#include "supervisor/log_stream.h"

namespace stack::supervisor {

/// Who says it all: this machine and this process.
struct LogSpeaker {
  std::string hostname;
  int pid = 0;
};

/// By LogShipping::format: `<30>Nov 29 09:00:00 tag[7]: text`, RFC 3164 (with the host's name) or
/// RFC 5424. Standard output is "info", standard error "err". Without a newline.
std::string syslog_message(const LogShipping& shipping, const LogLine& line,
                           const LogSpeaker& speaker);

/// The datagram of journald's native protocol (systemd.io, "Native Journal Protocol"). Text that is
/// no plain line has its length before it.
std::string journald_message(const LogShipping& shipping, const LogLine& line);

}  // namespace stack::supervisor
