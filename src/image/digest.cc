// SPDX-License-Identifier: Apache-2.0
#include "image/digest.h"

// EVP, which is to be preferred to these functions, reads OpenSSL's configuration first and sets
// its providers up: 2 ms of each `up`, for one digest.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace stack::image {
namespace {

constexpr std::string_view algorithm = "sha256:";

bool is_lower_hex(char character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
}

}  // namespace

Sha256::Sha256() : state_(std::make_unique<SHA256state_st>()) {
  if (SHA256_Init(state_.get()) != 1) fail("SHA-256 is not available");
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  if (SHA256_Update(state_.get(), bytes.data(), bytes.size()) != 1) fail("SHA-256 failed");
}

std::string Sha256::digest() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> bytes;
  if (SHA256_Final(bytes.data(), state_.get()) != 1) fail("SHA-256 failed");
  std::string text(algorithm);
  return text + to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string digest_of(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.digest();
}

std::string digest_of_rest(int fd) {
  Sha256 sum;
  static thread_local std::vector<char> buffer(1 << 18);
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read");
    if (got == 0) return sum.digest();
    sum.add({buffer.data(), static_cast<std::size_t>(got)});
  }
}

bool is_digest(std::string_view text) {
  if (!text.starts_with(algorithm)) return false;
  text.remove_prefix(algorithm.size());
  return text.size() == 64 && std::all_of(text.begin(), text.end(), is_lower_hex);
}

std::string hex_of(std::string_view digest) {
  if (!is_digest(digest)) fail("invalid digest \"{}\"", digest);
  return std::string(digest.substr(algorithm.size()));
}

std::string blob_path(std::string_view digest) {
  return "blobs/sha256/" + hex_of(digest);
}

std::string chain_id(std::span<const std::string> diff_ids) {
  std::string chain;
  for (const std::string& diff_id : diff_ids)
    chain = chain.empty() ? diff_id : digest_of(chain + " " + diff_id);
  return chain;
}

}  // namespace stack::image
