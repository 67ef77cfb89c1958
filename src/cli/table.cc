// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>

#include "base/display_width.h"
#include "base/text.h"

namespace stack::cli {
namespace {

void append(std::string& text, const Row& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t column = 0; column < row.size(); ++column) {
    const std::string cell = printable(row[column]);
    line += cell;
    line.append(widths[column] - display_width(cell) + 3, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + '\n';
}

}  // namespace

std::string table(const Row& header, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& cell : header) widths.push_back(display_width(cell));
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], display_width(printable(row[column])));
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
