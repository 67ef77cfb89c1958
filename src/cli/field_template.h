// SPDX-License-Identifier: Apache-2.0
// `--format`: docker's words for how rows are printed. Of Go's templates what people write:
// {{.Field}}, {{json .Field}} and {{json .}}, with text around them, \t and \n.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/table.h"

namespace stack::cli {

/// One row: fields in the order of docker's JSON, by name.
using Fields = std::vector<std::pair<std::string, std::string>>;

class FieldTemplate {
 public:
  /// `known`: names with their headings. Throws Error (usage) for anything else.
  FieldTemplate(std::string_view text, const Fields& known);
  std::string render(const Fields& row) const;

 private:
  enum class Kind { text, field, json_field, json_all };
  struct Part {
    Kind kind;
    std::string text;  ///< the text, or a field's name
  };
  void add_action(std::string_view action, const Fields& known);
  std::vector<Part> parts_;
};

/// {"BlockIO":"0B / 0B",...}: one line, without its end.
std::string json_of(const Fields& row);

/// A list in the given format: "table" or "" (all of `columns`), "table TEMPLATE", "json", or a
/// template. `headings`: field -> heading, of every field; `columns`: those of the plain table.
std::string format_rows(std::string_view format, const Fields& headings,
                        const std::vector<std::string>& columns, const std::vector<Fields>& rows);

}  // namespace stack::cli
