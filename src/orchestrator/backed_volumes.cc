// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/backed_volumes.h"

#include <fcntl.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "orchestrator/resolved_host.h"
#include "runtime/volume_mount.h"

namespace stack::orchestrator {
namespace {

using volumes::VolumeInfo;
using volumes::VolumeMount;
using volumes::VolumeOptions;

/// Who writes no options for a volume that another has made wants it as it is. For one of its own
/// it has changed them.
bool takes_it_as_it_is(const DesiredVolume& wish, const VolumeInfo& is,
                       const std::string& project) {
  return wish.external || (wish.options.empty() && !is_of_project(is, project));
}

VolumeMount backing_of(const DesiredVolume& volume) {
  try {
    return volumes::parse_volume_options(volume.options);
  } catch (const Error&) {
    return {};
  }
}

class VolumeCheck {
 public:
  VolumeCheck(const DesiredState& desired, const ObservedState& observed)
      : desired_(desired), observed_(observed) {}

  std::vector<Problem> run() {
    for (const auto& [name, volume] : desired_.volumes) {
      check_driver(volume);
      check_options(volume);
      check_unchanged(volume);
    }
    for (const auto& [name, container] : desired_.containers) check_subpaths(container);
    return std::move(problems_);
  }

 private:
  void add(std::string message, const std::string& path, std::string hint) {
    problems_.push_back({std::move(message), desired_.sources.find(path), std::move(hint)});
  }

  static std::string place_of(const DesiredVolume& volume) { return "volumes." + volume.key; }

  void check_driver(const DesiredVolume& volume) {
    if (volume.driver.empty() || volume.driver == "local") return;
    add(fmt::format("volume {}: there is no driver {}", volume.name, stack::quoted(volume.driver)),
        place_of(volume) + ".driver",
        "leave it out: the local driver mounts directories, disks, NFS and SMB shares by "
        "`driver_opts`");
  }

  void check_options(const DesiredVolume& volume) {
    try {
      volumes::parse_volume_options(volume.options);
    } catch (const Error& error) {
      add(fmt::format("volume {}: {}", volume.name, error.what()),
          place_of(volume) + ".driver_opts", error.hint());
    }
  }

  /// As docker compose asks about it; but going on with what was is no answer, since it is written
  /// to another place than the file says.
  void check_unchanged(const DesiredVolume& volume) {
    const auto known = observed_.volumes.find(volume.name);
    if (known == observed_.volumes.end() || known->second.options == volume.options) return;
    const auto text = [](const VolumeOptions& options) {
      return options.empty() ? "no options" : volumes::to_text(options);
    };
    add(fmt::format("volume {} is there with other options: {}; and now {}", volume.name,
                    text(known->second.options), text(volume.options)),
        place_of(volume) + (volume.options.empty() ? "" : ".driver_opts"),
        fmt::format("`stack down` and `stack volume rm {}` make room for the new one; {}",
                    volume.name,
                    known->second.options.empty()
                        ? "what it holds is kept for 7 days (`stack volume restore`)"
                        : "what is behind its device stays as it is"));
  }

  void check_subpaths(const DesiredContainer& container) {
    for (const DesiredMount& each : container.mounts) {
      if (!each.backing.is_one_instance || each.mount.subpath.empty()) continue;
      add(fmt::format("service \"{}\": volume {} is a {}, in which there is no subpath {} when it "
                      "is mounted",
                      container.service, each.mount.source, each.backing.type,
                      stack::quoted(each.mount.subpath)),
          fmt::format("services.{}.volumes", container.service), "leave subpath out");
    }
  }

  const DesiredState& desired_;
  const ObservedState& observed_;
  std::vector<Problem> problems_;
};

bool is_share(const std::string& type) {
  return type == "nfs" || type == "nfs4" || type == "cifs" || type == "smb3";
}

/// "//nas/films" -> "nas"
std::string server_of(const std::string& device) {
  const std::size_t begin = std::min(device.find_first_not_of('/'), device.size());
  return device.substr(begin, device.find('/', begin) - begin);
}

void resolve_hosts(runtime::MountSpec& mount) {
  const std::string what = "volume " + mount.volume;
  bool has_address = false;
  for (std::string& option : mount.options) {
    const std::size_t equals = option.find('=');
    const std::string key = option.substr(0, equals);
    if (equals == std::string::npos || (key != "addr" && key != "ip")) continue;
    option = key + "=" + resolve_host(option.substr(equals + 1), what);
    has_address = true;
  }
  const bool names_server = mount.type == "cifs" || mount.type == "smb3";
  if (names_server && !has_address)
    mount.options.push_back("ip=" + resolve_host(server_of(mount.source), what));
}

}  // namespace

void settle_volumes(DesiredState& desired, const ObservedState& observed) {
  for (auto& [name, volume] : desired.volumes) {
    const auto known = observed.volumes.find(name);
    if (known != observed.volumes.end() &&
        takes_it_as_it_is(volume, known->second, desired.project))
      volume.options = known->second.options;
  }
  for (auto& [name, container] : desired.containers) {
    for (DesiredMount& each : container.mounts)
      if (each.mount.type == spec::MountType::volume)
        each.backing = backing_of(desired.volumes.at(each.mount.source));
  }
}

std::vector<Problem> check_volumes(const DesiredState& desired, const ObservedState& observed) {
  return VolumeCheck(desired, observed).run();
}

void lower_backing(const DesiredMount& wish, runtime::MountSpec& lowered) {
  using Kind = volumes::VolumeMount::Kind;
  const volumes::VolumeMount& backing = wish.backing;
  if (backing.kind == Kind::directory) return;
  lowered.volume = wish.mount.source;
  lowered.source = backing.device;
  lowered.options = backing.options;
  if (backing.is_read_only()) lowered.writable = runtime::Writable::no;
  if (backing.kind == Kind::bind) {
    lowered.recursive = lowered.recursive && backing.recursive;
    return;
  }
  lowered.kind = runtime::MountKind::file_system;
  lowered.type = backing.type;
  lowered.is_one_instance = backing.is_one_instance;
}

Fd open_backing(const DesiredMount& wish) {
  if (wish.backing.kind == VolumeMount::Kind::bind)
    return open_file(wish.backing.device, O_RDONLY | O_DIRECTORY);
  runtime::MountSpec mount;
  lower_backing(wish, mount);
  if (is_share(mount.type)) resolve_hosts(mount);
  return runtime::open_volume(mount);
}

void resolve_volume_hosts(supervisor::ContainerConfig& config) {
  for (runtime::MountSpec& mount : config.spec.mounts)
    if (mount.kind == runtime::MountKind::file_system && is_share(mount.type)) resolve_hosts(mount);
}

}  // namespace stack::orchestrator
