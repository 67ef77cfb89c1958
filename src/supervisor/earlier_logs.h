// SPDX-License-Identifier: Apache-2.0
// What containers said that another one has replaced: <data>/stacks/PROJECT/logs/PLACE/N, where a
// place is what `logs` calls a container ("web-1"), and N counts from 1. In there are the files of
// the log as they were (log_files.h) and about.json. A place's logs go when nothing is in it any
// more. Written by the supervisor, read by everybody.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "supervisor/container_config.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {

/// How many are kept of each place; with the current one these are all of the last changes.
inline constexpr std::size_t most_earlier_logs = 5;

struct EarlierLog {
  std::filesystem::path directory;
  std::string container_id;
  std::string name;     ///< of the container, before it was set aside
  std::string service;  ///< of the container
  int number = 1;       ///< as ContainerConfig's
  std::string step;     ///< as ContainerConfig's
};

/// "web-1", "web-pre_start-0": what tells a service's containers apart, and stays when one replaces
/// another.
std::string log_place(const std::string& service, int number, const std::string& step);

/// Keeps what the container has said, which is about to be removed, and forgets the oldest beyond
/// most_earlier_logs. Does nothing for one that has said nothing. Once more after a crash is once.
/// Throws Error: then nothing is kept.
void keep_log(const ProjectFiles& files, const ContainerConfig& config);
/// Forgets all of the container's place. Throws Error.
void forget_logs(const ProjectFiles& files, const ContainerConfig& config);
/// Of all places, the oldest of each place first. What is damaged is left out.
std::vector<EarlierLog> earlier_logs(const ProjectFiles& files);

}  // namespace stack::supervisor
