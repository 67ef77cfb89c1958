// SPDX-License-Identifier: Apache-2.0
// The resolver that one container sees at 127.0.0.11:53. Its sockets are made inside the
// container's network namespace, at ports of the kernel's choice to which a rule there leads port
// 53, and are served here: the container can have its own server on port 53, and nothing of the
// host can clash.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "network/dns.h"
#include "supervisor/async.h"
#include "supervisor/dns_forwarder.h"

namespace stack::supervisor {

/// Where a container's resolver listens; 0: nowhere.
struct DnsPorts {
  std::uint16_t udp = 0;
  std::uint16_t tcp = 0;
  bool operator==(const DnsPorts&) const = default;
};

class DnsServer : public std::enable_shared_from_this<DnsServer> {
 public:
  /// Names as this container sees them at the moment; the reference is good until the next
  /// co_await.
  using View = std::function<const network::DnsView&()>;

  /// Opens the sockets inside `container_namespace`, at the ports of `before` where those are free
  /// (adoption), sets the rule when they are others, and serves. Throws Error.
  static std::shared_ptr<DnsServer> start(Loop& loop, DnsForwarder& forwarder,
                                          int container_namespace, DnsPorts before, View view);
  DnsPorts ports() const { return ports_; }
  void stop();

 private:
  DnsServer(Loop& loop, DnsForwarder& forwarder, View view);
  void open(int container_namespace, DnsPorts before);

  using Self = std::shared_ptr<DnsServer>;
  static Awaitable<void> serve_udp(Self self);
  static Awaitable<void> forward_udp(Self self, std::string query, std::string client);
  static Awaitable<void> accept_tcp(Self self);
  static Awaitable<void> serve_tcp(Self self, Fd connection);
  network::DnsAnswer answer(std::string_view query, std::size_t max_size);
  void reply_udp(std::string_view reply, const std::string& client);

  Loop* loop_;
  DnsForwarder* forwarder_;
  View view_;
  Descriptor udp_;
  Descriptor tcp_;
  DnsPorts ports_;
  std::uint32_t rotation_ = 0;
  std::size_t connections_ = 0;
};

}  // namespace stack::supervisor
