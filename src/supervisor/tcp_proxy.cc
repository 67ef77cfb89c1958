// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "base/error.h"
#include "supervisor/journal.h"
#include "supervisor/port_service.h"
#include "supervisor/socket_address.h"

namespace stack::supervisor {
namespace {

constexpr std::size_t buffer_size = 64U << 10;
constexpr int pipe_size = 1 << 20;
/// Carried one after the other before somebody else has a turn.
constexpr int most_pieces = 8;
constexpr auto pause_without_descriptors = std::chrono::milliseconds(100);

/// Where bytes rest between a read and the write that follows at once. Shared by all connections,
/// so that thousands of idle ones cost no memory: nothing else runs in between.
std::array<char, buffer_size>& stream_room() {
  static std::array<char, buffer_size> bytes;
  return bytes;
}

/// One accepted connection and its other half at the container.
struct Connection {
  Descriptor client;
  Descriptor container;
};

/// Writes all, waiting for room when there is none. False when the other side is gone.
Awaitable<bool> write_fully(Descriptor& to, const char* data, std::size_t size) {
  std::vector<char> rest;  // only what did not fit leaves the scratch buffer
  while (size > 0) {
    const ssize_t sent = ::send(to.native_handle(), data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) co_return false;
    if (sent > 0) {
      data += sent;
      size -= static_cast<std::size_t>(sent);
    }
    if (size == 0) break;
    if (rest.empty()) {
      rest.assign(data, data + size);
      data = rest.data();
    }
    if (!co_await writable(to)) co_return false;
  }
  co_return true;
}

/// By which bytes go from socket to socket without being copied. Only for those that have shown
/// that they carry much: it costs two descriptors.
struct Pipe {
  Fd reading;
  Fd writing;
};

/// Empty when there are no descriptors left: then bytes are copied.
Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return {};
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  ::fcntl(pipe.writing.get(), F_SETPIPE_SZ, pipe_size);  // a smaller one does as well
  return pipe;
}

/// Passes on all that is in the pipe. False when the other side is gone.
Awaitable<bool> let_out(Pipe& pipe, std::size_t size, Descriptor& to) {
  while (size > 0) {
    const ssize_t sent =
        ::splice(pipe.reading.get(), nullptr, to.native_handle(), nullptr, size, SPLICE_F_NONBLOCK);
    if (sent > 0) {
      size -= static_cast<std::size_t>(sent);
      continue;
    }
    if (sent == 0 || (errno != EAGAIN && errno != EINTR)) co_return false;
    if (!co_await writable(to)) co_return false;
  }
  co_return true;
}

/// What became of one attempt to carry something.
enum class Piece { small, large, end, lost };

Piece nothing_read(ssize_t result) {
  if (result == 0) return Piece::end;
  return errno == EAGAIN || errno == EINTR ? Piece::small : Piece::lost;
}

Awaitable<Piece> copy_piece(Descriptor& from, Descriptor& to) {
  const ssize_t size = ::recv(from.native_handle(), stream_room().data(), buffer_size, 0);
  if (size <= 0) co_return nothing_read(size);
  const auto whole = static_cast<std::size_t>(size);
  const bool written = co_await write_fully(to, stream_room().data(), whole);
  if (!written) co_return Piece::lost;
  co_return whole == buffer_size ? Piece::large : Piece::small;
}

Awaitable<Piece> splice_piece(Pipe& pipe, Descriptor& from, Descriptor& to) {
  const ssize_t size = ::splice(from.native_handle(), nullptr, pipe.writing.get(), nullptr,
                                pipe_size, SPLICE_F_NONBLOCK);
  if (size <= 0) co_return nothing_read(size);
  const bool written = co_await let_out(pipe, static_cast<std::size_t>(size), to);
  co_return written ? Piece::large : Piece::lost;
}

/// What is there, as long as there is much of it. The last piece's fate.
Awaitable<Piece> carry_pieces(Pipe& pipe, Descriptor& from, Descriptor& to) {
  Piece piece = Piece::large;
  for (int count = 0; piece == Piece::large && count < most_pieces; ++count) {
    if (pipe.reading) {
      piece = co_await splice_piece(pipe, from, to);
    } else {
      piece = co_await copy_piece(from, to);
      if (piece == Piece::large) pipe = make_pipe();
    }
  }
  co_return piece;
}

/// Carries bytes one way until the sender's end, which is passed on: the other way may go on
/// (half-closed connections are TCP's right).
Awaitable<void> carry(std::shared_ptr<Connection> connection, Descriptor& from, Descriptor& to) {
  Pipe pipe;
  while (co_await readable(from)) {
    const Piece piece = co_await carry_pieces(pipe, from, to);
    if (piece == Piece::end) {
      ::shutdown(to.native_handle(), SHUT_WR);
      co_return;
    }
    if (piece == Piece::lost) break;
  }
  connection->client.close();
  connection->container.close();
}

/// Connects without waiting for the outcome: that comes as writability.
Fd begin_connect(const network::PublishedPort& port) {
  const SocketAddress address = address_inside(port);
  Fd socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return socket;
  if (::connect(socket.get(), address.get(), address.size) != 0 && errno != EINPROGRESS)
    socket.reset();
  return socket;
}

void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool connected(int socket) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

/// A client whose container does not answer sees a reset, as without a proxy.
void reset(int socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

Awaitable<void> serve(Loop& loop, Fd client, network::PublishedPort port) {
  Fd container = begin_connect(port);
  if (!container) {
    reset(client.get());
    co_return;
  }
  send_at_once(client.get());
  send_at_once(container.get());
  auto connection = std::make_shared<Connection>(
      Connection{Descriptor(loop, client.release()), Descriptor(loop, container.release())});
  const bool settled = co_await writable(connection->container);
  if (!settled || !connected(connection->container.native_handle())) {
    reset(connection->client.native_handle());
    co_return;
  }
  spawn(loop, "carrying a connection",
        carry(connection, connection->container, connection->client));
  co_await carry(connection, connection->client, connection->container);
}

class TcpProxy : public PortService {
 public:
  TcpProxy(Loop& loop, Fd socket, network::PublishedPort port)
      : loop_(loop),
        listener_(std::make_shared<Descriptor>(loop, socket.release())),
        port_(std::move(port)) {
    spawn(loop_, "accepting connections", accept_all(loop_, listener_, port_));
  }
  ~TcpProxy() override { listener_->close(); }

 private:
  static Awaitable<void> accept_all(Loop& loop, std::shared_ptr<Descriptor> listener,
                                    network::PublishedPort port) {
    while (co_await readable(*listener)) {
      Fd client(
          ::accept4(listener->native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (client) {
        spawn(loop, "serving a connection", serve(loop, std::move(client), port));
      } else if (errno == EMFILE || errno == ENFILE) {
        journal::warning("too many open files: connections have to wait");
        co_await sleep_for(loop, pause_without_descriptors);
      }
    }
  }

  Loop& loop_;
  std::shared_ptr<Descriptor> listener_;
  network::PublishedPort port_;
};

/// Of a protocol that goes by address translation alone.
class HeldPort : public PortService {
 public:
  explicit HeldPort(Fd socket) : socket_(std::move(socket)) {}

 private:
  Fd socket_;
};

}  // namespace

std::shared_ptr<PortService> start_tcp_proxy(Loop& loop, Fd socket,
                                             const network::PublishedPort& port) {
  return std::make_shared<TcpProxy>(loop, std::move(socket), port);
}

std::shared_ptr<PortService> PortService::start(Loop& loop, Fd socket,
                                                const network::PublishedPort& port) {
  if (port.protocol == "sctp") return std::make_shared<HeldPort>(std::move(socket));
  return port.protocol == "udp" ? start_udp_relay(loop, std::move(socket), port)
                                : start_tcp_proxy(loop, std::move(socket), port);
}

}  // namespace stack::supervisor
