// SPDX-License-Identifier: Apache-2.0
// stack system: what this machine is, what stack keeps on it, and cleaning up.
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"
#include "build/builder.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/image_use.h"
#include "cli/image_view.h"
#include "cli/prune.h"
#include "cli/system_view.h"
#include "cli/table.h"
#include "image/reference.h"
#include "image/store_index.h"
#include "orchestrator/host_volumes.h"
#include "runtime/cgroup_stats.h"
#include "supervisor/earlier_logs.h"
#include "supervisor/log_files.h"
#include "supervisor/project_files.h"
#include "volumes/usage.h"

namespace stack::cli {
namespace {

using Json = nlohmann::ordered_json;

HostPaths paths() {
  return HostPaths::from_environment();
}

/// Bytes of layers, each once.
std::uint64_t bytes_of_layers(const image::StorePaths& store, const std::set<std::string>& chains) {
  std::uint64_t bytes = 0;
  for (const auto& chain : chains) bytes += image::read_layer_record(store, chain).file_bytes;
  return bytes;
}

std::string name_of(const image::Image& image) {
  return image.names.empty() ? short_id(image.id)
                             : image::familiar(image::parse_reference(image.names.front()));
}

struct ImageRoom {
  RoomOfKind images;
  std::uint64_t kept_for_builds = 0;
};

ImageRoom room_of_images() {
  const auto store = open_store();
  const image::StorePaths files{store.root()};
  const auto images = store.list();
  auto users = image_users(images);
  std::set<std::string> all, active;
  ImageRoom room;
  room.images.type = "Images";
  for (const auto& image : images) {
    const bool used = users[image.id] > 0;
    room.images.things.push_back({name_of(image), image.size, used});
    for (const auto& layer : image.layers) {
      const std::string chain = fmt::format("sha256:{}", layer.filename().native());
      all.insert(chain);
      if (used) active.insert(chain);
    }
  }
  room.images.bytes = bytes_of_layers(files, all);
  room.images.reclaimable = room.images.bytes - bytes_of_layers(files, active);
  std::uint64_t every = 0;
  for (const auto& layer : image::list_layers(files)) every += layer.file_bytes;
  room.kept_for_builds = every - std::min(every, room.images.bytes);
  return room;
}

template <typename Each>
void for_each_container(const Each& each) {
  for (const auto& project : supervisor::list_stacks(paths())) {
    const supervisor::ProjectFiles files{paths(), project};
    for (const auto& container :
         supervisor::read_containers(paths(), project, supervisor::ConfigParts::summary,
                                     supervisor::Unreadable::is_left_out))
      each(files, container);
  }
}

/// Without their logs.
RoomOfKind room_of_containers() {
  std::vector<UsedRoom> things;
  for_each_container(
      [&](const supervisor::ProjectFiles& files, const supervisor::ObservedContainer& container) {
        const auto directory = files.container(container.config.id);
        const std::uint64_t bytes = volumes::disk_usage(directory);
        things.push_back({container.config.name,
                          bytes - std::min(bytes, supervisor::log_bytes(directory)),
                          supervisor::is_up(container.status.phase)});
      });
  return room_of("Containers", std::move(things));
}

/// Of containers, and of those that they have replaced. They go with their containers.
RoomOfKind room_of_logs() {
  std::vector<UsedRoom> things;
  const auto add = [&](const std::string& name, const std::filesystem::path& directory) {
    if (const std::uint64_t bytes = supervisor::log_bytes(directory); bytes > 0)
      things.push_back({name, bytes, true});
  };
  for_each_container(
      [&](const supervisor::ProjectFiles& files, const supervisor::ObservedContainer& container) {
        add(container.config.name, files.container(container.config.id));
      });
  for (const auto& project : supervisor::list_stacks(paths()))
    for (const auto& log : supervisor::earlier_logs({paths(), project}))
      add(fmt::format("{} (replaced: {})", log.name, short_id(log.container_id)), log.directory);
  return room_of("Logs", std::move(things));
}

RoomOfKind room_of_volumes() {
  const volumes::VolumeStore store(paths().volumes());
  const auto users = orchestrator::volume_users(paths());
  std::vector<UsedRoom> things;
  for (const auto& volume : store.list())
    things.push_back({volume.name, store.size(volume.name), users.contains(volume.name)});
  return room_of("Local Volumes", std::move(things));
}

RoomOfKind room_of_cache(std::uint64_t kept_layers) {
  std::vector<UsedRoom> things;
  if (kept_layers > 0) things.push_back({"layers", kept_layers, false});
  if (const auto bytes = volumes::disk_usage(paths().cache()); bytes > 0)
    things.push_back({paths().cache().native(), bytes, false});
  return room_of("Build Cache", std::move(things));
}

std::vector<RoomOfKind> all_rooms() {
  ImageRoom images = room_of_images();
  return {std::move(images.images), room_of_containers(), room_of_volumes(),
          room_of_cache(images.kept_for_builds), room_of_logs()};
}

void show_thing_by_thing(const std::vector<RoomOfKind>& rooms) {
  std::string text;
  for (const auto& room : rooms) {
    std::vector<Row> rows;
    for (const auto& each : room.things)
      rows.push_back({each.name, human_size(each.bytes), each.active ? "yes" : "no"});
    text += fmt::format("{}{}:\n\n{}", text.empty() ? "" : "\n", room.type,
                        table({"NAME", "SIZE", "IN USE"}, rows));
  }
  std::cout << text;
}

std::string operating_system() {
  const auto text = read_file_if_exists("/etc/os-release").value_or("");
  for (const std::string& line : split(text, '\n'))
    if (line.starts_with("PRETTY_NAME="))
      return std::string(trim(line.substr(12))).substr(1, line.size() - 14);
  return "Linux";
}

Json container_counts() {
  Json counts{{"Containers", 0},
              {"ContainersRunning", 0},
              {"ContainersPaused", 0},
              {"ContainersStopped", 0}};
  const auto count = [&](const char* name) { counts[name] = counts[name].get<int>() + 1; };
  for_each_container([&](const auto&, const supervisor::ObservedContainer& container) {
    count("Containers");
    const auto phase = container.status.phase;
    count(phase == supervisor::Phase::paused ? "ContainersPaused"
          : supervisor::is_up(phase)         ? "ContainersRunning"
                                             : "ContainersStopped");
  });
  return counts;
}

/// Of this machine, whoever asks; as docker's in form.
std::string machine_name() {
  const std::string text = read_file_if_exists("/etc/machine-id").value_or("");
  const std::string digits = stable_hex("stack on " + std::string(trim(text)), 32);
  return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4),
                     digits.substr(12, 4), digits.substr(16, 4), digits.substr(20));
}

/// What docker's `info` has beside, as far as there is an answer to it here.
void add_dockers_fields(Json& json) {
  const bool has_cgroup_namespaces = json["CgroupVersion"] == "2";
  json["ID"] = machine_name();
  json["CgroupDriver"] = "cgroupfs";
  json["LoggingDriver"] = "json-file";
  json["SecurityOptions"] = Json::array({"name=seccomp,profile=builtin"});
  if (has_cgroup_namespaces) json["SecurityOptions"].push_back("name=cgroupns");
  json["Swarm"] = {{"NodeID", ""},
                   {"NodeAddr", ""},
                   {"LocalNodeState", "inactive"},
                   {"ControlAvailable", false},
                   {"Error", ""},
                   {"RemoteManagers", nullptr}};
}

Json info() {
  utsname machine{};
  ::uname(&machine);
  Json json = container_counts();
  json["Images"] = open_store().list().size();
  json["Stacks"] = supervisor::list_stacks(paths()).size();
  json["ServerVersion"] = STACK_VERSION;
  json["Driver"] = "overlay2";
  json["CgroupVersion"] = stack::exists("/sys/fs/cgroup/cgroup.controllers") ? "2" : "1";
  json["KernelVersion"] = machine.release;
  json["OperatingSystem"] = operating_system();
  json["OSType"] = "linux";
  json["Architecture"] = machine.machine;
  json["NCPU"] = ::sysconf(_SC_NPROCESSORS_ONLN);
  json["MemTotal"] = runtime::machine_memory();
  json["Name"] = machine.nodename;
  json["DockerRootDir"] = paths().data.native();
  json["RunDir"] = paths().run.native();
  add_dockers_fields(json);
  return json;
}

void show_info(const Json& json) {
  const auto text = [&](const char* name) {
    return json[name].is_string() ? json[name].get<std::string>() : json[name].dump();
  };
  std::cout << fmt::format(
      "stack:            {}\n"
      "Stacks:           {}\n"
      "Containers:       {} ({} running, {} paused, {} stopped)\n"
      "Images:           {}\n"
      "Kept in:          {}, and {} while it runs\n"
      "Machine:          {}: {}, {}, {}\n"
      "Processors:       {}\n"
      "Memory:           {}\n"
      "Cgroups:          version {}\n",
      text("ServerVersion"), text("Stacks"), text("Containers"), text("ContainersRunning"),
      text("ContainersPaused"), text("ContainersStopped"), text("Images"), text("DockerRootDir"),
      text("RunDir"), text("Name"), text("OperatingSystem"), text("KernelVersion"),
      text("Architecture"), text("NCPU"), human_size(json["MemTotal"].get<std::uint64_t>()),
      text("CgroupVersion"));
  std::cout << "`stack doctor` checks what the kernel offers.\n";
}

}  // namespace

int run_system_df(const Options& options) {
  const auto rooms = all_rooms();
  if (options.all) {
    if (!options.format.empty())
      throw Error("--verbose and --format exclude each other").with_exit_code(ExitCode::usage);
    show_thing_by_thing(rooms);
    return 0;
  }
  std::vector<Fields> rows;
  for (const auto& room : rooms) rows.push_back(df_fields(room));
  std::cout << format_rows(options.format, df_headings(), df_columns(), rows);
  return 0;
}

int run_system_info(const Options& options) {
  const Json json = info();
  if (options.format.empty()) {
    show_info(json);
  } else {
    std::cout << format_objects(options.format, {}, {}, {json});
  }
  return 0;
}

namespace {

Pruned prune_build_cache() {
  const auto bytes = [] {
    std::uint64_t sum = room_of_images().kept_for_builds;
    for (const auto& directory : build::build_caches(paths().cache()))
      sum += volumes::disk_usage(directory);
    return sum;
  };
  const std::uint64_t before = bytes();
  build::forget_builds({paths().images()}, paths().cache());
  const std::uint64_t after = bytes();
  return {0, before - std::min(before, after)};
}

}  // namespace

int run_builder_prune(const Options& options) {
  if (!options.force && !is_agreed_to("This will remove all of the build cache.")) return 0;
  std::cout << "Total:\t" << human_size(prune_build_cache().bytes) << '\n';
  return 0;
}

int run_system_prune(const Options& options) {
  const bool is_timed = std::ranges::any_of(
      options.filters, [](const std::string& filter) { return filter.starts_with("until="); });
  if (options.volumes && is_timed)
    throw Error("the \"until\" filter is not supported with \"--volumes\"");
  const char* const what =
      options.volumes ? "This will remove networks, images and anonymous volumes that nothing "
                        "uses, and the build cache."
                      : "This will remove networks and images that nothing uses, and the build "
                        "cache.";
  if (!options.force && !is_agreed_to(what)) return 0;
  Options agreed = options;
  agreed.force = true;
  std::vector<Pruned> parts{{run_network_prune(agreed), 0}};
  if (options.volumes) {
    Options of_volumes = agreed;
    of_volumes.all = false;  // those with names stay, as docker has it
    parts.push_back(prune_volumes(of_volumes));
  }
  parts.push_back(prune_images(agreed));
  // What builds keep has neither labels nor, one by one, a time.
  if (options.filters.empty()) parts.push_back(prune_build_cache());
  Pruned all;
  for (const Pruned& part : parts) all = {std::max(all.code, part.code), all.bytes + part.bytes};
  tell_reclaimed(all.bytes);
  return all.code;
}

}  // namespace stack::cli
