// SPDX-License-Identifier: Apache-2.0
#include "supervisor/store_message.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace stack::supervisor {
namespace {

/// Room for one descriptor, aligned as cmsg(3) wants it.
union Control {
  cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

}  // namespace

bool send_store_message(int socket, const StoreMessage& message, int fd, int flags) {
  iovec data{const_cast<StoreMessage*>(&message), sizeof(message)};
  Control control{};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = &control;
    header.msg_controllen = sizeof(control);
    cmsghdr* const attached = CMSG_FIRSTHDR(&header);
    attached->cmsg_level = SOL_SOCKET;
    attached->cmsg_type = SCM_RIGHTS;
    attached->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(attached), &fd, sizeof(fd));
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, flags | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof(message));
}

bool receive_store_message(int socket, StoreMessage& message, int& fd, int flags) {
  iovec data{&message, sizeof(message)};
  Control control{};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = &control;
  header.msg_controllen = sizeof(control);
  ssize_t received = 0;
  do {
    received = ::recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  fd = -1;
  const cmsghdr* const attached = received > 0 ? CMSG_FIRSTHDR(&header) : nullptr;
  if (attached != nullptr && attached->cmsg_type == SCM_RIGHTS)
    std::memcpy(&fd, CMSG_DATA(attached), sizeof(fd));
  if (received == static_cast<ssize_t>(sizeof(message))) {
    message.name.back() = 0;
    return true;
  }
  if (fd >= 0) ::close(fd);
  fd = -1;
  return false;
}

}  // namespace stack::supervisor
