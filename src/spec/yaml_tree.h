// SPDX-License-Identifier: Apache-2.0
// Bytes to tree. yaml-cpp only scans: anchors, merge keys, duplicate keys, kinds of scalars and all
// limits are decided here, because the library decides them silently or wrongly.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// Limits against hostile files; see docs of each error.
inline constexpr std::size_t kMaxSourceBytes = 4U << 20;
inline constexpr std::size_t kMaxDepth = 100;
inline constexpr std::size_t kMaxAliasNodes = 100'000;

/// The documents of source number `file` (see Reporter::add_file), in order; empty documents are
/// left out. Mistakes go to `reporter`; a document with a syntax error ends the list.
std::vector<Node> parse_yaml(std::uint16_t file, Reporter& reporter);

/// True when the bytes may be given to parse_yaml; otherwise says why not: too large, not UTF-8,
/// control characters. Reported at the line of the first bad byte.
bool check_bytes(std::uint16_t file, Reporter& reporter);

}  // namespace stack::spec
