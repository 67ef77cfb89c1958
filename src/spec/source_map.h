// SPDX-License-Identifier: Apache-2.0
// Where in the files each part of a project came from, so that any later message, even of a port
// that is taken at run time, can point at the line that asked for it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stack::spec {

/// A place in a source file; lines and columns count from 1.
struct Origin {
  std::string
      file;  ///< as the user would write it: relative to the current directory when below it
  int line = 0;
  int column = 0;
  bool operator==(const Origin&) const = default;
};

/// "stack.yaml:7:14"
std::string to_text(const Origin& origin);

struct Node;

/// Paths are keys and list indexes joined by dots: "services.web.ports.0".
class SourceMap {
 public:
  SourceMap() = default;
  /// The places that the nodes of `tree` have in `files`. They are looked up when asked for: a file
  /// has many places, and few of them are ever spoken of.
  SourceMap(std::shared_ptr<const Node> tree, std::vector<std::string> files)
      : tree_(std::move(tree)), files_(std::move(files)) {}

  /// A place said apart from the tree.
  void set(const std::string& path, Origin origin) { origins_[path] = std::move(origin); }
  /// Origin of the path, or of its nearest ancestor that has one.
  std::optional<Origin> find(std::string_view path) const;
  /// Of the path itself, if it is there.
  std::optional<Origin> find_exactly(std::string_view path) const;

 private:
  enum class Extent { nearest, whole };
  std::optional<Origin> find_in_tree(std::string_view path, Extent extent) const;

  std::map<std::string, Origin, std::less<>> origins_;
  std::shared_ptr<const Node> tree_;
  std::vector<std::string> files_;
};

}  // namespace stack::spec
