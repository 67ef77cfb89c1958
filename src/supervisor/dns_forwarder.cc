// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_forwarder.h"

#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <optional>

#include "base/error.h"
#include "network/dns_packet.h"
#include "network/namespaces.h"
#include "supervisor/counted.h"
#include "supervisor/dns_stream.h"

namespace stack::supervisor {
namespace {

using network::DnsCode;
using network::DnsMatch;

/// A client gives up after 5 s (resolv.conf(5), "timeout"): an answer later than that is nobody's.
constexpr auto patience = std::chrono::milliseconds(4500);
constexpr auto patience_with_one = std::chrono::milliseconds(1500);
constexpr int most_rounds = 3;
/// How long somebody who said nothing is asked last.
constexpr auto silence_remembered = std::chrono::seconds(30);
constexpr std::size_t most_pending = 1024;
/// More replies than this that do not match are an attempt to guess one.
constexpr int most_guesses = 8;
/// Replies by UDP are never larger.
constexpr std::size_t largest_datagram = 65536;

std::string random_bytes(std::size_t size) {
  std::string bytes(size, 0);
  if (::getrandom(bytes.data(), size, 0) != static_cast<ssize_t>(size)) throw_errno("getrandom");
  return bytes;
}

/// Another resolver may know better (RFC 8499: it is not an answer).
bool is_failure(std::string_view reply) {
  const DnsCode code = network::code_of(reply);
  return code == DnsCode::server_failure || code == DnsCode::refused ||
         code == DnsCode::not_implemented;
}

/// What came by UDP: the reply, or the reason to ask the same again by TCP.
struct Heard {
  std::string reply;
  bool by_tcp = false;
};

/// Waits for the one reply that matches. Others are guesses; so is one in the wrong case, unless
/// the resolver does not keep it: TCP tells, which nobody can join unseen.
Awaitable<Heard> hear(Descriptor& socket, std::string query, Clock::time_point deadline) {
  // One for all: nothing else happens between reading and copying.
  static std::array<char, largest_datagram> bytes;
  for (int guesses = 0; guesses < most_guesses;) {
    if (!co_await readable_until(socket, deadline)) co_return Heard{};
    const ssize_t size = ::recv(socket.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size < 0) co_return Heard{};  // nobody listens there
    const std::string_view reply(bytes.data(), static_cast<std::size_t>(size));
    switch (network::match_reply(query, reply)) {
      case DnsMatch::same:
        co_return Heard{std::string(reply), network::is_truncated(reply)};
      case DnsMatch::other_case:
        co_return Heard{{}, true};
      case DnsMatch::none:
        ++guesses;
    }
  }
  co_return Heard{{}, true};
}

}  // namespace

std::shared_ptr<DnsForwarder> DnsForwarder::to_hosts_resolvers(Loop& loop,
                                                               std::string resolv_conf) {
  auto file = std::make_shared<ResolvConfResolvers>(std::move(resolv_conf));
  return std::shared_ptr<DnsForwarder>(new DnsForwarder(
      loop, [file] { return file->current(); }, Fd()));
}

std::shared_ptr<DnsForwarder> DnsForwarder::to_resolvers(Loop& loop,
                                                         const std::vector<std::string>& addresses,
                                                         Fd network_namespace) {
  DnsResolvers resolvers;
  {
    // "fe80::1%eth0" means the eth0 that is there.
    const network::InNamespace inside(network_namespace.get());
    resolvers = resolvers_from(addresses);
  }
  return std::shared_ptr<DnsForwarder>(new DnsForwarder(
      loop, [resolvers] { return resolvers; }, std::move(network_namespace)));
}

Awaitable<std::string> DnsForwarder::ask(std::string query, DnsTransport transport,
                                         std::size_t room) {
  return ask_all(shared_from_this(), std::move(query), transport, room);
}

Awaitable<std::string> DnsForwarder::ask_all(Self self, std::string query, DnsTransport transport,
                                             std::size_t room) {
  std::string failure = network::empty_reply(query, DnsCode::server_failure);
  if (self->pending_ >= most_pending) co_return failure;
  const Counted pending(self->pending_);
  const auto deadline = Clock::now() + patience;
  bool failed = false;
  for (int round = 0; round < most_rounds && !failed; ++round) {
    for (const auto& resolver : by_behaviour(self->resolvers_(), Clock::now())) {
      if (Clock::now() >= deadline) co_return failure;
      std::string reply = co_await ask_one(self, *resolver, query, transport, room);
      if (reply.empty()) {
        resolver->silent_until = Clock::now() + silence_remembered;
        continue;
      }
      resolver->silent_until = {};
      if (!is_failure(reply)) co_return reply;
      failure = std::move(reply);
      failed = true;
    }
  }
  co_return failure;
}

Awaitable<std::string> DnsForwarder::ask_one(Self self, DnsResolver resolver, std::string query,
                                             DnsTransport transport, std::size_t room) {
  const std::string question = network::disguised(query, random_bytes(network::disguise_size));
  std::string reply;
  if (transport == DnsTransport::udp) {
    reply = co_await by_udp(self, resolver, question, room);
  } else {
    reply = co_await by_tcp(self, resolver, question);
  }
  co_return reply.empty() ? reply : network::undisguised(query, std::move(reply));
}

Awaitable<std::string> DnsForwarder::by_udp(Self self, DnsResolver resolver, std::string query,
                                            std::size_t room) {
  Fd connected = self->connect_to(resolver, DnsTransport::udp);
  if (!connected) co_return "";
  Descriptor socket(*self->loop_, connected.release());
  if (::send(socket.native_handle(), query.data(), query.size(), 0) < 0) co_return "";
  Heard heard = co_await hear(socket, query, Clock::now() + patience_with_one);
  if (!heard.by_tcp) co_return heard.reply;
  std::string whole = co_await by_tcp(self, resolver, query);
  if (!whole.empty() && whole.size() <= room) co_return whole;
  if (!whole.empty() && heard.reply.empty()) co_return network::truncated_reply(query);
  co_return heard.reply;
}

Awaitable<std::string> DnsForwarder::by_tcp(Self self, DnsResolver resolver, std::string query) {
  Fd connected = self->connect_to(resolver, DnsTransport::tcp);
  if (!connected) co_return "";
  Descriptor socket(*self->loop_, connected.release());
  const auto deadline = Clock::now() + patience_with_one;
  if (!co_await write_dns_message(socket, query, deadline)) co_return "";
  std::string reply = co_await read_dns_message(socket, deadline);
  if (network::match_reply(query, reply) == DnsMatch::none) reply.clear();
  co_return reply;
}

/// Connected, so that the kernel lets nobody else's packets in; by TCP perhaps not yet.
Fd DnsForwarder::connect_to(const DnsResolver& resolver, DnsTransport transport) const {
  std::optional<network::InNamespace> inside;
  if (namespace_) inside.emplace(namespace_.get());
  const int type = transport == DnsTransport::udp ? SOCK_DGRAM : SOCK_STREAM;
  Fd socket(::socket(resolver.address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto* address = reinterpret_cast<const sockaddr*>(&resolver.address);
  if (socket && ::connect(socket.get(), address, resolver.size) != 0 && errno != EINPROGRESS)
    socket.reset();
  return socket;
}

}  // namespace stack::supervisor
