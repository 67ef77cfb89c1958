// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>

#include "base/text.h"

namespace stack::cli {
namespace {

/// Width on the screen: code points, as far as a table of names needs it.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (byte & 0xc0) != 0x80; }));
}

void append(std::string& text, const Row& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t column = 0; column < row.size(); ++column) {
    const std::string cell = printable(row[column]);
    line += cell;
    line.append(widths[column] - width(cell) + 3, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + '\n';
}

}  // namespace

std::string table(const Row& header, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& cell : header) widths.push_back(width(cell));
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], width(printable(row[column])));
    }
  }
  std::string text;
  append(text, header, widths);
  for (const auto& row : rows) append(text, row, widths);
  return text;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t column,
                    std::size_t indent) {
  std::string lines;
  for (const std::string& word : split(text, ' ')) {
    const bool first = lines.empty();
    if (!first && column + 1 + word.size() > width) {
      lines += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines;
}

}  // namespace stack::cli
