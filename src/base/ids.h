// SPDX-License-Identifier: Apache-2.0
// Random and derived identifiers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stack {

/// `digits` lower-case hex digits from getrandom(2).
std::string random_hex(std::size_t digits);

/// A new container id: 64 hex digits, as docker's. The first twelve are the container's host name:
/// they are not all decimal, which resolvers would take for an address.
std::string new_container_id();

constexpr std::size_t short_id_length = 12;
/// Of an id of a container, network or image what tables show and names are made of: its first
/// twelve hex digits, without the "sha256:" before them.
std::string short_id(std::string_view id);

/// FNV-1a, 64 bit: for short stable names (interfaces, anonymous volumes), never for trust.
std::uint64_t stable_hash(std::string_view text);
/// `digits` (at most 64) hex digits that depend only on `text`.
std::string stable_hex(std::string_view text, std::size_t digits);

}  // namespace stack
