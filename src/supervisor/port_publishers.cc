// SPDX-License-Identifier: Apache-2.0
#include "supervisor/port_publishers.h"

#include <algorithm>

#include "base/format.h"
#include "base/process.h"
#include "base/text.h"
#include "supervisor/project_files.h"
#include "supervisor/status.h"

namespace stack::supervisor {

bool publishes(const std::vector<network::PublishedPort>& published, std::uint16_t port,
               const std::string& protocol) {
  return std::ranges::any_of(published, [&](const network::PublishedPort& each) {
    return each.host_port == port && each.protocol == protocol;
  });
}

std::optional<PortPublisher> find_publisher(const HostPaths& paths, std::uint16_t port,
                                            const std::string& protocol) {
  for (const std::string& project : list_projects(paths)) {
    for (const RecordedContainer& container :
         read_recorded({paths, project}, ConfigParts::summary, Unreadable::is_left_out)) {
      if (publishes(container.status.published, port, protocol) &&
          is_alive(container.status.process))
        return PortPublisher{project, container.config.service, container.config.name};
    }
  }
  return std::nullopt;
}

std::string in_words(const PortPublisher& publisher) {
  if (publisher.project == lone_containers_project)
    return "container " + stack::quoted(publisher.service);
  return fmt::format("service {} of stack {}", stack::quoted(publisher.service),
                     stack::quoted(publisher.project));
}

std::optional<std::string> stack_served_by(const HostPaths& paths, int process) {
  if (process == 0) return std::nullopt;
  for (const std::string& project : list_projects(paths))
    if (is_supervisor_of(paths, project, process)) return "stack " + stack::quoted(project);
  return std::nullopt;
}

}  // namespace stack::supervisor
