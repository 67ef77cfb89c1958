// SPDX-License-Identifier: Apache-2.0
#include "spec/forgive.h"

#include <set>
#include <string>
#include <tuple>

namespace stack::spec {
namespace {

/// Places of files, as diagnostics tell them.
class Places {
 public:
  explicit Places(const Reporter& reporter) : reporter_(reporter) {}

  void add_all(const Node& node) {
    add(node.place);
    for (const auto& item : node.items) add_all(item);
    for (const auto& entry : node.entries) {
      add(entry.place);
      add_all(entry.value);
    }
  }

  bool contain(const Origin& origin) const {
    return places_.contains({origin.file, origin.line, origin.column});
  }

 private:
  void add(const Place& place) {
    if (place.line == 0) return;
    const Origin origin = reporter_.origin(place);
    places_.emplace(origin.file, origin.line, origin.column);
  }

  const Reporter& reporter_;
  std::set<std::tuple<std::string, int, int>> places_;
};

/// Nor with what is only there to be referred to: an alias has the place of its anchor.
Node without_unneeded(Node root, const Names& needed) {
  std::erase_if(root.entries, [](const Entry& entry) { return entry.key.starts_with("x-"); });
  if (Node* const services = root.find("services"); services != nullptr)
    std::erase_if(services->entries,
                  [&](const Entry& service) { return !needed.contains(service.key); });
  remove_unused(root);
  return root;
}

}  // namespace

void forgive_unneeded(const Node& whole, const Node& root, const Names& needed,
                      const Reporter& reporter, Diagnostics& diagnostics) {
  Places all(reporter);
  all.add_all(whole);
  all.add_all(root);
  Places counting(reporter);
  counting.add_all(without_unneeded(root, needed));
  diagnostics.forgive(
      [&](const Origin& place) { return all.contain(place) && !counting.contain(place); });
}

}  // namespace stack::spec
