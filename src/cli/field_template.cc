// SPDX-License-Identifier: Apache-2.0
#include "cli/field_template.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/go_template.h"

namespace stack::cli {
namespace {

using Json = nlohmann::ordered_json;

const std::string& value_of(const Fields& row, const std::string& name) {
  static const std::string nothing;
  const auto found = std::ranges::find(row, name, &Fields::value_type::first);
  return found == row.end() ? nothing : found->second;
}

Json object_of(const Fields& row) {
  Json object = Json::object();
  for (const auto& [name, value] : row) object[name] = value;
  return object;
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
                        const std::vector<Json>& rows) {
  Row header;
  for (const auto& column : columns) header.push_back(value_of(headings, column));
  std::vector<Row> cells;
  for (const Json& row : rows) {
    Row line;
    for (const auto& column : columns)
      line.push_back(row.contains(column) ? go_text(row[column]) : "");
    cells.push_back(std::move(line));
  }
  return table(header, cells);
}

std::string template_table(const GoTemplate& line, const Fields& headings,
                           const std::vector<Json>& rows) {
  std::vector<Row> cells;
  for (const Json& row : rows) cells.push_back(cells_of(line.render(row)));
  return aligned(cells_of(line.render(object_of(headings))), std::move(cells));
}

}  // namespace

std::string json_of(const Fields& row) {
  return object_of(row).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string format_rows(std::string_view format, const Fields& headings,
                        const std::vector<std::string>& columns, const std::vector<Fields>& rows) {
  std::vector<Json> objects;
  for (const Fields& row : rows) objects.push_back(object_of(row));
  // A wrong name is told even when there is no row.
  if (format.find("{{") != std::string_view::npos && rows.empty())
    GoTemplate(format).render(object_of(headings));
  return format_objects(format, headings, columns, objects);
}

std::string format_objects(std::string_view format, const Fields& headings,
                           const std::vector<std::string>& columns,
                           const std::vector<nlohmann::ordered_json>& rows) {
  if (format.empty() || format == "table") return plain_table(headings, columns, rows);
  constexpr std::string_view table_word = "table ";
  const bool tabular = format.starts_with(table_word);
  if (tabular) format = trim(format.substr(table_word.size()));
  const GoTemplate line(format == "json" ? "{{json .}}" : format);
  if (tabular) return template_table(line, headings, rows);
  std::string text;
  for (const Json& row : rows) text += line.render(row) + "\n";
  return text;
}

std::string format_inspected(std::string_view format,
                             const std::vector<nlohmann::ordered_json>& objects) {
  if (format.empty() || format == "json") return Json(objects).dump(format.empty() ? 4 : -1) + "\n";
  const GoTemplate line(format);
  std::string text;
  for (const Json& object : objects) text += line.render(object) + "\n";
  return text;
}

}  // namespace stack::cli
