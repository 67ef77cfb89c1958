// SPDX-License-Identifier: Apache-2.0
// Everything that can be known to go wrong before the first change, all of it in one report.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "orchestrator/diff.h"
#include "orchestrator/host_sources.h"
#include "orchestrator/plan.h"
#include "orchestrator/problem.h"
#include "runtime/host_check.h"

namespace stack::orchestrator {

/// What this machine lacks of what containers ask for.
struct HostFindings {
  std::vector<Problem> errors;
  std::vector<Problem> warnings;  ///< what will not be kept, or not whole
};
/// For each container that the changes would create, replace or give other limits. `abilities` is
/// asked when there is one.
HostFindings check_host(
    const DesiredState& desired, const Changes& changes,
    const std::function<runtime::HostAbilities()>& abilities = runtime::host_abilities);

/// What is wrong with the name of an image; nothing when it is one.
std::optional<std::string> fault_of_image_name(const std::string& image);
/// Whether the images of all these services have names that are some.
bool are_images_well_named(const spec::Project& project, const std::set<std::string>& services);
/// Images that do not exist, or (`failures`: image -> why) could not be fetched as was asked for;
/// for every service of `services`: its own and those it mounts.
std::vector<Problem> check_images(const spec::Project& project,
                                  const std::set<std::string>& services, const ImageCatalog& images,
                                  const std::map<std::string, std::string>& failures = {});

/// Says of each network that another stack has it, if one does.
void find_owners(const HostPaths& paths, const ObservedState& observed, DesiredState& desired);
/// A warning for each network of another stack that the file calls neither external nor shared.
std::vector<Problem> strange_networks(const DesiredState& desired);
/// Warnings: volumes that are there and were made for another project, or for none, without being
/// said to be external.
std::vector<Problem> strange_volumes(const DesiredState& desired, const ObservedState& observed);
/// Warnings: containers that stay as they are, which is paused.
std::vector<Problem> paused_containers(const DesiredState& desired, const ObservedState& observed,
                                       const Changes& changes);
/// Warnings: bind sources that are missing and would become folders, where a file seems to be
/// meant.
std::vector<Problem> files_made_folders(const DesiredState& desired, const Changes& changes);

/// Bind sources and externals that are missing, bind sources that should not be given away,
/// containers without a command: for each container that the changes would create, replace or
/// start.
std::vector<Problem> check_world(const HostPaths& paths, const DesiredState& desired,
                                 const ObservedState& observed, const Changes& changes,
                                 const Plan& plan, HostSources host_sources = HostSources::careful);
/// Containers that are gone, or have given up what they have, before anything starts that follows
/// on them.
std::set<std::string> removed_by(const Plan& plan);
/// Ports held by others, for the same containers. What `plan` removes holds no port any more when
/// they start.
std::vector<Problem> check_ports(const HostPaths& paths, const DesiredState& desired,
                                 const ObservedState& observed, const Changes& changes,
                                 const Plan& plan);

}  // namespace stack::orchestrator
