// SPDX-License-Identifier: Apache-2.0
// Many datagrams received by one system call, and answered by another (recvmmsg(2), sendmmsg(2)).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <string_view>

namespace stack::supervisor {

/// Room for some datagrams and their replies; one serves all sockets of a thread in turn.
class Datagrams {
 public:
  static constexpr std::size_t most = 32;
  static constexpr std::size_t largest = 4096;  ///< what is longer is cut

  /// Takes what waits at `socket`, without waiting. How many came; those from before are gone.
  std::size_t receive(int socket);
  std::string_view message(std::size_t index) const;
  sockaddr_in sender(std::size_t index) const { return senders_[index]; }
  /// What `message` is answered with; empty: nothing. Its memory is used again.
  std::string& reply(std::size_t index) { return replies_[index]; }
  /// Sends the replies to the messages that were received. One that cannot be sent now is lost, as
  /// datagrams are.
  void send_replies(int socket);

 private:
  std::size_t count_ = 0;
  std::array<std::array<char, largest>, most> bytes_;
  std::array<std::size_t, most> sizes_{};
  std::array<sockaddr_in, most> senders_{};
  std::array<std::string, most> replies_;
};

}  // namespace stack::supervisor
