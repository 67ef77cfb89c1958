// SPDX-License-Identifier: Apache-2.0
// What compose fills in: names, the default network, implied dependencies, values from the
// environment and from env files; and what it leaves out: inactive services, unused resources.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "spec/assemble.h"
#include "spec/reporter.h"
#include "spec/tree.h"

namespace stack::spec {

/// Removes services whose profiles are not in `profiles` ("*": all); returns their names.
Strings remove_inactive_services(Node& root, const Strings& profiles);

using Names = std::set<std::string, std::less<>>;

/// Reads label_file of every service into its labels, and, unless they are kept as they are said,
/// env_file into its environment, below what is there.
/// What is wrong with them is told of the services `needed`.
enum class EnvFiles : std::uint8_t { read, kept };
void read_environment_files(Node& root, const Surroundings& surroundings, const Names& needed,
                            EnvFiles env_files, Reporter& reporter);
/// Entries without a value take the caller's, if there is one.
void resolve_environment(Node& root, const StringMap& variables, Reporter& reporter);
/// The same for arguments of builds, which are left out where there is none.
void resolve_build_arguments(Node& root, const StringMap& variables, Reporter& reporter);

/// Defaults and implied parts.
void fill_in(Node& root, Reporter& reporter);
/// A service with `scale` and `deploy` has it as deploy.replicas too.
void repeat_scale_in_deploy(Node& root);
/// What says that a network is shared (`x-stack: {shared: true}`); null when nothing does.
const Entry* find_shared(const Node& network);
/// Whether a network, volume, config or secret is external or shared: its name is none of the
/// project's.
bool is_common(const Node& object);
/// Gives every network, volume, config and secret its name outside of the project.
void name_resources(Node& root, std::string_view project, Reporter& reporter);
/// The services named and what they depend on, by any way.
Names with_dependencies(const Node& root, const Strings& names);
/// Keeps these.
void select_services(Node& root, const Strings& names);
/// The names of networks, volumes, configs, secrets and models that services use, by section.
std::map<std::string_view, Names> used_resources(const Node& root);
/// Removes the resources that no service uses.
void remove_unused(Node& root);

}  // namespace stack::spec
