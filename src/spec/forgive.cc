// SPDX-License-Identifier: Apache-2.0
#include "spec/forgive.h"

#include <cstdint>
#include <set>
#include <string_view>
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

  /// Of a whole project, but for what is only there to be referred to: an alias has the place of
  /// its anchor.
  void add_values(const Node& root) {
    add(root.place);
    for (const auto& section : root.entries) {
      if (section.key.starts_with("x-")) continue;
      add(section.place);
      add_all(section.value);
    }
  }

  bool contain(const Origin& origin) const {
    return places_.contains({origin.file, static_cast<std::uint32_t>(origin.line),
                             static_cast<std::uint32_t>(origin.column)});
  }

 private:
  void add(const Place& place) {
    if (place.line == 0 || place.file >= reporter_.names().size()) return;
    places_.emplace(reporter_.names()[place.file], place.line, place.column);
  }

  const Reporter& reporter_;
  std::set<std::tuple<std::string_view, std::uint32_t, std::uint32_t>> places_;
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

/// What a service extends is no value of it: the key is used up before anything is merged.
Node without_extends(Node document) {
  if (Node* const services = document.find("services"); services != nullptr)
    for (auto& service : services->entries) service.value.erase("extends");
  return document;
}

/// What no container could run with, and what is only a warning, is said of nothing that is not
/// there.
Counts weighed(const Diagnostic& item, FileUse use) {
  const bool lasts = item.counts == Counts::by_file && use == FileUse::of_project &&
                     item.severity == Severity::error && !item.of_container;
  if (lasts || item.counts == Counts::always) return Counts::always;
  return item.counts == Counts::if_active ? Counts::if_active : Counts::if_merged;
}

}  // namespace

void weigh(const Node& document, FileUse use, std::size_t from, const Reporter& reporter) {
  Diagnostics& diagnostics = reporter.diagnostics();
  if (diagnostics.size() == from) return;
  Places standing(reporter);
  standing.add_all(without_extends(document));
  diagnostics.revise(from, [&](Diagnostic& item) {
    item.counts = standing.contain(item.origin) ? weighed(item, use) : Counts::always;
  });
}

void settle(const Node& root, Counts counts, const Reporter& reporter) {
  Diagnostics& diagnostics = reporter.diagnostics();
  if (!diagnostics.has(counts)) return;
  Places standing(reporter);
  standing.add_values(root);
  diagnostics.settle(counts, [&](const Origin& place) { return standing.contain(place); });
}

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
