// SPDX-License-Identifier: Apache-2.0
#include "spec/paths.h"

#include <array>
#include <filesystem>
#include <vector>

#include "base/text.h"

namespace stack::spec {

std::string clean_path(std::string_view path) {
  const bool is_absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!is_absolute) {
      parts.push_back(part);
    }
  }
  std::string cleaned;
  for (const auto part : parts) {
    if (is_absolute || !cleaned.empty()) cleaned += '/';
    cleaned += part;
  }
  if (cleaned.empty()) return is_absolute ? "/" : ".";
  return cleaned;
}

std::string absolute_path(std::string_view path, std::string_view base, std::string_view home) {
  if (path == "~" || path.starts_with("~/")) {
    return clean_path(std::string(home) + std::string(path.substr(1)));
  }
  if (path.starts_with('/')) return clean_path(path);
  return clean_path(std::string(base) + "/" + std::string(path));
}

bool is_windows_path(std::string_view path) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool has_drive = path.size() > 2 && is_letter(path[0]) && path[1] == ':' &&
                         (path[2] == '\\' || path[2] == '/');
  return has_drive || path.starts_with("\\\\");
}

std::string relative_path(std::string_view path, std::string_view base) {
  return std::filesystem::path(path).lexically_relative(std::filesystem::path(base)).native();
}

bool is_remote(std::string_view path) {
  static constexpr std::array<std::string_view, 9> prefixes = {
      "https://",    "http://", "git://",          "ssh://",       "git@",
      "github.com/", "oci://",  "docker-image://", "oci-layout://"};
  return starts_with_any(path, prefixes) || path.find("://") != std::string_view::npos;
}

}  // namespace stack::spec
