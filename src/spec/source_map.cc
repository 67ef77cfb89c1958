// SPDX-License-Identifier: Apache-2.0
#include "spec/source_map.h"

#include "base/format.h"

namespace stack::spec {

std::string to_text(const Origin& origin) {
  return fmt::format("{}:{}:{}", origin.file, origin.line, origin.column);
}

std::optional<Origin> SourceMap::find(std::string_view path) const {
  for (;;) {
    if (const auto found = origins_.find(path); found != origins_.end()) return found->second;
    const auto dot = path.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    path = path.substr(0, dot);
  }
}

}  // namespace stack::spec
