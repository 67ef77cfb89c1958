// SPDX-License-Identifier: Apache-2.0
#include "image/digest.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace stack::image {
namespace {

constexpr std::string_view algorithm = "sha256:";

bool is_lower_hex(char character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1)
    fail("SHA-256 is not available");
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(context_);
}

void Sha256::add(std::string_view bytes) {
  if (EVP_DigestUpdate(context_, bytes.data(), bytes.size()) != 1) fail("SHA-256 failed");
}

std::string Sha256::digest() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(context_, bytes, &size) != 1) fail("SHA-256 failed");
  std::string text(algorithm);
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
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

std::string chain_id(std::span<const std::string> diff_ids) {
  std::string chain;
  for (const std::string& diff_id : diff_ids)
    chain = chain.empty() ? diff_id : digest_of(chain + " " + diff_id);
  return chain;
}

}  // namespace stack::image
