// SPDX-License-Identifier: Apache-2.0
// Why a value of the project is what it is: the file and line that it is from, and the rules of
// merging that put it there (`stack config --why services.web.ports`).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/model.h"

namespace stack::spec {

/// One value and how it came there.
struct Reasoned {
  std::string path;                  ///< services.web.ports[0]
  std::string value;                 ///< in one line; ports and volumes in their short form
  Origin origin;                     ///< line 0: no file says it
  std::vector<std::string> reasons;  ///< sentences, oldest first; none: it is as written
};

struct WhyAnswer {
  std::vector<Reasoned> values;
  std::string problem;  ///< set when there is nothing at the path
  std::string hint;
};

/// Every value at or below `path`: keys joined by dots, list items as [0] or .0, as `config` prints
/// them. An empty path is the whole project. `project` must have been loaded with keep_history.
WhyAnswer why(const Project& project, std::string_view path);

}  // namespace stack::spec
