// SPDX-License-Identifier: Apache-2.0
// What docker compose leaves out of `config` (values that say nothing; in JSON, extensions inside
// of objects, too) and what its JSON says of everything, said or not.
#pragma once

#include <cstdint>

#include "spec/model.h"
#include "spec/tree.h"

namespace stack::spec {

/// Which "x-" keys are kept.
enum class Extensions : std::uint8_t { at_top, everywhere };

/// The resolved tree of `project` as `stack config` prints it. `project.resolved` must be set.
Node printed_tree(const Project& project, Extensions extensions = Extensions::at_top);
/// by_meaning: as docker compose's YAML has them, the rest by name. Digits in names count as the
/// number that they are.
enum class KeyOrder : std::uint8_t { by_meaning, by_name };
void order_keys(Node& printed, KeyOrder order);
/// Adds what only the JSON form has: `command: null`, empty `ipam`, `resources`, `placement`.
void add_empty_parts(Node& printed);

}  // namespace stack::spec
