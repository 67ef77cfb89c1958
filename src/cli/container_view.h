// SPDX-License-Identifier: Apache-2.0
// A container as `ps` shows it: docker's words and JSON fields. Pure; the clock comes in.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/labels.h"
#include "supervisor/status.h"

namespace stack::cli {

using TimePoint = std::chrono::system_clock::time_point;

/// "Up 2 seconds (healthy)", "Up 2 seconds (Paused)", "Exited (0) 1 second ago", "Created". A data
/// container's ends in " (data)", behind what scripts for docker look for.
std::string status_text(const supervisor::ObservedContainer& container, TimePoint now);
/// "running", "paused", "exited", "created", "restarting".
std::string state_text(const supervisor::ObservedContainer& container);
/// By state_text(), or "data" for a data container, whatever else it is.
bool is_in_state(const supervisor::ObservedContainer& container, const std::string& state);
/// Of "80/tcp", "80" and "3000-3005/udp": number and protocol of each; what is no port is left out.
using PortNumbers = std::set<std::pair<unsigned, std::string>>;
PortNumbers port_numbers(const std::vector<std::string>& texts);
/// Those, and the ones that its file publishes.
PortNumbers port_numbers(const supervisor::ObservedContainer& container,
                         const std::vector<std::string>& exposed);
/// "5000/tcp, 0.0.0.0:18080->8080/tcp, [::]:18080->8080/tcp", ranges as one: "3000-3005/tcp".
/// `exposed`: "80/tcp"; of one that runs, those are shown that are not published.
std::string ports_text(const supervisor::ObservedContainer& container,
                       const std::vector<std::string>& exposed = {});
/// `"sh -c 'sleep 10…"`: cut to 20 characters unless `whole`.
std::string command_text(const supervisor::ObservedContainer& container, bool whole);
/// What its file asked for, as JSON; an empty object when that cannot be read.
nlohmann::json wish_of(const supervisor::ObservedContainer& container);
/// The image as the file names it.
std::string image_text(const supervisor::ObservedContainer& container);
/// The volumes that it has, and the paths of the host that are bound in it.
std::vector<std::string> mount_texts(const supervisor::ObservedContainer& container);
/// Those, cut as docker cuts them.
std::vector<std::string> short_mount_texts(const supervisor::ObservedContainer& container);
/// The volume that a mount's source lies in, by the store's way of laying them out; empty: none.
std::string volume_of(const runtime::MountSpec& mount);
std::vector<std::string> volume_names(const supervisor::ObservedContainer& container);
/// All that --filter volume= may mean: names of volumes, paths here, and paths inside.
std::vector<std::string> mount_places(const supervisor::ObservedContainer& container);
std::vector<std::string> network_names(const supervisor::ObservedContainer& container);
/// An address as it stands before a port: "[::1]".
std::string address_text(const std::string& ip);
/// In UTC, as strftime(3) has it.
std::string calendar_text(TimePoint time, const char* format);
/// docker's for lists: "2026-01-02 03:04:05 +0000 UTC"
inline constexpr const char* calendar_format = "%Y-%m-%d %H:%M:%S +0000 UTC";
/// "About a minute ago"
std::string ago_text(TimePoint then, TimePoint now);
/// docker compose's fields of `ps --format json`; `of_project` as of project_labels(), `wish` as of
/// wish_of(), `exposed` as of ports_text().
nlohmann::json ps_json(const supervisor::ObservedContainer& container, const Labels& of_project,
                       TimePoint now, const nlohmann::json& wish,
                       const std::vector<std::string>& exposed);
/// The columns of `ps` alone, which need no more than ConfigParts::summary.
nlohmann::json ps_columns(const supervisor::ObservedContainer& container, TimePoint now,
                          const nlohmann::json& wish, const std::vector<std::string>& exposed);

}  // namespace stack::cli
