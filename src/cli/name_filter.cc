// SPDX-License-Identifier: Apache-2.0
#include "cli/name_filter.h"

#include <algorithm>
#include <regex>

namespace stack::cli {

bool is_name_wanted(const std::string& wanted, const std::string& name) {
  if (wanted == name) return true;
  try {
    return std::regex_search(name, std::regex(wanted));
  } catch (const std::regex_error&) {
    return false;
  }
}

FilterText filter_text(const std::string& text) {
  const std::size_t equals = text.find('=');
  return {text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 1)};
}

bool passes_filters(const std::vector<std::string>& filters,
                    const std::function<bool(const FilterText& filter)>& holds) {
  const auto key_is_content = [&](const std::string& key) {
    return std::ranges::any_of(filters, [&](const std::string& text) {
      const FilterText filter = filter_text(text);
      return filter.key == key && holds(filter);
    });
  };
  return std::ranges::all_of(filters, [&](const std::string& text) {
    const FilterText filter = filter_text(text);
    return filter.key.starts_with("label") ? holds(filter) : key_is_content(filter.key);
  });
}

}  // namespace stack::cli
