// SPDX-License-Identifier: Apache-2.0
// A TCP server and its client, each in a network namespace.
//
//   bench_network NAMESPACE PORT             (serves, and prints a line first)
//   bench_network NAMESPACE PORT ADDRESS SECONDS
//
// The client measures bytes sent for SECONDS and bytes received for SECONDS, each over one
// connection and counted where they arrive; or, with SECONDS 0, round trips of 64 bytes on one
// connection and requests, each a connection of its own. Prints JSON: Gbit/s, or microseconds.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/format.h"
#include "base/text.h"
#include "network/namespaces.h"

namespace {

using namespace stack;
using Clock = std::chrono::steady_clock;

constexpr std::size_t piece = 128U << 10;
constexpr std::size_t message_size = 64;
constexpr int round_trips = 10000;
constexpr int requests = 2000;

/// What a connection is for: its first byte.
enum class Purpose : char { echo = 'e', sink = 's', source = 'o' };

struct Options {
  std::string namespace_path;
  std::uint16_t port = 0;
  std::string address = "0.0.0.0";
  double seconds = 0;
};

std::array<char, piece>& scratch() {
  static std::array<char, piece> bytes;
  return bytes;
}

sockaddr_in address_of(const Options& options) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  if (::inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) != 1)
    fail("{} is no address", options.address);
  return address;
}

Fd tcp_socket() {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("socket");
  return socket;
}

void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool send_all(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

// --- the server

void echo(int socket) {
  for (;;) {
    const ssize_t got = ::recv(socket, scratch().data(), piece, 0);
    if (got <= 0 || !send_all(socket, scratch().data(), static_cast<std::size_t>(got))) return;
  }
}

/// Swallows until the end, and then tells how much it was.
void sink(int socket) {
  std::uint64_t total = 0;
  for (;;) {
    const ssize_t got = ::recv(socket, scratch().data(), piece, 0);
    if (got <= 0) break;
    total += static_cast<std::uint64_t>(got);
  }
  send_all(socket, reinterpret_cast<const char*>(&total), sizeof total);
}

void serve_one(int socket) {
  send_at_once(socket);
  char purpose = 0;
  if (::recv(socket, &purpose, 1, 0) != 1) return;
  if (Purpose{purpose} == Purpose::echo) return echo(socket);
  if (Purpose{purpose} == Purpose::sink) return sink(socket);
  while (send_all(socket, scratch().data(), piece)) {
  }
}

/// One connection after the other: there is one client.
[[noreturn]] void serve(const Options& options) {
  const Fd listener = tcp_socket();
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = address_of(options);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), SOMAXCONN) != 0)
    throw_errno("listening on port {}", options.port);
  fmt::print("ready\n");
  std::fflush(stdout);
  for (;;) {
    const Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) serve_one(connection.get());
  }
}

// --- the client

Fd connect_to(const Options& options) {
  Fd socket = tcp_socket();
  const sockaddr_in address = address_of(options);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("connecting to {}:{}", options.address, options.port);
  send_at_once(socket.get());
  return socket;
}

Fd connect_for(const Options& options, Purpose purpose) {
  Fd socket = connect_to(options);
  if (!send_all(socket.get(), reinterpret_cast<const char*>(&purpose), 1))
    throw_errno("sending to {}", options.address);
  return socket;
}

void receive_all(int socket, char* data, std::size_t size) {
  if (::recv(socket, data, size, MSG_WAITALL) != static_cast<ssize_t>(size))
    fail("the server has closed the connection");
}

double gigabits(std::uint64_t bytes, Clock::duration time) {
  return double(bytes) * 8 / std::chrono::duration<double>(time).count() / 1e9;
}

double sending(const Options& options) {
  const Fd socket = connect_for(options, Purpose::sink);
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration<double>(options.seconds);
  while (Clock::now() < end)
    if (!send_all(socket.get(), scratch().data(), piece)) throw_errno("sending");
  ::shutdown(socket.get(), SHUT_WR);
  std::uint64_t total = 0;
  receive_all(socket.get(), reinterpret_cast<char*>(&total), sizeof total);
  return gigabits(total, Clock::now() - begin);
}

double receiving(const Options& options) {
  const Fd socket = connect_for(options, Purpose::source);
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration<double>(options.seconds);
  std::uint64_t total = 0;
  while (Clock::now() < end) {
    const ssize_t got = ::recv(socket.get(), scratch().data(), piece, 0);
    if (got <= 0) throw_errno("receiving");
    total += static_cast<std::uint64_t>(got);
  }
  return gigabits(total, Clock::now() - begin);
}

/// Microseconds that each of `times` took, sorted.
std::vector<double> durations(int times, const std::function<void()>& work) {
  std::vector<double> taken;
  for (int i = 0; i < times; ++i) {
    const auto begin = Clock::now();
    work();
    taken.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::ranges::sort(taken);
  return taken;
}

void exchange(int socket) {
  std::array<char, message_size> message{};
  if (!send_all(socket, message.data(), message.size())) throw_errno("sending");
  receive_all(socket, message.data(), message.size());
}

/// A connection of its own, a question, its answer.
void request(const Options& options) {
  std::array<char, 1 + message_size> message{static_cast<char>(Purpose::echo)};
  const Fd socket = connect_to(options);
  if (!send_all(socket.get(), message.data(), message.size())) throw_errno("sending");
  receive_all(socket.get(), message.data(), message_size);
}

std::string percentiles(const std::vector<double>& sorted) {
  const auto at = [&](double part) {
    return sorted[static_cast<std::size_t>(part * double(sorted.size() - 1))];
  };
  return fmt::format("{{\"p50\": {:.2f}, \"p99\": {:.2f}}}", at(0.5), at(0.99));
}

void measure_throughput(const Options& options) {
  const double sent = sending(options);
  const double received = receiving(options);
  fmt::print("{{\"sent\": {:.3f}, \"received\": {:.3f}}}\n", sent, received);
}

void measure_latency(const Options& options) {
  const Fd connection = connect_for(options, Purpose::echo);
  exchange(connection.get());
  const auto trips = durations(round_trips, [&] { exchange(connection.get()); });
  ::shutdown(connection.get(), SHUT_RDWR);  // the server takes one at a time
  const auto asked = durations(requests, [&] { request(options); });
  fmt::print("{{\"trip\": {}, \"request\": {}}}\n", percentiles(trips), percentiles(asked));
}

Options parse(int argc, char** argv) {
  Options options{argv[1], parse_integer<std::uint16_t>(argv[2]).value_or(0)};
  if (options.port == 0) fail("{} is no port", argv[2]);
  if (argc > 3) {
    options.address = argv[3];
    options.seconds = std::stod(argv[4]);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 5) {
    fmt::print(stderr, "usage: bench_network NAMESPACE PORT [ADDRESS SECONDS]\n");
    return 2;
  }
  try {
    const Options options = parse(argc, argv);
    const Fd inside = open_file(options.namespace_path, O_RDONLY);
    const network::InNamespace visit(inside.get());
    if (argc == 3) serve(options);
    if (options.seconds > 0) measure_throughput(options);
    if (options.seconds == 0) measure_latency(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_network: {}\n", error.what());
    return 1;
  }
  return 0;
}
