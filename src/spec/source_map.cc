// SPDX-License-Identifier: Apache-2.0
#include "spec/source_map.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "spec/tree.h"

namespace stack::spec {
namespace {

/// One step of a path: where it stands, what is there, and how much of the path it took.
struct Step {
  Place place;
  const Node* node = nullptr;
  std::size_t length = 0;
};

bool begins_with_step(std::string_view path, std::string_view step) {
  return path.starts_with(step) && (path.size() == step.size() || path[step.size()] == '.');
}

/// Keys may have dots themselves, so the longest one that fits is taken.
Step step_by_key(const Node& mapping, std::string_view path) {
  Step found;
  for (const auto& [key, place, value] : mapping.entries) {
    if (!begins_with_step(path, key) || (found.node != nullptr && key.size() <= found.length))
      continue;
    found = {value.is_scalar() && value.place.line > 0 ? value.place : place, &value, key.size()};
  }
  return found;
}

Step step_by_index(const Node& list, std::string_view path) {
  const auto text = path.substr(0, path.find('.'));
  const auto index = parse_integer<std::size_t>(text);
  if (!index || *index >= list.items.size()) return {};
  return {list.items[*index].place, &list.items[*index], text.size()};
}

}  // namespace

std::string to_text(const Origin& origin) {
  return fmt::format("{}:{}:{}", origin.file, origin.line, origin.column);
}

std::optional<Origin> SourceMap::find(std::string_view path) const {
  for (auto nearest = path;;) {
    if (const auto found = origins_.find(nearest); found != origins_.end()) return found->second;
    const auto dot = nearest.rfind('.');
    if (dot == std::string_view::npos) return find_in_tree(path, Extent::nearest);
    nearest = nearest.substr(0, dot);
  }
}

std::optional<Origin> SourceMap::find_exactly(std::string_view path) const {
  if (const auto found = origins_.find(path); found != origins_.end()) return found->second;
  return find_in_tree(path, Extent::whole);
}

std::optional<Origin> SourceMap::find_in_tree(std::string_view path, Extent extent) const {
  std::optional<Origin> nearest;
  for (const Node* node = tree_.get(); node != nullptr && !path.empty();) {
    const Step step = node->is_sequence() ? step_by_index(*node, path) : step_by_key(*node, path);
    node = step.node;
    if (node == nullptr && extent == Extent::whole) return std::nullopt;
    path.remove_prefix(std::min(path.size(), step.length + 1));
    if (node == nullptr || step.place.line == 0 || step.place.file >= files_.size()) continue;
    nearest = {files_[step.place.file], static_cast<int>(step.place.line),
               static_cast<int>(step.place.column)};
  }
  return nearest;
}

}  // namespace stack::spec
