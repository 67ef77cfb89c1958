// SPDX-License-Identifier: Apache-2.0
#include "spec/interpolate.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "spec/substitute.h"

namespace stack::spec {
namespace {

std::size_t offset_of(std::string_view source, const Place& place) {
  std::size_t offset = 0;
  for (std::uint32_t line = 1; line < place.line; ++line) {
    offset = source.find('\n', offset);
    if (offset == std::string_view::npos) return source.size();
    ++offset;
  }
  return std::min(source.size(), offset + place.column - 1);
}

/// Where the `$` at `offset` of the scalar's text stands in the file. Quotes, indentation and
/// folding make the two texts differ, the number of dollars before it does not.
Place place_of_dollar(const Node& scalar, std::size_t offset, const Reporter& reporter) {
  const std::string_view source = reporter.text_of(scalar.place.file);
  auto dollars = std::ranges::count(std::string_view(scalar.text).substr(0, offset), '$');
  std::size_t at = offset_of(source, scalar.place);
  at = source.find('$', at);
  for (; dollars > 0 && at != std::string_view::npos; --dollars) at = source.find('$', at + 1);
  if (at == std::string_view::npos) return scalar.place;
  const auto before = source.substr(0, at);
  Place place = scalar.place;
  place.line = static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1);
  const auto line_start = before.rfind('\n');
  place.column =
      static_cast<std::uint32_t>(line_start == std::string_view::npos ? at + 1 : at - line_start);
  return place;
}

class Interpolation {
 public:
  Interpolation(const StringMap& variables, const StringMap& places, Reporter& reporter)
      : variables_(variables), places_(places), reporter_(reporter) {}

  void visit(Node& node, std::string_view key) {
    for (auto& entry : node.entries) visit(entry.value, entry.key);
    for (auto& item : node.items) visit(item, key);
    if (node.is_string() && node.text.find('$') != std::string::npos) replace(node, key);
  }

 private:
  using Kind = SubstitutionEvent::Kind;

  void replace(Node& node, std::string_view key) {
    std::vector<SubstitutionEvent> events;
    std::set<std::string, std::less<>> used;
    const Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
      if (reporter_.keeps_history()) used.emplace(name);
      const auto found = variables_.find(std::string(name));
      return found == variables_.end() ? std::nullopt : std::optional(budget_.take(found->second));
    };
    std::string result = substitute(
        node.text, lookup, [&](const SubstitutionEvent& event) { events.push_back(event); });
    for (const auto& event : events) report(event, node, key, result);
    if (budget_.is_spent()) report_expansion(node);
    // A value that could not be had is no empty value: nothing more shall be said about it.
    const bool failed = std::ranges::any_of(
        events, [](const SubstitutionEvent& event) { return event.kind != Kind::unset; });
    if (failed && result.empty()) return;
    if (!used.empty())
      reporter_.note(node, Rule::substituted, node.place, story_of(node.text, used));
    node.text = std::move(result);
  }

  /// A long variable, used often: told once.
  void report_expansion(const Node& node) {
    if (std::exchange(expansion_told_, true)) return;
    reporter_.error("too-much-text", node.place,
                    "the variables of this file expand to more than {} MiB",
                    kMaxExpandedBytes >> 20);
  }

  /// `"x:${TAG}", TAG from .env:3`
  std::string story_of(const std::string& text,
                       const std::set<std::string, std::less<>>& used) const {
    std::string story = stack::quoted(text);
    for (const auto& name : used) {
      const auto place = places_.find(name);
      story += fmt::format(", {} {}", name,
                           !variables_.contains(name) ? "is not set"
                           : place == places_.end()   ? "from the environment"
                                                      : "from " + place->second);
    }
    return story;
  }

  void report(const SubstitutionEvent& event, const Node& node, std::string_view key,
              const std::string& result) {
    Place place = place_of_dollar(node, event.offset, reporter_);
    place.length = static_cast<std::uint32_t>(event.length);
    const std::string expression = node.text.substr(event.offset, event.length);
    switch (event.kind) {
      case Kind::unset:
        return report_unset(event, place, expression, key, result);
      case Kind::required:
        reporter_.error("required-variable", place, "required variable {} is missing a value{}{}",
                        event.name, event.message.empty() ? "" : ": ", event.message);
        return;
      case Kind::unclosed:
        reporter_.error("interpolation", place, "{} is never closed", stack::quoted(expression))
            .hint = "a \"}\" is missing; write $$ for a literal dollar";
        return;
      case Kind::malformed:
        reporter_.error("interpolation", place, "{} is not a variable", stack::quoted(expression))
            .hint = "write $$ for a literal dollar";
        return;
      case Kind::too_deep:
        reporter_.error("interpolation", place, "defaults are nested deeper than {} levels",
                        kMaxSubstitutionDepth);
        return;
    }
  }

  void report_unset(const SubstitutionEvent& event, const Place& place, std::string_view expression,
                    std::string_view key, std::string_view result) {
    const auto equals = result.find('=');
    const bool is_list_entry =
        equals != std::string_view::npos &&
        result.substr(0, equals).find_first_of(" /:") == std::string_view::npos;
    if (is_list_entry) {
      key = result.substr(0, equals);
      result = result.substr(equals + 1);
    }
    const std::string advice =
        expression.starts_with("${") ? "" : ". Write $$ for a literal dollar";
    auto& warning = reporter_.warning("unset-variable", place, "{} is not set, so {} becomes {}{}",
                                      expression, key, stack::quoted(result), advice);
    if (const auto near = near_name(event.name)) warning.hint = "did you mean $" + *near + "?";
  }

  std::optional<std::string> near_name(std::string_view name) {
    if (name.size() < 3) return std::nullopt;
    if (names_.empty()) {
      for (const auto& [known, value] : variables_) names_.push_back(known);
    }
    return nearest(name, names_);
  }

  const StringMap& variables_;
  const StringMap& places_;
  Reporter& reporter_;
  std::vector<std::string> names_;
  ExpansionBudget budget_;
  bool expansion_told_ = false;
};

}  // namespace

void interpolate(Node& root, const StringMap& variables, const StringMap& places,
                 Reporter& reporter) {
  Interpolation(variables, places, reporter).visit(root, "");
}

}  // namespace stack::spec
