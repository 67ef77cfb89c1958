// SPDX-License-Identifier: Apache-2.0
#include "supervisor/notify_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "network/namespaces.h"
#include "runtime/cgroup.h"
#include "supervisor/readiness.h"

namespace stack::supervisor {
namespace {

constexpr std::size_t longest_datagram = 4096;

sockaddr_un address_of(const std::string& id, socklen_t& size) {
  std::string name = notify_address(id);
  name.front() = '\0';  // abstract
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, sizeof address.sun_path);
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return address;
}

/// Of who sent a datagram; 0 when the kernel does not say.
pid_t sender_of(const msghdr& message) {
  msghdr copy = message;
  for (cmsghdr* each = CMSG_FIRSTHDR(&copy); each != nullptr; each = CMSG_NXTHDR(&copy, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_CREDENTIALS) continue;
    ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(each), sizeof credentials);
    return credentials.pid;
  }
  return 0;
}

/// Descriptors that somebody sends along are not for us (FDSTORE=1).
void close_descriptors(const msghdr& message) {
  msghdr copy = message;
  for (cmsghdr* each = CMSG_FIRSTHDR(&copy); each != nullptr; each = CMSG_NXTHDR(&copy, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(each) + i * sizeof(int), sizeof descriptor);
      const Fd closed(descriptor);
    }
  }
}

}  // namespace

Fd NotifySocket::open(const std::string& id, int network_namespace) {
  const network::InNamespace inside(network_namespace);
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("making a socket");
  const int on = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    throw_errno("SO_PASSCRED");
  socklen_t size = 0;
  const sockaddr_un address = address_of(id, size);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
    throw_errno("binding NOTIFY_SOCKET");
  return socket;
}

NotifySocket::NotifySocket(Loop& loop, Fd socket, const ContainerConfig& config,
                           std::function<void()> ready)
    : loop_(&loop),
      socket_(loop, socket.release()),
      cgroup_(config.spec.cgroup),
      is_alone_(config.spec.namespaces.network.kind == runtime::NamespaceKind::own),
      ready_(std::move(ready)) {}

std::shared_ptr<NotifySocket> NotifySocket::read(Loop& loop, Fd socket,
                                                 const ContainerConfig& config,
                                                 std::function<void()> ready) {
  std::shared_ptr<NotifySocket> self(
      new NotifySocket(loop, std::move(socket), config, std::move(ready)));
  spawn(loop, "reading what " + config.name + " notifies", pump(self));
  return self;
}

void NotifySocket::stop() {
  ready_ = nullptr;
  socket_.close();
}

/// Who shares the namespace can send too.
bool NotifySocket::is_from_container(pid_t sender) const {
  if (is_alone_) return true;
  const auto processes = runtime::cgroup_processes(cgroup_);
  return std::ranges::find(processes, sender) != processes.end();
}

/// Whether the next datagram says that it is ready; nothing when there is none.
std::optional<bool> NotifySocket::receive(int flags) {
  std::array<char, longest_datagram> bytes{};
  alignas(cmsghdr) std::array<char, 1024> control{};
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket_.native_handle(), &message, flags | MSG_CMSG_CLOEXEC);
  if (size < 0) return std::nullopt;
  close_descriptors(message);
  const std::string_view text(bytes.data(), static_cast<std::size_t>(size));
  return says_ready(text) && is_from_container(sender_of(message));
}

/// Looked at first and taken then, when what it means is written down: killed in between, the next
/// supervisor finds it again.
Awaitable<void> NotifySocket::pump(Self self) {
  while (co_await readable(self->socket_)) {
    while (self->socket_.is_open()) {
      const auto is_ready = self->receive(MSG_PEEK);
      if (!is_ready) break;
      if (*is_ready && !std::exchange(self->said_ready_, true)) {
        if (self->ready_) self->ready_();
        co_await yield(*self->loop_);
        continue;
      }
      self->receive(0);
    }
    if (!self->socket_.is_open()) co_return;
  }
}

}  // namespace stack::supervisor
