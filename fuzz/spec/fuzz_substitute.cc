// SPDX-License-Identifier: Apache-2.0
// Any text through variable substitution; every event must lie inside the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "spec/substitute.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const stack::spec::Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "value";
    return std::nullopt;
  };
  stack::spec::substitute(text, lookup, [&](const stack::spec::SubstitutionEvent& event) {
    if (event.offset + event.length > text.size() || text[event.offset] != '$') std::abort();
  });
  return 0;
}
