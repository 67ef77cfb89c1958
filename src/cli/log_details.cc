// SPDX-License-Identifier: Apache-2.0
#include "cli/log_details.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/ids.h"
#include "base/pattern.h"
#include "base/text.h"
#include "cli/container_labels.h"
#include "cli/container_view.h"
#include "registry/url.h"
#include "spec/log_destination.h"

namespace stack::cli {
namespace {

using nlohmann::json;
using supervisor::ObservedContainer;

spec::Logging logging_of(const json& wish) {
  const json written = wish.value("logging", json::object());
  return {written.value("driver", ""),
          written.value("options", std::map<std::string, std::string>())};
}

bool is_chosen(const std::string& key, const std::vector<std::string>& names,
               const std::string& pattern) {
  if (std::ranges::find(names, key) != names.end()) return true;
  return !pattern.empty() && Pattern(pattern).matches(key);
}

std::optional<std::string> word_of(std::string_view name, const ObservedContainer& container,
                                   const json& wish) {
  const auto& config = container.config;
  const std::string image_id = wish.value("image_id", "");
  if (name == "ID") return short_id(config.id);
  if (name == "FullID") return config.id;
  if (name == "Name") return config.name;
  if (name == "ImageName") return wish.value("image", "");
  if (name == "ImageID") return short_id(image_id);
  if (name == "ImageFullID") return image_id;
  if (name == "DaemonName") return "stack";
  return std::nullopt;
}

/// As Go's url.QueryEscape().
std::string escaped(const std::string& text) {
  std::vector<std::string> words = split(text, ' ');
  for (std::string& word : words) word = registry::percent_encoded(word);
  return join(words, "+");
}

}  // namespace

std::string log_details(const ObservedContainer& container) {
  const json wish = wish_of(container);
  const spec::Logging logging = logging_of(wish);
  const spec::LogAttributes chosen = spec::attributes_of(logging);
  std::map<std::string, std::string> found;
  for (const auto& [key, value] : container_labels(container, {}))
    if (is_chosen(key, chosen.labels, chosen.labels_pattern)) found[key] = value;
  for (const std::string& variable : container.config.spec.process.environment) {
    const std::string key = variable.substr(0, variable.find('='));
    if (is_chosen(key, chosen.variables, chosen.variables_pattern))
      found[key] = variable.substr(std::min(key.size() + 1, variable.size()));
  }
  if (const auto tag = logging.options.find("tag"); tag != logging.options.end())
    if (const auto text = spec::log_tag(
            tag->second, [&](std::string_view name) { return word_of(name, container, wish); }))
      found["tag"] = *text;
  std::vector<std::string> pairs;
  for (const auto& [key, value] : found) pairs.push_back(escaped(key) + "=" + escaped(value));
  return join(pairs, ",");
}

}  // namespace stack::cli
