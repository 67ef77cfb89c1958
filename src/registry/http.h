// SPDX-License-Identifier: Apache-2.0
// One request and its answer, over HTTP/1.1. Redirects and passwords are others' business.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/connection.h"
#include "registry/url.h"

namespace stack::registry {

/// Gives the next piece of a body to send, empty at the end.
using BodySource = std::function<std::string_view()>;

struct Request {
  std::string method = "GET";
  Url url;
  std::map<std::string, std::string> headers = {};
  std::string body = {};
  BodySource stream = {};  ///< instead of `body`, of unknown length
};

/// An answer whose body is still to be read.
class Response {
 public:
  /// Sends the request over a new connection and reads the answer's head. Throws NetworkError.
  Response(const Request& request, const TlsSetup& tls, const Waits& waits);
  ~Response();
  Response(Response&&) noexcept;
  Response& operator=(Response&&) = delete;

  int status() const;
  /// Empty when there is none. The name in any case.
  std::string header(std::string_view name) const;
  /// All of that name.
  std::vector<std::string> headers(std::string_view name) const;
  /// Of the body, where the server tells.
  std::optional<std::uint64_t> length() const;

  /// The next piece of the body, valid until the next call; empty at its end. Throws NetworkError
  /// when the server breaks off.
  std::string_view read();
  /// The whole body; throws Error when it is larger than `limit`.
  std::string read_all(std::uint64_t limit);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace stack::registry
