// SPDX-License-Identifier: Apache-2.0
// Loads stack files from text, with a disk that is a map.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "spec/load_sources.h"

namespace stack::spec {

/// The first of `texts` is called stack.yaml, the next ones override1.yaml, override2.yaml ...
inline SourceRequest request_of(const std::vector<std::string>& texts,
                                std::map<std::string, std::string> disk = {}) {
  SourceRequest request;
  for (std::size_t at = 0; at < texts.size(); ++at) {
    const auto name = at == 0 ? "stack.yaml" : "override" + std::to_string(at) + ".yaml";
    request.sources.push_back({"/project/" + name, name, texts[at]});
  }
  request.surroundings.current_directory = "/project";
  request.surroundings.project_directory = "/project";
  request.surroundings.home = "/home/user";
  request.surroundings.read =
      [files = std::move(disk)](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
  return request;
}

inline LoadResult load_text(const std::string& text) {
  return load_from_sources(request_of({text}));
}

inline std::string messages_of(const LoadResult& result) {
  std::string text;
  for (const auto& item : result.diagnostics.sorted()) {
    text += std::to_string(item.origin.line) + ": " + item.message +
            (item.hint.empty() ? "" : " (" + item.hint + ")") + "\n";
  }
  return text;
}

/// The project, which must be without errors.
inline Project project_of(const SourceRequest& request) {
  auto result = load_from_sources(request);
  EXPECT_TRUE(result.project.has_value()) << result.diagnostics.to_text();
  return result.project ? std::move(*result.project) : Project{};
}

inline Project project_of(const std::string& text) {
  return project_of(request_of({text}));
}

/// A service `web` of image x with further `keys`, four spaces deep.
inline Service service_of(const std::string& keys) {
  auto project = project_of("services:\n  web:\n    image: x\n" + keys);
  return project.services["web"];
}

}  // namespace stack::spec
