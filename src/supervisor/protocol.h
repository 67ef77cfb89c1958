// SPDX-License-Identifier: Apache-2.0
// What goes over the control socket: frames of a 4-byte big-endian length and that many bytes of
// JSON. The supervisor speaks first ({"hello": VERSION}), so that a client knows that it was
// accepted and by whom; then requests and replies carry the client's number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/client.h"

namespace stack::supervisor {

inline constexpr int protocol_version = 1;
inline constexpr std::size_t largest_message = 256U << 20;

/// The length and `message`. Throws Error when it is larger than largest_message.
std::string frame(std::string_view message);

/// Cuts a stream of bytes into messages.
class FrameSplitter {
 public:
  void feed(std::string_view bytes) { buffer_ += bytes; }
  /// The next whole message. Throws Error when a length is over largest_message.
  std::optional<std::string> next();

 private:
  std::string buffer_;
};

struct NumberedRequest {
  std::uint64_t id = 0;
  Request request;
  bool traced = false;  ///< the reply is to say where the time went
};

std::string encode_hello();
/// Throws Error when this is no supervisor's greeting or of a version that we do not speak.
void check_hello(std::string_view message);

std::string encode_request(const NumberedRequest& request);
/// Throws Error on anything malformed.
NumberedRequest decode_request(std::string_view message);
std::string encode_reply(const Reply& reply);
Reply decode_reply(std::string_view message);

}  // namespace stack::supervisor
