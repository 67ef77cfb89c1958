// SPDX-License-Identifier: Apache-2.0
// `--format`: docker's words for how a list is printed: "table", "table TEMPLATE", "json", or a
// template (see go_template.h).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/table.h"

namespace stack::cli {

/// One row: fields in the order of docker's JSON, by name.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// {"BlockIO":"0B / 0B",...}: one line, without its end.
std::string json_of(const Fields& row);

/// A list in the given format; "" is "table": all of `columns`. `headings`: field -> heading, of
/// every field. Throws Error (usage) for a template that is wrong or names another field.
std::string format_rows(std::string_view format, const Fields& headings,
                        const std::vector<std::string>& columns, const std::vector<Fields>& rows);

/// The same for objects with more than texts in them.
std::string format_objects(std::string_view format, const Fields& headings,
                           const std::vector<std::string>& columns,
                           const std::vector<nlohmann::ordered_json>& rows);

/// `inspect`: all as one JSON array, or the template for each, a line each.
std::string format_inspected(std::string_view format,
                             const std::vector<nlohmann::ordered_json>& objects);

}  // namespace stack::cli
