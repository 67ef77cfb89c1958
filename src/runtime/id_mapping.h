// SPDX-License-Identifier: Apache-2.0
// Binds seen through a mapping of ids (`x-stack: {idmap: owner}`): what belongs to the owner of a
// folder on the host belongs to the container's user inside, and the other way round, so that files
// which the container makes are the owner's. mount_setattr(2), "ID-mapped mounts".
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runtime/container_spec.h"
#include "runtime/mount_plan.h"
#include "runtime/user_lookup.h"
#include "runtime/user_namespace.h"

namespace stack::runtime {

/// Each of the two is the other, every other id is itself. Pure.
std::vector<IdRange> exchanged_ids(std::uint32_t one, std::uint32_t other);

struct ImageUser {
  uid_t uid = 0;
  gid_t gid = 0;
};
struct ImageUserLookup {
  LookupResult result = LookupResult::found;
  ImageUser user;
};
/// Who that is by the image's own /etc/passwd and /etc/group, looked up in its layers from the top.
ImageUserLookup look_up_image_user(const RootSpec& root, const UserRequest& request);

/// Who USER is by look_up_image_user(). Throws Error when there is no such user.
ImageUser find_image_user(const RootSpec& root, const std::string& user);

/// User namespaces for binds that are seen through a mapping of their own, by the number of their
/// step; others are missing. In a container with a block of ids, `owner_mapped` shows one owner
/// only: what is anybody else's, root's too, is nobody's inside. Throws Error.
std::map<std::size_t, Fd> owner_mappings(const ContainerSpec& spec, const MountPlan& plan);

}  // namespace stack::runtime
