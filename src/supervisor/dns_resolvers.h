// SPDX-License-Identifier: Apache-2.0
// The resolvers that questions are passed on to, and which of them have been silent lately.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/async.h"

namespace stack::supervisor {

/// One resolver: its address, of either family, and how it behaved.
struct DnsResolver {
  sockaddr_storage address{};
  socklen_t size = 0;
  Clock::time_point silent_until{};  ///< asked after all others until then
};
using DnsResolvers = std::vector<std::shared_ptr<DnsResolver>>;

/// `text`: an address, numeric, perhaps with a zone ("fe80::1%eth0"). Nothing when it is none.
std::optional<DnsResolver> parse_resolver(const std::string& text);
/// What is no address is left out.
DnsResolvers resolvers_from(const std::vector<std::string>& addresses);
/// The same, those that answered when they were asked last first.
DnsResolvers by_behaviour(DnsResolvers resolvers, Clock::time_point now);

/// Those of a resolv.conf(5), as it is now: an administrator or a network manager writes it anew
/// while the stack runs, in place, or by a new file, or by a link to somewhere else.
class ResolvConfResolvers {
 public:
  explicit ResolvConfResolvers(std::string path) : path_(std::move(path)) {}
  /// The file is looked at each time and read when it is another.
  const DnsResolvers& current();

 private:
  /// What tells one state of a file from another.
  struct State {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;
    timespec modified{}, changed{};
    bool operator==(const State& other) const;
  };
  State look() const;

  std::string path_;
  State known_;
  bool read_ = false;
  DnsResolvers resolvers_;
};

}  // namespace stack::supervisor
