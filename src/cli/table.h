// SPDX-License-Identifier: Apache-2.0
// Columns as docker prints them: three spaces between, no lines; and text that keeps to its column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stack::cli {

using Row = std::vector<std::string>;
/// Control characters in cells are made visible; trailing spaces are cut.
std::string table(const Row& header, const std::vector<Row>& rows);

/// `text` in lines of at most `width` columns, broken at spaces: the first begins in column
/// `column`, further ones are indented by `indent`. A longer word keeps its line to itself. `npos`:
/// one line.
std::string wrapped(std::string_view text, std::size_t width, std::size_t column,
                    std::size_t indent);

}  // namespace stack::cli
