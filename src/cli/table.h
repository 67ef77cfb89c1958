// SPDX-License-Identifier: Apache-2.0
// Columns as docker prints them: three spaces between, no lines.
#pragma once

#include <string>
#include <vector>

namespace stack::cli {

using Row = std::vector<std::string>;
/// Control characters in cells are made visible; trailing spaces are cut.
std::string table(const Row& header, const std::vector<Row>& rows);

}  // namespace stack::cli
