// SPDX-License-Identifier: Apache-2.0
// Mistakes in stack files, collected: all of them, of all files, with place, caret and hint.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "spec/counts.h"
#include "spec/source_map.h"

namespace stack::spec {

enum class Severity { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  std::string id;       ///< stable, kebab-case: "unknown-key"
  std::string message;  ///< one sentence without a full stop
  Origin origin;        ///< line 0: no place
  int length = 1;       ///< of the caret line, in characters
  std::string hint;     ///< printed behind the caret: did you mean "ports"?
  /// Not against the format: only a container made of it could not run.
  bool of_container = false;
  Counts counts = Counts::by_file;  ///< see Diagnostics::settle
};

class Diagnostics {
 public:
  /// The text of a file, for caret lines.
  void add_source(const std::string& file, std::string text);
  Diagnostic& error(std::string id, Origin origin, std::string message);
  Diagnostic& warning(std::string id, Origin origin, std::string message);

  bool has_errors() const;
  /// How many there are, as a mark for `revise`.
  std::size_t size() const { return items_.size(); }
  /// Lets `change` at all that came since there were `from`.
  void revise(std::size_t from, const std::function<void(Diagnostic& item)>& change);
  bool has(Counts counts) const;
  /// Takes back what counts only by `counts` and whose place is not one that `is_standing`.
  void settle(Counts counts, const std::function<bool(const Origin& place)>& is_standing);
  /// Takes back the errors `of_container` whose place is one that `is_forgiven`.
  void forgive(const std::function<bool(const Origin& place)>& is_forgiven);
  /// Sorted by file (in the order of add_source), line and column, without doubles, and without the
  /// warnings that a comment "# stack: ignore ID" on their line or on the one above silences.
  std::vector<Diagnostic> sorted() const;
  /// The screen form : each with source line, caret and hint, then
  /// "3 errors, 1 warning. Nothing was changed." (that line only when there is an error).
  std::string to_text() const;
  /// The first error as one line, for output that programs read:
  /// "stack.yaml:6:5: error: unknown key "port" in service "web" (and 2 more)". Empty without one.
  std::string first_error() const;

 private:
  bool is_ignored(const Diagnostic& item) const;

  std::vector<std::string> order_;
  std::map<std::string, std::string> sources_;
  std::vector<Diagnostic> items_;
};

}  // namespace stack::spec
