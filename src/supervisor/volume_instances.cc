// SPDX-License-Identifier: Apache-2.0
#include "supervisor/volume_instances.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "supervisor/project_files.h"
#include "supervisor/shared_namespaces.h"
#include "supervisor/status.h"

namespace stack::supervisor {
namespace {

using runtime::MountSpec;

/// Between two looks at a lock that another process has.
constexpr std::chrono::milliseconds between_looks{5};

bool has_instances(const runtime::ContainerSpec& spec) {
  return std::ranges::any_of(spec.mounts, &MountSpec::is_one_instance);
}

Awaitable<FileLock> take_turn(Loop& loop, std::filesystem::path path) {
  for (;;) {
    if (auto turn = FileLock::try_acquire(path)) co_return std::move(*turn);
    co_await sleep_for(loop, between_looks);
  }
}

/// All that run and have volumes of one instance, of every stack.
std::vector<ObservedContainer> possible_holders(const HostPaths& paths) {
  std::vector<ObservedContainer> holders;
  for (const auto& project : list_projects(paths)) {
    for (auto& each : read_containers(paths, project, ConfigParts::all, Unreadable::is_left_out)) {
      if (has_instances(each.config.spec) && is_alive(each.status.process))
        holders.push_back(std::move(each));
    }
  }
  return holders;
}

const MountSpec* mount_of(const ObservedContainer& container, const std::string& volume) {
  for (const MountSpec& mount : container.config.spec.mounts)
    if (mount.is_one_instance && mount.volume == volume) return &mount;
  return nullptr;
}

bool is_in_user_namespace(const ObservedContainer& container) {
  return container.config.spec.namespaces.user.kind != runtime::NamespaceKind::host;
}

/// Nothing when it has just ended.
std::optional<Fd> open_mounts_of(const ObservedContainer& container) {
  try {
    return open_namespace(container.status.process, container.config.name, "mnt");
  } catch (const Error&) {
    return std::nullopt;
  }
}

void find_instance(const MountSpec& wanted, const std::vector<ObservedContainer>& holders,
                   OpenInstances& open) {
  const ObservedContainer* closed = nullptr;
  for (const ObservedContainer& holder : holders) {
    const MountSpec* const there = mount_of(holder, wanted.volume);
    if (there == nullptr) continue;
    if (is_in_user_namespace(holder)) {
      closed = &holder;
      continue;
    }
    auto mounts = open_mounts_of(holder);
    if (!mounts) continue;
    open.by_target[wanted.target] = {mounts->get(), there->target};
    open.namespaces.push_back(std::move(*mounts));
    return;
  }
  if (closed == nullptr) return;
  throw Error(fmt::format("volume {} is mounted in {}, whose user namespace keeps it from being "
                          "shared",
                          wanted.volume, closed->config.name))
      .with_hint("start those without userns_mode first, or leave it out");
}

}  // namespace

Awaitable<OpenInstances> open_instances(Loop& loop, const HostPaths& paths,
                                        const runtime::ContainerSpec& spec) {
  OpenInstances open;
  if (!has_instances(spec)) co_return open;
  const ProjectFiles files{paths, ""};
  const std::filesystem::path lock = files.volumes_lock();
  open.turn = co_await take_turn(loop, lock);
  const auto holders = possible_holders(paths);
  for (const MountSpec& mount : spec.mounts)
    if (mount.is_one_instance) find_instance(mount, holders, open);
  co_return open;
}

}  // namespace stack::supervisor
