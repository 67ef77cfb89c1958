// SPDX-License-Identifier: Apache-2.0
// Any bytes as an env file, in both formats.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "spec/dotenv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const stack::spec::Lookup none = [](std::string_view) { return std::nullopt; };
  for (const auto& [key, value, line] : stack::spec::parse_dotenv(text, none).entries) {
    if (key.find_first_of("= \t\n#") != std::string::npos || line == 0) std::abort();
  }
  stack::spec::parse_raw_env(text);
  return 0;
}
