// SPDX-License-Identifier: Apache-2.0
// Who is in the way: the socket by sock_diag(7), its process by the links in /proc/PID/fd.
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "base/text.h"
#include "network/netlink.h"
#include "network/ports.h"

namespace stack::network {
namespace {

/// An address as both families can be compared: IPv4 as ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;

struct BoundSocket {
  int family = AF_INET;
  Address address{};
  bool only_v6 = false;
  std::uint32_t inode = 0;
};

Address mapped(const void* ipv4) {
  Address address{};
  address[10] = address[11] = 0xff;
  std::copy_n(static_cast<const std::uint8_t*>(ipv4), 4, address.begin() + 12);
  return address;
}

bool is_mapped(const Address& address) {
  return std::all_of(address.begin(), address.begin() + 10, [](auto byte) { return byte == 0; }) &&
         address[10] == 0xff && address[11] == 0xff;
}

bool is_any(const Address& address) {
  const auto from = address.begin() + (is_mapped(address) ? 12 : 0);
  return std::all_of(from, address.end(), [](auto byte) { return byte == 0; });
}

BoundSocket parse_wish(const std::string& host_ip) {
  BoundSocket wish;
  std::array<std::uint8_t, 4> ipv4{};
  if (::inet_pton(AF_INET, host_ip.c_str(), ipv4.data()) == 1) {
    wish.address = mapped(ipv4.data());
  } else if (::inet_pton(AF_INET6, host_ip.c_str(), wish.address.data()) == 1) {
    wish.family = AF_INET6;
    wish.only_v6 = true;
  } else {
    fail("\"{}\" is not an IP address", host_ip);
  }
  return wish;
}

/// IPv4 traffic that the socket would take.
bool covers_v4(const BoundSocket& socket) {
  if (socket.family == AF_INET || is_mapped(socket.address)) return true;
  return is_any(socket.address) && !socket.only_v6;
}

bool covers_v6(const BoundSocket& socket) {
  return socket.family == AF_INET6 && !is_mapped(socket.address);
}

/// What bind(2) would answer with EADDRINUSE.
bool is_in_the_way(const BoundSocket& other, const BoundSocket& wish) {
  const bool same_family =
      (covers_v4(other) && covers_v4(wish)) || (covers_v6(other) && covers_v6(wish));
  return same_family &&
         (is_any(other.address) || is_any(wish.address) || other.address == wish.address);
}

BoundSocket parse_socket(const nlmsghdr* message) {
  const auto* diag = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(message));
  const Attributes<INET_DIAG_SKV6ONLY + 1> attributes(message, sizeof *diag);
  BoundSocket socket;
  socket.family = diag->idiag_family;
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

/// Listening TCP sockets, or all UDP ones, at `port`.
std::vector<BoundSocket> sockets_at(std::uint16_t port, const std::string& protocol) {
  NetlinkSocket netlink(NETLINK_SOCK_DIAG);
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

bool has_open(const std::filesystem::path& descriptors, const std::string& link) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(descriptors, error)) {
    std::error_code unreadable;  // closed meanwhile
    if (std::filesystem::read_symlink(entry.path(), unreadable) == link) return true;
  }
  return false;
}

std::string command_line_of(int pid) {
  std::string text;
  try {
    text = read_file_if_exists(fmt::format("/proc/{}/cmdline", pid)).value_or("");
  } catch (const Error&) {
    return {};  // ESRCH: it has just ended
  }
  std::ranges::replace(text, '\0', ' ');
  return std::string(trim(text));
}

PortHolder holder_of(std::uint32_t inode) {
  const auto link = fmt::format("socket:[{}]", inode);
  for (const std::string& name : list_directory("/proc")) {
    const auto pid = parse_integer<int>(name);
    if (!pid || !has_open("/proc/" + name + "/fd", link)) continue;
    return {*pid, process_name(*pid), command_line_of(*pid)};
  }
  return {};
}

}  // namespace

std::optional<PortHolder> find_port_holder(const std::string& host_ip, std::uint16_t port,
                                           const std::string& protocol) {
  if (protocol == "sctp")
    return std::nullopt;  // sock_diag has them only where the module is loaded
  const BoundSocket wish = parse_wish(host_ip);
  for (const BoundSocket& socket : sockets_at(port, protocol)) {
    if (is_in_the_way(socket, wish)) return holder_of(socket.inode);
  }
  return std::nullopt;
}

}  // namespace stack::network
