// SPDX-License-Identifier: Apache-2.0
// What the options of docker's `local` driver (`driver_opts`, `volume create --opt`) make of a
// volume: type, device and o, as mount(8) takes them. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace stack::volumes {

using VolumeOptions = std::map<std::string, std::string>;

/// What containers see in place of the volume's own directory.
struct VolumeMount {
  enum class Kind {
    directory,   ///< nothing else: there are no options
    bind,        ///< `device`, a directory of this host
    file_system  ///< one of `type`, mounted anew for each container that runs
  };
  Kind kind = Kind::directory;
  std::string device;
  std::string type;                  ///< file_system: ext4, nfs, tmpfs, ...
  std::vector<std::string> options;  ///< those of `o` one by one, without bind and rbind
  bool recursive = false;            ///< bind: with what is mounted below it (rbind)
  /// file_system: what it holds is there only as long as it is mounted, and two mounts of it would
  /// hold different things (tmpfs) or be in each other's way (overlay).
  bool is_one_instance = false;
  bool operator==(const VolumeMount&) const = default;

  bool is_read_only() const;
};

/// Throws Error, with a hint, for options that docker refuses, for those that only a quota could
/// honour (size), and for a bind that the kernel would not take as it is written.
VolumeMount parse_volume_options(const VolumeOptions& options);

/// "device=/srv/data, o=bind, type=none", for messages; no password of a share is in it.
std::string to_text(const VolumeOptions& options);

}  // namespace stack::volumes
