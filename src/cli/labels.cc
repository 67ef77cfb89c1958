// SPDX-License-Identifier: Apache-2.0
#include "cli/labels.h"

#include "base/text.h"

namespace stack::cli {

Labels pairs(const std::vector<std::string>& texts) {
  Labels map;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    map[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return map;
}

std::string labels_text(const Labels& labels) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : labels) texts.push_back(key + "=" + value);
  return join(texts, ",");
}

bool has_label(const Labels& labels, const std::string& wanted) {
  const std::size_t equals = wanted.find('=');
  const auto label = labels.find(wanted.substr(0, equals));
  if (label == labels.end()) return false;
  return equals == std::string::npos || label->second == wanted.substr(equals + 1);
}

}  // namespace stack::cli
