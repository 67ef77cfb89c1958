// SPDX-License-Identifier: Apache-2.0
#include "registry/download.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"
#include "registry/network_error.h"

namespace stack::registry {
namespace {

/// In a row, without a byte between them.
constexpr int most_failures = 5;
constexpr std::chrono::milliseconds first_pause{100};

/// Where the body of an answer begins in the blob.
std::uint64_t start_of(const Response& response, std::uint64_t asked) {
  if (response.status() != 206) return 0;
  const std::string range = response.header("Content-Range");  // "bytes 10-99/100"
  const auto start = range.starts_with("bytes ")
                         ? parse_integer<std::uint64_t>(range.substr(6, range.find('-') - 6))
                         : std::nullopt;
  if (!start || *start != asked)
    fail("the registry answered with another part: {}", printable(range));
  return *start;
}

class Download {
 public:
  Download(RepositoryClient& client, image::BlobRef blob, const std::atomic<bool>& is_over)
      : client_(client), blob_(std::move(blob)), is_over_(is_over) {}

  std::string_view next() {
    for (;;) {
      if (is_over_) fail("given up, since another layer failed");
      try {
        if (!response_) open();
        if (!surplus_.empty()) {
          told_ = std::exchange(surplus_, {});
          return take(told_);
        }
        const std::string_view piece = response_->read();
        if (!piece.empty()) return take(piece);
        if (received_ < blob_.size) throw NetworkError("it is shorter than it should be");
        return finish();
      } catch (const NetworkError& error) {
        response_.reset();
        if (++failures_ > most_failures) throw;
        std::this_thread::sleep_for(first_pause * (1 << failures_));
      }
    }
  }

 private:
  void open() {
    surplus_.clear();
    response_.emplace(client_.open_blob(blob_.digest, received_));
    std::uint64_t behind = received_ - start_of(*response_, received_);
    while (behind > 0) {
      const std::string_view piece = response_->read();
      if (piece.empty()) throw NetworkError("it is shorter than it was");
      if (piece.size() > behind) {
        // What is new of it is given out by the next call.
        surplus_ = piece.substr(static_cast<std::size_t>(behind));
        return;
      }
      behind -= piece.size();
    }
  }
  std::string_view take(std::string_view piece) {
    failures_ = 0;
    received_ += piece.size();
    if (received_ > blob_.size) fail("{} is longer than {} bytes", blob_.digest, blob_.size);
    sum_.add(piece);
    return piece;
  }
  std::string_view finish() {
    if (is_checked_) return {};
    const std::string digest = sum_.digest();
    if (digest != blob_.digest)
      fail("{} came as {}: it was not what was asked for", blob_.digest, digest);
    is_checked_ = true;
    return {};
  }

  RepositoryClient& client_;
  image::BlobRef blob_;
  const std::atomic<bool>& is_over_;
  std::optional<Response> response_;
  std::string surplus_;  ///< new bytes of a piece whose begin was known
  std::string told_;
  image::Sha256 sum_;
  std::uint64_t received_ = 0;
  int failures_ = 0;
  bool is_checked_ = false;
};

}  // namespace

image::ByteSource download(RepositoryClient& client, const image::BlobRef& blob,
                           const std::atomic<bool>& is_over) {
  const auto state = std::make_shared<Download>(client, blob, is_over);
  return [state] { return state->next(); };
}

}  // namespace stack::registry
