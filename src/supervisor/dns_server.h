// SPDX-License-Identifier: Apache-2.0
// The resolver that one container sees at 127.0.0.11:53. Its sockets are made inside the
// container's network namespace, at ports of the kernel's choice to which a rule there leads port
// 53, and are served here: the container can have its own server on port 53, and nothing of the
// host can clash. They are bound to its loopback interface: nobody else's packets get there,
// however the container is set up to route.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "network/dns_answers.h"
#include "supervisor/async.h"
#include "supervisor/counted.h"
#include "supervisor/datagrams.h"
#include "supervisor/dns_forwarder.h"

namespace stack::supervisor {

/// Where a container's resolver listens; 0: nowhere.
struct DnsPorts {
  std::uint16_t udp = 0;
  std::uint16_t tcp = 0;
  bool operator==(const DnsPorts&) const = default;
};

/// What a container's resolver answers out of. Asked for each query, as both change while it runs,
/// and not after stop().
struct DnsSource {
  /// Names as this container sees them at the moment; good until the next co_await.
  std::function<network::DnsAnswers&()> answers;
  /// Who is asked about names of the world; nullptr: nobody, such questions are refused.
  std::function<std::shared_ptr<DnsForwarder>()> forwarder;
};

class DnsServer : public std::enable_shared_from_this<DnsServer> {
 public:
  /// Opens the sockets inside `container_namespace`, at the ports of `before` where those are free
  /// (adoption), sets the rule when they are others, and serves. Throws Error.
  static std::shared_ptr<DnsServer> start(Loop& loop, int container_namespace, DnsPorts before,
                                          DnsSource source);
  DnsPorts ports() const { return ports_; }
  void stop();

 private:
  /// A question that somebody else has to answer.
  struct Question {
    std::string query;
    sockaddr_in client;
    Clock::time_point asked;
  };

  DnsServer(Loop& loop, DnsSource source);
  void open(int container_namespace, DnsPorts before);

  using Self = std::shared_ptr<DnsServer>;
  static Awaitable<void> serve_udp(Self self);
  void answer_all(Datagrams& datagrams, std::size_t count);
  void pass_on(Question question);
  static Awaitable<void> forward(Self self, Question question, Counted);
  static Awaitable<std::string> ask_forwarder(Self self, std::string query, DnsTransport transport);
  void reply(const Question& question, std::string_view text);
  static Awaitable<void> accept_tcp(Self self);
  static Awaitable<void> serve_tcp(Self self, Fd connection, Counted);

  Loop* loop_;
  DnsSource source_;
  Descriptor udp_;
  Descriptor tcp_;
  DnsPorts ports_;
  std::size_t forwarding_ = 0;
  std::deque<Question> waiting_;  ///< for their turn to be forwarded
  std::size_t connections_ = 0;
};

}  // namespace stack::supervisor
