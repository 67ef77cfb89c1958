// SPDX-License-Identifier: Apache-2.0
// Which way leads to a server: straight, or through a proxy, as the environment has it.
#pragma once

#include <optional>
#include <string>

#include "registry/url.h"

namespace stack::registry {

struct Proxy {
  Origin origin;
  std::string authorization;  ///< of a header Proxy-Authorization; empty when it wants none
};

/// The proxy for a server, by HTTP_PROXY, HTTPS_PROXY and NO_PROXY in either case; nothing for
/// loopback. Throws Error for an address that is none, without the password in it.
std::optional<Proxy> proxy_for(const Origin& server);

/// "http://user:password@host:port"; http where it names no scheme. Throws Error.
Proxy parse_proxy(const std::string& text);

/// Whether one of the rules of NO_PROXY is for the server: "*", a name (with all names below it),
/// ".name" or "*.name" (only those below it), an address, a network "10.0.0.0/8"; each but a
/// network with or without ":port".
bool is_without_proxy(const Origin& server, const std::string& rules);

}  // namespace stack::registry
