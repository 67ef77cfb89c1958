// SPDX-License-Identifier: Apache-2.0
// `stack port`: a published port as docker and docker compose print it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/status.h"

namespace stack::cli {

/// A port of a container.
struct PrivatePort {
  std::uint16_t number = 0;
  std::string protocol = "tcp";
};

/// "80" or "80/udp"; `protocol` for one that does not say. Throws Error (usage).
PrivatePort parse_private_port(std::string_view text, const std::string& protocol);

/// "0.0.0.0:49153" and "[::]:49153": where it is published.
std::vector<std::string> all_published(const supervisor::ObservedContainer& container,
                                       const PrivatePort& port);
/// The first of them; throws Error, naming the ports that are published, when it is not.
std::string published_address(const supervisor::ObservedContainer& container,
                              const PrivatePort& port);
/// "http://127.0.0.1:49153" of that port, or of the first of TCP. Throws Error when there is none.
std::string address_to_open(const supervisor::ObservedContainer& container,
                            const std::optional<PrivatePort>& port);
/// "80/tcp -> 0.0.0.0:49153", a line each, by the container's ports.
std::string all_published(const supervisor::ObservedContainer& container);
/// "WEB_PORT=49153" of the first port, "WEB_PORT_80=49153" of each, "DNS_PORT_53_UDP=5300": a line
/// each, for shells and env files.
std::string published_variables(const supervisor::ObservedContainer& container);

}  // namespace stack::cli
