// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_server.h"

#include <sys/socket.h>

#include <string_view>

#include "base/error.h"
#include "network/dns_packet.h"
#include "network/name_redirection.h"
#include "network/namespaces.h"
#include "supervisor/dns_stream.h"
#include "supervisor/socket_address.h"

namespace stack::supervisor {
namespace {

constexpr network::Ipv4 resolver_address{0x7f00000b};  // 127.0.0.11
constexpr std::size_t most_connections = 64;
/// How long a client may take over one message, or say nothing.
constexpr auto idle_limit = std::chrono::seconds(5);
/// Questions of one container that are out at a time, and that wait for their turn.
constexpr std::size_t most_forwarded = 64;
constexpr std::size_t most_waiting = 1024;
/// By then whoever asked has asked again or given up (resolv.conf(5), "timeout").
constexpr auto wait_limit = std::chrono::seconds(5);
/// Receive calls before others in this process have their turn.
constexpr int most_batches = 8;

/// Room for a burst of some thousand questions, of which each takes about 768 bytes there.
constexpr int receive_buffer = 1 << 20;

bool try_bind(int socket, std::uint16_t port) {
  const SocketAddress address = socket_address(resolver_address, port);
  return ::bind(socket, address.get(), address.size) == 0;
}

/// Bound in the current namespace, to `port` when it is free.
Fd bound_socket(int type, std::uint16_t port) {
  Fd socket(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("socket");
  constexpr std::string_view loopback = "lo";
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, loopback.data(), loopback.size()) !=
      0)
    throw_errno("binding the container's resolver to its loopback interface");
  if (type == SOCK_DGRAM)
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer));
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

DnsServer::DnsServer(Loop& loop, DnsSource source)
    : loop_(&loop), source_(std::move(source)), udp_(loop), tcp_(loop) {}

std::shared_ptr<DnsServer> DnsServer::start(Loop& loop, int container_namespace, DnsPorts before,
                                            DnsSource source) {
  std::shared_ptr<DnsServer> server(new DnsServer(loop, std::move(source)));
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
  network::redirect_names(ports_.udp, ports_.tcp);
}

void DnsServer::stop() {
  udp_.close();
  tcp_.close();
}

// ---- UDP

Awaitable<void> DnsServer::serve_udp(Self self) {
  // One for all containers: filled and emptied between two co_awaits.
  static Datagrams datagrams;
  while (co_await readable(self->udp_)) {
    std::size_t count = Datagrams::most;
    for (int batch = 0; batch < most_batches && count == Datagrams::most; ++batch) {
      count = datagrams.receive(self->udp_.native_handle());
      if (count == 0) break;  // or it was stopped: its source may be no more
      self->answer_all(datagrams, count);
      datagrams.send_replies(self->udp_.native_handle());
    }
  }
}

void DnsServer::answer_all(Datagrams& datagrams, std::size_t count) {
  network::DnsAnswers& answers = source_.answers();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view query = datagrams.message(i);
    const auto verdict = answers.answer_udp(query, datagrams.reply(i));
    if (verdict == network::DnsVerdict::forward)
      pass_on({std::string(query), datagrams.sender(i), Clock::now()});
  }
}

/// A flood of questions gets its answers one after the other: it costs us a bounded number of
/// sockets.
void DnsServer::pass_on(Question question) {
  if (forwarding_ < most_forwarded) {
    spawn(*loop_, "forwarding a DNS query",
          forward(shared_from_this(), std::move(question), Counted(forwarding_)));
  } else if (waiting_.size() < most_waiting) {
    waiting_.push_back(std::move(question));
  } else {
    reply(question, network::empty_reply(question.query, network::DnsCode::server_failure));
  }
}

Awaitable<void> DnsServer::forward(Self self, Question question, Counted) {
  for (;;) {
    if (!self->udp_.is_open()) co_return;
    if (Clock::now() < question.asked + wait_limit) {
      const std::string text = co_await ask_forwarder(self, question.query, DnsTransport::udp);
      self->reply(question, text);
    }
    if (self->waiting_.empty()) break;
    question = std::move(self->waiting_.front());
    self->waiting_.pop_front();
  }
}

Awaitable<std::string> DnsServer::ask_forwarder(Self self, std::string query,
                                                DnsTransport transport) {
  const auto forwarder = self->source_.forwarder();
  if (!forwarder) co_return network::empty_reply(query, network::DnsCode::refused);
  const std::size_t room =
      transport == DnsTransport::udp ? network::udp_room(query) : network::largest_message;
  co_return co_await forwarder->ask(query, transport, room);
}

void DnsServer::reply(const Question& question, std::string_view text) {
  if (text.empty() || !udp_.is_open()) return;
  ::sendto(udp_.native_handle(), text.data(), text.size(), MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&question.client), sizeof(question.client));
}

// ---- TCP

Awaitable<void> DnsServer::accept_tcp(Self self) {
  while (co_await readable(self->tcp_)) {
    Fd connection(
        ::accept4(self->tcp_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection) {
      co_await sleep_for(*self->loop_, std::chrono::milliseconds(10));
    } else if (self->connections_ < most_connections) {
      spawn(*self->loop_, "serving a DNS connection",
            serve_tcp(self, std::move(connection), Counted(self->connections_)));
    }
  }
}

Awaitable<void> DnsServer::serve_tcp(Self self, Fd accepted, Counted) {
  Descriptor connection(*self->loop_, accepted.release());
  for (;;) {
    const std::string query = co_await read_dns_message(connection, Clock::now() + idle_limit);
    if (query.empty() || !self->tcp_.is_open()) break;
    auto answer = self->source_.answers().answer_tcp(query);
    if (answer.verdict == network::DnsVerdict::forward)
      answer.reply = co_await ask_forwarder(self, query, DnsTransport::tcp);
    if (answer.reply.empty()) break;
    if (!co_await write_dns_message(connection, answer.reply, Clock::now() + idle_limit)) break;
  }
}

}  // namespace stack::supervisor
