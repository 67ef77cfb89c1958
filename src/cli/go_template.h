// SPDX-License-Identifier: Apache-2.0
// What people write of Go's text/template after --format: fields, `index`, `range`, `if`, `with`,
// variables, pipes, and docker's functions. Values are JSON; they print as Go prints them
// ("map[a:1]", "[x y]", "<no value>").
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace stack::cli {

struct TemplateNode;

class GoTemplate {
 public:
  /// Throws Error (usage) that quotes what cannot be read, or is not of the subset.
  explicit GoTemplate(std::string_view text);
  ~GoTemplate();
  GoTemplate(GoTemplate&&) noexcept;
  GoTemplate& operator=(GoTemplate&&) noexcept;

  /// Throws Error (usage) when a field or an index is not there, or a function is given something
  /// that it cannot work with.
  std::string render(const nlohmann::ordered_json& value) const;

 private:
  std::unique_ptr<TemplateNode> root_;
};

/// A value as {{.}} prints it.
std::string go_text(const nlohmann::ordered_json& value);

}  // namespace stack::cli
