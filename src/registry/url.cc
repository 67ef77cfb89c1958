// SPDX-License-Identifier: Apache-2.0
#include "registry/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace stack::registry {
namespace {

std::uint16_t usual_port(const std::string& scheme) {
  return scheme == "https" ? 443 : 80;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::optional<in_addr> as_ipv4(std::string_view host) {
  in_addr address{};
  if (::inet_pton(AF_INET, std::string(host).c_str(), &address) != 1) return std::nullopt;
  return address;
}

std::optional<in6_addr> as_ipv6(std::string_view host) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, std::string(host).c_str(), &address) != 1) return std::nullopt;
  return address;
}

/// The IPv4 address in an IPv6 one (::ffff:127.0.0.1), or the host as it is.
std::string unmapped(std::string_view host) {
  const auto address = as_ipv6(host);
  if (!address || !IN6_IS_ADDR_V4MAPPED(&*address)) return std::string(host);
  char text[INET_ADDRSTRLEN];
  ::inet_ntop(AF_INET, &address->s6_addr[12], text, sizeof text);
  return text;
}

}  // namespace

Origin origin_of(const std::string& scheme, const std::string& host_and_port) {
  std::string_view rest = host_and_port;
  Origin origin{scheme, "", usual_port(scheme)};
  const auto refuse = [&]() { fail("invalid address {}", stack::quoted(host_and_port)); };
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) refuse();
    origin.host = to_lower(rest.substr(1, end - 1));
    if (!as_ipv6(origin.host)) refuse();
    rest.remove_prefix(end + 1);
  } else {
    const auto end = std::min(rest.find(':'), rest.size());
    origin.host = to_lower(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  if (rest.starts_with(':')) {
    const auto port = parse_integer<std::uint16_t>(rest.substr(1));
    if (!port || *port == 0) refuse();
    origin.port = *port;
  } else if (!rest.empty()) {
    refuse();
  }
  if (origin.host.empty() || !is_plain(origin.host)) refuse();
  return origin;
}

Url parse_url(const std::string& text) {
  const auto separator = text.find("://");
  const std::string scheme = to_lower(text.substr(0, separator));
  if (separator == std::string::npos || (scheme != "http" && scheme != "https"))
    fail("{} is no http or https address", stack::quoted(text));
  if (!is_plain(text)) fail("invalid address {}", stack::quoted(text));
  std::string rest = text.substr(separator + 3);
  rest = rest.substr(0, rest.find('#'));
  const auto slash = std::min(rest.find_first_of("/?"), rest.size());
  const std::string host = rest.substr(0, slash);
  if (host.find('@') != std::string::npos) fail("an address with a user in it is not followed");
  std::string target = rest.substr(slash);
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  return {origin_of(scheme, host), target};
}

Url resolve(const Url& base, const std::string& location) {
  if (location.find("://") != std::string::npos && !location.starts_with('/'))
    return parse_url(location);
  if (location.starts_with("//")) return parse_url(base.origin.scheme + ":" + location);
  if (!is_plain(location) || location.empty()) fail("invalid redirect {}", stack::quoted(location));
  if (location.starts_with('/')) return {base.origin, location};
  const std::string path = base.target.substr(0, base.target.find('?'));
  return {base.origin, path.substr(0, path.rfind('/') + 1) + location};
}

std::string authority(const Origin& origin) {
  const bool is_v6 = origin.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? fmt::format("[{}]", origin.host) : origin.host;
  return origin.port == usual_port(origin.scheme) ? host : fmt::format("{}:{}", host, origin.port);
}

std::string to_text(const Origin& origin) {
  return fmt::format("{}://{}", origin.scheme, authority(origin));
}
std::string to_text(const Url& url) {
  return to_text(url.origin) + url.target;
}

bool is_loopback(std::string_view host) {
  const std::string plain = unmapped(host);
  if (plain == "localhost" || plain == "::1") return true;
  const auto address = as_ipv4(plain);
  return address && (ntohl(address->s_addr) >> 24) == 127;
}

bool is_link_local(std::string_view host) {
  const std::string plain = unmapped(host);
  if (const auto address = as_ipv4(plain)) return (ntohl(address->s_addr) >> 16) == 0xa9fe;
  const auto address = as_ipv6(plain);
  return address && IN6_IS_ADDR_LINKLOCAL(&*address);
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_safe) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = text[at] == '%' ? from_hex(text.substr(at + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1) {
      decoded += *byte;
      at += 2;
    } else {
      decoded += text[at];
    }
  }
  return decoded;
}

}  // namespace stack::registry
