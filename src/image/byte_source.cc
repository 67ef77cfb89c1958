// SPDX-License-Identifier: Apache-2.0
#include "image/byte_source.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace stack::image {
namespace {

constexpr std::size_t read_size = 1 << 18;

}  // namespace

ByteSource bytes_of_file(int file) {
  return [file, buffer = std::make_shared<std::vector<char>>(read_size)]() -> std::string_view {
    for (;;) {
      const ssize_t count = ::read(file, buffer->data(), buffer->size());
      if (count >= 0) return {buffer->data(), static_cast<std::size_t>(count)};
      if (errno != EINTR) throw_errno("read archive");
    }
  };
}

ByteSource watched(ByteSource source, std::function<void(std::string_view)> witness) {
  return [source = std::move(source), witness = std::move(witness)] {
    const std::string_view piece = source();
    witness(piece);
    return piece;
  };
}

ByteSource starting_with(std::string first, ByteSource rest) {
  return [first = std::move(first), rest = std::move(rest), is_told = false]() mutable {
    if (is_told || first.empty()) return rest();
    is_told = true;
    return std::string_view(first);
  };
}

}  // namespace stack::image
