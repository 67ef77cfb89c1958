// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/project.h"

namespace stack::cli {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const spec::Diagnostic& item) {
  ordered_json json{{"id", item.id},
                    {"severity", item.severity == spec::Severity::error ? "error" : "warning"},
                    {"message", item.message}};
  if (!item.hint.empty()) json["hint"] = item.hint;
  if (item.origin.line > 0) {
    json["file"] = item.origin.file;
    json["line"] = item.origin.line;
    json["column"] = item.origin.column;
    json["endColumn"] = item.origin.column + item.length;
  }
  return json;
}

std::string as_json(const std::vector<spec::Diagnostic>& items) {
  ordered_json json = ordered_json::array();
  for (const auto& item : items) json.push_back(to_json(item));
  // A file may hold bytes that are no text: they become replacement characters.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

ExitCode verdict(const spec::LoadResult& result, bool strict) {
  if (result.diagnostics.has_errors()) return ExitCode::invalid_file;
  return strict && !result.diagnostics.sorted().empty() ? ExitCode::failure : ExitCode::ok;
}

}  // namespace

int run_lint(const Options& options) {
  if (!options.format.empty() && options.format != "text" && options.format != "json") {
    throw unknown_format(options.format, "text or json");
  }
  spec::LoadRequest request = load_request(options);
  request.purpose = spec::Purpose::show;
  request.lint = true;
  const auto result = spec::load(request);
  const auto items = result.diagnostics.sorted();
  if (options.format == "json") {
    std::cout << as_json(items);
  } else {
    std::cout << (items.empty() ? "Nothing to complain about.\n" : result.diagnostics.to_text());
  }
  return static_cast<int>(verdict(result, options.strict));
}

}  // namespace stack::cli
