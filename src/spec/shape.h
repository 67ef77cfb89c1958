// SPDX-License-Identifier: Apache-2.0
// Brings one file's tree into the one long, typed form that the rest of the front end works on, by
// the tables of schema.h. Unknown keys and values of the wrong kind are found here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "spec/reporter.h"
#include "spec/schema.h"
#include "spec/tree.h"

namespace stack::spec {

enum class Variables { replaced, kept };
/// `make_relative`: to the project directory, which tells what files in other directories mean.
enum class PathResolution { make_absolute, make_relative, keep };

/// What shaping needs to know besides the tree.
struct Shaping {
  Reporter& reporter;
  std::string base_directory;     ///< of relative paths
  std::string project_directory;  ///< what they become relative to, where that is wanted
  std::string home;
  PathResolution paths = PathResolution::make_absolute;
  Variables variables = Variables::replaced;
  std::size_t ports = 0;  ///< made from ranges so far; limited, see shape_ports
};

/// The way from the root to a value, for messages.
struct Where {
  const Where* parent = nullptr;
  std::string_view key;   ///< "image"; empty for the root and for list items
  std::string_view noun;  ///< "service" when `key` names one

  /// `service "web"`, `"healthcheck" of service "web"`, "the file".
  std::string object_text() const;
  /// `"image" of service "web"`.
  std::string value_text() const { return object_text(); }
};

/// Shapes `root` (a whole document) in place.
void shape_document(Node& root, Shaping& shaping);
/// Shapes one value in place; used by short forms for what they made.
void shape(Node& node, const Type& type, const Where& where, Shaping& shaping);

/// The item stands twice in a list that is a set.
void refuse_double(const Node& item, const Where& where, Reporter& reporter);

/// Text that still has a variable in it (Variables::kept).
bool is_open(const Node& node);
/// Such text where it is to stay: nothing can be said of it yet.
bool is_kept(const Node& node, const Shaping& shaping);

/// Reports what no container could run with, but a file may say: `stack config` shows it with a
/// warning. `text` is what is wrong of the value, `wanted` what would be right ("an IP address").
Diagnostic& wrong_value(const Node& node, std::string_view text, Shaping& shaping,
                        const Where& where, std::string_view wanted);

/// `path` as the shaped tree shall have it: an absolute one as it is written.
std::string shaped_path(std::string_view path, const Shaping& shaping);

}  // namespace stack::spec
