// SPDX-License-Identifier: Apache-2.0
// A connection to a server, through a proxy where the environment asks for one, encrypted for
// https. Nothing waits for ever: not the name, not the connection, not the next byte.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/url.h"

namespace stack::registry {

struct Waits {
  std::chrono::milliseconds connect{3000};  ///< the name, the connection, the handshake: each
  std::chrono::milliseconds idle{30'000};   ///< until the next byte
};
/// STACK_REGISTRY_TIMEOUT (seconds) sets the second.
Waits waits_from_environment();

struct TlsSetup {
  std::filesystem::path certificates;  ///< of this registry (certs.d/HOST); may be empty
  bool accepts_any = false;            ///< "insecure": the certificate is not checked
};

/// The proxy for a server, by HTTP_PROXY, HTTPS_PROXY and NO_PROXY in either case; nothing for
/// loopback.
std::optional<Url> proxy_for(const Origin& server);

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
  /// Requests must name the whole address: a proxy reads them.
  bool is_through_plain_proxy() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace stack::registry
