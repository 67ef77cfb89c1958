// SPDX-License-Identifier: Apache-2.0
#include "base/own_arguments.h"

#include <algorithm>
#include <cstring>

namespace stack {
namespace {

std::span<char> noted;

}  // namespace

std::span<char> note_own_arguments(int argc, char** argv) {
  noted = {argv[0], argv[argc - 1] + std::strlen(argv[argc - 1]) + 1};
  return noted;
}

void overwrite_own_arguments(std::string_view name) {
  const std::size_t length = std::min(name.size(), noted.size());
  std::copy_n(name.begin(), length, noted.begin());
  std::fill(noted.begin() + static_cast<std::ptrdiff_t>(length), noted.end(), '\0');
}

}  // namespace stack
