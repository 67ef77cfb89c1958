// SPDX-License-Identifier: Apache-2.0
// The short notations of compose, as pure functions from text to parts: "127.0.0.1:8080:80/udp",
// "data:/var/lib/data:ro", "/dev/sda:/dev/xvda:rwm".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stack::spec {

/// Why a text is not in the notation; a sentence without a full stop.
struct Refusal {
  std::string message;
  std::string hint;
};

template <typename Value>
using Parsed = std::variant<Value, Refusal>;

struct PortParts {
  std::string host_ip;
  std::string published;  ///< "8080", "8000-8010" (one free port of these) or empty
  std::uint16_t target = 0;
  std::string protocol;
  bool operator==(const PortParts&) const = default;
};
/// [[IP:]HOST:]CONTAINER[/PROTOCOL]; ranges give one entry per port. As in docker compose an empty
/// protocol is tcp, and what stands behind another slash is not looked at.
Parsed<std::vector<PortParts>> parse_ports(std::string_view text);
/// The notation again; parse_ports(to_text(p)) is {p}.
std::string to_text(const PortParts& port);

/// A published port or range: "8080", "8000-8010". Refused when out of range.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};
Parsed<PortRange> parse_port_range(std::string_view text, std::string_view what);

/// The ports in an item of `expose`, each "80", "8000-8010" or "53/udp". Of what is often written
/// instead, "3000:3000" (the container's one) and "80,443", too; none of what is no port.
std::vector<std::string> exposed_ports(std::string_view text);

/// COUNT of a restart policy "NAME:COUNT", as docker compose reads it: up to the next colon.
/// Nothing where that is no whole number.
std::optional<std::int64_t> restart_attempts(std::string_view policy);

struct VolumeParts {
  std::string source;  ///< empty: anonymous
  std::string target;
  bool is_bind = false;
  bool read_only = false;
  bool nocopy = false;
  std::string propagation;
  std::string selinux;                       ///< "z" or "Z"
  std::vector<std::string> unknown_options;  ///< compose ignores them; we warn
};
/// [SOURCE:]TARGET[:OPTIONS]
Parsed<VolumeParts> parse_volume(std::string_view text);

/// "vendor.com/class=name": a device of the Container Device Interface, no path.
bool is_cdi_name(std::string_view text);

/// Of a CDI name, `source` and `target` are the whole of it.
struct DeviceParts {
  std::string source;
  std::string target;
  std::string permissions = "rwm";
};
Parsed<DeviceParts> parse_device(std::string_view text);

/// Those of "rwm" that are in `text`: the engine grants what it knows.
std::string device_permissions(std::string_view text);

/// "net.ipv4.ip_forward" of "net/ipv4/ip_forward": as sysctl(8), whatever separates first is the
/// separator, and the other one a dot or slash of a name.
std::string sysctl_name(std::string_view text);

bool is_ipv4(std::string_view text);
/// Of either family, without a zone ("%eth0").
bool is_ip_address(std::string_view text);
/// IPv4 or IPv6 with a prefix length.
bool is_subnet(std::string_view text);
/// Six pairs of hexadecimal digits, of one interface: an odd first byte means a group.
bool is_mac(std::string_view text);

}  // namespace stack::spec
