// SPDX-License-Identifier: Apache-2.0
#include "runtime/control_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "base/error.h"

namespace stack::runtime {
namespace {

Fd received_descriptor(const msghdr& header) {
  const cmsghdr* rights = CMSG_FIRSTHDR(&header);
  if (rights == nullptr || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS)
    return Fd();
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
  return Fd(fd);
}

/// A caller's event loop may have made our end non-blocking: what follows the first message is
/// only an execve() away, and is waited for here.
void wait_until_readable(int socket) {
  pollfd waiting{socket, POLLIN, 0};
  while (::poll(&waiting, 1, -1) < 0 && errno == EINTR) {
  }
}

/// True when recvmsg() is to be called again.
/// ECONNRESET: the child ended without reading our release. The kernel tells that first, and only
/// once; what the child had to say is still queued behind it.
bool try_again(int socket) {
  if (errno == EAGAIN) wait_until_readable(socket);
  return errno == EINTR || errno == ECONNRESET || errno == EAGAIN;
}

/// One message; nothing at end of file.
std::optional<ChildFailure> receive_message(int socket, Fd& descriptor) {
  ChildFailure message;
  iovec data{&message, sizeof message};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && try_again(socket));
  if (got < 0) throw_errno("reading from the new process");
  if (got != static_cast<ssize_t>(sizeof message)) return std::nullopt;
  if (Fd received = received_descriptor(header)) descriptor = std::move(received);
  return message;
}

}  // namespace

ControlSocket make_control_socket() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("socketpair");
  return {Fd(ends[0]), Fd(ends[1])};
}

void send_release(int socket) {
  const char word = 1;
  while (::send(socket, &word, sizeof word, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

ChildOutcome receive_word(int socket) {
  ChildOutcome outcome;
  const auto message = receive_message(socket, outcome.descriptor);
  if (!message) return outcome;
  outcome.kind = message->failed() ? ChildOutcome::Kind::failed : ChildOutcome::Kind::executed;
  if (message->failed()) outcome.failure = *message;
  return outcome;
}

ChildOutcome receive_outcome(int socket) {
  ChildOutcome outcome;
  for (;;) {
    ChildOutcome word = receive_word(socket);
    if (word.kind == ChildOutcome::Kind::vanished) return outcome;
    if (word.descriptor) outcome.descriptor = std::move(word.descriptor);
    outcome.kind = word.kind;
    outcome.failure = word.failure;
    if (word.kind == ChildOutcome::Kind::failed) return outcome;
  }
}

}  // namespace stack::runtime
