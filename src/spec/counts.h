// SPDX-License-Identifier: Apache-2.0
// How long a mistake in a value counts, when other values may go over this one. docker compose
// holds each file of the project against its schema, but reads most texts (durations, sizes) only
// when all files are merged, and of a file that is extended nothing but the service that is asked
// for.
#pragma once

#include <cstdint>

namespace stack::spec {

enum class Counts : std::uint8_t {
  by_file,    ///< in a file of the project always, in one that is only extended as `if_merged`
  always,     ///< whatever becomes of the value
  if_merged,  ///< when the merged project still has the value
  if_active,  ///< and then only when its service is not left out by its profiles
};

}  // namespace stack::spec
