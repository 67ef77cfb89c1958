// SPDX-License-Identifier: Apache-2.0
#include "network/kernel_events.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "base/error.h"
#include "network/namespaces.h"

namespace stack::network {
namespace {

constexpr std::size_t largest_packet = 65536;

void for_each_message(std::string_view packet, const std::function<void(const nlmsghdr*)>& each) {
  int rest = static_cast<int>(packet.size());
  for (const auto* m = reinterpret_cast<const nlmsghdr*>(packet.data()); mnl_nlmsg_ok(m, rest);
       m = mnl_nlmsg_next(m, &rest)) {
    each(m);
  }
}

bool is_of_rules(const nlmsghdr* message) {
  return message->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES &&
         mnl_nlmsg_get_payload_len(message) >= sizeof(nfgenmsg);
}

std::uint8_t kind_of(const nlmsghdr* message) {
  return static_cast<std::uint8_t>(message->nlmsg_type & 255);
}

std::string_view text_of(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  const auto* text = static_cast<const char*>(mnl_attr_get_payload(attribute));
  return {text, ::strnlen(text, mnl_attr_get_payload_len(attribute))};
}

/// Tables, chains, rules, sets and their elements all tell their table by attribute 1.
constexpr std::size_t table_attribute = 1;
static_assert(NFTA_TABLE_NAME == table_attribute && NFTA_CHAIN_TABLE == table_attribute &&
              NFTA_RULE_TABLE == table_attribute && NFTA_SET_TABLE == table_attribute &&
              NFTA_SET_ELEM_LIST_TABLE == table_attribute && NFTA_OBJ_TABLE == table_attribute);

TableName table_of(const nlmsghdr* message) {
  const auto* header = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
  const Attributes<table_attribute + 1> attributes(message, sizeof *header);
  return {header->nfgen_family, std::string(text_of(attributes[table_attribute]))};
}

std::string_view bytes_of_message(const nlmsghdr* message) {
  return {static_cast<const char*>(mnl_nlmsg_get_payload(message)),
          mnl_nlmsg_get_payload_len(message)};
}

std::string_view maker_of(const nlmsghdr* end) {
  const Attributes<NFTA_GEN_MAX + 1> attributes(end, sizeof(nfgenmsg));
  return text_of(attributes[NFTA_GEN_PROC_NAME]);
}

RuleChanges both(const RuleChanges& a, const RuleChanges& b) {
  return {a.own || b.own, a.others || b.others};
}

void take_link(const nlmsghdr* message, LinkChanges& changes) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  if (header->ifi_family != AF_UNSPEC) return;  // AF_BRIDGE: the same once more, as a port
  const LinkInfo link = parse_link(message);
  if (message->nlmsg_type == RTM_DELLINK) {
    changes.changed.erase(link.name);
    changes.gone.push_back(link.name);
  } else {
    changes.changed[link.name] = link;
  }
}

void take_route(const nlmsghdr* message, LinkChanges& changes) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
  if (header->rtm_dst_len <= 1) changes.default_route = true;
  if (message->nlmsg_type == RTM_DELROUTE && header->rtm_protocol == route_protocol)
    changes.own_route_gone = true;
}

std::vector<int> groups_of(EventSocket::Of what) {
  switch (what) {
    case EventSocket::Of::rules:
      return {NFNLGRP_NFTABLES};
    case EventSocket::Of::links:
      return {RTNLGRP_LINK};
    case EventSocket::Of::links_and_routes:
      return {RTNLGRP_LINK, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
  }
  return {};
}

void join_group(int fd, int group) {
  if (::setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
    throw_errno("listening to the kernel's network events");
}

}  // namespace

RuleEvents::RuleEvents(std::vector<TableName> own_tables, std::string tag, std::string own_process)
    : own_tables_(std::move(own_tables)),
      tag_(std::move(tag)),
      own_process_(std::move(own_process)) {}

RuleChanges RuleEvents::changes_by(const nlmsghdr* message) const {
  const TableName table = table_of(message);
  if (std::ranges::find(own_tables_, table) != own_tables_.end())
    return {.own = true, .others = {}};
  switch (kind_of(message)) {
    case NFT_MSG_NEWCHAIN:
    case NFT_MSG_DELCHAIN:
    case NFT_MSG_DELTABLE:
      return {.own = {}, .others = true};
    case NFT_MSG_DELRULE:
      return {.own = {}, .others = bytes_of_message(message).find(tag_) != std::string_view::npos};
    default:
      return {};
  }
}

RuleChanges RuleEvents::take(std::string_view packet) {
  RuleChanges changes;
  for_each_message(packet, [&](const nlmsghdr* message) {
    if (!is_of_rules(message)) return;
    if (kind_of(message) != NFT_MSG_NEWGEN) {
      open_ = both(open_, changes_by(message));
      return;
    }
    if (maker_of(message) != own_process_) changes = both(changes, open_);
    open_ = {};
  });
  return changes;
}

void take_link_events(std::string_view packet, LinkChanges& changes) {
  for_each_message(packet, [&](const nlmsghdr* message) {
    switch (message->nlmsg_type) {
      case RTM_NEWLINK:
      case RTM_DELLINK:
        return take_link(message, changes);
      case RTM_NEWROUTE:
      case RTM_DELROUTE:
        return take_route(message, changes);
      default:
        return;
    }
  });
}

EventSocket::EventSocket(int network_namespace, Of what) {
  const InNamespace inside(network_namespace);
  const int protocol = what == Of::rules ? NETLINK_NETFILTER : NETLINK_ROUTE;
  socket_ = Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!socket_) throw_errno("opening a netlink socket");
  // One without a number of its own is taken for the kernel, who hears no news of its own.
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw_errno("binding a netlink socket");
  for (const int group : groups_of(what)) join_group(socket_.get(), group);
}

EventSocket::Read EventSocket::read(std::string& packet) {
  packet.resize(largest_packet);
  ssize_t size = 0;
  do {
    size = ::recv(socket_.get(), packet.data(), packet.size(), 0);
  } while (size < 0 && errno == EINTR);
  const int error_number = errno;
  packet.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  if (size >= 0) return Read::packet;
  if (error_number == ENOBUFS) return Read::lost;
  if (error_number == EAGAIN) return Read::nothing;
  throw_errno("reading the kernel's network events");
}

std::string own_process_name() {
  char name[16] = {};
  ::prctl(PR_GET_NAME, name);
  return name;
}

}  // namespace stack::network
