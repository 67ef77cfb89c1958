// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/table.h"
#include "spec/catalogue.h"

namespace stack::cli {
namespace {

constexpr std::size_t kWidth = 80;

std::string wrapped(std::string_view text) {
  std::string result;
  std::size_t column = 0;
  for (const auto& word : split(text, ' ')) {
    const bool fits = column == 0 || column + 1 + word.size() <= kWidth;
    if (!fits) {
      result += '\n';
      column = 0;
    }
    if (column > 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result + "\n";
}

std::string indented(std::string_view lines) {
  std::string result;
  for (const auto& line : split(lines, '\n')) result += "    " + line + "\n";
  return result;
}

const char* word_of(spec::Severity severity) {
  return severity == spec::Severity::error ? "error" : "warning";
}

std::string page(const spec::Explanation& entry) {
  std::string text = fmt::format("{} ({}): {}\n\n", entry.id, word_of(entry.severity), entry.title);
  text += wrapped(entry.text);
  if (!entry.before.empty()) {
    text +=
        (entry.after.empty() ? "\nAn example:\n\n" : "\nInstead of\n\n") + indented(entry.before);
    if (!entry.after.empty()) text += "\nwrite\n\n" + indented(entry.after);
  }
  if (entry.severity == spec::Severity::warning)
    text += fmt::format("\nTo silence it on one line, end that line with:  # stack: ignore {}\n",
                        entry.id);
  return text;
}

const spec::Explanation& find(const std::string& id) {
  if (const auto* entry = spec::find_explanation(id)) return *entry;
  std::vector<std::string> ids;
  for (const auto& entry : spec::catalogue()) ids.emplace_back(entry.id);
  const auto near = nearest(id, ids);
  throw Error(fmt::format("nothing is called {}", stack::quoted(id)))
      .with_hint(near ? fmt::format("did you mean {}?", *near) : "`stack explain` lists the ids");
}

}  // namespace

int run_explain(const Options& options) {
  if (options.arguments.empty()) {
    std::vector<Row> rows;
    for (const auto& entry : spec::catalogue())
      rows.push_back({std::string(entry.id), word_of(entry.severity), std::string(entry.title)});
    std::cout << table({"ID", "KIND", "ABOUT"}, rows);
    return 0;
  }
  std::string text;
  for (const auto& id : options.arguments) {
    if (!text.empty()) text += '\n';
    text += page(find(id));
  }
  std::cout << text;
  return 0;
}

}  // namespace stack::cli
