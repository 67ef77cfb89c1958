// SPDX-License-Identifier: Apache-2.0
#include "cli/config_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"
#include "orchestrator/no_such_service.h"
#include "spec/service_hash.h"
#include "spec/tree.h"
#include "spec/variables.h"
#include "spec/why.h"

namespace stack::cli {
namespace {

using nlohmann::ordered_json;

template <typename Map>
std::string keys(const Map& map) {
  std::string text;
  for (const auto& [key, value] : map) text += key + "\n";
  return text;
}

std::string lines(const std::set<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += word + "\n";
  return text;
}

/// As docker compose prints it: columns of at least twenty characters.
std::string wide_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 20);
  for (const auto& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at)
      widths[at] = std::max(widths[at], row[at].size() + 3);
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at)
      text += at + 1 == row.size() ? row[at] : fmt::format("{:{}}", row[at], widths[at]);
    text += '\n';
  }
  return text;
}

/// Those of providers, too: the file has them.
std::set<std::string> all_services(const spec::Project& project) {
  std::set<std::string> names;
  for (const auto& [name, service] : project.services) names.insert(name);
  for (const auto& [name, provider] : project.providers) names.insert(name);
  return names;
}

std::vector<std::string> chosen_services(const spec::Project& project, const std::string& names) {
  const auto all = all_services(project);
  if (names == "*") return {all.begin(), all.end()};
  std::vector<std::string> chosen;
  for (const auto& name : split(names, ',')) {
    if (!all.contains(name)) throw orchestrator::NoSuchService(name, {all.begin(), all.end()});
    chosen.push_back(name);
  }
  return chosen;
}

std::string place_of(const spec::Reasoned& value) {
  return value.origin.line > 0 ? spec::to_text(value.origin) : "in no file";
}

ordered_json to_json(const spec::Reasoned& value) {
  ordered_json json{{"path", value.path}, {"value", value.value}};
  if (value.origin.line > 0) {
    json["file"] = value.origin.file;
    json["line"] = value.origin.line;
    json["column"] = value.origin.column;
  }
  json["reasons"] = value.reasons;
  return json;
}

std::string reasons_as_text(const spec::WhyAnswer& answer) {
  std::string text;
  for (const auto& value : answer.values) {
    text += printable(fmt::format("{}: {}", value.path, value.value)) + '\n';
    text += printable("    " + place_of(value));
    if (value.reasons.empty()) text += "  as written";
    std::string separator = "  ";
    for (const auto& reason : value.reasons)
      text += std::exchange(separator, "\n    then ") + printable(reason);
    text += '\n';
  }
  return text;
}

}  // namespace

std::string services_listing(const spec::Project& project, const Options&) {
  return lines(all_services(project));
}
std::string volumes_listing(const spec::Project& project, const Options&) {
  return keys(project.volumes);
}
/// Those that the file has: what a service of the common bridge is given besides is our affair.
std::string networks_listing(const spec::Project& project, const Options&) {
  const spec::Node* const networks = project.resolved->find("networks");
  std::set<std::string> names;
  if (networks != nullptr)
    for (const auto& network : networks->entries) names.insert(network.key);
  return lines(names);
}
std::string profiles_listing(const spec::Project& project, const Options&) {
  return lines(project.profiles);
}

std::string images_listing(const spec::Project& project, const Options&) {
  std::string text;
  for (const auto& [name, service] : project.services) text += service.image + "\n";
  return text;
}

std::string models_listing(const spec::Project& project, const Options&) {
  std::set<std::string> names;
  const spec::Node* models = project.resolved ? project.resolved->find("models") : nullptr;
  if (models != nullptr) {
    for (const auto& model : models->entries) names.emplace(model.value.text_of("model"));
  }
  return lines(names);
}

std::string environment_listing(const spec::Project& project, const Options&) {
  std::string text;
  for (const auto& [name, value] : project.variables) text += name + "=" + value + "\n";
  return text;
}

std::string variables_listing(const spec::Project& project, const Options& options) {
  const auto uses = spec::variables_of(project);
  if (options.format == "json") {
    ordered_json json = ordered_json::object();
    for (const auto& [name, use] : uses) {
      json[name] = {{"Name", name},
                    {"DefaultValue", use.default_value},
                    {"PresenceValue", use.alternate},
                    {"Required", use.required}};
    }
    return json.dump(4) + "\n";
  }
  std::vector<std::vector<std::string>> rows{
      {"NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"}};
  for (const auto& [name, use] : uses)
    rows.push_back({name, use.required ? "true" : "false", use.default_value, use.alternate});
  return wide_table(rows);
}

std::string hash_listing(const spec::Project& project, const Options& options) {
  std::string text;
  for (const auto& name : chosen_services(project, options.hash))
    text += fmt::format("{} {}\n", name,
                        image::hex_of(image::digest_of(spec::hashed_text(project, name))));
  return text;
}

std::string reasons_listing(const spec::Project& project, const Options& options) {
  const auto answer = spec::why(project, options.why);
  if (!answer.problem.empty()) throw Error(answer.problem).with_hint(answer.hint);
  if (options.format != "json") return reasons_as_text(answer);
  ordered_json json = ordered_json::array();
  for (const auto& value : answer.values) json.push_back(to_json(value));
  return json.dump(2) + "\n";
}

}  // namespace stack::cli
