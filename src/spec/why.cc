// SPDX-License-Identifier: Apache-2.0
#include "spec/why.h"

#include <algorithm>
#include <optional>

#include "base/format.h"
#include "base/text.h"
#include "spec/history.h"
#include "spec/printed.h"
#include "spec/render.h"
#include "spec/short_forms.h"
#include "spec/tree.h"

namespace stack::spec {
namespace {

/// A value in one line.
std::string short_text(const Node& node) {
  if (!node.is_mapping() || node.find("target") == nullptr) return flow_text(node);
  if (node.find("protocol") != nullptr) {
    const auto target = parse_integer<std::uint16_t>(node.text_of("target"));
    return to_text(PortParts{std::string(node.text_of("host_ip")),
                             std::string(node.text_of("published")), target.value_or(0),
                             std::string(node.text_of("protocol"))});
  }
  const auto type = node.text_of("type");
  if (type != "bind" && type != "volume") return flow_text(node);
  std::string text(node.text_of("source"));
  if (!text.empty()) text += ':';
  text += node.text_of("target");
  const Node* read_only = node.find("read_only");
  return read_only != nullptr && read_only->is_true() ? text + ":ro" : text;
}

class Teller {
 public:
  explicit Teller(const History& history) : history_(history) {}

  /// The events of a value as sentences, oldest first.
  std::vector<std::string> tell(std::uint32_t story) const {
    return sentences(story, [](Rule rule) { return rule != Rule::removed; });
  }

  /// What a mapping or list lived through that its parts share. Inheritance is told by each part.
  std::vector<std::string> tell_of_whole(std::uint32_t story) const {
    return sentences(story, [](Rule rule) {
      return rule == Rule::replaces || rule == Rule::replaces_item || rule == Rule::appended ||
             rule == Rule::kept;
    });
  }

  /// No file says it.
  bool is_filled_in(std::uint32_t story) const {
    const Event* event = history_.find(story);
    return event != nullptr && event->rule == Rule::filled_in;
  }

  /// Keys that !reset took out of a mapping.
  std::vector<const Event*> removals(std::uint32_t story) const {
    return events(story, [](Rule rule) { return rule == Rule::removed; });
  }

 private:
  template <typename Accept>
  std::vector<const Event*> events(std::uint32_t story, Accept accept) const {
    std::vector<const Event*> found;
    for (const Event* event = history_.find(story); event != nullptr;
         event = history_.find(event->before)) {
      if (accept(event->rule)) found.push_back(event);
    }
    std::ranges::reverse(found);
    return found;
  }

  template <typename Accept>
  std::vector<std::string> sentences(std::uint32_t story, Accept accept) const {
    std::vector<std::string> told;
    for (const Event* event : events(story, accept)) told.push_back(sentence(*event));
    return told;
  }

  std::string sentence(const Event& event) const {
    const std::string there = to_text(event.origin);
    switch (event.rule) {
      case Rule::overrides:
        return fmt::format("overrides {} at {}{}", stack::quoted(event.detail), there,
                           of_loser(event));
      case Rule::replaces:
        return fmt::format("replaces all of {}: {}{}", there, event.detail, of_loser(event));
      case Rule::replaces_item:
        return fmt::format("replaces the item at {}, which has the same {}{}", there, event.detail,
                           of_loser(event));
      case Rule::appended:
        return fmt::format("appended to the list at {}", there);
      case Rule::kept:
        return fmt::format("kept: {} has the key without a value", there);
      case Rule::removed:
        return fmt::format("removed by !reset at {}", there);
      case Rule::inherited:
        return fmt::format("inherited from service {} by extends at {}",
                           stack::quoted(event.detail), there);
      case Rule::included:
        return fmt::format("taken in by include at {}", there);
      case Rule::substituted:
        return fmt::format("variables replaced in {}", event.detail);
      case Rule::from_env_file:
        return fmt::format("read from a file that is named at {}", there);
      case Rule::from_environment:
        return fmt::format("no value of its own: takes that of variable {}", event.detail);
      case Rule::implied:
        return fmt::format("implied by {} at {}", event.detail, there);
      case Rule::filled_in:
        return fmt::format("filled in: {}", event.detail);
    }
    return {};
  }

  std::string of_loser(const Event& event) const {
    const auto told = tell(event.loser);
    return told.empty() ? "" : fmt::format(" ({})", join(told, "; "));
  }

  const History& history_;
};

/// The way from the root to a node: what `config` would print along it.
struct Found {
  const Node* node = nullptr;
  std::string path;
  std::string map_path;              ///< the same as SourceMap has it
  std::vector<std::string> reasons;  ///< of the mappings and lists on the way
};

class Search {
 public:
  Search(const Project& project, const Teller& teller, WhyAnswer& answer)
      : project_(project), teller_(teller), answer_(answer) {}

  /// Follows `rest` from `at`; reports the first step that leads nowhere.
  std::optional<Found> follow(Found at, std::string_view rest) {
    while (!rest.empty()) {
      auto next = at.node->is_sequence() ? item_of(at, rest) : entry_of(at, rest);
      if (!next) return std::nullopt;
      at = std::move(*next);
      if (rest.starts_with('.')) rest.remove_prefix(1);
    }
    return at;
  }

  void tell_all(const Found& found) {
    const Node& node = *found.node;
    if (node.is_mapping() && !is_one_value(node)) {
      for (const auto& entry : node.entries) tell_all(step_to(found, entry));
      for (const Event* event : teller_.removals(node.story)) tell_removal(found, *event);
      if (!node.entries.empty()) return;
    }
    if (node.is_sequence() && !node.items.empty()) {
      for (std::size_t at = 0; at < node.items.size(); ++at) tell_all(step_to(found, at));
      return;
    }
    tell(found);
  }

 private:
  /// A port or a mount is told as one.
  static bool is_one_value(const Node& node) {
    return node.find("target") != nullptr && node.find("context") == nullptr;
  }

  Found step(const Found& from, const Node& node, std::string path, std::string_view key) const {
    Found found{&node, std::move(path), std::string(key), from.reasons};
    if (!from.map_path.empty()) found.map_path = from.map_path + "." + found.map_path;
    for (auto& reason : teller_.tell_of_whole(from.node->story))
      found.reasons.push_back(std::move(reason));
    return found;
  }
  Found step_to(const Found& from, const Entry& entry) const {
    return step(from, entry.value, from.path.empty() ? entry.key : from.path + "." + entry.key,
                entry.key);
  }
  Found step_to(const Found& from, std::size_t index) const {
    return step(from, from.node->items[index], fmt::format("{}[{}]", from.path, index),
                std::to_string(index));
  }

  /// Keys may have dots themselves: the longest that fits is meant.
  std::optional<Found> entry_of(const Found& at, std::string_view& rest) {
    const Entry* best = nullptr;
    for (const auto& entry : at.node->entries) {
      const auto length = entry.key.size();
      const bool fits = rest.starts_with(entry.key) &&
                        (rest.size() == length || rest[length] == '.' || rest[length] == '[');
      if (fits && (best == nullptr || length > best->key.size())) best = &entry;
    }
    if (best == nullptr) {
      report_missing(at, rest.substr(0, rest.find_first_of(".[")));
      return std::nullopt;
    }
    rest.remove_prefix(best->key.size());
    return step_to(at, *best);
  }

  std::optional<Found> item_of(const Found& at, std::string_view& rest) {
    std::string_view number = rest;
    const bool bracketed = number.starts_with('[');
    if (bracketed) number.remove_prefix(1);
    number = number.substr(0, number.find_first_of(".[]"));
    const auto index = parse_integer<std::size_t>(number);
    if (!index || *index >= at.node->items.size()) {
      answer_.problem = fmt::format("{} has no item {}", at.path, stack::quoted(number));
      answer_.hint = fmt::format("it has {} items, [0] is the first", at.node->items.size());
      return std::nullopt;
    }
    rest.remove_prefix(number.size() +
                       (bracketed ? std::min<std::size_t>(2, rest.size() - number.size()) : 0));
    return step_to(at, *index);
  }

  void report_missing(const Found& at, std::string_view key) {
    answer_.problem =
        fmt::format("{} has no {}", at.path.empty() ? "the project" : at.path, stack::quoted(key));
    for (const Event* event : teller_.removals(at.node->story)) {
      if (event->detail == key) {
        answer_.hint = "removed by !reset at " + to_text(event->origin);
        return;
      }
    }
    std::vector<std::string> known;
    for (const auto& entry : at.node->entries) known.push_back(entry.key);
    if (const auto near = nearest(key, known)) {
      answer_.hint = fmt::format("did you mean {}?", stack::quoted(*near));
    } else if (!known.empty() && known.size() <= 20) {
      answer_.hint = "it has: " + join(known, ", ");
    }
  }

  void tell(const Found& found) {
    Reasoned told{found.path, short_text(*found.node), {}, found.reasons};
    if (const auto origin = project_.sources.find(found.map_path)) told.origin = *origin;
    auto own = teller_.tell(found.node->story);
    if (teller_.is_filled_in(found.node->story)) told.origin = {};
    told.reasons.insert(told.reasons.end(), own.begin(), own.end());
    answer_.values.push_back(std::move(told));
  }

  void tell_removal(const Found& found, const Event& event) {
    if (found.node->find(event.detail) != nullptr) return;
    answer_.values.push_back(
        {found.path + "." + event.detail, "(not there)", event.origin, {"removed by !reset"}});
  }

  const Project& project_;
  const Teller& teller_;
  WhyAnswer& answer_;
};

}  // namespace

WhyAnswer why(const Project& project, std::string_view path) {
  WhyAnswer answer;
  if (!project.resolved || !project.history) return answer;
  const Node printed = printed_tree(project);
  const Teller teller(*project.history);
  Search search(project, teller, answer);
  if (const auto found = search.follow({&printed, "", "", {}}, path)) search.tell_all(*found);
  return answer;
}

}  // namespace stack::spec
