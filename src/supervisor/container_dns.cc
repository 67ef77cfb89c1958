// SPDX-License-Identifier: Apache-2.0
// A container's resolver: out of which names it answers, and whom it asks.
#include <fcntl.h>

#include <algorithm>

#include "base/error.h"
#include "supervisor/container_task.h"

namespace stack::supervisor {
namespace {

/// Where the resolver itself is: it would ask itself.
constexpr const char* resolver_address = "127.0.0.11";

std::vector<std::string> servers_to_ask(const DnsRules& rules) {
  std::vector<std::string> servers = rules.servers;
  std::erase(servers, resolver_address);
  return servers;
}

std::shared_ptr<DnsForwarder> forwarder_from(Loop& loop, const std::vector<std::string>& servers,
                                             int network_namespace) {
  Fd inside(::fcntl(network_namespace, F_DUPFD_CLOEXEC, 0));
  if (!inside) throw_errno("duplicating a descriptor");
  return DnsForwarder::to_resolvers(loop, servers, std::move(inside));
}

}  // namespace

void ContainerTask::start_dns(int network_namespace, DnsPorts before) {
  dns_ = DnsServer::start(shared_.loop, network_namespace, before, dns_source(network_namespace));
  status_.dns_udp_port = dns_->ports().udp;
  status_.dns_tcp_port = dns_->ports().tcp;
}

/// Servers of its own are asked from where the container is. Where it has no way out, nobody is
/// asked for it on the host: that would be one.
DnsSource ContainerTask::dns_source(int network_namespace) {
  DnsSource source;
  source.answers = [this]() -> network::DnsAnswers& { return shared_.names(config_); };
  if (const auto servers = servers_to_ask(config_.dns); !servers.empty()) {
    const auto own = forwarder_from(shared_.loop, servers, network_namespace);
    source.forwarder = [own] { return own; };
  } else {
    source.forwarder = [this] {
      return shared_.network.has_way_out(config_) ? shared_.forwarder : nullptr;
    };
  }
  return source;
}

}  // namespace stack::supervisor
