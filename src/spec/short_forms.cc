// SPDX-License-Identifier: Apache-2.0
#include "spec/short_forms.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"

namespace stack::spec {
namespace {

struct PortText {
  std::string_view host_ip;
  std::string_view published;
  std::string_view target;
};

/// Splits from the right, because an IPv6 address has colons of its own.
PortText split_port(std::string_view text) {
  const auto target_colon = text.rfind(':');
  if (target_colon == std::string_view::npos) return {{}, {}, text};
  const auto target = text.substr(target_colon + 1);
  const auto left = text.substr(0, target_colon);
  const auto host_colon = left.rfind(':');
  if (host_colon == std::string_view::npos) return {{}, left, target};
  auto ip = left.substr(0, host_colon);
  if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
  return {ip, left.substr(host_colon + 1), target};
}

Parsed<std::uint16_t> parse_port_number(std::string_view text, std::string_view what) {
  const bool digits =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return Refusal{fmt::format("{} is not a {} number", stack::quoted(text), what), ""};
  const auto number = parse_integer<std::uint32_t>(text);
  if (!number || *number > 65535)
    return Refusal{fmt::format("{} {} is out of range (1-65535)", what, text), ""};
  return static_cast<std::uint16_t>(*number);
}

/// What stands behind the slash of "80/udp/".
std::string protocol_of(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return "tcp";
  const auto behind = text.substr(slash + 1);
  const auto protocol = behind.substr(0, behind.find('/'));
  return protocol.empty() ? "tcp" : to_lower(protocol);
}

bool is_protocol(std::string_view protocol) {
  return protocol == "tcp" || protocol == "udp" || protocol == "sctp";
}

/// "80:80/tcp" of "80:80:tcp".
std::string with_slash(std::string_view text) {
  std::string better(text);
  better[better.rfind(':')] = '/';
  return better;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_drive(std::string_view part) {
  return part.size() == 1 && is_letter(part[0]);
}

/// At its colons, but for those of a variable and behind a single letter, which is a drive's.
std::vector<std::string> split_volume(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with("${")) ++depth;
    if (text[at] == '}' && depth > 0) --depth;
    if (text[at] == ':' && depth == 0 && !is_drive(parts.back())) {
      parts.emplace_back();
    } else {
      parts.back() += text[at];
    }
  }
  return parts;
}

bool is_host_path(std::string_view source) {
  return std::string_view("./~").find(source[0]) != std::string_view::npos ||
         source.starts_with("\\\\") || (is_letter(source[0]) && source.substr(1).starts_with(':'));
}

std::string published_at(const PortRange& range, std::size_t index, bool spread) {
  if (!spread && range.first != range.last) return fmt::format("{}-{}", range.first, range.last);
  return std::to_string(range.first + index);
}

}  // namespace

Parsed<PortRange> parse_port_range(std::string_view text, std::string_view what) {
  const auto dash = text.find('-');
  const auto first = parse_port_number(text.substr(0, dash), what);
  if (const auto* refusal = std::get_if<Refusal>(&first)) return *refusal;
  PortRange range{std::get<std::uint16_t>(first), std::get<std::uint16_t>(first)};
  if (dash == std::string_view::npos) return range;
  const auto last = parse_port_number(text.substr(dash + 1), what);
  if (const auto* refusal = std::get_if<Refusal>(&last)) return *refusal;
  range.last = std::get<std::uint16_t>(last);
  if (range.last < range.first)
    return Refusal{fmt::format("{} range {} ends before it begins", what, text), ""};
  return range;
}

Parsed<std::vector<PortParts>> parse_ports(std::string_view text) {
  const std::string protocol = protocol_of(text);
  if (!is_protocol(protocol))
    return Refusal{fmt::format("{} is not a protocol", stack::quoted(protocol)),
                   "tcp, udp or sctp"};
  const auto parts = split_port(text.substr(0, text.find('/')));
  if (parts.target.empty())
    return Refusal{fmt::format("no container port in {}", stack::quoted(text)), "HOST:CONTAINER"};
  if (is_protocol(parts.target) && text.find(':') != std::string_view::npos)
    return Refusal{
        fmt::format("the protocol {} stands behind a colon", stack::quoted(parts.target)),
        with_slash(text)};
  if (!parts.host_ip.empty() && !is_ip_address(parts.host_ip))
    return Refusal{fmt::format("{} is not an IP address", stack::quoted(parts.host_ip)), ""};
  const auto targets_or = parse_port_range(parts.target, "container port");
  if (const auto* refusal = std::get_if<Refusal>(&targets_or)) return *refusal;
  const auto targets = std::get<PortRange>(targets_or);
  if (targets.first == 0) return Refusal{"container port 0 is out of range (1-65535)", ""};
  PortRange published;
  if (!parts.published.empty()) {
    const auto published_or = parse_port_range(parts.published, "host port");
    if (const auto* refusal = std::get_if<Refusal>(&published_or)) return *refusal;
    published = std::get<PortRange>(published_or);
  }
  const std::size_t count = static_cast<std::size_t>(targets.last - targets.first) + 1;
  const bool same_length = published.last - published.first == targets.last - targets.first;
  if (!parts.published.empty() && !same_length && count > 1) {
    return Refusal{
        fmt::format("the port ranges {} and {} differ in length", parts.published, parts.target),
        ""};
  }
  std::vector<PortParts> ports;
  for (std::size_t index = 0; index < count; ++index) {
    const auto target = static_cast<std::uint16_t>(targets.first + index);
    ports.push_back({std::string(parts.host_ip),
                     parts.published.empty() ? "" : published_at(published, index, same_length),
                     target, protocol});
  }
  return ports;
}

std::string to_text(const PortParts& port) {
  std::string text;
  if (!port.host_ip.empty()) {
    const bool is_v6 = port.host_ip.find(':') != std::string::npos;
    text = is_v6 ? "[" + port.host_ip + "]:" : port.host_ip + ":";
  }
  if (!port.published.empty() || !port.host_ip.empty()) text += port.published + ":";
  return fmt::format("{}{}/{}", text, port.target, port.protocol);
}

std::vector<std::string> exposed_ports(std::string_view text) {
  std::vector<std::string> ports;
  for (const auto& part : split(text, ',')) {
    std::string port = part.substr(part.rfind(':') + 1);
    const auto slash = port.find('/');
    const auto range = parse_port_range(std::string_view(port).substr(0, slash), "container port");
    const auto* const parsed = std::get_if<PortRange>(&range);
    if (parsed != nullptr && parsed->first > 0 && is_protocol(protocol_of(port)))
      ports.push_back(std::move(port));
  }
  return ports;
}

std::optional<std::int64_t> restart_attempts(std::string_view policy) {
  const auto colon = policy.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto behind = policy.substr(colon + 1);
  return parse_integer<std::int64_t>(behind.substr(0, behind.find(':')));
}

namespace {

/// How far what a virtual machine sees may lag behind: here all is one and the same.
bool is_consistency(std::string_view option) {
  return option == "cached" || option == "delegated" || option == "consistent";
}

}  // namespace

Parsed<VolumeParts> parse_volume(std::string_view text) {
  static constexpr std::array<std::string_view, 6> propagations = {"private", "rprivate", "shared",
                                                                   "rshared", "slave",    "rslave"};
  VolumeParts volume;
  if (text.empty()) return Refusal{"an empty volume", "[SOURCE:]TARGET[:OPTIONS]"};
  if (text.size() <= 2) {
    volume.target = std::string(text);
    return volume;
  }
  const auto fields = split_volume(text);
  if (std::ranges::find(fields, std::string()) != fields.end()) {
    return Refusal{
        fmt::format("volume {} has an empty part between its colons", stack::quoted(text)),
        "[SOURCE:]TARGET[:OPTIONS]"};
  }
  if (fields.size() > 3) {
    return Refusal{fmt::format("volume {} has too many colons", stack::quoted(text)),
                   "[SOURCE:]TARGET[:OPTIONS]"};
  }
  if (fields.size() == 1) {
    volume.target = fields[0];
    return volume;
  }
  volume.source = fields[0];
  volume.target = fields[1];
  volume.is_bind = is_host_path(volume.source);
  if (fields.size() == 2) return volume;
  for (const auto& option : split(fields[2], ',')) {
    if (option == "ro") {
      volume.read_only = true;
    } else if (option == "nocopy") {
      volume.nocopy = true;
    } else if (option == "z" || option == "Z") {
      volume.selinux = option;
    } else if (std::ranges::find(propagations, option) != propagations.end()) {
      volume.propagation = option;
    } else if (option != "rw" && !is_consistency(option)) {
      volume.unknown_options.push_back(option);
    }
  }
  return volume;
}

bool is_cdi_name(std::string_view text) {
  const auto equals = text.find('=');
  const auto slash = text.find('/');
  return !text.starts_with('/') && !text.starts_with('.') && slash < equals &&
         equals != std::string_view::npos;
}

Parsed<DeviceParts> parse_device(std::string_view text) {
  if (is_cdi_name(text)) return DeviceParts{std::string(text), std::string(text)};  // with colons
  const auto fields = split(text, ':');
  if (fields.size() > 3)
    return Refusal{fmt::format("{} is not a device", stack::quoted(text)), "SOURCE[:TARGET[:rwm]]"};
  DeviceParts device;
  device.source = fields[0];
  device.target = fields.size() > 1 && !fields[1].empty() ? fields[1] : fields[0];
  if (fields.size() > 2) device.permissions = fields[2];
  return device;
}

std::string device_permissions(std::string_view text) {
  std::string permissions(text);
  std::erase_if(permissions,
                [](char c) { return std::string_view("rwm").find(c) == std::string_view::npos; });
  return permissions;
}

std::string sysctl_name(std::string_view text) {
  std::string name(text);
  const auto separator = name.find_first_of("./");
  if (separator == std::string::npos || name[separator] == '.') return name;
  for (char& c : name) c = c == '/' ? '.' : c == '.' ? '/' : c;
  return name;
}

namespace {

/// inet_pton(3) reads up to a NUL, which may well be inside of a text.
bool is_address(int family, std::string_view text) {
  in6_addr address{};
  return text.find('\0') == std::string_view::npos &&
         inet_pton(family, std::string(text).c_str(), &address) == 1;
}

bool is_hex_pair(std::string_view text) {
  return text.size() == 2 && parse_integer<std::uint8_t>(text, 16).has_value();
}

}  // namespace

bool is_ipv4(std::string_view text) {
  return is_address(AF_INET, text);
}

bool is_ip_address(std::string_view text) {
  return is_ipv4(text) || is_address(AF_INET6, text);
}

bool is_subnet(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto address = text.substr(0, slash);
  const auto length = parse_integer<unsigned>(text.substr(slash + 1));
  return length && is_ip_address(address) && *length <= (is_ipv4(address) ? 32U : 128U);
}

bool is_mac(std::string_view text) {
  const auto pairs = split(text, ':');
  return pairs.size() == 6 && std::ranges::all_of(pairs, is_hex_pair) &&
         *parse_integer<std::uint8_t>(pairs[0], 16) % 2 == 0;
}

}  // namespace stack::spec
