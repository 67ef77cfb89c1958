// SPDX-License-Identifier: Apache-2.0
// Addresses of registries. Whom a password may be told is decided by origin: scheme, host and port.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stack::registry {

struct Origin {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  bool operator==(const Origin&) const = default;
};

struct Url {
  Origin origin;
  std::string target;  ///< path and query, beginning with "/"
};

/// Throws Error for anything but http and https, and for one with a user's name in it.
Url parse_url(const std::string& text);
/// What a header Location means, said by `base`.
Url resolve(const Url& base, const std::string& location);
std::string to_text(const Url& url);
std::string to_text(const Origin& origin);
/// "host", "host:port" or "[v6]:port" as it stands in names of images.
Origin origin_of(const std::string& scheme, const std::string& host_and_port);
/// As it stands in a header Host: without the scheme's usual port.
std::string authority(const Origin& origin);

/// localhost, 127.0.0.0/8, ::1.
bool is_loopback(std::string_view host);
/// 169.254.0.0/16 and fe80::/10: what clouds tell their machines' secrets at.
bool is_link_local(std::string_view host);

/// Each byte but letters, digits and "-._~" as %XX.
std::string percent_encoded(std::string_view text);
/// Each %XX as its byte; what is no such thing stays.
std::string percent_decoded(std::string_view text);

}  // namespace stack::registry
