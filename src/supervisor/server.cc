// SPDX-License-Identifier: Apache-2.0
#include "supervisor/server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "supervisor/journal.h"

namespace stack::supervisor {
namespace {

/// A client that lets this much pile up does not read; it is dropped.
constexpr std::size_t most_unsent = 64U << 20;

Fd listen_at(const std::filesystem::path& path) {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("socket");
  // By way of a descriptor: sun_path has room for 108 bytes only.
  const Fd directory = open_file(path.parent_path(), O_PATH | O_DIRECTORY);
  const auto short_path =
      fmt::format("/proc/self/fd/{}/{}", directory.get(), path.filename().native());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  short_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  fail_point("server.bind");
  ::unlink(path.c_str());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0)
    throw_errno("listening at {}", path.native());
  return socket;
}

/// Only who runs the stack, and root. The directory's mode says so already; this says it again.
bool may_enter(int client) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

struct Server::Session {
  Session(Loop& loop, Fd client, ClientNumber its_number)
      : number(its_number), socket(loop, client.release()), output_ready(loop) {}
  ClientNumber number;
  Descriptor socket;
  std::string unsent;
  Signal output_ready;
  bool open = true;
};

Server::Server(Loop& loop, const ProjectFiles& files, Handler handler, Listener sessions_changed)
    : loop_(loop),
      files_(files),
      handler_(std::move(handler)),
      sessions_changed_(std::move(sessions_changed)),
      listener_(loop),
      output_changed_(loop) {}

void Server::open() {
  listener_.assign(listen_at(files_.control_socket()).release());
  spawn(loop_, "accepting clients", accept_all());
}

void Server::close() {
  ::unlink(files_.control_socket().c_str());
  listener_.close();
}

Awaitable<void> Server::accept_all() {
  while (co_await readable(listener_)) {
    Fd client(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client && (errno == EMFILE || errno == ENFILE))
      co_await sleep_for(loop_, std::chrono::milliseconds(100));
    if (!client || !may_enter(client.get())) continue;
    auto session = std::make_shared<Session>(loop_, std::move(client), ++last_client_);
    sessions_.insert(session);
    sessions_changed_();
    say(*session, encode_hello());
    spawn(loop_, "writing to a client", write_replies(session));
    spawn(loop_, "reading from a client", read_requests(session));
  }
}

Awaitable<void> Server::read_requests(Shared session) {
  FrameSplitter input;
  std::vector<char> bytes(65536);
  while (session->open) {
    if (!co_await readable(session->socket)) break;
    const ssize_t size = ::recv(session->socket.native_handle(), bytes.data(), bytes.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size <= 0) break;
    try {
      input.feed({bytes.data(), static_cast<std::size_t>(size)});
      while (const auto message = input.next())
        spawn(loop_, "performing a request", perform(session, decode_request(*message)));
    } catch (const Error& error) {
      // It does not speak our language: there is no request to answer.
      journal::warning(error.what());
      break;
    }
  }
  end(session);
}

Awaitable<void> Server::perform(Shared session, NumberedRequest request) {
  Reply reply;
  Spans spans;
  Spans* const trace = request.traced ? &spans : nullptr;
  try {
    reply = co_await handler_(std::move(request.request), session->number, trace);
  } catch (const Error& error) {
    reply.error = error;
  } catch (const std::exception& error) {
    reply.error = Error(error.what());
  }
  reply.id = request.id;
  reply.spans = std::move(spans);
  say(*session, encode_reply(reply));
}

void Server::say(Session& session, const std::string& message) {
  if (!session.open) return;
  session.unsent += frame(message);
  session.output_ready.notify_all();
}

/// One for each client: a slow one holds up nobody else.
Awaitable<void> Server::write_replies(Shared session) {
  while (session->open && session->unsent.size() < most_unsent) {
    if (session->unsent.empty()) {
      co_await session->output_ready.wait();
      continue;
    }
    const ssize_t sent = ::send(session->socket.native_handle(), session->unsent.data(),
                                session->unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) break;
    if (sent > 0) session->unsent.erase(0, static_cast<std::size_t>(sent));
    if (session->unsent.empty()) output_changed_.notify_all();
    if (sent < 0 && !co_await writable(session->socket)) break;
  }
  end(session);
}

void Server::end(const Shared& session) {
  if (!std::exchange(session->open, false)) return;
  session->socket.close();
  session->unsent.clear();
  session->output_ready.notify_all();
  sessions_.erase(session);
  output_changed_.notify_all();
  sessions_changed_();
}

bool Server::is_connected(ClientNumber client) const {
  for (const Shared& session : sessions_)
    if (session->number == client) return true;
  return false;
}

bool Server::has_hung_up(ClientNumber client) const {
  for (const Shared& session : sessions_) {
    if (session->number != client) continue;
    pollfd end{session->socket.native_handle(), POLLRDHUP, 0};
    return ::poll(&end, 1, 0) > 0 && (end.revents & (POLLRDHUP | POLLHUP)) != 0;
  }
  return true;
}

Awaitable<void> Server::flushed() {
  const auto pending = [this] {
    for (const Shared& session : sessions_)
      if (!session->unsent.empty()) return true;
    return false;
  };
  while (pending()) co_await output_changed_.wait();
}

}  // namespace stack::supervisor
