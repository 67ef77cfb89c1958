// SPDX-License-Identifier: Apache-2.0
#include "cli/field_template.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace stack::cli {
namespace {

const std::string& value_of(const Fields& row, const std::string& name) {
  static const std::string nothing;
  const auto found = std::ranges::find(row, name, &Fields::value_type::first);
  return found == row.end() ? nothing : found->second;
}

/// A shell passes \t on as two characters.
std::string with_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = text[at] == '\\' && at + 1 < text.size() ? text[at + 1] : '\0';
    if (next == 't' || next == 'n') {
      plain += next == 't' ? '\t' : '\n';
      ++at;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

[[noreturn]] void refuse(const std::string& why, const Fields& known) {
  std::vector<std::string> names;
  for (const auto& [name, heading] : known) names.push_back("." + name);
  throw Error("--format: " + why)
      .with_hint("{{FIELD}} or {{json FIELD}}, with one of " + join(names, " "))
      .with_exit_code(ExitCode::usage);
}

Row cells_of(const std::string& line) {
  return split(line, '\t');
}

/// All rows as wide as the widest: a value may hold a tab.
std::string aligned(Row header, std::vector<Row> rows) {
  std::size_t columns = header.size();
  for (const Row& row : rows) columns = std::max(columns, row.size());
  header.resize(columns);
  for (Row& row : rows) row.resize(columns);
  return table(header, rows);
}

std::string plain_table(const Fields& headings, const std::vector<std::string>& columns,
                        const std::vector<Fields>& rows) {
  Row header;
  for (const auto& column : columns) header.push_back(value_of(headings, column));
  std::vector<Row> cells;
  for (const Fields& row : rows) {
    Row line;
    for (const auto& column : columns) line.push_back(value_of(row, column));
    cells.push_back(std::move(line));
  }
  return table(header, cells);
}

std::string template_table(const FieldTemplate& line, const Fields& headings,
                           const std::vector<Fields>& rows) {
  std::vector<Row> cells;
  for (const Fields& row : rows) cells.push_back(cells_of(line.render(row)));
  return aligned(cells_of(line.render(headings)), std::move(cells));
}

}  // namespace

FieldTemplate::FieldTemplate(std::string_view text, const Fields& known) {
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    if (open != 0) parts_.push_back({Kind::text, with_escapes(text.substr(0, open))});
    if (open == std::string_view::npos) return;
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) refuse("an action without its }}", known);
    add_action(text.substr(open + 2, close - open - 2), known);
    text.remove_prefix(close + 2);
  }
}

void FieldTemplate::add_action(std::string_view action, const Fields& known) {
  std::string_view word = trim(action);
  const bool json = word.starts_with("json ");
  if (json) word = trim(word.substr(5));
  if (json && word == ".") {
    parts_.push_back({Kind::json_all, ""});
    return;
  }
  const std::string name(word.starts_with('.') ? word.substr(1) : word);
  const bool exists = std::ranges::find(known, name, &Fields::value_type::first) != known.end();
  if (!word.starts_with('.') || !exists)
    refuse(fmt::format("{{{{{}}}}} is not known", printable(action)), known);
  parts_.push_back({json ? Kind::json_field : Kind::field, name});
}

std::string FieldTemplate::render(const Fields& row) const {
  std::string line;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::text:
        line += part.text;
        break;
      case Kind::field:
        line += value_of(row, part.text);
        break;
      case Kind::json_field:
        line += stack::quoted(value_of(row, part.text));
        break;
      case Kind::json_all:
        line += json_of(row);
        break;
    }
  }
  return line;
}

std::string json_of(const Fields& row) {
  std::vector<std::string> members;
  for (const auto& [name, value] : row)
    members.push_back(stack::quoted(name) + ":" + stack::quoted(value));
  return "{" + join(members, ",") + "}";
}

std::string format_rows(std::string_view format, const Fields& headings,
                        const std::vector<std::string>& columns, const std::vector<Fields>& rows) {
  if (format.empty() || format == "table") return plain_table(headings, columns, rows);
  constexpr std::string_view table_word = "table ";
  const bool tabular = format.starts_with(table_word);
  if (tabular) format = trim(format.substr(table_word.size()));
  const FieldTemplate line(format == "json" ? "{{json .}}" : format, headings);
  if (tabular) return template_table(line, headings, rows);
  std::string text;
  for (const Fields& row : rows) text += line.render(row) + "\n";
  return text;
}

}  // namespace stack::cli
