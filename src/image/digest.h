// SPDX-License-Identifier: Apache-2.0
// SHA-256, and the names that content gets from it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

struct SHA256state_st;

namespace stack::image {

/// A running SHA-256.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  /// "sha256:" and 64 hex digits; nothing can be added afterwards.
  std::string digest();

 private:
  std::unique_ptr<SHA256state_st> state_;
};

std::string digest_of(std::string_view bytes);
/// Of an open file, from where it stands to its end. Throws Error.
std::string digest_of_rest(int fd);

/// True for exactly "sha256:" and 64 lower-case hex digits. Check it before a digest that came from
/// outside becomes part of a path.
bool is_digest(std::string_view text);
/// The hex digits of a valid digest.
std::string hex_of(std::string_view digest);
/// Where an OCI layout has a blob: "blobs/sha256/..." (image-layout.md, "Blobs").
std::string blob_path(std::string_view digest);

/// The OCI chain id of the topmost of `diff_ids` (lowest first): the name of that layer on top of
/// exactly those below it.
std::string chain_id(std::span<const std::string> diff_ids);

}  // namespace stack::image
