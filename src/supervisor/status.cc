// SPDX-License-Identifier: Apache-2.0
#include "supervisor/status.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/document.h"
#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "supervisor/exit_log.h"
#include "supervisor/network_json.h"
#include "supervisor/process_json.h"
#include "supervisor/project_files.h"
#include "supervisor/restart_policy.h"

namespace stack::supervisor {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 5> phase_names{"created", "running", "restarting", "exited",
                                                      "paused"};
constexpr std::array<std::string_view, 3> due_names{"no", "unhealthy", "dependency"};
constexpr std::array<std::string_view, 4> health_names{"none", "starting", "healthy", "unhealthy"};

template <typename Enum, std::size_t size>
Enum from_name(const std::array<std::string_view, size>& names, std::string_view text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) fail("unknown state \"{}\"", text);
  return static_cast<Enum>(found - names.begin());
}

/// Exits that happened after the supervisor last wrote its status.
class MissedExits {
 public:
  explicit MissedExits(const ProjectFiles& files) : files_(files), log_(files.exits()) {}

  void apply(const ContainerConfig& config, ContainerStatus& status) {
    // Looked at before the log: the keeper writes an end down, and reaps then.
    const bool unreaped = awaits_keeper(status.process);
    const std::optional<ExitRecord> record = record_of(status.process);
    if (!record && unreaped) return;  // known in a moment, and with its exit code
    status.phase = Phase::exited;
    status.health = Health::none;
    status.exit_code.reset();
    status.finished = {};  // that of the run before
    if (record) {
      status.exit_code = exit_code_of(record->wait_status);
      status.finished = record->time;
    }
    status.process = {};
    if (comes_back(config, status)) status.phase = Phase::restarting;
  }

 private:
  /// The supervisor has not heard of the end yet; this is what it will do about it.
  bool comes_back(const ContainerConfig& config, const ContainerStatus& status) const {
    if (config.data_container || status.stopped_by_user || !has_keeper(files_)) return false;
    if (status.restart_due != RestartDue::no) return true;
    const RestartRule& rule = config.restart;
    if (rule.max_attempts != 0 && status.restarts >= rule.max_attempts) return false;
    return RestartPolicy(rule)
        .after({status.exit_code, status.finished - status.started})
        .has_value();
  }

  bool awaits_keeper(const ProcessIdentity& process) const {
    return is_zombie(process) && parent_of(process.pid) == read_keeper_pid(files_);
  }

  std::optional<ExitRecord> record_of(const ProcessIdentity& process) {
    for (ExitRecord& record : log_.read_new()) records_.push_back(record);
    const auto found = std::ranges::find(records_, process, &ExitRecord::process);
    if (found == records_.end()) return std::nullopt;
    return *found;
  }

  const ProjectFiles& files_;
  ExitLog log_;
  std::vector<ExitRecord> records_;
};

}  // namespace

bool is_up(Phase phase) {
  return phase == Phase::running || phase == Phase::paused || phase == Phase::restarting;
}

std::string_view to_text(Phase phase) {
  return phase_names.at(static_cast<std::size_t>(phase));
}

std::string_view to_text(Health health) {
  return health_names.at(static_cast<std::size_t>(health));
}

void to_json(json& out, const ContainerStatus& status) {
  out = json{{"id", status.id},
             {"phase", to_text(status.phase)},
             {"health", to_text(status.health)},
             {"pid", status.process.pid},
             {"start_time", status.process.start_time},
             {"oom_killed", status.oom_killed},
             {"stopped_by_user", status.stopped_by_user},
             {"restarts", status.restarts},
             {"created", to_nanoseconds(status.created)},
             {"started", to_nanoseconds(status.started)},
             {"finished", to_nanoseconds(status.finished)},
             {"addresses", status.addresses},
             {"interfaces", status.interfaces},
             {"published", status.published},
             {"dns_udp_port", status.dns_udp_port},
             {"dns_tcp_port", status.dns_tcp_port},
             {"error", status.error},
             {"last_probe", status.last_probe}};
  if (!status.virtual_addresses.empty()) out["virtual_addresses"] = status.virtual_addresses;
  if (status.ended_well) out["ended_well"] = true;
  if (status.hooks_due) out["hooks_due"] = true;
  if (!status.texts.empty()) out["texts"] = status.texts;
  if (status.exit_code) out["exit_code"] = *status.exit_code;
  for (const auto& [name, process] : status.hosts)
    out["hosts"][name] = {{"pid", process.pid}, {"start_time", process.start_time}};
  if (status.restart_due != RestartDue::no)
    out["restart_due"] = due_names.at(static_cast<std::size_t>(status.restart_due));
}

void from_json(const json& in, ContainerStatus& status) {
  in.at("id").get_to(status.id);
  status.phase = from_name<Phase>(phase_names, in.at("phase").get_ref<const std::string&>());
  status.health = from_name<Health>(health_names, in.at("health").get_ref<const std::string&>());
  status.process = process_from(in);
  if (in.contains("exit_code")) status.exit_code = in.at("exit_code").get<int>();
  if (in.contains("hosts"))
    for (const auto& [name, process] : in["hosts"].items())
      status.hosts[name] = process_from(process);
  if (in.contains("texts")) in["texts"].get_to(status.texts);
  in.at("oom_killed").get_to(status.oom_killed);
  in.at("stopped_by_user").get_to(status.stopped_by_user);
  if (in.contains("restart_due"))
    status.restart_due =
        from_name<RestartDue>(due_names, in["restart_due"].get_ref<const std::string&>());
  status.ended_well = in.value("ended_well", false);
  status.hooks_due = in.value("hooks_due", false);
  in.at("restarts").get_to(status.restarts);
  status.created = from_nanoseconds(in.at("created").get<std::int64_t>());
  status.started = from_nanoseconds(in.at("started").get<std::int64_t>());
  status.finished = from_nanoseconds(in.at("finished").get<std::int64_t>());
  in.at("addresses").get_to(status.addresses);
  if (in.contains("virtual_addresses")) in["virtual_addresses"].get_to(status.virtual_addresses);
  if (in.contains("interfaces")) in.at("interfaces").get_to(status.interfaces);
  in.at("published").get_to(status.published);
  in.at("dns_udp_port").get_to(status.dns_udp_port);
  in.at("dns_tcp_port").get_to(status.dns_tcp_port);
  in.at("error").get_to(status.error);
  in.at("last_probe").get_to(status.last_probe);
}

std::vector<ObservedContainer> read_containers(const HostPaths& paths, const std::string& project,
                                               ConfigParts parts, Unreadable unreadable) {
  const ProjectFiles files{paths, project};
  MissedExits missed(files);
  std::vector<ObservedContainer> observed;
  for (RecordedContainer& container : read_recorded(files, parts, unreadable)) {
    const Phase phase = container.status.phase;
    const bool had_process = phase == Phase::running || phase == Phase::paused;
    if (had_process && !is_alive(container.status.process))
      missed.apply(container.config, container.status);
    observed.push_back({std::move(container.config), std::move(container.status)});
  }
  return observed;
}

std::vector<ObservedNetwork> read_networks(const HostPaths& paths, const std::string& project,
                                           Unreadable unreadable) {
  std::vector<ObservedNetwork> observed;
  for (NetworkRecord& record : read_network_records({paths, project}, unreadable)) {
    ObservedNetwork network{std::move(record.config), std::move(record.leases), {}};
    for (const auto& [name, guest] : record.guests)
      if (is_alive(guest.process)) network.guests.push_back(name);
    observed.push_back(std::move(network));
  }
  return observed;
}

std::optional<std::string> find_network_owner(const HostPaths& paths, const std::string& network,
                                              const std::string& except) {
  for (const std::string& project : list_projects(paths))
    if (project != except && stack::exists(ProjectFiles{paths, project}.network(network)))
      return project;
  return std::nullopt;
}

std::vector<std::string> list_projects(const HostPaths& paths) {
  std::vector<std::string> projects = list_directory(paths.stacks());
  std::erase_if(projects, [](const std::string& name) { return name.starts_with("."); });
  return projects;
}

std::vector<std::string> list_stacks(const HostPaths& paths) {
  std::vector<std::string> stacks = list_projects(paths);
  std::erase(stacks, lone_networks_project);
  std::erase(stacks, builds_project);
  return stacks;
}

bool is_supervisor_of(const HostPaths& paths, const std::string& project, pid_t process) {
  const auto keeper = read_keeper_pid({paths, project});
  return keeper && parent_of(process) == *keeper;
}

}  // namespace stack::supervisor
