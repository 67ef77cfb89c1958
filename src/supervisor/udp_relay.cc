// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <array>
#include <map>

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

/// Whoever sent us a datagram, as bytes that can be compared.
struct Peer {
  sockaddr_storage address{};
  socklen_t size = sizeof(sockaddr_storage);

  std::string key() const { return {reinterpret_cast<const char*>(&address), size}; }
};

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
      const ssize_t size = ::recvfrom(state->socket.native_handle(), bytes.data(), bytes.size(), 0,
                                      reinterpret_cast<sockaddr*>(&peer.address), &peer.size);
      const auto conversation = size < 0 ? nullptr : conversation_with(state, peer);
      if (!conversation) continue;
      ::send(conversation->upstream.native_handle(), bytes.data(), static_cast<std::size_t>(size),
             0);
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
      const Peer& peer = conversation->peer;
      ::sendto(state->socket.native_handle(), bytes.data(), static_cast<std::size_t>(size), 0,
               reinterpret_cast<const sockaddr*>(&peer.address), peer.size);
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
