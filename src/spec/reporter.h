// SPDX-License-Identifier: Apache-2.0
// Diagnostics at places of the tree: knows the names behind the file numbers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/format.h"
#include "spec/diagnostics.h"
#include "spec/history.h"
#include "spec/purpose.h"
#include "spec/tree.h"

namespace stack::spec {

class Reporter {
 public:
  /// With a `history`, what happens to values is written down too.
  Reporter(Diagnostics& diagnostics, Purpose purpose, History* history = nullptr)
      : diagnostics_(diagnostics), purpose_(purpose), history_(history) {}

  /// Registers a file by the name shown to the user; returns its number for Place::file.
  std::uint16_t add_file(const std::string& shown_name, std::string text);
  /// The text given to add_file.
  const std::string& text_of(std::uint16_t file) const { return texts_[file]; }

  /// The names given to add_file, by number.
  const std::vector<std::string>& names() const { return names_; }
  Origin origin(const Place& place) const;

  template <typename... Args>
  Diagnostic& error(std::string id, const Place& place, fmt::format_string<Args...> text,
                    Args&&... args) {
    return with_length(diagnostics_.error(std::move(id), origin(place),
                                          fmt::format(text, std::forward<Args>(args)...)),
                       place);
  }
  template <typename... Args>
  Diagnostic& warning(std::string id, const Place& place, fmt::format_string<Args...> text,
                      Args&&... args) {
    return with_length(diagnostics_.warning(std::move(id), origin(place),
                                            fmt::format(text, std::forward<Args>(args)...)),
                       place);
  }
  /// What no container could run with: an error for Purpose::run, of those services of which one is
  /// made (load.h: Needed), and a warning for Purpose::show.
  template <typename... Args>
  Diagnostic& problem(std::string id, const Place& place, fmt::format_string<Args...> text,
                      Args&&... args) {
    return with_length(
        problem_at(std::move(id), origin(place), fmt::format(text, std::forward<Args>(args)...)),
        place);
  }
  Diagnostic& problem_at(std::string id, Origin where, std::string message);
  Diagnostic& error_at(std::string id, Origin where, std::string message) {
    return diagnostics_.error(std::move(id), std::move(where), std::move(message));
  }
  bool has_errors() const { return diagnostics_.has_errors(); }
  Diagnostics& diagnostics() const { return diagnostics_; }

  bool keeps_history() const { return history_ != nullptr; }
  /// One more event in the life of `node`. `loser` is the story of the value it went over.
  void note(Node& node, Rule rule, Origin origin, std::string detail = "", std::uint32_t loser = 0);
  void note(Node& node, Rule rule, const Place& place, std::string detail = "",
            std::uint32_t loser = 0) {
    if (history_ != nullptr) note(node, rule, origin(place), std::move(detail), loser);
  }
  /// The same for `node` and everything below it.
  void note_all(Node& node, Rule rule, const Place& place, const std::string& detail = "");

 private:
  static Diagnostic& with_length(Diagnostic& diagnostic, const Place& place) {
    diagnostic.length = static_cast<int>(place.length);
    return diagnostic;
  }

  Diagnostics& diagnostics_;
  Purpose purpose_;
  History* history_;
  std::vector<std::string> names_;
  std::vector<std::string> texts_;
};

}  // namespace stack::spec
