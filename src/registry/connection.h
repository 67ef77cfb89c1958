// SPDX-License-Identifier: Apache-2.0
// A connection to a server, through a proxy where the environment asks for one, encrypted for
// https. Nothing waits for ever: not the name, not the connection, not the next byte.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "registry/certificates.h"
#include "registry/proxy.h"
#include "registry/url.h"

namespace stack::registry {

struct Waits {
  std::chrono::milliseconds connect{3000};  ///< the name, the connection, the handshake: each
  std::chrono::milliseconds idle{30'000};   ///< until the next byte
};
/// STACK_REGISTRY_TIMEOUT (seconds) sets the second.
Waits waits_from_environment();

/// Throws what is to be said when a proxy answers 407.
[[noreturn]] void refuse_by_proxy();

class Connection {
 public:
  /// Connects. Throws NetworkError.
  Connection(const Origin& server, const TlsSetup& tls, const Waits& waits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Some bytes; 0 at the end. Throws NetworkError.
  std::size_t read(char* buffer, std::size_t size);
  void write(std::string_view bytes);
  /// The proxy that reads the requests: they must name the whole address, and may have to say who
  /// we are. Nothing for a connection that leads to the server itself.
  const std::optional<Proxy>& plain_proxy() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace stack::registry
