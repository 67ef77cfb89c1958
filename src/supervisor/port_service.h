// SPDX-License-Identifier: Apache-2.0
// Serves one published port: TCP connections are accepted and carried to the container, UDP
// datagrams are relayed with one socket per client. Stops when the last owner lets go.
#pragma once

#include <memory>

#include "base/fd.h"
#include "network/network_spec.h"
#include "supervisor/async.h"

namespace stack::supervisor {

class PortService {
 public:
  virtual ~PortService() = default;
  /// Takes over `socket`, bound (and for TCP listening) at the port's host side.
  static std::shared_ptr<PortService> start(Loop& loop, Fd socket,
                                            const network::PublishedPort& port);
};

std::shared_ptr<PortService> start_tcp_proxy(Loop& loop, Fd socket,
                                             const network::PublishedPort& port);
std::shared_ptr<PortService> start_udp_relay(Loop& loop, Fd socket,
                                             const network::PublishedPort& port);

}  // namespace stack::supervisor
