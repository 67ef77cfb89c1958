// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_server.h"

#include <sys/socket.h>

#include <array>

#include "base/error.h"
#include "network/firewall.h"
#include "network/namespaces.h"
#include "supervisor/socket_address.h"

namespace stack::supervisor {
namespace {

constexpr network::Ipv4 resolver_address{0x7f00000b};  // 127.0.0.11
constexpr std::size_t udp_limit = 512;
constexpr std::size_t tcp_limit = 65535;
constexpr std::size_t most_connections = 64;
constexpr auto idle_limit = std::chrono::seconds(10);

bool try_bind(int socket, std::uint16_t port) {
  const sockaddr_in address = socket_address(resolver_address, port);
  return ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

/// Bound in the current namespace, to `port` when it is free.
Fd bound_socket(int type, std::uint16_t port) {
  Fd socket(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("socket");
  if (type == SOCK_STREAM) {
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  }
  if (!try_bind(socket.get(), port) && !try_bind(socket.get(), 0))
    throw_errno("binding the container's resolver");
  if (type == SOCK_STREAM && ::listen(socket.get(), SOMAXCONN) != 0) throw_errno("listen");
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw_errno("getsockname");
  return ntohs(address.sin_port);
}

}  // namespace

DnsServer::DnsServer(Loop& loop, DnsForwarder& forwarder, View view)
    : loop_(&loop), forwarder_(&forwarder), view_(std::move(view)), udp_(loop), tcp_(loop) {}

std::shared_ptr<DnsServer> DnsServer::start(Loop& loop, DnsForwarder& forwarder,
                                            int container_namespace, DnsPorts before, View view) {
  std::shared_ptr<DnsServer> server(new DnsServer(loop, forwarder, std::move(view)));
  server->open(container_namespace, before);
  spawn(loop, "answering DNS queries", serve_udp(server));
  spawn(loop, "accepting DNS connections", accept_tcp(server));
  return server;
}

void DnsServer::open(int container_namespace, DnsPorts before) {
  const network::InNamespace inside(container_namespace);
  udp_.assign(bound_socket(SOCK_DGRAM, before.udp).release());
  tcp_.assign(bound_socket(SOCK_STREAM, before.tcp).release());
  ports_ = {port_of(udp_.native_handle()), port_of(tcp_.native_handle())};
  if (ports_ == before) return;
  network::apply_ruleset(before == DnsPorts{}
                             ? network::container_ruleset(ports_.udp, ports_.tcp)
                             : network::replacing_container_ruleset(ports_.udp, ports_.tcp));
}

void DnsServer::stop() {
  boost::system::error_code ignored;
  udp_.close(ignored);
  tcp_.close(ignored);
}

network::DnsAnswer DnsServer::answer(std::string_view query, std::size_t max_size) {
  return network::answer_dns(query, view_(), rotation_++, max_size);
}

void DnsServer::reply_udp(std::string_view reply, const std::string& client) {
  if (reply.empty() || !udp_.is_open()) return;
  ::sendto(udp_.native_handle(), reply.data(), reply.size(), MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(client.data()), static_cast<socklen_t>(client.size()));
}

Awaitable<void> DnsServer::serve_udp(Self self) {
  while (co_await readable(self->udp_)) {
    std::array<char, 4096> bytes;  // a query is never longer
    std::string client(sizeof(sockaddr_in), 0);
    socklen_t size = sizeof(sockaddr_in);
    const ssize_t got = ::recvfrom(self->udp_.native_handle(), bytes.data(), bytes.size(), 0,
                                   reinterpret_cast<sockaddr*>(client.data()), &size);
    if (got < 0) continue;
    const std::string_view query(bytes.data(), static_cast<std::size_t>(got));
    const auto answer = self->answer(query, udp_limit);
    if (answer.verdict == network::DnsVerdict::forward) {
      spawn(*self->loop_, "forwarding a DNS query", forward_udp(self, std::string(query), client));
    } else {
      self->reply_udp(answer.reply, client);
    }
  }
}

Awaitable<void> DnsServer::forward_udp(Self self, std::string query, std::string client) {
  const std::string reply = co_await self->forwarder_->ask(query, DnsTransport::udp);
  self->reply_udp(reply, client);
}

Awaitable<void> DnsServer::accept_tcp(Self self) {
  while (co_await readable(self->tcp_)) {
    Fd connection(
        ::accept4(self->tcp_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection) {
      co_await sleep_for(*self->loop_, std::chrono::milliseconds(10));
    } else if (self->connections_ < most_connections) {
      spawn(*self->loop_, "serving a DNS connection", serve_tcp(self, std::move(connection)));
    }
  }
}

Awaitable<void> DnsServer::serve_tcp(Self self, Fd accepted) {
  ++self->connections_;
  Descriptor connection(*self->loop_, accepted.release());
  for (;;) {
    const std::string query = co_await read_dns_message(connection, Clock::now() + idle_limit);
    if (query.empty() || !self->tcp_.is_open()) break;
    auto answer = self->answer(query, tcp_limit);
    if (answer.verdict == network::DnsVerdict::forward)
      answer.reply = co_await self->forwarder_->ask(query, DnsTransport::tcp);
    if (answer.reply.empty()) break;
    if (!co_await write_dns_message(connection, answer.reply, Clock::now() + idle_limit)) break;
  }
  --self->connections_;
}

}  // namespace stack::supervisor
