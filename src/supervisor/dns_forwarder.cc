// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_forwarder.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <array>

#include "base/error.h"
#include "base/files.h"
#include "network/dns.h"

namespace stack::supervisor {
namespace {

constexpr auto patience = std::chrono::seconds(2);
constexpr int rounds = 2;
constexpr std::size_t most_pending = 1024;
constexpr std::uint16_t dns_port = 53;

/// A resolver's address of either family.
struct Resolver {
  sockaddr_storage address{};
  socklen_t size = 0;
};

std::optional<Resolver> parse_resolver(const std::string& text) {
  Resolver resolver;
  // getaddrinfo understands the zone of a link-local address; numeric, it asks nobody.
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(text.c_str(), std::to_string(dns_port).c_str(), &hints, &found) != 0)
    return std::nullopt;
  std::copy_n(reinterpret_cast<const char*>(found->ai_addr), found->ai_addrlen,
              reinterpret_cast<char*>(&resolver.address));
  resolver.size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return resolver;
}

/// Read anew each time: the host's resolvers change when it joins another network.
std::vector<Resolver> host_resolvers() {
  std::vector<Resolver> resolvers;
  const auto text = read_file_if_exists("/etc/resolv.conf", 1 << 20);
  for (const std::string& server : network::parse_resolv_conf(text.value_or("")).nameservers)
    if (const auto resolver = parse_resolver(server)) resolvers.push_back(*resolver);
  return resolvers;
}

std::string random_id() {
  std::string id(2, 0);
  if (::getrandom(id.data(), id.size(), 0) != 2) throw_errno("getrandom");
  return id;
}

/// Connected to the resolver; for TCP perhaps not yet.
Fd connect_to(const Resolver& resolver, DnsTransport transport) {
  const int type = transport == DnsTransport::udp ? SOCK_DGRAM : SOCK_STREAM;
  Fd socket(::socket(resolver.address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto* address = reinterpret_cast<const sockaddr*>(&resolver.address);
  if (socket && ::connect(socket.get(), address, resolver.size) != 0 && errno != EINPROGRESS)
    socket.reset();
  return socket;
}

/// Replies that do not match are somebody's guess, or late: wait on.
Awaitable<std::string> ask_by_udp(Descriptor& socket, std::string query) {
  const auto deadline = Clock::now() + patience;
  if (::send(socket.native_handle(), query.data(), query.size(), 0) < 0) co_return "";
  while (co_await readable_until(socket, deadline)) {
    std::string reply(65536, 0);
    const ssize_t size = ::recv(socket.native_handle(), reply.data(), reply.size(), 0);
    if (size < 0 && errno != EAGAIN) co_return "";  // refused: the next one
    reply.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    if (network::reply_matches(query, reply)) co_return reply;
  }
  co_return "";
}

Awaitable<std::string> ask_by_tcp(Descriptor& socket, std::string query) {
  const auto deadline = Clock::now() + patience;
  if (!co_await write_dns_message(socket, query, deadline)) co_return "";
  std::string reply = co_await read_dns_message(socket, deadline);
  co_return network::reply_matches(query, reply) ? reply : "";
}

Awaitable<std::string> ask_resolver(Loop& loop, Resolver resolver, std::string query,
                                    DnsTransport transport) {
  Fd connected = connect_to(resolver, transport);
  if (!connected) co_return "";
  Descriptor socket(loop, connected.release());
  if (transport == DnsTransport::udp) co_return co_await ask_by_udp(socket, query);
  co_return co_await ask_by_tcp(socket, query);
}

/// Counts itself as long as it lives.
class Pending {
 public:
  explicit Pending(std::size_t& count) : count_(count) { ++count_; }
  ~Pending() { --count_; }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

 private:
  std::size_t& count_;
};

}  // namespace

Awaitable<std::string> DnsForwarder::ask(std::string query, DnsTransport transport) {
  if (pending_ >= most_pending || query.size() < 2) co_return network::servfail(query);
  const Pending pending(pending_);
  const auto resolvers = host_resolvers();
  for (int round = 0; round < rounds; ++round) {
    for (const Resolver& resolver : resolvers) {
      std::string question = random_id() + query.substr(2);
      std::string reply = co_await ask_resolver(*loop_, resolver, question, transport);
      if (!reply.empty()) co_return query.substr(0, 2) + reply.substr(2);
    }
  }
  co_return network::servfail(query);
}

namespace {

Awaitable<std::string> read_exactly(Descriptor& connection, std::size_t size,
                                    Clock::time_point deadline) {
  std::string bytes(size, 0);
  for (std::size_t got = 0; got < size;) {
    const ssize_t count =
        ::recv(connection.native_handle(), bytes.data() + got, size - got, MSG_DONTWAIT);
    if (count > 0) got += static_cast<std::size_t>(count);
    const bool must_wait = count < 0 && (errno == EAGAIN || errno == EINTR);
    if (count == 0 || (count < 0 && !must_wait)) co_return "";
    if (must_wait && !co_await readable_until(connection, deadline)) co_return "";
  }
  co_return bytes;
}

}  // namespace

Awaitable<std::string> read_dns_message(Descriptor& connection, Clock::time_point deadline) {
  const std::string length = co_await read_exactly(connection, 2, deadline);
  if (length.empty()) co_return "";
  const auto high = static_cast<unsigned char>(length[0]);
  const auto low = static_cast<unsigned char>(length[1]);
  co_return co_await read_exactly(connection, std::size_t{high} * 256 + low, deadline);
}

Awaitable<bool> write_dns_message(Descriptor& connection, std::string message,
                                  Clock::time_point deadline) {
  if (message.size() > 65535) co_return false;
  std::string bytes{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())};
  bytes += message;
  for (std::size_t sent = 0; sent < bytes.size();) {
    if (!co_await writable_until(connection, deadline)) co_return false;
    const ssize_t count = ::send(connection.native_handle(), bytes.data() + sent,
                                 bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN && errno != EINTR) co_return false;
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  co_return true;
}

}  // namespace stack::supervisor
