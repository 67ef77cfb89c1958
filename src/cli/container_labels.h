// SPDX-License-Identifier: Apache-2.0
// The labels of a container: its image's, its own, and those by which docker compose marks what it
// makes, so that scripts find a service's containers by them.
#pragma once

#include <map>
#include <string>

#include "base/host_paths.h"
#include "cli/found_container.h"
#include "cli/labels.h"
#include "supervisor/status.h"

namespace stack::cli {

/// com.docker.compose.project, and where it is at home as far as that is recorded; none for the
/// containers of `stack container run`, which belong to no project.
Labels project_labels(const std::string& project, const HostPaths& paths);

/// `container` must have been read with ConfigParts::all; `of_project` as of project_labels().
/// Pure.
Labels container_labels(const supervisor::ObservedContainer& container, const Labels& of_project);

/// Of containers of many projects, each of which is looked up once.
class LabelsOfContainers {
 public:
  Labels of(const FoundContainer& found);

 private:
  std::map<std::string, Labels> projects_;
};

}  // namespace stack::cli
