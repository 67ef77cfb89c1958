// SPDX-License-Identifier: Apache-2.0
// The part of lower() that tells the kernel's side of a wish: limits, rights, namespaces, files.
#pragma once

#include "orchestrator/desired.h"
#include "runtime/container_spec.h"

namespace stack::orchestrator {

runtime::ResourceSpec resources_of(const spec::Service& model);
std::map<std::string, runtime::UlimitSpec> ulimits_of(const spec::Service& model);
/// Throws Error on an unknown capability.
runtime::SecuritySpec security_of(const DesiredContainer& wish);
runtime::NamespacesSpec namespaces_of(const DesiredContainer& wish);
/// "stack/PROJECT/ID", below cgroup_parent when there is one.
std::string cgroup_of(const spec::Service& model, const std::string& project,
                      const std::string& id);
/// Configs and secrets; those whose source is a directory are directory_binds().
std::vector<runtime::FileSpec> files_of(const DesiredContainer& wish);
std::vector<runtime::MountSpec> directory_binds(const DesiredContainer& wish);

/// What devices with names bring along. Mounts take the place of those at the same target.
void add_granted_mounts(const DesiredContainer& wish, std::vector<runtime::MountSpec>& mounts);
std::vector<runtime::HostHook> hooks_of(const DesiredContainer& wish);
/// With those of `group_add`.
std::vector<std::string> groups_of(const DesiredContainer& wish);

}  // namespace stack::orchestrator
