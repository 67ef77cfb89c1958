// SPDX-License-Identifier: Apache-2.0
#include "network/bound_sockets.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"

namespace stack::network {
namespace {

BoundSocket parse_socket(const nlmsghdr* message) {
  const auto* diag = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(message));
  const Attributes<INET_DIAG_SKV6ONLY + 1> attributes(message, sizeof *diag);
  BoundSocket socket;
  socket.family = diag->idiag_family;
  socket.port = ntohs(diag->id.idiag_sport);
  socket.inode = diag->idiag_inode;
  if (socket.family == AF_INET) {
    socket.address = mapped(diag->id.idiag_src);
  } else {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(diag->id.idiag_src);
    std::copy_n(bytes, socket.address.size(), socket.address.begin());
  }
  const nlattr* only_v6 = attributes[INET_DIAG_SKV6ONLY];
  socket.only_v6 = only_v6 != nullptr && mnl_attr_get_u8(only_v6) != 0;
  return socket;
}

}  // namespace

BoundSocket::Address mapped(const void* ipv4) {
  BoundSocket::Address address{};
  address[10] = address[11] = 0xff;
  std::copy_n(static_cast<const std::uint8_t*>(ipv4), 4, address.begin() + 12);
  return address;
}

bool is_mapped(const BoundSocket::Address& address) {
  return std::all_of(address.begin(), address.begin() + 10, [](auto byte) { return byte == 0; }) &&
         address[10] == 0xff && address[11] == 0xff;
}

bool is_loopback(const BoundSocket& socket) {
  constexpr BoundSocket::Address v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr std::uint8_t first_of_v4 = 127;
  if (is_mapped(socket.address)) return socket.address[12] == first_of_v4;
  return socket.address == v6;
}

std::vector<BoundSocket> bound_sockets(NetlinkSocket& netlink, std::uint16_t port,
                                       const std::string& protocol) {
  std::vector<BoundSocket> sockets;
  for (const int family : {AF_INET, AF_INET6}) {
    inet_diag_req_v2 request{};
    request.sdiag_family = static_cast<std::uint8_t>(family);
    request.sdiag_protocol = protocol == "udp" ? IPPROTO_UDP : IPPROTO_TCP;
    request.idiag_states = protocol == "udp" ? ~0U : 1U << TCP_LISTEN;
    request.id.idiag_sport = htons(port);
    const int error_number = netlink.query(
        SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, [&](nlmsghdr* m) { put_header(m, request); },
        [&](const nlmsghdr* m) { sockets.push_back(parse_socket(m)); });
    // ENOENT: this kernel has no such family.
    if (error_number != 0 && error_number != ENOENT) throw Error("listing sockets", error_number);
  }
  return sockets;
}

bool has_socket(pid_t process, std::uint32_t inode) {
  const auto link = fmt::format("socket:[{}]", inode);
  std::error_code error;
  const std::filesystem::directory_iterator all(fmt::format("/proc/{}/fd", process), error);
  for (const auto& entry : all) {
    std::error_code unreadable;  // closed meanwhile
    if (std::filesystem::read_symlink(entry.path(), unreadable) == link) return true;
  }
  return false;
}

}  // namespace stack::network
