// SPDX-License-Identifier: Apache-2.0
#include "base/ids.h"

#include <sys/random.h>

#include <vector>

#include "base/error.h"

namespace stack {

std::string random_hex(std::size_t digits) {
  std::vector<unsigned char> bytes((digits + 1) / 2);
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw_errno("getrandom");
  }
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  text.resize(digits);
  return text;
}

std::string new_container_id() {
  std::string id;
  do {
    id = random_hex(64);
  } while (id.find_first_not_of("0123456789") >= short_id_length);
  return id;
}

std::string short_id(std::string_view id) {
  const std::size_t colon = id.find(':');
  return std::string(id.substr(colon == id.npos ? 0 : colon + 1, short_id_length));
}

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char character : text) {
    hash ^= static_cast<unsigned char>(character);
    hash *= 1099511628211ULL;
  }
  return hash;
}

std::string stable_hex(std::string_view text, std::size_t digits) {
  std::string hex;
  for (int round = 0; hex.size() < digits; ++round) {
    hex += fmt::format("{:016x}", stable_hash(fmt::format("{}\n{}", round, text)));
  }
  hex.resize(digits);
  return hex;
}

}  // namespace stack
