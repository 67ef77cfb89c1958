// SPDX-License-Identifier: Apache-2.0
// docker's filters as lists have them: of one key any, of several keys all.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli {

/// Whether `wanted` of `--filter name=` is a name's: the same, or a regular expression that a part
/// of it matches. What is no regular expression matches nothing else.
bool is_name_wanted(const std::string& wanted, const std::string& name);

/// "KEY=VALUE" taken apart.
struct FilterText {
  std::string key;
  std::string value;
};
FilterText filter_text(const std::string& text);

/// Whether all keys of `filters` are content: `holds` answers for one filter. Of one key any will
/// do, but for labels, of which all must be there.
bool passes_filters(const std::vector<std::string>& filters,
                    const std::function<bool(const FilterText& filter)>& holds);

}  // namespace stack::cli
