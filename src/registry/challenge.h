// SPDX-License-Identifier: Apache-2.0
// What a registry asks of a stranger: the header WWW-Authenticate.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stack::registry {

struct Challenge {
  std::string scheme;                             ///< lower case: "basic", "bearer"
  std::map<std::string, std::string> parameters;  ///< keys in lower case
};

/// All of one header. What is malformed ends the list.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace stack::registry
