// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/copy_rules.h"

#include <filesystem>

#include "base/error.h"
#include "base/text.h"

namespace stack::orchestrator {
namespace {

/// "/a/." and "/a/./" speak of what is in a.
bool means_content(std::string_view typed) {
  while (typed.size() > 1 && typed.ends_with('/')) typed.remove_suffix(1);
  return typed.ends_with("/.");
}

std::string name_in_destination(const CopyEnd& source) {
  // A link that was followed keeps its own name.
  return means_content(source.typed) ? "." : last_name_of(clean_absolute(source.typed, "/"));
}

}  // namespace

CopyArgument parse_copy_argument(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || text.starts_with('/') || text.starts_with('.'))
    return {"", text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

CopyPlan plan_copy(const CopyEnd& source, const CopyEnd& destination) {
  const bool from_directory = source.kind == FileKind::directory;
  if (destination.kind == FileKind::directory)
    return {destination.path, name_in_destination(source)};
  if (destination.kind != FileKind::absent && from_directory)
    fail("cannot copy directory {}: {} is no directory", printable(source.typed),
         printable(destination.typed));
  if (!from_directory && asserts_directory(destination.typed))
    fail("no such directory: {}", printable(destination.typed));
  return {directory_of(destination.path), last_name_of(destination.path)};
}

bool asserts_directory(const std::string& typed) {
  const std::string last = typed.substr(typed.rfind('/') + 1);
  return last.empty() || last == "." || last == "..";
}

std::string clean_absolute(const std::string& typed, const std::string& base) {
  std::string path = (std::filesystem::path(base) / typed).lexically_normal().native();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string last_name_of(const std::string& path) {
  return path == "/" ? "." : path.substr(path.rfind('/') + 1);
}

}  // namespace stack::orchestrator
