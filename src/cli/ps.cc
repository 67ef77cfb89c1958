// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_labels.h"
#include "cli/container_view.h"
#include "cli/field_template.h"
#include "cli/image_use.h"
#include "cli/memory_death.h"
#include "cli/project.h"
#include "orchestrator/diff.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;
using supervisor::Phase;

/// What `--status` and `--filter status=` take: docker's, and `data`, which only we have.
std::set<std::string> wanted_states(const Options& options) {
  constexpr std::array known{"created",  "running", "paused", "restarting",
                             "removing", "exited",  "dead",   "data"};
  std::set<std::string> states(options.statuses.begin(), options.statuses.end());
  for (const auto& filter : options.filters) {
    if (!filter.starts_with("status="))
      throw Error(fmt::format("invalid filter {}", stack::quoted(filter)))
          .with_hint("status=STATE; the other filters of docker: `stack container ls --filter`")
          .with_exit_code(ExitCode::usage);
    states.insert(filter.substr(7));
  }
  for (const auto& state : states) {
    if (std::ranges::find(known, state) == known.end())
      throw Error(fmt::format("there is no state {}", stack::quoted(state)))
          .with_hint(fmt::format("one of {}", fmt::join(known, ", ")))
          .with_exit_code(ExitCode::usage);
  }
  return states;
}

bool has_default_format(const Options& options) {
  return options.format.empty() || options.format == "table";
}

bool is_for_people(const Options& options) {
  return has_default_format(options) && !options.quiet && !options.services;
}

class Selection {
 public:
  explicit Selection(const Options& options)
      : options_(options), services_(services_of(options)), states_(wanted_states(options)) {
    if (!options.orphans) known_ = services_in_file(options);
  }

  bool has(const ObservedContainer& container) const {
    const std::string& service = container.config.service;
    if (!services_.empty() && !services_.contains(service)) return false;
    if (known_ && !known_->contains(service)) return false;
    if (!states_.empty())
      return std::ranges::any_of(
          states_, [&](const std::string& state) { return is_in_state(container, state); });
    if (supervisor::is_one_off(container.config)) return options_.all;
    const Phase phase = container.status.phase;
    const bool stopped = phase == Phase::exited || phase == Phase::created;
    if (options_.all || !stopped) return true;
    // People see them at work; a script for docker does not expect what it cannot enter.
    return is_for_people(options_) && orchestrator::is_data_container(container);
  }

 private:
  static std::set<std::string> services_in_file(const Options& options) {
    Options about_all = options;
    about_all.arguments.clear();
    std::set<std::string> services;
    for (const auto& [name, service] : load_without_env_files(about_all).services)
      services.insert(name);
    return services;
  }

  const Options& options_;
  std::set<std::string> services_;
  std::set<std::string> states_;
  std::optional<std::set<std::string>> known_;  ///< unset: those of no service too
};

const Fields& ps_headings() {
  static const Fields headings{{"Command", "COMMAND"},       {"CreatedAt", "CREATED AT"},
                               {"ExitCode", "EXIT CODE"},    {"Health", "HEALTH"},
                               {"ID", "CONTAINER ID"},       {"Image", "IMAGE"},
                               {"Labels", "LABELS"},         {"LocalVolumes", "LOCAL VOLUMES"},
                               {"Mounts", "MOUNTS"},         {"Name", "NAME"},
                               {"Names", "NAMES"},           {"Networks", "NETWORKS"},
                               {"Ports", "PORTS"},           {"Project", "PROJECT"},
                               {"Publishers", "PUBLISHERS"}, {"RunningFor", "CREATED"},
                               {"Service", "SERVICE"},       {"Size", "SIZE"},
                               {"State", "STATE"},           {"Status", "STATUS"}};
  return headings;
}

nlohmann::ordered_json ps_row(const ObservedContainer& container, const Labels& of_project,
                              const Options& options, ImagesOfContainers& images, TimePoint now) {
  const nlohmann::json wish = wish_of(container);
  const auto exposed = images.exposed(wish);
  nlohmann::ordered_json row(has_default_format(options)
                                 ? ps_columns(container, now, wish, exposed)
                                 : ps_json(container, of_project, now, wish, exposed));
  if (!options.no_trunc) return row;
  row["ID"] = container.config.id;
  row["Command"] = command_text(container, true);
  if (row.contains("Mounts")) row["Mounts"] = join(mount_texts(container), ",");
  return row;
}

void print(const std::vector<ObservedContainer>& shown, const std::string& project,
           const Options& options) {
  const TimePoint now = std::chrono::system_clock::now();
  ImagesOfContainers images;
  Labels of_project;  // the default columns need none
  if (!has_default_format(options))
    of_project = project_labels(project, HostPaths::from_environment());
  std::vector<nlohmann::ordered_json> rows;
  for (const auto& each : shown) rows.push_back(ps_row(each, of_project, options, images, now));
  std::cout << format_objects(
      options.format, ps_headings(),
      {"Name", "Image", "Command", "Service", "RunningFor", "Status", "Ports"}, rows);
}

/// The table has docker's words, by which it looks like any other SIGKILL.
void tell_of_memory(const std::vector<ObservedContainer>& shown, const std::string& project) {
  for (const auto& each : shown)
    if (died_of_memory(each))
      std::cerr << fmt::format(
          "note: {} was {}\n", each.config.name,
          memory_death_text(HostPaths::from_environment(), project, each.config.name));
}

}  // namespace

int run_ps(const Options& options) {
  const Selection selection(options);
  const std::string project = project_name(options);
  const bool is_brief = options.quiet || options.services || has_default_format(options);
  auto containers = supervisor::read_containers(
      HostPaths::from_environment(), project,
      is_brief ? supervisor::ConfigParts::summary : supervisor::ConfigParts::all);
  check_services(project, options);
  if (containers.empty())
    tell_without_file(options, "`stack container ls` lists all containers of this machine");
  std::erase_if(containers, [&](const auto& each) { return !selection.has(each); });
  if (options.quiet) {
    for (const auto& each : containers) std::cout << each.config.id << '\n';
  } else if (options.services) {
    std::set<std::string> services;
    for (const auto& each : containers) services.insert(each.config.service);
    for (const auto& service : services) std::cout << service << '\n';
  } else {
    print(containers, project, options);
    if (is_for_people(options)) tell_of_memory(containers, project);
  }
  return 0;
}

}  // namespace stack::cli
