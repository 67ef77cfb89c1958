// SPDX-License-Identifier: Apache-2.0
#include "cli/detach_keys.h"

#include "base/error.h"
#include "base/text.h"

namespace stack::cli {
namespace {

[[noreturn]] void refuse(const std::string& key) {
  throw Error(fmt::format("--detach-keys: \"{}\" is not a key", printable(key)))
      .with_hint(
          "single characters, or ctrl-a to ctrl-z, ctrl-@, ctrl-[, ctrl-\\, ctrl-], ctrl-^ "
          "and ctrl-_, separated by commas: ctrl-p,ctrl-q")
      .with_exit_code(ExitCode::usage);
}

/// What a terminal sends for ctrl- and this key; 'a' is 1, as is '@' 0.
char with_control(const std::string& key, char letter) {
  constexpr std::string_view marks = "@[\\]^_";
  if (letter >= 'a' && letter <= 'z') return static_cast<char>(letter - 'a' + 1);
  if (marks.find(letter) != std::string_view::npos) return static_cast<char>(letter - '@');
  refuse(key);
}

char key_byte(const std::string& key) {
  constexpr std::string_view control = "ctrl-";
  if (key.size() == 1 && key[0] > ' ' && key[0] < 0x7f) return key[0];
  if (key.size() == control.size() + 1 && key.starts_with(control))
    return with_control(key, key.back());
  refuse(key);
}

}  // namespace

std::string parse_detach_keys(std::string_view text) {
  std::string bytes;
  if (text.empty()) return bytes;
  for (const std::string& key : split(text, ',')) bytes += key_byte(key);
  return bytes;
}

std::string detach_keys_of(const Options& options) {
  if (options.detach_keys.empty()) return parse_detach_keys(default_detach_keys);
  return parse_detach_keys(options.detach_keys);
}

DetachKeys::Typed DetachKeys::take(std::string_view typed) {
  Typed result;
  if (sequence_.empty()) return {std::string(typed), false};
  for (const char byte : typed) {
    held_ += byte;
    while (!sequence_.starts_with(held_)) {
      result.bytes += held_.front();
      held_.erase(0, 1);
    }
    if (held_ != sequence_) continue;
    held_.clear();
    result.detached = true;
    return result;
  }
  return result;
}

}  // namespace stack::cli
