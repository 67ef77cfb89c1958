// SPDX-License-Identifier: Apache-2.0
#include "spec/reporter.h"

namespace stack::spec {

std::uint16_t Reporter::add_file(const std::string& shown_name, std::string text) {
  diagnostics_.add_source(shown_name, text);
  names_.push_back(shown_name);
  texts_.push_back(std::move(text));
  return static_cast<std::uint16_t>(names_.size() - 1);
}

Diagnostic& Reporter::problem_at(std::string id, Origin where, std::string message) {
  auto& diagnostic =
      purpose_ == Purpose::run
          ? diagnostics_.error(std::move(id), std::move(where), std::move(message))
          : diagnostics_.warning(std::move(id), std::move(where), std::move(message));
  diagnostic.of_container = true;
  return diagnostic;
}

void Reporter::note(Node& node, Rule rule, Origin origin, std::string detail, std::uint32_t loser) {
  if (history_ == nullptr) return;
  node.story = history_->add({rule, std::move(origin), std::move(detail), node.story, loser});
}

void Reporter::note_all(Node& node, Rule rule, const Place& place, const std::string& detail) {
  if (history_ == nullptr) return;
  note(node, rule, place, detail);
  for (auto& item : node.items) note_all(item, rule, place, detail);
  for (auto& entry : node.entries) note_all(entry.value, rule, place, detail);
}

Origin Reporter::origin(const Place& place) const {
  if (place.line == 0 || place.file >= names_.size()) return {};
  return {names_[place.file], static_cast<int>(place.line), static_cast<int>(place.column)};
}

}  // namespace stack::spec
