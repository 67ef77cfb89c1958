// SPDX-License-Identifier: Apache-2.0
#include "network/netlink.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/inquiry.h"

namespace stack::network {
namespace {

constexpr std::size_t request_limit = 4096;
constexpr std::size_t answer_limit = 32768;  // what the kernel uses for dumps at most

/// errno and words of an NLMSG_ERROR message; 0 when it is an acknowledgement.
std::pair<int, std::string> verdict(const nlmsghdr* message) {
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  std::string reason;
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
    const Attributes<NLMSGERR_ATTR_MAX + 1> words(message, sizeof *error);  // NETLINK_CAP_ACK
    if (words[NLMSGERR_ATTR_MSG] != nullptr) reason = mnl_attr_get_str(words[NLMSGERR_ATTR_MSG]);
  }
  return {-error->error, std::move(reason)};
}

void enable(int fd, int option) {
  const int on = 1;
  // Older kernels lack an option; then answers are only less detailed.
  static_cast<void>(::setsockopt(fd, SOL_NETLINK, option, &on, sizeof on));
}

struct Buffer {
  int option, forced;
};
constexpr Buffer sending{SO_SNDBUF, SO_SNDBUFFORCE};
constexpr Buffer receiving{SO_RCVBUF, SO_RCVBUFFORCE};

/// A packet is taken whole or not at all (EMSGSIZE), and the answers to it come all at once
/// (ENOBUFS). The kernel's default is 208 KiB for either, as a rule more than it takes: a buffer is
/// never made smaller. One that cannot be raised shows then.
void make_room(int fd, Buffer buffer, std::size_t bytes) {
  int size = 0;
  socklen_t length = sizeof size;
  if (::getsockopt(fd, SOL_SOCKET, buffer.option, &size, &length) == 0 &&
      static_cast<std::size_t>(size) >= bytes)
    return;
  size = static_cast<int>(bytes);
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, buffer.forced, &size, sizeof size));
}

/// What answers take of the socket's buffer: an acknowledgement; that, and a link with all that
/// there is to tell of it, for which the kernel sets a page or two aside.
constexpr std::size_t acknowledgement = 1024;
constexpr std::size_t link_and_acknowledgement = 12 << 10;
/// Requests that are no transaction are sent so many at a time: their answers fit.
constexpr std::size_t most_at_once = 16;

struct Answers {
  alignas(nlmsghdr) std::array<char, answer_limit> data;
  std::size_t length = 0;

  void receive(mnl_socket* socket) {
    ssize_t received = 0;
    do {
      received = mnl_socket_recvfrom(socket, data.data(), data.size());
    } while (received < 0 && errno == EINTR);
    if (received < 0) throw_errno("receiving from netlink");
    length = static_cast<std::size_t>(received);
  }

  template <typename Each>
  void for_each(Each each) const {
    int rest = static_cast<int>(length);
    for (const auto* m = reinterpret_cast<const nlmsghdr*>(data.data()); mnl_nlmsg_ok(m, rest);
         m = mnl_nlmsg_next(m, &rest)) {
      each(m);
    }
  }
};

/// Of the first `count` messages of `packet`, in bytes.
std::size_t length_of_messages(std::string_view packet, std::size_t count) {
  std::size_t length = 0;
  for (; count > 0; --count) {
    nlmsghdr header;
    std::memcpy(&header, packet.data() + length, sizeof header);
    length += MNL_ALIGN(header.nlmsg_len);
  }
  return length;
}

}  // namespace

void Batch::add(std::uint16_t type, std::uint16_t flags, std::string attempt,
                const std::function<void(nlmsghdr*)>& write) {
  alignas(nlmsghdr) std::array<char, request_limit> buffer;
  nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  write(message);
  packet_.append(buffer.data(), MNL_ALIGN(message->nlmsg_len));
  attempts_.push_back(std::move(attempt));
}

Batch Batch::transaction(std::uint16_t subsystem) {
  Batch batch;
  batch.subsystem_ = subsystem;
  return batch;
}

namespace {

std::string bracket(std::uint16_t type, std::uint16_t subsystem, std::uint32_t sequence) {
  alignas(nlmsghdr) std::array<char, 64> buffer;
  nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = NLM_F_REQUEST;  // asked for an answer, only some kernels would give one
  message->nlmsg_seq = sequence;
  put_header(message, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(subsystem)});
  return {buffer.data(), message->nlmsg_len};
}

}  // namespace

/// The requests, numbered from `first_sequence` on, as they are sent.
std::string Batch::enclosed(std::uint32_t first_sequence) const {
  std::string packet = packet_;
  std::uint32_t sequence = first_sequence;
  int rest = static_cast<int>(packet.size());
  for (auto* m = reinterpret_cast<nlmsghdr*>(packet.data()); mnl_nlmsg_ok(m, rest);
       m = mnl_nlmsg_next(m, &rest)) {
    m->nlmsg_seq = sequence++;
  }
  if (!subsystem_) return packet;
  return bracket(NFNL_MSG_BATCH_BEGIN, *subsystem_, first_sequence - 1) + packet +
         bracket(NFNL_MSG_BATCH_END, *subsystem_, sequence);
}

NetlinkSocket::NetlinkSocket(int protocol) : socket_(mnl_socket_open2(protocol, SOCK_CLOEXEC)) {
  void_inquiry();
  if (!socket_) throw_errno("opening a netlink socket");
  if (mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    throw_errno("binding a netlink socket");
  }
  enable(fd(), NETLINK_EXT_ACK);
  enable(fd(), NETLINK_CAP_ACK);
  enable(fd(), NETLINK_GET_STRICT_CHK);
}

int NetlinkSocket::fd() const {
  return mnl_socket_get_fd(socket_.get());
}

std::vector<Refusal> NetlinkSocket::send(const Batch& batch) {
  const std::uint32_t first = sequence_ + 2;  // the number before it is for what encloses them
  const std::string packet = batch.enclosed(first);
  sequence_ += static_cast<std::uint32_t>(batch.size()) + 2;
  std::vector<Refusal> refusals;
  if (batch.subsystem_) {
    make_room(fd(), receiving, batch.size() * acknowledgement);
    send_packet(packet, batch, batch.size(), first, refusals);
    return refusals;
  }
  make_room(fd(), receiving, std::min(batch.size(), most_at_once) * link_and_acknowledgement);
  std::string_view rest = packet;
  for (std::size_t left = batch.size(); left > 0;) {
    const std::size_t count = std::min(left, most_at_once);
    const std::size_t length = length_of_messages(rest, count);
    send_packet(rest.substr(0, length), batch, count, first, refusals);
    rest.remove_prefix(length);
    left -= count;
  }
  return refusals;
}

void NetlinkSocket::send_packet(std::string_view packet, const Batch& batch, std::size_t count,
                                std::uint32_t first, std::vector<Refusal>& refusals) {
  make_room(fd(), sending, packet.size());
  if (mnl_socket_sendto(socket_.get(), packet.data(), packet.size()) < 0) {
    throw_errno("{}", batch.empty() ? "sending to netlink" : batch.attempts_.front());
  }
  Answers answers;
  for (std::size_t answered = 0; answered < count;) {
    answers.receive(socket_.get());
    answers.for_each([&](const nlmsghdr* m) {
      const std::uint32_t index = m->nlmsg_seq - first;
      if (m->nlmsg_type != NLMSG_ERROR) return;
      if (m->nlmsg_seq + 1 == first) throw Error(batch.attempts_.front(), verdict(m).first);
      if (index >= batch.size()) return;
      ++answered;
      auto [error_number, reason] = verdict(m);
      if (error_number != 0) {
        refusals.push_back({index, error_number, batch.attempts_[index], std::move(reason)});
      }
    });
  }
}

void NetlinkSocket::execute(const Batch& batch) {
  if (batch.empty()) return;
  const auto refusals = send(batch);
  if (!refusals.empty()) throw_refusal(refusals.front());
}

int NetlinkSocket::query(std::uint16_t type, std::uint16_t flags,
                         const std::function<void(nlmsghdr*)>& write,
                         const std::function<void(const nlmsghdr*)>& each) {
  alignas(nlmsghdr) std::array<char, request_limit> buffer;
  nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = type;
  request->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  request->nlmsg_seq = ++sequence_;
  // A dump ends with NLMSG_DONE; a request for one object is followed by an acknowledgement.
  if ((flags & NLM_F_DUMP) == 0) request->nlmsg_flags |= NLM_F_ACK;
  write(request);
  if (mnl_socket_sendto(socket_.get(), request, request->nlmsg_len) < 0) {
    throw_errno("sending to netlink");
  }

  Answers answers;
  std::optional<int> result;
  while (!result) {
    answers.receive(socket_.get());
    answers.for_each([&](const nlmsghdr* m) {
      if (m->nlmsg_seq != sequence_) return;
      if (m->nlmsg_type == NLMSG_DONE) {
        result = 0;
      } else if (m->nlmsg_type == NLMSG_ERROR) {
        result = verdict(m).first;
      } else {
        each(m);
      }
    });
  }
  return *result;
}

void throw_refusal(const Refusal& refusal) {
  std::string attempt = refusal.attempt;
  if (!refusal.reason.empty()) attempt += fmt::format(" ({})", refusal.reason);
  throw Error(std::move(attempt), refusal.error_number);
}

void put_nest(nlmsghdr* message, std::uint16_t type, const std::function<void()>& inside) {
  nlattr* nest = mnl_attr_nest_start(message, type);
  inside();
  mnl_attr_nest_end(message, nest);
}

}  // namespace stack::network
