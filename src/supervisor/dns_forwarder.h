// SPDX-License-Identifier: Apache-2.0
// Asks others what we cannot answer ourselves. Each question goes out from a fresh port, under a
// fresh id, and with its letters in a random case: a stranger has to guess all three (RFC 5452).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "supervisor/async.h"
#include "supervisor/dns_resolvers.h"

namespace stack::supervisor {

enum class DnsTransport { udp, tcp };

class DnsForwarder : public std::enable_shared_from_this<DnsForwarder> {
 public:
  /// Asks those that the host's own `resolv_conf` names, as the host does.
  static std::shared_ptr<DnsForwarder> to_hosts_resolvers(Loop& loop, std::string resolv_conf);
  /// Asks those with these addresses from inside a network namespace: an address there (127.0.0.1,
  /// a neighbour) is meant as it is seen from there.
  static std::shared_ptr<DnsForwarder> to_resolvers(Loop& loop,
                                                    const std::vector<std::string>& addresses,
                                                    Fd network_namespace);

  /// The reply to `query`, under its id. One that failed (SERVFAIL, REFUSED) only when all did; a
  /// SERVFAIL when nobody answered in time. A reply that is cut short is asked for again by TCP; it
  /// stays so when the whole is larger than `room`, which is what the client can take by UDP.
  Awaitable<std::string> ask(std::string query, DnsTransport transport, std::size_t room);

 private:
  using Self = std::shared_ptr<DnsForwarder>;
  using Source = std::function<DnsResolvers()>;
  DnsForwarder(Loop& loop, Source resolvers, Fd network_namespace)
      : loop_(&loop), resolvers_(std::move(resolvers)), namespace_(std::move(network_namespace)) {}

  static Awaitable<std::string> ask_all(Self self, std::string query, DnsTransport transport,
                                        std::size_t room);
  static Awaitable<std::string> ask_one(Self self, DnsResolver resolver, std::string query,
                                        DnsTransport transport, std::size_t room);
  static Awaitable<std::string> by_udp(Self self, DnsResolver resolver, std::string query,
                                       std::size_t room);
  static Awaitable<std::string> by_tcp(Self self, DnsResolver resolver, std::string query);
  Fd connect_to(const DnsResolver& resolver, DnsTransport transport) const;

  Loop* loop_;
  Source resolvers_;
  Fd namespace_;  ///< none: ours
  std::size_t pending_ = 0;
};

}  // namespace stack::supervisor
