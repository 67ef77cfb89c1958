// SPDX-License-Identifier: Apache-2.0
// What `logging` of a service says, by docker's rules for its drivers json-file, local, none,
// journald and syslog.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/model.h"

namespace stack::spec {

struct LoggingMistake {
  std::string path;  ///< below `logging`: "driver", "options.max-size"
  std::string message;
  std::string hint;
};

/// Everything that is wrong with it.
std::vector<LoggingMistake> mistakes_in(const Logging& logging);

struct LogLimits {
  bool keeps_output = true;
  std::uint64_t max_size = 0;   ///< bytes; 0: without end
  std::uint64_t max_files = 1;  ///< of that size
  bool operator==(const LogLimits&) const = default;
};

/// Of one without mistakes.
LogLimits limits_of(const Logging& logging);

/// "10m", "1.5GB", "64 KiB", "100": docker's log sizes, whose units are decimal whatever their
/// letters. Nothing for what is none, or not above 0.
std::optional<std::uint64_t> parse_log_size(std::string_view text);

}  // namespace stack::spec
