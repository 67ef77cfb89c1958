// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cstring>

namespace stack {

Error::Error(std::string message, int error_number)
    : message_(std::move(message)), error_number_(error_number) {
  if (error_number_ != 0) message_ += ": " + errno_text(error_number_);
  rebuild_text();
}

Error& Error::add_frame(std::string_view attempt) {
  frames_.insert(frames_.begin(), std::string(attempt));
  rebuild_text();
  return *this;
}

Error& Error::with_hint(std::string hint) {
  if (hint_.empty()) hint_ = std::move(hint);
  return *this;
}

Error& Error::with_exit_code(ExitCode code) {
  exit_code_ = code;
  return *this;
}

void Error::rebuild_text() {
  text_.clear();
  for (const auto& frame : frames_) text_ += frame + ": ";
  text_ += message_;
}

std::string errno_text(int error_number) {
  const char* description = ::strerrordesc_np(error_number);
  return description != nullptr ? description : fmt::format("errno {}", error_number);
}

}  // namespace stack
