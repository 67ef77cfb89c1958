// SPDX-License-Identifier: Apache-2.0
// What `config` shows of a part of a project, in one line: "[1.1.1.1, {soft: 1, hard: 2}]".
// Expectations are written in this form because many keys are known to the front end only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "load_text.h"
#include "spec/printed.h"
#include "spec/tree.h"

namespace stack::spec {

inline std::string as_text(const Node& node) {
  std::vector<std::string> parts;
  for (const auto& item : node.items) parts.push_back(as_text(item));
  for (const auto& [key, place, value] : node.entries) parts.push_back(key + ": " + as_text(value));
  if (node.is_sequence()) return "[" + join(parts, ", ") + "]";
  if (node.is_mapping()) return "{" + join(parts, ", ") + "}";
  if (node.is_null()) return "null";
  return node.is_string() && node.text.empty() ? "\"\"" : node.text;
}

/// The part of `project` that `path` ("services.web.ports") leads to; "absent" when there is none.
inline std::string shown(const Project& project, std::string_view path) {
  if (!project.resolved) return "no project";
  const Node printed = printed_tree(project);
  const Node* at = &printed;
  for (const auto& step : split(path, '.')) {
    if (at != nullptr) at = at->find(step);
  }
  return at == nullptr ? "absent" : as_text(*at);
}

/// `key` of service `web` after every text was put on the ones before. Keys that cannot run yet do.
inline std::string shown_of_web(const std::vector<std::string>& texts, const std::string& key) {
  auto request = request_of(texts);
  request.purpose = Purpose::show;
  return shown(project_of(request), "services.web." + key);
}

/// The same for `base` and `over` being keys of `web`, in flow notation: "user: a, tty: true".
inline std::string merged_web(const std::string& base, const std::string& over,
                              const std::string& key) {
  return shown_of_web({"services: {web: {image: x, " + base + "}}",  //
                       "services: {web: {" + over + "}}"},
                      key);
}

/// `key` of a `web` with these keys, alone.
inline std::string web(const std::string& keys, const std::string& key) {
  return shown_of_web({"services: {web: {image: x, " + keys + "}}"}, key);
}

/// Everything that is said about one file or several, line by line.
inline std::string said_of(const std::vector<std::string>& texts,
                           std::map<std::string, std::string> disk = {}) {
  return messages_of(load_from_sources(request_of(texts, std::move(disk))));
}

}  // namespace stack::spec
