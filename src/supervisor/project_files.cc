// SPDX-License-Identifier: Apache-2.0
#include "supervisor/project_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/document.h"
#include "base/ids.h"
#include "base/process.h"
#include "base/text.h"
#include "supervisor/network_json.h"

namespace stack::supervisor {
namespace {

using nlohmann::json;

constexpr DocumentKind config_kind{"container", 1};
constexpr DocumentKind state_kind{"container-state", 1};
constexpr DocumentKind status_kind{"status", 1};
constexpr DocumentKind network_kind{"network", 1};
constexpr DocumentKind uplink_kind{"uplink", 1};

std::int64_t to_nanoseconds(TimePoint time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

TimePoint from_nanoseconds(std::int64_t count) {
  return TimePoint(
      std::chrono::duration_cast<TimePoint::duration>(std::chrono::nanoseconds(count)));
}

using Statuses = std::unordered_map<std::string, ContainerStatus>;

/// status.json by container id; the run directory does not survive a reboot, so its processes are
/// of this boot.
Statuses read_statuses(const ProjectFiles& files) {
  Statuses statuses;
  const auto document = read_document(files.status(), status_kind, Damaged::counts_as_absent);
  if (!document) return statuses;
  for (const json& entry : document->at("containers")) {
    auto status = entry.get<ContainerStatus>();
    std::string id = status.id;
    statuses.emplace(std::move(id), std::move(status));
  }
  return statuses;
}

/// The status of a container that status.json does not know: nothing of it runs any more.
ContainerStatus read_state(const ProjectFiles& files, const std::string& id, TimePoint created) {
  ContainerStatus status;
  status.id = id;
  status.created = created;
  const auto path = files.container(id) / "state.json";
  const auto document = read_document(path, state_kind, Damaged::counts_as_absent);
  if (!document) return status;
  status = document->at("status").get<ContainerStatus>();
  if (document->value("boot_id", "") != boot_id()) status.process = {};
  return status;
}

}  // namespace

std::string ProjectFiles::stack_id() const {
  return stable_hex(paths.data.native() + "\n" + project, 8);
}

std::optional<pid_t> read_keeper_pid(const ProjectFiles& files) {
  const auto text = read_file_if_exists(files.keeper_pid());
  return text ? parse_integer<pid_t>(trim(*text)) : std::nullopt;
}

void write_config(const ProjectFiles& files, const ContainerConfig& config, TimePoint created) {
  json summary(config);
  const json details = take_details(summary);
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

std::vector<RecordedContainer> read_recorded(const ProjectFiles& files, ConfigParts parts) {
  std::vector<RecordedContainer> recorded;
  Statuses statuses = read_statuses(files);
  for (const std::string& id : list_directory(files.containers())) {
    if (id.starts_with(".")) continue;
    const auto path = files.container(id) / "config.json";
    const bool all = parts == ConfigParts::all;
    json details;
    const auto document =
        read_document(path, config_kind, Damaged::counts_as_absent, all ? &details : nullptr);
    if (!document) continue;
    RecordedContainer container;
    read_summary(document->at("config"), container.config);
    if (all) read_details(details, container.config);
    if (const auto known = statuses.find(id); known != statuses.end()) {
      container.status = std::move(known->second);
    } else {
      const auto created = from_nanoseconds(document->value("created", std::int64_t{0}));
      container.status = read_state(files, id, created);
    }
    recorded.push_back(std::move(container));
  }
  std::ranges::sort(recorded, {}, [](const auto& entry) { return entry.config.name; });
  return recorded;
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
  in.at("pid").get_to(guest.process.pid);
  in.at("start_time").get_to(guest.process.start_time);
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
}

std::vector<NetworkRecord> read_network_records(const ProjectFiles& files) {
  constexpr std::string_view ending = ".json";
  std::vector<NetworkRecord> records;
  for (const std::string& name : list_directory(files.networks())) {
    if (name.starts_with(".") || !name.ends_with(ending)) continue;
    if (auto record = read_network_record(files, name.substr(0, name.size() - ending.size())))
      records.push_back(std::move(*record));
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
  return document->at("uplink").get<network::UplinkSpec>();
}

}  // namespace stack::supervisor
