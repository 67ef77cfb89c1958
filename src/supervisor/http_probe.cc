// SPDX-License-Identifier: Apache-2.0
#include "supervisor/http_probe.h"

#include <sys/socket.h>

#include <array>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "network/namespaces.h"
#include "supervisor/readiness.h"
#include "supervisor/socket_address.h"

namespace stack::supervisor {
namespace {

constexpr auto patience = std::chrono::seconds(5);

std::vector<SocketAddress> addresses_of(const ReadyRule& rule) {
  const std::uint16_t port = rule.ports.at(0).number;
  const bool both = rule.host == "localhost";
  std::vector<SocketAddress> addresses;
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, both ? "127.0.0.1" : rule.host.c_str(), &v4.sin_addr) == 1)
    addresses.push_back(socket_address(network::Ipv4{ntohl(v4.sin_addr.s_addr)}, port));
  SocketAddress address;
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, both ? "::1" : rule.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof *v6;
    addresses.push_back(address);
  }
  return addresses;
}

/// A socket stays in the namespace that it was made in.
Fd make_socket(int network_namespace, int family) {
  const network::InNamespace inside(network_namespace);
  Fd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("making a socket");
  return socket;
}

std::string reason(int error_number) {
  return to_lower(errno_text(error_number));
}

int error_of(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/// The beginning of the answer decides: the rest is not read.
Awaitable<HttpAnswer> read_answer(Descriptor& socket, const ReadyRule& rule,
                                  Clock::time_point deadline) {
  HttpAnswer answer{true, false, "no answer"};
  std::string text;
  while (co_await readable_until(socket, deadline)) {
    std::array<char, 4096> bytes;
    const ssize_t size = ::recv(socket.native_handle(), bytes.data(), bytes.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size < 0) answer.problem = reason(errno);
    if (size == 0) answer.problem = "the connection ended before an answer";
    if (size <= 0) co_return answer;
    text.append(bytes.data(), static_cast<std::size_t>(size));
    const auto status = http_status(text);
    if (!status) continue;
    answer.ready = means_ready(rule, *status);
    answer.problem = *status == 0 ? "the answer is not HTTP" : fmt::format("HTTP {}", *status);
    co_return answer;
  }
  answer.problem = fmt::format("no answer within {} s", patience.count());
  co_return answer;
}

Awaitable<HttpAnswer> ask_at(Loop& loop, int network_namespace, const ReadyRule& rule,
                             SocketAddress address) {
  const auto deadline = Clock::now() + patience;
  Descriptor socket(loop, make_socket(network_namespace, address.family()).release());
  HttpAnswer refused;
  if (::connect(socket.native_handle(), address.get(), address.size) != 0) {
    if (errno != EINPROGRESS) {
      refused.problem = reason(errno);
      co_return refused;
    }
    if (!co_await writable_until(socket, deadline)) {
      refused.problem = fmt::format("no connection within {} s", patience.count());
      co_return refused;
    }
  }
  if (const int error = error_of(socket.native_handle()); error != 0) {
    refused.problem = reason(error);
    co_return refused;
  }
  const std::string request = http_request(rule);
  // It fits into the socket's buffer, which is empty.
  if (::send(socket.native_handle(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    refused.problem = reason(errno);
    co_return refused;
  }
  co_return co_await read_answer(socket, rule, deadline);
}

}  // namespace

Awaitable<HttpAnswer> ask_by_http(Loop& loop, int network_namespace, ReadyRule rule) {
  HttpAnswer best;
  for (const SocketAddress& address : addresses_of(rule)) {
    HttpAnswer answer = co_await ask_at(loop, network_namespace, rule, address);
    if (answer.connected || best.problem.empty()) best = std::move(answer);
    if (best.connected) break;
  }
  best.problem = fmt::format("http://{}:{}{}: {}", rule.host, rule.ports.at(0).number, rule.path,
                             best.problem);
  co_return best;
}

}  // namespace stack::supervisor
