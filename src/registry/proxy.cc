// SPDX-License-Identifier: Apache-2.0
#include "registry/proxy.h"

#include <arpa/inet.h>

#include <array>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "image/base64.h"

namespace stack::registry {
namespace {

std::string environment(const char* lower, const char* upper) {
  for (const char* name : {lower, upper}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

/// The bytes of an address; nothing for a name.
std::string bytes_of_address(const std::string& host) {
  std::array<char, sizeof(in6_addr)> bytes{};
  for (const auto& [family, size] : {std::pair(AF_INET, 4U), std::pair(AF_INET6, 16U)}) {
    if (::inet_pton(family, host.c_str(), bytes.data()) == 1) return {bytes.data(), size};
  }
  return "";
}

bool same_bits(std::string_view a, std::string_view b, unsigned count) {
  for (unsigned bit = 0; bit < count; ++bit) {
    if ((((a[bit / 8] ^ b[bit / 8]) >> (7 - bit % 8)) & 1) != 0) return false;
  }
  return true;
}

/// `rule` is "address/bits".
bool is_in_network(const std::string& host, const std::string& rule) {
  const auto slash = rule.find('/');
  const std::string address = bytes_of_address(host);
  const std::string network = bytes_of_address(rule.substr(0, slash));
  const auto bits = parse_integer<unsigned>(rule.substr(slash + 1));
  return !address.empty() && address.size() == network.size() && bits &&
         *bits <= address.size() * 8 && same_bits(address, network, *bits);
}

/// Takes ":port" away from a rule; false when it is there and another one.
bool has_port(std::string& rule, std::uint16_t port) {
  const auto bracket = rule.find(']');
  const auto colon = rule.rfind(':');
  const bool is_v6 = bracket == std::string::npos && rule.find(':') != colon;
  const bool has_one =
      !is_v6 && colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  const bool fits = !has_one || rule.substr(colon + 1) == std::to_string(port);
  if (has_one) rule.resize(colon);
  if (rule.starts_with('[') && rule.ends_with(']')) rule = rule.substr(1, rule.size() - 2);
  return fits;
}

bool is_exempt(const Origin& server, std::string_view text) {
  std::string rule = to_lower(trim(text));
  if (rule == "*") return true;
  if (rule.find('/') != std::string::npos) return is_in_network(server.host, rule);
  if (!has_port(rule, server.port)) return false;
  if (rule.starts_with("*.")) rule.erase(0, 1);
  if (rule.empty()) return false;
  if (rule.starts_with('.')) return server.host.ends_with(rule);
  return server.host == rule || server.host.ends_with("." + rule);
}

}  // namespace

bool is_without_proxy(const Origin& server, const std::string& rules) {
  for (const auto& rule : split(rules, ',')) {
    if (is_exempt(server, rule)) return true;
  }
  return false;
}

Proxy parse_proxy(const std::string& text) {
  const auto scheme_end = text.find("://");
  const std::string scheme = scheme_end == std::string::npos ? "http" : text.substr(0, scheme_end);
  std::string rest = scheme_end == std::string::npos ? text : text.substr(scheme_end + 3);
  rest.resize(std::min(rest.find_first_of("/?#"), rest.size()));
  Proxy proxy;
  if (const auto at = rest.rfind('@'); at != std::string::npos) {
    std::string user = rest.substr(0, at);
    if (user.find(':') == std::string::npos) user += ':';
    proxy.authorization = "Basic " + image::to_base64(percent_decoded(user));
    rest.erase(0, at + 1);
  }
  proxy.origin = parse_url(scheme + "://" + rest).origin;
  if (proxy.origin.scheme == "https") fail("a proxy that is spoken to by https is not supported");
  return proxy;
}

std::optional<Proxy> proxy_for(const Origin& server) {
  if (is_loopback(server.host)) return std::nullopt;
  const std::string text = server.scheme == "https" ? environment("https_proxy", "HTTPS_PROXY")
                                                    : environment("http_proxy", "HTTP_PROXY");
  if (text.empty() || is_without_proxy(server, environment("no_proxy", "NO_PROXY")))
    return std::nullopt;
  return during("proxy", [&] { return parse_proxy(text); });
}

}  // namespace stack::registry
