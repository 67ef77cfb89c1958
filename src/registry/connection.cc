// SPDX-License-Identifier: Apache-2.0
#include "registry/connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/files.h"
#include "base/signal_mask.h"
#include "base/text.h"
#include "registry/certificates.h"
#include "registry/network_error.h"

namespace stack::registry {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// What the resolver found; it has a thread of its own, since it may take 20 s to say that there is
/// no network.
struct Lookup {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_over = false;
  int problem = 0;
  std::vector<Address> addresses;
};

void look_up(const std::shared_ptr<Lookup>& lookup, const std::string& host,
             const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int problem = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  const std::lock_guard lock(lookup->mutex);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    Address address;
    std::copy_n(reinterpret_cast<const char*>(each->ai_addr), each->ai_addrlen,
                reinterpret_cast<char*>(&address.storage));
    address.size = each->ai_addrlen;
    lookup->addresses.push_back(address);
  }
  if (found != nullptr) ::freeaddrinfo(found);
  lookup->problem = problem;
  lookup->is_over = true;
  lookup->changed.notify_all();
}

std::vector<Address> addresses_of(const Origin& server, Milliseconds wait) {
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host = server.host, port = std::to_string(server.port)] {
    take_no_signals();
    look_up(lookup, host, port);
  }).detach();
  std::unique_lock lock(lookup->mutex);
  if (!lookup->changed.wait_for(lock, wait, [&] { return lookup->is_over; }))
    throw NetworkError(fmt::format("no answer to who {} is within {} s", printable(server.host),
                                   std::chrono::duration_cast<std::chrono::seconds>(wait).count()));
  if (lookup->problem != 0)
    throw NetworkError(
        fmt::format("{}: {}", printable(server.host), ::gai_strerror(lookup->problem)));
  return lookup->addresses;
}

/// False when the time is over.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now());
    pollfd poll{fd, events, 0};
    const int ready =
        ::poll(&poll, 1, static_cast<int>(std::max<Milliseconds::rep>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) throw_errno("poll");
  }
}

/// A connected socket, or errno.
Fd try_address(const Address& address, Clock::time_point deadline, int& problem) {
  Fd socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("socket");
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  problem = 0;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) ==
      0)
    return socket;
  problem = errno;
  if (problem != EINPROGRESS) return Fd();
  problem = ETIMEDOUT;
  if (!wait_for(socket.get(), POLLOUT, deadline)) return Fd();
  socklen_t size = sizeof problem;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
  return problem == 0 ? std::move(socket) : Fd();
}

Fd connect_to(const Origin& server, Milliseconds wait) {
  const auto addresses = addresses_of(server, wait);
  const auto deadline = Clock::now() + wait;
  int problem = EHOSTUNREACH;
  for (const Address& address : addresses) {
    if (Fd socket = try_address(address, deadline, problem)) return socket;
  }
  throw NetworkError(fmt::format("connect to {}", authority(server)), problem);
}

struct FreeTls {
  void operator()(SSL* tls) const { SSL_free(tls); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

std::string tls_problem() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text == nullptr ? "it failed" : text;
}

std::unique_ptr<SSL_CTX, FreeTls> make_context(const TlsSetup& setup) {
  std::unique_ptr<SSL_CTX, FreeTls> context(SSL_CTX_new(TLS_client_method()));
  if (!context) fail("TLS is not available");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  use_certificates(context.get(), setup);
  return context;
}

bool is_ip_address(const std::string& host) {
  return host.find(':') != std::string::npos ||
         host.find_first_not_of("0123456789.") == std::string::npos;
}

/// Whom the certificate must be for.
void expect_host(SSL* tls, const std::string& host) {
  if (is_ip_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str());
  } else {
    SSL_set_tlsext_host_name(tls, host.c_str());
    SSL_set1_host(tls, host.c_str());
  }
}

}  // namespace

void refuse_by_proxy() {
  throw Error("the proxy wants another user and password, or one at all")
      .with_hint("they are part of its address: http://USER:PASSWORD@HOST:PORT");
}

Waits waits_from_environment() {
  Waits waits;
  const char* text = std::getenv("STACK_REGISTRY_TIMEOUT");
  const auto seconds = parse_integer<unsigned>(text == nullptr ? "" : text);
  if (seconds && *seconds > 0) waits.idle = std::chrono::seconds(*seconds);
  return waits;
}

struct Connection::Parts {
  Waits waits;
  Fd socket;
  std::optional<Proxy> plain_proxy;  ///< which is told the whole address
  TlsSetup setup;
  bool lacks_certificate = false;  ///< of ours, which the server asked for
  bool has_spoken = false;         ///< the server, encrypted
  std::unique_ptr<SSL_CTX, FreeTls> context;
  std::unique_ptr<SSL, FreeTls> tls;

  void wait(short events) const {
    if (!wait_for(socket.get(), events, Clock::now() + waits.idle))
      throw NetworkError(
          fmt::format("nothing came for {} s",
                      std::chrono::duration_cast<std::chrono::seconds>(waits.idle).count()));
  }

  /// Waits for what TLS needs next; throws when it does not go on.
  void go_on(int result, Clock::time_point deadline, const char* what) const {
    const int problem = SSL_get_error(tls.get(), result);
    const short events = problem == SSL_ERROR_WANT_READ    ? POLLIN
                         : problem == SSL_ERROR_WANT_WRITE ? POLLOUT
                                                           : 0;
    if (events == 0) refuse(problem, what);
    if (!wait_for(socket.get(), events, deadline))
      throw NetworkError(fmt::format("{}: no answer", what));
  }
  [[noreturn]] void refuse(int problem, const char* what) const {
    const long verdict = SSL_get_verify_result(tls.get());
    if (verdict != X509_V_OK && SSL_get_verify_mode(tls.get()) != SSL_VERIFY_NONE)
      refuse_certificate(verdict, setup);
    if (lacks_certificate && !has_spoken) refuse_without_certificate();
    const unsigned long code = ERR_peek_error();
    if (problem == SSL_ERROR_SSL && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
      throw NoTls(fmt::format("{}: the server does not speak TLS", what));
    if (problem == SSL_ERROR_SYSCALL && errno != 0) throw NetworkError(what, errno);
    throw NetworkError(fmt::format("{}: {}", what, tls_problem()));
  }

  /// A server that wants one ends the connection, and may be too quick for us to hear why.
  [[noreturn]] void refuse_without_certificate() const {
    Error refusal("the server asked for a certificate of ours and broke off");
    if (!setup.registry.empty())
      refusal.with_hint(fmt::format("put one, and its key, into {}/client.cert and client.key",
                                    place_of_certificates(setup.registry)));
    throw refusal;
  }
  /// Called when the server asks for a certificate and we have none.
  static int note_lack(SSL* tls, X509**, EVP_PKEY**) {
    static_cast<Parts*>(SSL_get_app_data(tls))->lacks_certificate = true;
    return 0;
  }

  void start_tls(const Origin& server) {
    context = make_context(setup);
    SSL_CTX_set_client_cert_cb(context.get(), &Parts::note_lack);
    tls.reset(SSL_new(context.get()));
    SSL_set_app_data(tls.get(), this);
    expect_host(tls.get(), server.host);
    SSL_set_fd(tls.get(), socket.get());
    const auto deadline = Clock::now() + waits.connect;
    for (;;) {
      ERR_clear_error();
      errno = 0;
      const int result = SSL_connect(tls.get());
      if (result == 1) return;
      go_on(result, deadline, "TLS");
    }
  }

  /// Asks a proxy for a way through.
  void open_tunnel(Connection& connection, const Origin& server, const Proxy& proxy) {
    const bool is_v6 = server.host.find(':') != std::string::npos;
    const std::string name =
        fmt::format("{}:{}", is_v6 ? "[" + server.host + "]" : server.host, server.port);
    std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", name);
    if (!proxy.authorization.empty())
      request += fmt::format("Proxy-Authorization: {}\r\n", proxy.authorization);
    connection.write(request + "\r\n");
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n")) {
      if (head.size() > 16'384 || connection.read(&byte, 1) == 0)
        throw NetworkError("the proxy's answer makes no sense");
      head += byte;
    }
    const auto line = head.substr(0, head.find('\r'));
    const auto words = split(line, ' ');
    if (words.size() >= 2 && words[1] == "407") refuse_by_proxy();
    if (words.size() < 2 || words[1] != "200")
      throw NetworkError(fmt::format("the proxy says {}", stack::quoted(line)));
  }
};

Connection::Connection(const Origin& server, const TlsSetup& tls, const Waits& waits)
    : parts_(std::make_unique<Parts>()) {
  parts_->waits = waits;
  parts_->setup = tls;
  if (const auto proxy = proxy_for(server)) {
    during("proxy", [&] {
      parts_->socket = connect_to(proxy->origin, waits.connect);
      if (server.scheme == "https") parts_->open_tunnel(*this, server, *proxy);
    });
    if (server.scheme == "http") parts_->plain_proxy = proxy;
  } else {
    parts_->socket = connect_to(server, waits.connect);
  }
  const WithoutSigpipe guard;
  if (server.scheme == "https") parts_->start_tls(server);
}

Connection::~Connection() {
  const WithoutSigpipe guard;
  parts_.reset();
}

const std::optional<Proxy>& Connection::plain_proxy() const {
  return parts_->plain_proxy;
}

std::size_t Connection::read(char* buffer, std::size_t size) {
  std::optional<WithoutSigpipe> guard;
  if (parts_->tls) guard.emplace();
  for (;;) {
    if (parts_->tls) {
      ERR_clear_error();
      errno = 0;
      const int count = SSL_read(parts_->tls.get(), buffer,
                                 static_cast<int>(std::min<std::size_t>(size, 1 << 20)));
      if (count > 0) {
        parts_->has_spoken = true;
        return static_cast<std::size_t>(count);
      }
      if (SSL_get_error(parts_->tls.get(), count) == SSL_ERROR_ZERO_RETURN) return 0;
      parts_->go_on(count, Clock::now() + parts_->waits.idle, "read");
      continue;
    }
    const ssize_t count = ::recv(parts_->socket.get(), buffer, size, 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) throw NetworkError("read", errno);
    parts_->wait(POLLIN);
  }
}

void Connection::write(std::string_view bytes) {
  std::optional<WithoutSigpipe> guard;
  if (parts_->tls) guard.emplace();
  while (!bytes.empty()) {
    ssize_t count = 0;
    if (parts_->tls) {
      ERR_clear_error();
      errno = 0;
      count = SSL_write(parts_->tls.get(), bytes.data(),
                        static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 18)));
      if (count <= 0) {
        parts_->go_on(static_cast<int>(count), Clock::now() + parts_->waits.idle, "write");
        continue;
      }
    } else {
      count = ::send(parts_->socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) throw NetworkError("write", errno);
        parts_->wait(POLLOUT);
        continue;
      }
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace stack::registry
