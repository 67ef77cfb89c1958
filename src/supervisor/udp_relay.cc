// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "supervisor/port_service.h"
#include "supervisor/socket_address.h"

namespace stack::supervisor {
namespace {

/// Where a datagram rests between receiving and sending, with nothing else running in between.
std::array<char, 65536>& datagram_room() {
  static std::array<char, 65536> bytes;
  return bytes;
}

/// As conntrack's default for UDP that went both ways.
constexpr auto idle_limit = std::chrono::seconds(120);
/// Beyond this many, new clients have to wait for old ones to be forgotten.
constexpr std::size_t most_clients = 4096;

/// The address of ours that a datagram was sent to, as the control message that has another one
/// leave by it: a client that has asked 127.0.0.5 hears nobody else.
class OwnAddress {
 public:
  /// Empty where `message` does not tell.
  static OwnAddress in(msghdr& message) {
    OwnAddress own;
    for (cmsghdr* it = CMSG_FIRSTHDR(&message); it != nullptr; it = CMSG_NXTHDR(&message, it)) {
      if (it->cmsg_level == IPPROTO_IP && it->cmsg_type == IP_PKTINFO) {
        in_pktinfo told;
        std::memcpy(&told, CMSG_DATA(it), sizeof told);
        in_pktinfo reply{};  // whatever way it takes
        reply.ipi_spec_dst = told.ipi_spec_dst;
        own.put(IPPROTO_IP, IP_PKTINFO, reply);
      } else if (it->cmsg_level == IPPROTO_IPV6 && it->cmsg_type == IPV6_PKTINFO) {
        in6_pktinfo told;
        std::memcpy(&told, CMSG_DATA(it), sizeof told);
        if (IN6_IS_ADDR_MULTICAST(&told.ipi6_addr)) continue;  // nobody answers under that
        // Addresses of the link are those of one interface only.
        if (!IN6_IS_ADDR_LINKLOCAL(&told.ipi6_addr)) told.ipi6_ifindex = 0;
        own.put(IPPROTO_IPV6, IPV6_PKTINFO, told);
      }
    }
    return own;
  }

  void add_to(msghdr& message) {
    if (size_ == 0) return;
    message.msg_control = room_.data();
    message.msg_controllen = size_;
  }
  std::string key() const { return {room_.data(), size_}; }

 private:
  template <typename Info>
  void put(int level, int type, const Info& info) {
    msghdr message{};
    message.msg_control = room_.data();
    message.msg_controllen = CMSG_SPACE(sizeof info);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
    size_ = message.msg_controllen;
  }

  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> room_{};
  std::size_t size_ = 0;
};

/// Whoever sent us a datagram, and where to.
struct Peer {
  sockaddr_storage address{};
  socklen_t size = 0;
  OwnAddress own{};

  /// Bytes that can be compared.
  std::string key() const {
    return std::string(reinterpret_cast<const char*>(&address), size) + own.key();
  }
};

void ask_for_own_addresses(int socket) {
  const int on = 1;
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
  if (family == AF_INET6)
    ::setsockopt(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  else
    ::setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

/// The size of what came into `bytes`; nothing when none did.
std::optional<std::size_t> receive(int socket, std::span<char> bytes, Peer& peer) {
  alignas(cmsghdr) std::array<char, 256> control;
  iovec place{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_name = &peer.address;
  message.msg_namelen = sizeof peer.address;
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket, &message, 0);
  if (size < 0) return std::nullopt;
  peer.size = message.msg_namelen;
  peer.own = OwnAddress::in(message);
  return static_cast<std::size_t>(size);
}

void send_to(int socket, std::span<char> bytes, Peer& peer) {
  iovec place{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_name = &peer.address;
  message.msg_namelen = peer.size;
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  peer.own.add_to(message);
  ::sendmsg(socket, &message, 0);
}

Fd connect_to(const network::PublishedPort& port) {
  const SocketAddress address = address_inside(port);
  Fd socket(::socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket && ::connect(socket.get(), address.get(), address.size) != 0) socket.reset();
  return socket;
}

/// One client's conversation with the container, in a socket of its own so that answers find back.
struct Conversation {
  Conversation(Loop& loop, Fd socket, Peer client)
      : upstream(loop, socket.release()), peer(client), expiry(loop) {}
  Descriptor upstream;
  Peer peer;
  Timer expiry;
};

class UdpRelay : public PortService {
 public:
  UdpRelay(Loop& loop, Fd socket, network::PublishedPort port)
      : state_(std::make_shared<State>(loop, std::move(socket), std::move(port))) {
    ask_for_own_addresses(state_->socket.native_handle());
    spawn(loop, "relaying datagrams", receive_all(state_));
  }
  ~UdpRelay() override {
    state_->socket.close();
    for (auto& [key, conversation] : state_->conversations) conversation->upstream.close();
  }

 private:
  struct State {
    State(Loop& its_loop, Fd fd, network::PublishedPort its_port)
        : loop(its_loop), socket(its_loop, fd.release()), port(std::move(its_port)) {}
    Loop& loop;
    Descriptor socket;
    network::PublishedPort port;
    std::map<std::string, std::shared_ptr<Conversation>> conversations;
  };
  using Shared = std::shared_ptr<State>;

  static Awaitable<void> receive_all(Shared state) {
    auto& bytes = datagram_room();
    while (co_await readable(state->socket)) {
      Peer peer;
      const auto size = receive(state->socket.native_handle(), bytes, peer);
      const auto conversation = size ? conversation_with(state, peer) : nullptr;
      if (!conversation) continue;
      ::send(conversation->upstream.native_handle(), bytes.data(), *size, 0);
      conversation->expiry.expires_after(idle_limit);
    }
  }

  static std::shared_ptr<Conversation> conversation_with(const Shared& state, const Peer& peer) {
    const auto found = state->conversations.find(peer.key());
    if (found != state->conversations.end()) return found->second;
    if (state->conversations.size() >= most_clients) return nullptr;
    Fd socket = connect_to(state->port);
    if (!socket) return nullptr;
    auto made = std::make_shared<Conversation>(state->loop, std::move(socket), peer);
    made->expiry.expires_after(idle_limit);
    state->conversations[peer.key()] = made;
    spawn(state->loop, "relaying answers", send_back(state, made));
    spawn(state->loop, "forgetting a client", forget_when_idle(state, made));
    return made;
  }

  static Awaitable<void> send_back(Shared state, std::shared_ptr<Conversation> conversation) {
    auto& bytes = datagram_room();
    while (co_await readable(conversation->upstream)) {
      const ssize_t size =
          ::recv(conversation->upstream.native_handle(), bytes.data(), bytes.size(), 0);
      if (size < 0) continue;  // refused: nobody listens there just now
      send_to(state->socket.native_handle(), {bytes.data(), static_cast<std::size_t>(size)},
              conversation->peer);
      conversation->expiry.expires_after(idle_limit);
    }
  }

  /// Moving the expiry wakes this up, to wait anew.
  static Awaitable<void> forget_when_idle(Shared state,
                                          std::shared_ptr<Conversation> conversation) {
    while (conversation->upstream.is_open() && Clock::now() < conversation->expiry.expiry())
      co_await wait(conversation->expiry);
    conversation->upstream.close();
    state->conversations.erase(conversation->peer.key());
  }

  Shared state_;
};

}  // namespace

std::shared_ptr<PortService> start_udp_relay(Loop& loop, Fd socket,
                                             const network::PublishedPort& port) {
  return std::make_shared<UdpRelay>(loop, std::move(socket), port);
}

}  // namespace stack::supervisor
