// SPDX-License-Identifier: Apache-2.0
// The control socket's server side: who may come in, frames in and out. What a request means is not
// its business.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>

#include "supervisor/async.h"
#include "supervisor/project_files.h"
#include "supervisor/protocol.h"

namespace stack::supervisor {

class Server {
 public:
  /// A connection, for whoever keeps something for as long as it lasts.
  using ClientNumber = std::uint64_t;
  /// Performs one request; what it throws becomes the reply's error. What it notes in the spans,
  /// when there are any, goes with the reply either way.
  using Handler = std::function<Awaitable<Reply>(Request, ClientNumber, Spans*)>;
  /// Told when a client has come or gone.
  using Listener = std::function<void()>;

  Server(Loop& loop, const ProjectFiles& files, Handler handler, Listener sessions_changed);

  /// Binds the socket, replacing what a dead supervisor left. Throws Error.
  void open();
  /// No client is let in any more, and nobody finds the socket; sessions go on.
  void close();
  bool is_connected(ClientNumber client) const;
  /// It has closed its end, and waits for no answer; what it has sent before may be unread.
  bool has_hung_up(ClientNumber client) const;
  std::size_t sessions() const { return sessions_.size(); }
  /// Waits until what was said to all clients has gone out, or they are gone.
  Awaitable<void> flushed();

 private:
  struct Session;
  using Shared = std::shared_ptr<Session>;
  Awaitable<void> accept_all();
  Awaitable<void> read_requests(Shared session);
  Awaitable<void> perform(Shared session, NumberedRequest request);
  Awaitable<void> write_replies(Shared session);
  void say(Session& session, const std::string& message);
  void end(const Shared& session);

  Loop& loop_;
  const ProjectFiles& files_;
  Handler handler_;
  Listener sessions_changed_;
  Descriptor listener_;
  std::set<Shared> sessions_;
  ClientNumber last_client_ = 0;
  Signal output_changed_;
};

}  // namespace stack::supervisor
