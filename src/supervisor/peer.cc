// SPDX-License-Identifier: Apache-2.0
#include "supervisor/peer.h"

#include <sys/socket.h>

#include <array>

#include "base/error.h"
#include "base/process.h"
#include "supervisor/control_connection.h"
#include "supervisor/protocol.h"

namespace stack::supervisor {
namespace {

/// How long an answer may take, the start of a successor included.
constexpr auto longest_answer = std::chrono::seconds(20);
constexpr auto pause_between_tries = std::chrono::milliseconds(20);

/// One connection, for one question.
class Conversation {
 public:
  Conversation(Loop& loop, Fd socket, Clock::time_point deadline)
      : socket_(loop, socket.release()), deadline_(deadline) {}

  /// Nothing when the other side went away, or said nothing in time.
  Awaitable<std::optional<std::string>> next_message() {
    std::array<char, 65536> bytes;
    for (;;) {
      if (auto message = input_.next()) co_return message;
      if (!co_await readable_until(socket_, deadline_)) co_return std::nullopt;
      const ssize_t size =
          ::recv(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (size <= 0) co_return std::nullopt;
      input_.feed({bytes.data(), static_cast<std::size_t>(size)});
    }
  }

  /// False when the other side went away.
  Awaitable<bool> say(std::string bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t count = ::send(socket_.native_handle(), bytes.data() + sent,
                                   bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count > 0) {
        sent += static_cast<std::size_t>(count);
      } else if (errno == EAGAIN) {
        if (!co_await writable_until(socket_, deadline_)) co_return false;
      } else if (errno != EINTR) {
        co_return false;
      }
    }
    co_return true;
  }

 private:
  Descriptor socket_;
  FrameSplitter input_;
  Clock::time_point deadline_;
};

/// Nothing when the connection was lost before the answer.
Awaitable<std::optional<Reply>> ask_once(Loop& loop, ProjectFiles stack, std::string question,
                                         Clock::time_point deadline) {
  Fd socket = connect_control_socket(stack);
  if (!socket) co_return std::nullopt;
  Conversation talk(loop, std::move(socket), deadline);
  const std::optional<std::string> hello = co_await talk.next_message();
  if (!hello) co_return std::nullopt;
  check_hello(*hello);
  if (!co_await talk.say(std::move(question))) co_return std::nullopt;
  const std::optional<std::string> answer = co_await talk.next_message();
  if (!answer) co_return std::nullopt;
  co_return decode_reply(*answer);
}

}  // namespace

bool is_kept(const ProjectFiles& stack) {
  return has_keeper(stack);
}

Awaitable<Reply> ask_peer(Loop& loop, ProjectFiles stack, Request request) {
  const auto deadline = Clock::now() + longest_answer;
  const std::string question = frame(encode_request({1, std::move(request), false}));
  while (Clock::now() < deadline && is_kept(stack)) {
    std::optional<Reply> reply = co_await ask_once(loop, stack, question, deadline);
    if (reply && reply->error) throw Error(*reply->error);
    if (reply) co_return std::move(*reply);
    co_await sleep_for(loop, pause_between_tries);
  }
  throw Error(fmt::format("the supervisor of stack {} does not answer", stack.project))
      .with_hint("`stack up` or `stack start` starts it again");
}

}  // namespace stack::supervisor
