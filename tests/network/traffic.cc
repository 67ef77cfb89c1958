// SPDX-License-Identifier: Apache-2.0
#include "traffic.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>

#include "base/error.h"
#include "network/namespaces.h"

namespace stack::network::test {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds until_absent{300};
constexpr Milliseconds until_lost{5000};  // TCP itself asks again after one second
constexpr int questions = 10;

sockaddr_in address_of(const std::string& ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) fail("{} is no address", ip);
  return address;
}

std::string text_of(const sockaddr_in& address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
  return text.data();
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Fd make_socket(int network_namespace, int type, int protocol = 0) {
  const InNamespace inside(network_namespace);
  Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!socket) throw_errno("socket");
  return socket;
}

bool await(int fd, short events, Milliseconds patience) {
  pollfd waiting{fd, events, 0};
  return ::poll(&waiting, 1, static_cast<int>(patience.count())) == 1;
}

std::optional<std::string> take_connection(int listener) {
  sockaddr_in peer{};
  socklen_t length = sizeof peer;
  const Fd connection(
      ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_CLOEXEC));
  if (!connection) return std::nullopt;
  return text_of(peer);
}

std::optional<std::string> answer_datagram(int socket) {
  std::array<char, 64> data{};
  sockaddr_in peer{};
  socklen_t length = sizeof peer;
  const auto received =
      ::recvfrom(socket, data.data(), data.size(), 0, reinterpret_cast<sockaddr*>(&peer), &length);
  if (received < 0) return std::nullopt;
  ::sendto(socket, "pong", 4, 0, generic(peer), sizeof peer);
  return text_of(peer);
}

/// A connected socket, or none.
Fd try_to_connect(int network_namespace, const std::string& ip, std::uint16_t port,
                  Milliseconds patience) {
  Fd socket = make_socket(network_namespace, SOCK_STREAM);
  const auto address = address_of(ip, port);
  if (::connect(socket.get(), generic(address), sizeof address) == 0) return socket;
  if (errno != EINPROGRESS || !await(socket.get(), POLLOUT, patience)) return Fd();
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0 ? std::move(socket) : Fd();
}

std::uint16_t checksum(const icmphdr& header) {
  const auto* words = reinterpret_cast<const std::uint16_t*>(&header);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < sizeof header / 2; ++i) sum += words[i];
  sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(~(sum + (sum >> 16)));
}

}  // namespace

Server::Server(int network_namespace, int type, const std::string& ip, std::uint16_t port)
    : socket_(make_socket(network_namespace, type)), type_(type) {
  const auto address = address_of(ip, port);
  if (::bind(socket_.get(), generic(address), sizeof address) != 0) throw_errno("bind {}", ip);
  if (type == SOCK_STREAM && ::listen(socket_.get(), 64) != 0) throw_errno("listen");
}

Server Server::tcp(int network_namespace, const std::string& ip, std::uint16_t port) {
  return {network_namespace, SOCK_STREAM, ip, port};
}

Server Server::udp(int network_namespace, const std::string& ip, std::uint16_t port) {
  return {network_namespace, SOCK_DGRAM, ip, port};
}

std::optional<std::string> Server::visitor() const {
  if (!await(fd(), POLLIN, until_absent)) return std::nullopt;
  return type_ == SOCK_STREAM ? take_connection(fd()) : answer_datagram(fd());
}

bool connects(int network_namespace, const std::string& ip, std::uint16_t port) {
  return static_cast<bool>(try_to_connect(network_namespace, ip, port, until_lost));
}

bool is_cut_off(int network_namespace, const std::string& ip, std::uint16_t port) {
  return !try_to_connect(network_namespace, ip, port, until_absent);
}

Fd connect(int network_namespace, const std::string& ip, std::uint16_t port) {
  Fd socket = try_to_connect(network_namespace, ip, port, until_lost);
  if (!socket) fail("no connection to {}:{}", ip, port);
  return socket;
}

bool asks_by_udp(int network_namespace, const std::string& ip, std::uint16_t port,
                 const Server& server) {
  return LastingClient(network_namespace, ip, port).asks(server);
}

LastingClient::LastingClient(int network_namespace, const std::string& ip, std::uint16_t port)
    : socket_(make_socket(network_namespace, SOCK_DGRAM)) {
  const auto address = address_of(ip, port);
  // Connected: the answer must come from where the question went.
  if (::connect(socket_.get(), generic(address), sizeof address) != 0)
    throw_errno("connect {}", ip);
}

bool LastingClient::asks(const Server& server) const {
  for (int i = 0; i < questions; ++i) {
    if (::send(socket_.get(), "ping", 4, 0) != 4 || !server.visitor()) continue;
    std::array<char, 64> answer{};
    return await(socket_.get(), POLLIN, until_absent) &&
           ::recv(socket_.get(), answer.data(), answer.size(), 0) == 4;
  }
  return false;
}

bool pings(int network_namespace, const std::string& ip) {
  for (int i = 0; i < questions; ++i) {
    if (!pings_in_vain(network_namespace, ip)) return true;
  }
  return false;
}

bool pings_in_vain(int network_namespace, const std::string& ip) {
  const Fd socket = make_socket(network_namespace, SOCK_RAW, IPPROTO_ICMP);
  const auto address = address_of(ip, 0);
  if (::connect(socket.get(), generic(address), sizeof address) != 0) return true;
  icmphdr request{};
  request.type = ICMP_ECHO;
  request.un.echo.id = htons(4711);
  request.checksum = checksum(request);
  if (::send(socket.get(), &request, sizeof request, 0) < 0) return true;
  while (await(socket.get(), POLLIN, until_absent)) {
    std::array<std::uint8_t, 256> packet{};
    const auto received = ::recv(socket.get(), packet.data(), packet.size(), 0);
    const std::size_t header = std::size_t{packet[0] & 15U} * 4;
    if (received > 0 && packet[header] == ICMP_ECHOREPLY) return false;
  }
  return true;
}

}  // namespace stack::network::test
