// SPDX-License-Identifier: Apache-2.0
// The order of docker compose's structures, in which its YAML and its hash of a service have keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stack::spec {

/// The keys of an object below `key` (of the whole file: ""), in order; those that are not in the
/// list come behind these, sorted.
std::vector<std::string> keys_in_order(std::string_view key);

}  // namespace stack::spec
