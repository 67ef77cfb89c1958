// SPDX-License-Identifier: Apache-2.0
#include "supervisor/project_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/document.h"
#include "base/ids.h"
#include "base/object_name.h"
#include "base/process.h"
#include "base/text.h"
#include "supervisor/network_json.h"
#include "supervisor/process_json.h"

namespace stack::supervisor {
namespace {

/// No container's id begins so: they are hexadecimal numbers.
constexpr std::string_view shared_keeper_cgroup = "keeper";

using nlohmann::json;

constexpr DocumentKind config_kind{"container", 1,
                                   "`stack down` takes the stack down all the same, without its "
                                   "volumes; `stack up` makes it anew"};
constexpr DocumentKind state_kind{"container-state", 1};
constexpr DocumentKind status_kind{"status", 1};
constexpr DocumentKind network_kind{"network", 1, config_kind.remedy};
constexpr DocumentKind uplink_kind{"uplink", 1};

using Statuses = std::unordered_map<std::string, ContainerStatus>;

/// status.json by container id; the run directory does not survive a reboot, so its processes are
/// of this boot.
Statuses read_statuses(const ProjectFiles& files) {
  Statuses statuses;
  const auto document = read_document(files.status(), status_kind, Damaged::counts_as_absent);
  if (!document) return statuses;
  decode_document(files.status(), status_kind, [&] {
    for (const json& entry : document->at("containers")) {
      auto status = entry.get<ContainerStatus>();
      std::string id = status.id;
      statuses.emplace(std::move(id), std::move(status));
    }
  });
  return statuses;
}

/// It ended when the machine did; whether it starts again is for `stack boot` or `up` to say.
void end_with_its_boot(ContainerStatus& status) {
  status.process = {};
  if (!is_up(status.phase)) return;
  status.phase = Phase::exited;
  status.health = Health::none;
  status.restart_due = RestartDue::no;
  status.exit_code.reset();
}

/// The status of a container that status.json does not know: nothing of it runs any more.
ContainerStatus read_state(const ProjectFiles& files, const std::string& id, TimePoint created) {
  ContainerStatus status;
  status.id = id;
  status.created = created;
  const auto path = files.container(id) / "state.json";
  const auto document = read_document(path, state_kind, Damaged::counts_as_absent);
  if (!document) return status;
  decode_document(path, state_kind, [&] {
    status = document->at("status").get<ContainerStatus>();
    if (document->value("boot_id", "") != boot_id()) end_with_its_boot(status);
  });
  return status;
}

/// Nothing when there is none. Throws DamagedDocument.
std::optional<RecordedContainer> read_config(const ProjectFiles& files, const std::string& id,
                                             ConfigParts parts) {
  const auto path = files.container(id) / "config.json";
  const bool all = parts == ConfigParts::all;
  json details;
  const auto document =
      read_document(path, config_kind, Damaged::is_an_error, all ? &details : nullptr);
  if (!document) return std::nullopt;
  return decode_document(path, config_kind, [&] {
    RecordedContainer container;
    read_summary(document->at("config"), container.config);
    if (all) read_details(details, container.config);
    container.status.created = from_nanoseconds(document->value("created", std::int64_t{0}));
    return container;
  });
}

ContainerStatus status_of(const ProjectFiles& files, Statuses& statuses, const std::string& id,
                          TimePoint created) {
  if (const auto known = statuses.find(id); known != statuses.end())
    return std::move(known->second);
  return read_state(files, id, created);
}

std::vector<std::string> container_directories(const ProjectFiles& files) {
  std::vector<std::string> ids = list_directory(files.containers());
  std::erase_if(ids, [](const std::string& name) { return name.starts_with("."); });
  return ids;
}

}  // namespace

std::string ProjectFiles::stack_id() const {
  return stable_hex(paths.data.native() + "\n" + project, 8);
}

std::string ProjectFiles::keeper_cgroup() const {
  const std::string group = cgroup() + "/" + std::string(shared_keeper_cgroup);
  return paths.are_usual() ? group : group + "-" + stack_id();
}

bool is_keeper_cgroup(std::string_view name) {
  return name.starts_with(shared_keeper_cgroup);
}

std::filesystem::path ProjectFiles::network(const std::string& name) const {
  if (!is_object_name(name)) fail("{} is no name for a network", stack::quoted(name));
  return networks() / (name + ".json");
}

std::optional<pid_t> read_keeper_pid(const ProjectFiles& files) {
  const auto text = read_file_if_exists(files.keeper_pid());
  return text ? parse_integer<pid_t>(trim(*text)) : std::nullopt;
}

bool has_keeper(const ProjectFiles& files) {
  const auto pid = read_keeper_pid(files);
  return pid && is_running_as(*pid, "stack-keeper");
}

std::optional<ProcessIdentity> find_keeper(const ProjectFiles& files) {
  const auto pid = read_keeper_pid(files);
  return pid && is_running_as(*pid, "stack-keeper") ? identify_living(*pid) : std::nullopt;
}

void write_config(const ProjectFiles& files, const ContainerConfig& config, TimePoint created) {
  json summary(config);
  const json details = take_details(summary);
  summary["arguments"] = config.spec.process.arguments;
  const json body{{"config", std::move(summary)}, {"created", to_nanoseconds(created)}};
  write_document(files.container(config.id) / "config.json", config_kind, body,
                 Durability::survives_crash, &details);
}

void write_state(const ProjectFiles& files, const ContainerStatus& status) {
  const json body{{"status", status}, {"boot_id", boot_id()}};
  write_document(files.container(status.id) / "state.json", state_kind, body,
                 Durability::survives_crash);
}

void write_status(const ProjectFiles& files, const std::vector<const ContainerStatus*>& all) {
  json containers = json::array();
  for (const ContainerStatus* status : all) containers.push_back(*status);
  write_document(files.status(), status_kind, json{{"containers", std::move(containers)}},
                 Durability::survives_crash);
}

std::vector<RecordedContainer> read_recorded(const ProjectFiles& files, ConfigParts parts,
                                             Unreadable unreadable) {
  std::vector<RecordedContainer> recorded;
  Statuses statuses = read_statuses(files);
  for (const std::string& id : container_directories(files)) {
    try {
      auto container = read_config(files, id, parts);
      if (!container) continue;
      container->status = status_of(files, statuses, id, container->status.created);
      recorded.push_back(std::move(*container));
    } catch (const DamagedDocument&) {
      if (unreadable == Unreadable::is_left_out) continue;
      if (is_alive(status_of(files, statuses, id, {}).process)) throw;
    }
  }
  std::ranges::sort(recorded, {}, [](const auto& entry) { return entry.config.name; });
  return recorded;
}

std::vector<std::string> unreadable_containers(const ProjectFiles& files) {
  std::vector<std::string> ids = container_directories(files);
  for (const auto& each : read_recorded(files, ConfigParts::summary, Unreadable::is_left_out))
    std::erase(ids, each.config.id);
  return ids;
}

namespace {

json guests_object(const std::map<std::string, Guest>& guests) {
  json object = json::object();
  for (const auto& [name, guest] : guests)
    object[name] = {{"container", guest.container_id},
                    {"names", guest.names},
                    {"pid", guest.process.pid},
                    {"start_time", guest.process.start_time},
                    {"endpoint", guest.endpoint}};
  return object;
}

Guest guest_from(const json& in) {
  Guest guest;
  in.at("container").get_to(guest.container_id);
  in.at("names").get_to(guest.names);
  guest.process = process_from(in);
  in.at("endpoint").get_to(guest.endpoint);
  return guest;
}

}  // namespace

void write_network(const ProjectFiles& files, const NetworkRecord& record, Durability durability) {
  make_directories(files.networks());
  json body{{"config", record.config},
            {"leases", record.leases},
            {"created", to_nanoseconds(record.created)},
            {"boot_id", boot_id()}};
  if (!record.guests.empty()) body["guests"] = guests_object(record.guests);
  write_document(files.network(record.config.spec.name), network_kind, body, durability);
}

std::optional<NetworkRecord> read_network_record(const ProjectFiles& files,
                                                 const std::string& name) {
  const auto document = read_document(files.network(name), network_kind);
  if (!document) return std::nullopt;
  return decode_document(files.network(name), network_kind, [&] {
    NetworkRecord record;
    document->at("config").get_to(record.config);
    document->at("leases").get_to(record.leases);
    record.created = from_nanoseconds(document->value("created", std::int64_t{0}));
    const bool this_boot = document->value("boot_id", "") == boot_id();
    const json guests = document->value("guests", json::object());
    for (const auto& [guest, entry] : guests.items()) {
      record.guests[guest] = guest_from(entry);
      if (!this_boot) record.guests[guest].process = {};
    }
    return record;
  });
}

namespace {

NetworkRecord known_by_name(const std::string& name) {
  NetworkRecord record;
  record.config.spec.name = name;
  return record;
}

}  // namespace

std::vector<NetworkRecord> read_network_records(const ProjectFiles& files, Unreadable unreadable) {
  constexpr std::string_view ending = ".json";
  std::vector<NetworkRecord> records;
  for (const std::string& file : list_directory(files.networks())) {
    if (file.starts_with(".") || !file.ends_with(ending)) continue;
    const std::string name = file.substr(0, file.size() - ending.size());
    try {
      if (auto record = read_network_record(files, name)) records.push_back(std::move(*record));
    } catch (const DamagedDocument&) {
      if (unreadable == Unreadable::is_an_error) throw;
      records.push_back(known_by_name(name));
    }
  }
  return records;
}

std::optional<JoinedNetwork> find_joined_network(const ProjectFiles& guest,
                                                 const std::string& network) {
  const auto owner = find_network_owner(guest.paths, network, guest.project);
  if (!owner) return std::nullopt;
  const ProjectFiles files{guest.paths, *owner};
  const auto record = read_network_record(files, network);
  if (!record) return std::nullopt;
  JoinedNetwork joined{*owner, record->config.spec, {}};
  if (const auto uplink = read_uplink(files))
    joined.host_gateway = {uplink->host_address, uplink->host_address6};
  return joined;
}

std::string guest_name(const std::string& project, const std::string& container) {
  return project + "/" + container;
}

std::optional<std::pair<std::string, std::string>> split_guest_name(const std::string& name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) return std::nullopt;
  return std::pair(name.substr(0, slash), name.substr(slash + 1));
}

void write_uplink(const ProjectFiles& files, const network::UplinkSpec& uplink) {
  write_document(files.uplink(), uplink_kind, json{{"uplink", uplink}}, Durability::survives_crash);
}

std::optional<network::UplinkSpec> read_uplink(const ProjectFiles& files) {
  const auto document = read_document(files.uplink(), uplink_kind, Damaged::counts_as_absent);
  if (!document) return std::nullopt;
  return decode_document(files.uplink(), uplink_kind,
                         [&] { return document->at("uplink").get<network::UplinkSpec>(); });
}

}  // namespace stack::supervisor
