// SPDX-License-Identifier: Apache-2.0
#include "spec/schema.h"

#include <algorithm>

namespace stack::spec {

const Field* Schema::find(std::string_view key) const {
  const auto found = std::ranges::find(fields, key, &Field::key);
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace stack::spec
