// SPDX-License-Identifier: Apache-2.0
#include "runtime/working_directory.h"

#include <vector>

#include "base/text.h"

namespace stack::runtime {

std::string plain_directory(std::string_view absolute) {
  std::vector<std::string> kept;
  for (std::string& part : split(absolute, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  return "/" + join(kept, "/");
}

}  // namespace stack::runtime
