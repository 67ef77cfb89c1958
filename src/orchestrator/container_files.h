// SPDX-License-Identifier: Apache-2.0
// What a person does with the files of a service's containers: look at what changed, copy in and
// out, take all of it as an archive, make an image of it. Containers may run or not.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "image/image_store.h"
#include "image/tar_writer.h"
#include "image/tree_changes.h"
#include "orchestrator/tree_place.h"
#include "supervisor/status.h"

namespace stack::orchestrator {

/// Whose files: a project on this host.
struct FilesOf {
  HostPaths paths;
  std::string project;
  std::function<void(const std::string&)> waiting;  ///< the project is locked by this holder
};

/// The containers of a service, by number; only number `index` when it is given. Throws Error in
/// docker compose's words when there is none.
std::vector<supervisor::ObservedContainer> containers_of(const FilesOf& files,
                                                         const std::string& service,
                                                         std::optional<int> index);

/// What is different from the image. Mounts are not looked into; the places that every container
/// gets (/proc, /dev, /sys, /etc/hosts and its like) are no difference as long as nothing is there.
std::vector<image::TreeChange> changes_of(const FilesOf& files,
                                          const supervisor::ObservedContainer& container);

/// All files without those of mounts, whose mount points are empty. Runs meanwhile or not.
void export_files(const FilesOf& files, const supervisor::ObservedContainer& container,
                  const image::TarSink& sink);

/// Who owns a copy.
enum class CopiedOwners {
  of_destination,  ///< root in a container, the caller here
  of_source,       ///< as at the source
};

struct CopyRequest {
  std::string source;       ///< as typed; "-": an archive on standard input (into a container)
  std::string destination;  ///< as typed; "-": an archive into `sink` (out of a container)
  LastLink source_link = LastLink::keep;
  CopiedOwners owners = CopiedOwners::of_destination;
  image::TarSink sink;
};

/// Both return what was left out: devices on their way to this host. Sockets, which mean nothing
/// without their process, never come along. A container that does not run cannot be started
/// meanwhile. Throws Error; what was copied until then stays.
std::vector<std::string> copy_out(const FilesOf& files,
                                  const supervisor::ObservedContainer& container,
                                  const CopyRequest& request);
std::vector<std::string> copy_in(const FilesOf& files,
                                 const supervisor::ObservedContainer& container,
                                 const CopyRequest& request);

enum class Meanwhile { paused, running };

struct CommitRequest {
  std::string name;  ///< of the image; empty: none
  std::string author;
  std::string comment;
  std::vector<std::string> changes;  ///< Dockerfile instructions, see image/changes.h
  /// What a container that runs does. One that somebody has paused already stays so.
  Meanwhile meanwhile = Meanwhile::paused;
};
image::Image commit(const FilesOf& files, const supervisor::ObservedContainer& container,
                    const CommitRequest& request);

}  // namespace stack::orchestrator
