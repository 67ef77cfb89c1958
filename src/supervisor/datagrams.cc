// SPDX-License-Identifier: Apache-2.0
#include "supervisor/datagrams.h"

namespace stack::supervisor {
namespace {

mmsghdr header_for(iovec& part, sockaddr_in& address) {
  mmsghdr header{};
  header.msg_hdr.msg_name = &address;
  header.msg_hdr.msg_namelen = sizeof(address);
  header.msg_hdr.msg_iov = &part;
  header.msg_hdr.msg_iovlen = 1;
  return header;
}

}  // namespace

std::size_t Datagrams::receive(int socket) {
  std::array<iovec, most> parts;
  std::array<mmsghdr, most> headers;
  for (std::size_t i = 0; i < most; ++i) {
    parts[i] = {bytes_[i].data(), largest};
    headers[i] = header_for(parts[i], senders_[i]);
  }
  const int got = ::recvmmsg(socket, headers.data(), most, MSG_DONTWAIT, nullptr);
  count_ = got < 0 ? 0 : static_cast<std::size_t>(got);
  for (std::size_t i = 0; i < count_; ++i) {
    sizes_[i] = headers[i].msg_len;
    replies_[i].clear();
  }
  return count_;
}

std::string_view Datagrams::message(std::size_t index) const {
  return {bytes_[index].data(), sizes_[index]};
}

void Datagrams::send_replies(int socket) {
  std::array<iovec, most> parts;
  std::array<mmsghdr, most> headers;
  unsigned count = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (replies_[i].empty()) continue;
    parts[count] = {replies_[i].data(), replies_[i].size()};
    headers[count] = header_for(parts[count], senders_[i]);
    ++count;
  }
  // It stops before a message that fails: that one is left out, the next begin anew.
  for (unsigned done = 0; done < count;) {
    const int sent = ::sendmmsg(socket, headers.data() + done, count - done, MSG_DONTWAIT);
    done += sent > 0 ? static_cast<unsigned>(sent) : 1;
  }
}

}  // namespace stack::supervisor
