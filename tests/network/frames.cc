// SPDX-License-Identifier: Apache-2.0
#include "frames.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "network/link_requests.h"
#include "network/namespaces.h"

namespace stack::network::test {
namespace {

constexpr int patience_ms = 20'000;
constexpr std::size_t shortest_frame = 60;

std::string number(unsigned value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    text += static_cast<char>(value >> shift & 255);
  return text;
}

std::uint32_t sum_of(const std::string& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
    sum += i % 2 == 0 ? byte << 8 : byte;
  }
  return sum;
}

/// RFC 1071.
std::string checksum(const std::string& bytes) {
  std::uint32_t sum = sum_of(bytes);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return number(~sum & 0xffff, 2);
}

}  // namespace

std::string mac_bytes(const std::string& text) {
  const Mac mac = parse_mac(text);
  return {mac.begin(), mac.end()};
}

std::string frame(const std::string& to, const std::string& from, int type,
                  const std::string& content) {
  std::string bytes =
      mac_bytes(to) + mac_bytes(from) + number(static_cast<unsigned>(type), 2) + content;
  if (bytes.size() < shortest_frame) bytes.resize(shortest_frame, '\0');
  return bytes;
}

std::string arp(const std::string& from, const std::string& sender_mac, Ipv4 sender_ip) {
  const std::string ip = number(sender_ip.value, 4);
  return frame(everybody, from, ETHERTYPE_ARP,
               number(1, 2) + number(ETHERTYPE_IP, 2) + number(6, 1) + number(4, 1) + number(2, 2) +
                   mac_bytes(sender_mac) + ip + mac_bytes(everybody) + ip);
}

std::string tagged(const std::string& frame) {
  return frame.substr(0, 12) + number(ETHERTYPE_VLAN, 2) + number(0, 2) + frame.substr(12);
}

std::string ipv4(const std::string& from, Ipv4 source) {
  const std::string udp = number(9, 2) + number(9, 2) + number(12, 2) + number(0, 2) + "mine";
  const std::string before = number(0x45, 1) + number(0, 1) +
                             number(20 + static_cast<unsigned>(udp.size()), 2) + number(0, 4) +
                             number(64, 1) + number(17, 1);
  const std::string addresses = number(source.value, 4) + number(0xffffffff, 4);
  const std::string sum = checksum(before + number(0, 2) + addresses);
  return frame(everybody, from, ETHERTYPE_IP, before + sum + addresses + udp);
}

std::string icmpv6(const std::string& from, Ipv6 source, int type, Ipv6 target) {
  const std::string nodes = wire(*parse_ipv6("ff02::1"));
  const std::string head = number(static_cast<unsigned>(type), 1) + number(0, 1);
  const std::string rest = number(0x20000000, 4) + wire(target);
  const auto length = static_cast<unsigned>(head.size() + 2 + rest.size());
  const std::string sum = checksum(wire(source) + nodes + number(length, 4) + number(58, 4) + head +
                                   number(0, 2) + rest);
  return frame("33:33:00:00:00:01", from, ETHERTYPE_IPV6,
               number(0x60000000, 4) + number(length, 2) + number(58, 1) + number(255, 1) +
                   wire(source) + nodes + head + sum + rest);
}

Wire::Wire(int network_namespace, const std::string& interface) {
  const InNamespace inside(network_namespace);
  socket_ = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
  if (!socket_) throw_errno("opening a packet socket");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw_errno("binding a packet socket to {}", interface);
}

void Wire::send(const std::string& frame) const {
  if (::send(socket_.get(), frame.data(), frame.size(), 0) < 0) throw_errno("sending a frame");
}

bool Wire::hears(const std::string& frame, const std::string& last) const {
  std::string heard(65536, '\0');
  bool came = false;
  for (;;) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, patience_ms) != 1) fail("the last frame did not come");
    const auto size = ::recv(socket_.get(), heard.data(), heard.size(), 0);
    if (size < 0) throw_errno("receiving a frame");
    const std::string_view packet(heard.data(), static_cast<std::size_t>(size));
    if (packet == last) return came;
    // The kernel takes a VLAN tag off; then what is behind it is what comes.
    came = came || packet == frame ||
           (packet.size() + 4 == frame.size() && packet.substr(12) == frame.substr(16));
  }
}

}  // namespace stack::network::test
