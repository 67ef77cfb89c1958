// SPDX-License-Identifier: Apache-2.0
#include "network/nftables.h"

#include <utility>
#include <vector>

#include "network/nft_script.h"

namespace stack::network {
namespace {

/// Closing any socket of NETLINK_NETFILTER waits until the kernel has taken apart what transactions
/// of its namespace left behind: an RCU period of 10 to 15 ms. So it is not done while somebody
/// waits for us.
std::vector<NetlinkSocket>& retired() {
  static std::vector<NetlinkSocket> all;
  return all;
}

constexpr std::size_t most_retired = 64;

}  // namespace

void run_nft(const std::string& script) {
  NetlinkSocket socket(NETLINK_NETFILTER);
  socket.execute(compile_nft(script));
  retire(std::move(socket));
}

void retire(NetlinkSocket socket) {
  if (retired().size() >= most_retired) close_nft_sockets();
  retired().push_back(std::move(socket));
}

void close_nft_sockets() {
  retired().clear();
}

void add_nft_request(Batch& transaction, int message, int flags, std::uint8_t family,
                     std::string attempt, const std::function<void(nlmsghdr*)>& write) {
  transaction.add(nft_message(message), static_cast<std::uint16_t>(flags), std::move(attempt),
                  [&](nlmsghdr* m) {
                    put_header(m, nfgenmsg{family, NFNETLINK_V0, 0});
                    write(m);
                  });
}

}  // namespace stack::network
