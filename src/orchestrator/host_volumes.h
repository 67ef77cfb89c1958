// SPDX-License-Identifier: Apache-2.0
// The volumes of this machine, and which containers of which stacks have them. What `stack volume`
// is made of.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "volumes/volume_store.h"

namespace stack::orchestrator {

/// Containers, running or not, by the name of a volume that they mount.
std::map<std::string, std::vector<std::string>> volume_users(const HostPaths& paths);

struct VolumeUser {
  std::string project;
  std::string container;
};
/// For each volume one that may be writing to it at this moment: it runs, is not paused, and has it
/// mounted to write.
std::map<std::string, VolumeUser> volume_writers(const HostPaths& paths);

enum class Removal { kept_for_a_while, for_good };
/// Throws Error naming who has it ("volume shop_data is in use by shop-db-1"), and when there is no
/// such volume.
void remove_volume(const HostPaths& paths, const std::string& name, Removal removal);

}  // namespace stack::orchestrator
