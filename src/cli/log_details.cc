// SPDX-License-Identifier: Apache-2.0
#include "cli/log_details.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/text.h"
#include "cli/container_labels.h"
#include "cli/container_view.h"
#include "orchestrator/lower_logging.h"
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
    if (chosen.has_label(key)) found[key] = value;
  for (const std::string& variable : container.config.spec.process.environment) {
    const std::string key = variable.substr(0, variable.find('='));
    if (chosen.has_variable(key))
      found[key] = variable.substr(std::min(key.size() + 1, variable.size()));
  }
  if (const auto tag = logging.options.find("tag"); tag != logging.options.end())
    if (const auto text = spec::log_tag(
            tag->second,
            orchestrator::LogTagWords{container.config.id, container.config.name,
                                      wish.value("image", ""), wish.value("image_id", "")}))
      found["tag"] = *text;
  std::vector<std::string> pairs;
  for (const auto& [key, value] : found) pairs.push_back(escaped(key) + "=" + escaped(value));
  return join(pairs, ",");
}

}  // namespace stack::cli
