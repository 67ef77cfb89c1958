// SPDX-License-Identifier: Apache-2.0
// Checks of addresses and of what a service says about its networks. Whether an address lies in a
// subnet is a question for those who know the networks (orchestrator/lower_network).
#include <algorithm>

#include "base/text.h"
#include "spec/expand.h"
#include "spec/shape.h"
#include "spec/short_forms.h"

namespace stack::spec {
namespace {

using Check = bool (*)(std::string_view text);

constexpr std::size_t longest_interface_name = 15;

/// Text that `fits` refuses, but for a variable that is kept as it stands.
bool is_wrong(const Node& node, const Shaping& shaping, Check fits) {
  return node.is_string() && !is_kept(node, shaping) && !fits(node.text);
}

/// The same where nothing, as of a variable that is not set, is as if the key were not there.
bool is_wrong_if_said(const Node& node, const Shaping& shaping, Check fits) {
  return !node.text.empty() && is_wrong(node, shaping, fits);
}

bool is_ipv6(std::string_view text) {
  return is_ip_address(text) && !is_ipv4(text);
}

bool is_plain_address(std::string_view text) {
  return is_ipv4(text) || is_ipv6(text);
}

/// What dev_valid_name() of the kernel takes.
bool is_interface_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_interface_name && text != "." && text != ".." &&
         text != "lo" && text.find_first_of("/: \t\n\r\v\f") == std::string_view::npos;
}

}  // namespace

void refine_ipv4(Node& node, const Where& where, Shaping& shaping) {
  if (is_wrong_if_said(node, shaping, &is_ipv4))
    wrong_value(node, node.text, shaping, where, "an IPv4 address");
}

void refine_ipv6(Node& node, const Where& where, Shaping& shaping) {
  if (is_wrong_if_said(node, shaping, &is_ipv6))
    wrong_value(node, node.text, shaping, where, "an IPv6 address");
}

void refine_ip_address(Node& node, const Where& where, Shaping& shaping) {
  if (is_wrong_if_said(node, shaping, &is_plain_address))
    wrong_value(node, node.text, shaping, where, "an IP address");
}

void refine_ip_addresses(Node& node, const Where& where, Shaping& shaping) {
  for (auto& entry : node.entries) refine_ip_address(entry.value, where, shaping);
}

void refine_link_locals(Node& node, const Where& where, Shaping& shaping) {
  for (auto& item : node.items)
    if (is_wrong(item, shaping, &is_plain_address))
      wrong_value(item, item.text, shaping, where, "an IP address");
}

void refine_interface_name(Node& node, const Where& where, Shaping& shaping) {
  if (is_wrong_if_said(node, shaping, &is_interface_name))
    wrong_value(node, node.text, shaping, where, "a name for an interface").hint =
        "at most 15 characters, without spaces, slashes and colons, and not lo";
}

void refine_subnet(Node& node, const Where& where, Shaping& shaping) {
  if (is_wrong(node, shaping, &is_subnet))
    wrong_value(node, node.text, shaping, where, "a subnet").hint = "like 10.5.0.0/24";
}

void refine_ip_range(Node& node, const Where& where, Shaping& shaping) {
  if (!node.text.empty()) refine_subnet(node, where, shaping);
}

void refine_mac(Node& node, const Where& where, Shaping& shaping) {
  if (is_wrong_if_said(node, shaping, &is_mac))
    wrong_value(node, node.text, shaping, where, "a MAC address").hint =
        "like 02:42:ac:11:00:02; the first byte is even";
}

}  // namespace stack::spec
