// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_socket.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "network/address.h"
#include "supervisor/socket_address.h"

namespace stack::supervisor {
namespace {

std::optional<SocketAddress> address_of(const LogShipping& shipping) {
  if (const auto v4 = network::parse_ipv4(shipping.place))
    return socket_address(*v4, shipping.port);
  if (const auto v6 = network::parse_ipv6(shipping.place))
    return socket_address(*v6, shipping.port);
  return std::nullopt;
}

/// A connection that is being made counts as one: the first message waits for it.
bool is_connected(int result) {
  return result == 0 || errno == EINPROGRESS;
}

}  // namespace

LogSocket::LogSocket(LogShipping shipping) : shipping_(std::move(shipping)) {}

Fd LogSocket::open_unix(int type) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (shipping_.place.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return {};
  }
  shipping_.place.copy(address.sun_path, sizeof(address.sun_path) - 1);
  Fd socket(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (!socket || ::connect(socket.get(), generic, sizeof(address)) != 0) return {};
  return socket;
}

Fd LogSocket::open() const {
  const auto address = address_of(shipping_);
  if (!address) {
    errno = EINVAL;
    return {};
  }
  const int type = shipping_.way == LogShipping::Way::tcp ? SOCK_STREAM : SOCK_DGRAM;
  Fd socket(::socket(address->family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket || !is_connected(::connect(socket.get(), address->get(), address->size))) return {};
  return socket;
}

bool LogSocket::connect() {
  if (socket_) return true;
  is_stream_ = shipping_.way == LogShipping::Way::tcp;
  if (shipping_.way != LogShipping::Way::unix_socket) {
    socket_ = open();
  } else {
    socket_ = open_unix(SOCK_DGRAM);
    is_stream_ = !socket_ && errno == EPROTOTYPE;
    if (is_stream_) socket_ = open_unix(SOCK_STREAM);
  }
  if (socket_) return true;
  problem_ = fmt::format("connect to {}: {}", shipping_.place, std::strerror(errno));
  return false;
}

/// The next one opens another.
LogSocket::Sent LogSocket::lost(const char* what) {
  problem_ = fmt::format("{} {}: {}", what, shipping_.place, std::strerror(errno));
  socket_.reset();
  return Sent::not_now;
}

LogSocket::Sent LogSocket::send(std::string_view message) {
  if (!connect()) return Sent::not_now;
  return is_stream_ ? send_in_stream(message) : send_datagram(message);
}

LogSocket::Sent LogSocket::send_datagram(std::string_view message) {
  if (::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) >= 0) return Sent::yes;
  if (errno == EMSGSIZE || (errno == ENOBUFS && shipping_.to == LogShipping::To::journald)) {
    if (shipping_.to == LogShipping::To::journald) return send_by_file(message);
    problem_ = fmt::format("{} bytes are too many for {}", message.size(), shipping_.place);
    return Sent::never;
  }
  if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) {
    problem_ = fmt::format("{} does not keep up", shipping_.place);
    return Sent::not_now;
  }
  return lost("send to");
}

/// journald takes what is too long for a datagram as a sealed file in memory.
LogSocket::Sent LogSocket::send_by_file(std::string_view message) {
  Fd file(::memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return lost("send to");
  write_all(file.get(), message);
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  const int number = file.get();
  std::memcpy(CMSG_DATA(rights), &number, sizeof(number));
  if (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL) >= 0) return Sent::yes;
  return lost("send to");
}

/// False when the stream takes no more now, or is lost.
bool LogSocket::send_rest() {
  while (!rest_.empty()) {
    const ssize_t sent = ::send(socket_.get(), rest_.data(), rest_.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      rest_.erase(0, static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      problem_ = fmt::format("{} does not keep up", shipping_.place);
    } else {
      lost("send to");
      rest_.clear();  // half a message is worth nothing to a new connection
    }
    return false;
  }
  return true;
}

/// What a stream took a part of it has, as far as the caller is concerned: the rest goes before the
/// next one.
LogSocket::Sent LogSocket::send_in_stream(std::string_view message) {
  if (!send_rest()) return Sent::not_now;
  rest_.assign(message);
  rest_ += '\n';
  const std::size_t whole = rest_.size();
  send_rest();
  if (rest_.size() < whole && socket_) return Sent::yes;
  rest_.clear();
  return Sent::not_now;
}

}  // namespace stack::supervisor
