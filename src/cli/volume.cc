// SPDX-License-Identifier: Apache-2.0
// stack volume ls, create, inspect, rm, restore, prune.
#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_view.h"
#include "cli/field_template.h"
#include "cli/labels.h"
#include "cli/name_filter.h"
#include "cli/prune.h"
#include "cli/volume_view.h"
#include "orchestrator/anonymous_volumes.h"
#include "orchestrator/host_volumes.h"

namespace stack::cli {
namespace {

using namespace orchestrator;
using volumes::VolumeInfo;
using volumes::VolumeStore;

HostPaths paths() {
  return HostPaths::from_environment();
}

VolumeStore store() {
  return VolumeStore(paths().volumes());
}

/// docker's mark for a volume that was made without a name.
constexpr const char* anonymous_label = "com.docker.volume.anonymous";

/// Of a data container, or of a service that keeps its own: as `down` does, only -v takes them.
bool is_kept(const VolumeInfo& volume) {
  return volume.labels.contains(orchestrator::kept_label);
}

/// Those that a file names have a label for it; anonymous ones are known by their service alone.
bool is_anonymous(const VolumeInfo& volume) {
  return volume.labels.contains("stack.service") || volume.labels.contains(anonymous_label);
}

/// What docker says of a volume when it is only listed.
constexpr const char* unknown = "N/A";

Fields row_of(const VolumeInfo& volume, const std::string& removed) {
  return {{"Availability", unknown}, {"Driver", "local"},
          {"Group", unknown},        {"Labels", labels_text(told_labels(volume))},
          {"Links", unknown},        {"Mountpoint", volume.data.native()},
          {"Name", volume.name},     {"Removed", removed},
          {"Scope", "local"},        {"Size", unknown},
          {"Status", unknown}};
}

const Fields& headings() {
  static const Fields all{{"Driver", "DRIVER"},         {"Labels", "LABELS"},
                          {"Mountpoint", "MOUNTPOINT"}, {"Name", "VOLUME NAME"},
                          {"Removed", "REMOVED"},       {"Scope", "SCOPE"}};
  return all;
}

/// Whether a volume passes all of --filter.
class VolumeFilter {
 public:
  VolumeFilter(const std::vector<std::string>& texts,
               std::map<std::string, std::vector<std::string>> users)
      : texts_(texts), users_(std::move(users)) {
    constexpr std::array keys{"dangling", "driver", "label", "label!", "name"};
    for (const auto& text : texts_) {
      if (text.find('=') == std::string::npos ||
          std::ranges::find(keys, filter_text(text).key) == keys.end())
        throw Error(fmt::format("invalid filter \"{}\": dangling=, driver=, label= or name=",
                                printable(text)))
            .with_exit_code(ExitCode::usage);
    }
  }

  bool passes(const VolumeInfo& volume) const {
    return passes_filters(texts_, [&](const FilterText& filter) {
      const auto& [key, value] = filter;
      if (key == "label") return has_label(told_labels(volume), value);
      if (key == "label!") return !has_label(told_labels(volume), value);
      if (key == "name") return is_name_wanted(value, volume.name);
      if (key == "driver") return value == "local";
      return is_used(volume.name) != (value == "true" || value == "1");
    });
  }

  bool is_used(const std::string& name) const { return users_.contains(name); }

 private:
  const std::vector<std::string>& texts_;
  std::map<std::string, std::vector<std::string>> users_;
};

/// What is to be made: under the one name that was given, or under one that nobody has.
volumes::VolumeRequest wanted_volume(const Options& options) {
  if (!options.driver.empty() && options.driver != "local")
    throw Error(fmt::format("there is no volume driver {}", stack::quoted(options.driver)))
        .with_hint("`--opt` gives \"local\" directories, disks, NFS and SMB shares");
  std::vector<std::string> names = options.arguments;
  if (!options.name.empty()) names.push_back(options.name);
  if (names.size() > 1)
    throw Error("\"stack volume create\" takes at most one name").with_exit_code(ExitCode::failure);
  volumes::VolumeRequest request{names.empty() ? random_hex(64) : names.front(),
                                 pairs(options.labels), pairs(options.driver_options)};
  volumes::parse_volume_options(request.options);
  if (names.empty()) request.labels[anonymous_label] = "";
  return request;
}

Removal removal_of(const Options& options) {
  return options.now ? Removal::for_good : Removal::kept_for_a_while;
}

}  // namespace

int run_volume_list(const Options& options) {
  const VolumeFilter filter(options.filters, volume_users(paths()));
  std::vector<Fields> rows;
  const auto add = [&](const VolumeInfo& volume, const std::string& removed) {
    if (filter.passes(volume)) rows.push_back(row_of(volume, removed));
  };
  if (options.removed) {
    for (const auto& each : store().list_removed())
      add(each.volume, ago_text(each.removed, std::chrono::system_clock::now()));
  } else {
    for (const auto& volume : store().list()) add(volume, "");
  }
  std::vector<std::string> columns{"Driver", "Name"};
  if (options.removed) columns.emplace_back("Removed");
  const std::string format = options.quiet ? "{{.Name}}" : options.format;
  std::cout << format_rows(format, headings(), columns, rows);
  return 0;
}

int run_volume_create(const Options& options) {
  const volumes::VolumeRequest request = wanted_volume(options);
  const VolumeInfo volume = store().ensure(request);
  if (!request.options.empty() && volume.options != request.options)
    throw Error(fmt::format("volume {} is there with other options: {}", volume.name,
                            volume.options.empty() ? "none" : volumes::to_text(volume.options)))
        .with_hint(fmt::format("`stack volume rm {}` makes room for it", volume.name));
  std::cout << volume.name << '\n';
  return 0;
}

int run_volume_inspect(const Options& options) {
  const auto users = volume_users(paths());
  std::vector<nlohmann::ordered_json> all;
  const int code = each_of(options.arguments, [&](const std::string& name) {
    const auto volume = store().find(name);
    if (!volume) fail("no such volume: {}", name);
    all.emplace_back(volume_json(*volume, users));
  });
  std::cout << format_inspected(options.format, all);
  return code;
}

int run_volume_remove(const Options& options) {
  return each_of(options.arguments, [&](const std::string& name) {
    if (options.force && !store().find(name)) return;
    remove_volume(paths(), name, removal_of(options));
    std::cout << name << '\n';
  });
}

int run_volume_restore(const Options& options) {
  return each_of(options.arguments,
                 [&](const std::string& name) { std::cout << store().restore(name).name << '\n'; });
}

Pruned prune_volumes(const Options& options) {
  const VolumeFilter filter(options.filters, volume_users(paths()));
  std::vector<std::string> doomed;
  for (const auto& volume : store().list())
    if ((options.all || (is_anonymous(volume) && !is_kept(volume))) &&
        !filter.is_used(volume.name) && filter.passes(volume))
      doomed.push_back(volume.name);
  if (doomed.empty()) return {};
  std::cout << "Deleted Volumes:\n";
  Pruned pruned;
  pruned.code = each_of(doomed, [&](const std::string& name) {
    const std::uint64_t bytes = store().size(name);
    remove_volume(paths(), name, removal_of(options));
    pruned.bytes += bytes;
    std::cout << name << '\n';
  });
  std::cout << '\n';
  if (pruned.bytes > 0 && !options.now)
    std::cerr << "note: their room is free in 7 days; `stack volume restore NAME` brings one back "
                 "until then\n";
  return pruned;
}

int run_volume_prune(const Options& options) {
  const char* const what =
      options.removed ? "This will delete all volumes that were removed and are kept for a while."
      : options.all   ? "This will remove all volumes not used by at least one container."
                      : "This will remove anonymous volumes not used by at least one container.";
  const VolumeFilter checked(options.filters, {});
  if (!options.force && !is_agreed_to(what)) return 0;
  if (options.removed) {
    std::cout << "Deleted: " << store().forget_removed(std::chrono::system_clock::now()) << '\n';
    return 0;
  }
  const Pruned pruned = prune_volumes(options);
  tell_reclaimed(pruned.bytes);
  return pruned.code;
}

}  // namespace stack::cli
