// SPDX-License-Identifier: Apache-2.0
// A netlink socket and packets of several requests. The kernel handles the requests of one packet
// in order and answers each (netlink(7)), so that a whole container's network costs two packets.
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::network {

/// Requests that travel together. Each carries what it attempts, for the error message.
class Batch {
 public:
  /// Appends one request; `write` fills it with libmnl's mnl_nlmsg_put_extra_header and
  /// mnl_attr_put functions (at most 4 KiB). NLM_F_REQUEST and NLM_F_ACK are added.
  void add(std::uint16_t type, std::uint16_t flags, std::string attempt,
           const std::function<void(nlmsghdr*)>& write);

  /// A batch of which all or nothing is carried out, of a subsystem of NETLINK_NETFILTER; its
  /// messages have the subsystem's types.
  static Batch transaction(std::uint16_t subsystem);

  bool empty() const { return attempts_.empty(); }
  std::size_t size() const { return attempts_.size(); }

 private:
  friend class NetlinkSocket;
  std::string enclosed(std::uint32_t first_sequence) const;
  std::string packet_;
  std::vector<std::string> attempts_;
  std::optional<std::uint16_t> subsystem_;
};

/// The answer to one request of a batch that was refused.
struct Refusal {
  std::size_t index = 0;  ///< in the batch
  int error_number = 0;
  std::string attempt;
  std::string reason;  ///< the kernel's own words (extended acknowledgement), often empty
};

/// A netlink socket of the network namespace that the thread was in when it was made: it keeps
/// speaking to that namespace wherever the thread goes.
class NetlinkSocket {
 public:
  /// `protocol` as NETLINK_ROUTE. Throws Error.
  explicit NetlinkSocket(int protocol);

  /// Sends all and waits for every answer. Requests after a refused one are still carried out,
  /// unless it is a transaction.
  std::vector<Refusal> send(const Batch& batch);
  /// send(), throwing Error for the first refusal.
  void execute(const Batch& batch);
  /// Sends one request with NLM_F_DUMP (when `flags` says so) or for one object, and passes every
  /// answer on. Returns 0 or the errno of the kernel's refusal.
  int query(std::uint16_t type, std::uint16_t flags, const std::function<void(nlmsghdr*)>& write,
            const std::function<void(const nlmsghdr*)>& each);
  int fd() const;

 private:
  /// Sends the next `count` requests of the batch, whose first of all has the number `first`.
  void send_packet(std::string_view packet, const Batch& batch, std::size_t count,
                   std::uint32_t first, std::vector<Refusal>& refusals);

  struct Closer {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  std::unique_ptr<mnl_socket, Closer> socket_;
  std::uint32_t sequence_ = 0;
};

/// Throws Error for a refusal: "ATTEMPT: strerror (the kernel's words)".
[[noreturn]] void throw_refusal(const Refusal& refusal);

/// Appends `header` (ifinfomsg, rtmsg...) to a request.
template <typename Header>
void put_header(nlmsghdr* message, const Header& header) {
  *static_cast<Header*>(mnl_nlmsg_put_extra_header(message, sizeof header)) = header;
}

/// An attribute that holds attributes.
void put_nest(nlmsghdr* message, std::uint16_t type, const std::function<void()>& inside);

/// Attributes of an answer by their number; those above `Count` are left out.
template <std::size_t Count>
class Attributes {
 public:
  Attributes(const nlmsghdr* message, std::size_t header_size) {
    mnl_attr_parse(message, static_cast<unsigned>(header_size), &Attributes::collect, this);
  }
  explicit Attributes(const nlattr* nest) {
    mnl_attr_parse_nested(nest, &Attributes::collect, this);
  }
  const nlattr* operator[](std::size_t type) const { return found_[type]; }
  std::uint32_t u32_or(std::size_t type, std::uint32_t otherwise) const {
    const nlattr* a = found_[type];
    return a != nullptr && mnl_attr_get_payload_len(a) == 4 ? mnl_attr_get_u32(a) : otherwise;
  }

 private:
  static int collect(const nlattr* attribute, void* self) {
    const auto type = mnl_attr_get_type(attribute);
    if (type < Count) static_cast<Attributes*>(self)->found_[type] = attribute;
    return MNL_CB_OK;
  }
  std::array<const nlattr*, Count> found_{};
};

}  // namespace stack::network
