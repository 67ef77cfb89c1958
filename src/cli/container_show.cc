// SPDX-License-Identifier: Apache-2.0
// `stack container ls` and `inspect`.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_inspect.h"
#include "cli/container_view.h"
#include "cli/field_template.h"
#include "cli/found_container.h"
#include "cli/labels.h"
#include "orchestrator/one_off.h"

namespace stack::cli {
namespace {

const Fields& headings() {
  static const Fields all{
      {"Command", "COMMAND"}, {"CreatedAt", "CREATED AT"}, {"ID", "CONTAINER ID"},
      {"Image", "IMAGE"},     {"Labels", "LABELS"},        {"Names", "NAMES"},
      {"Ports", "PORTS"},     {"RunningFor", "CREATED"},   {"Project", "PROJECT"},
      {"State", "STATE"},     {"Status", "STATUS"}};
  return all;
}

Fields row_of(const FoundContainer& found, const Options& options, TimePoint now) {
  constexpr std::size_t short_id = 12;
  const auto& container = found.container;
  Labels labels = container.config.attributes;
  labels.erase("image");
  labels.erase("name");
  const bool is_lone = found.project == orchestrator::lone_containers_project;
  return {{"Command", command_text(container, options.no_trunc)},
          {"CreatedAt", calendar_text(container.status.created, calendar_format)},
          {"ID", options.no_trunc ? container.config.id : container.config.id.substr(0, short_id)},
          {"Image", image_text(container)},
          {"Labels", labels_text(labels)},
          {"Names", container.config.name},
          {"Ports", ports_text(container)},
          {"Project", is_lone ? "" : found.project},
          {"RunningFor", ago_text(container.status.created, now)},
          {"State", state_text(container)},
          {"Status", status_text(container, now)}};
}

/// docker's filters, of which these are known.
bool passes(const FoundContainer& found, const std::string& filter) {
  const std::size_t equals = filter.find('=');
  const std::string key = filter.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : filter.substr(equals + 1);
  const auto& container = found.container;
  if (key == "name") return container.config.name.find(value) != std::string::npos;
  if (key == "id") return container.config.id.starts_with(value);
  if (key == "status") return state_text(container) == value;
  if (key == "label") return has_label(container.config.attributes, value);
  if (key == "ancestor") return image_text(container) == value;
  if (key == "exited") return fmt::format("{}", container.status.exit_code.value_or(-1)) == value;
  if (key == "health") return to_text(container.status.health) == value;
  throw Error(fmt::format("invalid filter \"{}\"", printable(filter)))
      .with_hint("name=, id=, status=, label=, ancestor=, exited= or health=")
      .with_exit_code(ExitCode::usage);
}

/// docker's -n and -l show stopped ones too, and so does a filter for them.
bool shows_all(const Options& options) {
  return options.all || options.latest || !options.last.empty() ||
         std::ranges::any_of(options.filters, [](const std::string& filter) {
           return filter.starts_with("status=") || filter.starts_with("exited=");
         });
}

std::size_t most(const Options& options) {
  if (options.latest) return 1;
  if (options.last.empty()) return std::string::npos;
  const auto number = parse_integer<std::size_t>(options.last);
  if (!number) throw Error("--last takes a number").with_exit_code(ExitCode::usage);
  return *number;
}

std::vector<FoundContainer> chosen(const Options& options) {
  std::vector<FoundContainer> containers = all_containers();
  std::erase_if(containers, [&](const FoundContainer& found) {
    if (!shows_all(options) && !supervisor::is_up(found.container.status.phase)) return true;
    return std::ranges::any_of(options.filters,
                               [&](const auto& filter) { return !passes(found, filter); });
  });
  if (containers.size() > most(options)) containers.resize(most(options));
  return containers;
}

}  // namespace

int run_container_list(const Options& options) {
  const TimePoint now = std::chrono::system_clock::now();
  std::vector<Fields> rows;
  for (const FoundContainer& found : chosen(options)) rows.push_back(row_of(found, options, now));
  const std::string format = options.quiet ? "{{.ID}}" : options.format;
  std::cout << format_rows(format, headings(),
                           {"ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"},
                           rows);
  return 0;
}

int run_container_inspect(const Options& options) {
  if (!options.format.empty() && options.format != "json")
    throw Error("stack container inspect knows --format json only as yet")
        .with_exit_code(ExitCode::usage);
  nlohmann::json all = nlohmann::json::array();
  const int code = each_of(options.arguments, [&](const std::string& name) {
    const FoundContainer found = find_container(name);
    all.push_back(inspect_json(found.container, found.project));
  });
  constexpr int indent = 4;
  std::cout << all.dump(options.format.empty() ? indent : -1) << '\n';
  return code;
}

}  // namespace stack::cli
