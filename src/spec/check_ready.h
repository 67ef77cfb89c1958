// SPDX-License-Identifier: Apache-2.0
// x-stack.ready of a service: what its values may be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

struct ReadyUrl {
  std::string host;  ///< "localhost" or an address, without brackets
  std::uint16_t port = 80;
  std::string path;  ///< with its query
};
/// "http://HOST[:PORT][/PATH]"; nothing for anything else, names that somebody would have to look
/// up too.
std::optional<ReadyUrl> parse_ready_url(std::string_view text);

/// Reports what is wrong with the readiness of a service, at its lines.
void check_ready(const Entry& service, Reporter& reporter);

}  // namespace stack::spec
