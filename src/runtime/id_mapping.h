// SPDX-License-Identifier: Apache-2.0
// Binds seen through a mapping of ids (`x-stack: {idmap: owner}`): what belongs to the owner of a
// folder on the host belongs to the container's user inside, and the other way round, so that files
// which the container makes are the owner's. mount_setattr(2), "ID-mapped mounts".
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runtime/container_spec.h"
#include "runtime/mount_plan.h"

namespace stack::runtime {

/// One line of a uid_map or gid_map (user_namespaces(7)).
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
  bool operator==(const IdRange&) const = default;
};

/// Each of the two is the other, every other id is itself. Pure.
std::vector<IdRange> exchanged_ids(std::uint32_t one, std::uint32_t other);
/// "0 0 1000\n1000 33 1\n..."
std::string to_text(const std::vector<IdRange>& ranges);

/// A user namespace with these maps that only its descriptor keeps. Forks. Throws Error.
Fd make_user_namespace(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids);

struct ImageUser {
  uid_t uid = 0;
  gid_t gid = 0;
};
/// Who USER is by the image's own /etc/passwd, looked up in its layers from the top. Throws Error
/// when there is no such user.
ImageUser find_image_user(const RootSpec& root, const std::string& user);

/// For each step of the plan the user namespace that its bind is seen through; empty where there is
/// none, or nothing to exchange. Throws Error.
std::vector<Fd> id_mappings(const ContainerSpec& spec, const MountPlan& plan);

}  // namespace stack::runtime
