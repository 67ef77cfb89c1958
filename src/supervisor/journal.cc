// SPDX-License-Identifier: Apache-2.0
#include "supervisor/journal.h"

// Before spdlog, which would include fmt its own way.
#include "base/format.h"
// NOLINTNEXTLINE: the order matters
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>

namespace stack::supervisor::journal {
namespace {

/// Standard error: the keeper was started with it open on the log file.
spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("supervisor", std::make_shared<spdlog::sinks::stderr_sink_st>());
    made.set_pattern("%Y-%m-%d %H:%M:%S.%e %l %P: %v");
    made.flush_on(spdlog::level::trace);
    return made;
  }();
  return instance;
}

}  // namespace

void note(std::string_view text) {
  logger().info("{}", text);
}

void warning(std::string_view text) {
  logger().warn("{}", text);
}

void failure(std::string_view what, const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    logger().error("{}: {}", what, error.what());
  }
}

}  // namespace stack::supervisor::journal
