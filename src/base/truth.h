// SPDX-License-Identifier: Apache-2.0
// Yes and no as docker's settings spell them.
#pragma once

#include <optional>
#include <string_view>

namespace stack {

/// "1", "t", "T", "true", "TRUE" and "True", and the same of no: as Go's strconv.ParseBool. Nothing
/// for all else.
std::optional<bool> parse_truth(std::string_view text);

}  // namespace stack
