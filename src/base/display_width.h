// SPDX-License-Identifier: Apache-2.0
// How much room text takes on a terminal, and text made to fit.
#pragma once

#include <string>
#include <string_view>

namespace stack {

/// Columns of UTF-8 text without control characters: two for East Asian wide characters and emoji,
/// none for marks that combine with what stands before them. A byte that is no UTF-8 counts one. Of
/// emoji joined into one each counts: terminals differ, and this is the most that any needs.
std::size_t display_width(std::string_view text);

/// `text` when it fits into `width` columns, else its beginning and "…".
std::string cut_to_width(std::string_view text, std::size_t width);
/// `text` when it fits, else "…" and its end: for names that differ there.
std::string cut_front_to_width(std::string_view text, std::size_t width);
/// `text` and spaces up to `width` columns.
std::string padded_to_width(std::string_view text, std::size_t width);

}  // namespace stack
