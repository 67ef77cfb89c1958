// SPDX-License-Identifier: Apache-2.0
// User namespaces, and namespaces that belong to one, held by descriptors alone until somebody
// joins them. They are made by a short-lived process, because what a namespace belongs to is
// decided by who makes it, and whoever builds a container's file system must be the host's root.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/id_block.h"
#include "base/process.h"

namespace stack::runtime {

/// One line of a uid_map or gid_map (user_namespaces(7)).
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
  bool operator==(const IdRange&) const = default;
};
/// "0 0 1000\n1000 33 1\n..."
std::string to_text(const std::vector<IdRange>& ranges);

/// A user namespace with these maps that only its descriptor keeps. Forks. Throws Error.
Fd make_user_namespace(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids);

struct OwnedNamespaces {
  Fd user;
  Fd network;  ///< those below: where `kinds` asked for them
  Fd ipc;
  Fd uts;
};

struct OwnedRequest {
  int user = -1;            ///< the user namespace that they are to belong to; -1: a new one
  IdBlock ids;              ///< of a new one
  std::uint64_t kinds = 0;  ///< CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS
};
/// Forks. Throws Error.
OwnedNamespaces make_owned_namespaces(const OwnedRequest& request);

/// Whose the ids of a running process are: no block when it shares our user namespace. Throws Error
/// when it has ended, or when its maps are not one block.
IdBlock id_block_of(const ProcessIdentity& process);
/// The block in the text of a uid_map ("0 100000 65536"). Throws Error when it is not one.
IdRange parse_id_map(const std::string& text);

/// Whether what lies on the file system of `directory`, or of the nearest above it that exists, can
/// be seen with other ids (idmapped mounts). Forks.
bool takes_id_mapping(const std::filesystem::path& directory);

}  // namespace stack::runtime
