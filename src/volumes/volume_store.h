// SPDX-License-Identifier: Apache-2.0
// Volumes: directories that outlive containers. volumes/<name>/{_data, meta.json}. Data is never
// lost: nothing here removes a volume unless asked for that volume by name.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "volumes/volume_options.h"

namespace stack::volumes {

struct VolumeInfo {
  std::string name;
  std::map<std::string, std::string> labels;
  std::chrono::system_clock::time_point created;
  std::filesystem::path data;  ///< .../_data
  VolumeOptions options = {};  ///< with any, `data` is empty: what it holds is behind its device
};

struct VolumeRequest {
  std::string name;
  std::map<std::string, std::string> labels;
  VolumeOptions options = {};
};

/// A volume that was removed and can be had back.
struct RemovedVolume {
  VolumeInfo volume;  ///< `data` is where it lies now
  std::chrono::system_clock::time_point removed;
};

class VolumeStore {
 public:
  /// How long removed volumes are kept, and how many of one name.
  static constexpr std::chrono::hours kept_for{7 * 24};
  static constexpr std::size_t kept_of_a_name = 3;

  explicit VolumeStore(std::filesystem::path root);

  /// Makes it unless it is there; durable when it returns. Names: [a-zA-Z0-9][a-zA-Z0-9_.-]*. One
  /// without its document gets another one; throws DamagedDocument when that cannot be read. One
  /// that is there keeps the labels and options that it has.
  VolumeInfo ensure(const VolumeRequest& request);
  /// Gives a volume that is there this label in place of the one it has of that key; empty: none.
  /// Durable when it returns; writes nothing when that is so already.
  void set_label(const std::string& name, const std::string& key, const std::string& value);
  std::optional<VolumeInfo> find(const std::string& name) const;
  /// All of them, or those whose labels contain every pair of `labels`; none with a damaged
  /// document.
  std::vector<VolumeInfo> list(const std::map<std::string, std::string>& labels = {}) const;
  /// Removes it with its data; false when it was not there. Atomic: renamed away first.
  bool remove(const std::string& name);
  /// Removes it, and keeps what it holds for restore(), unless it holds nothing. False when it was
  /// not there. Deletes what was kept for too long. One with options is kept for them; what is
  /// behind its device is not touched.
  bool set_aside(const std::string& name);
  /// Those that were set aside, by name, the newest first.
  std::vector<RemovedVolume> list_removed() const;
  /// Brings the one of this name that was removed last back. Throws Error when there is none, and
  /// when there is a volume of this name.
  VolumeInfo restore(const std::string& name);
  /// Takes away what commands that were killed left half made or half deleted. Each change of the
  /// store begins with it; this is for whoever changes nothing. A directory is read when all is
  /// well.
  void sweep();
  /// Deletes what was set aside before `time`. Returns how many there were.
  std::size_t forget_removed(std::chrono::system_clock::time_point time);

  /// First use: when the volume is empty and was never filled, copies the image's content at `path`
  /// into it, with owner, mode, times, links, xattrs (never device nodes, never following a link
  /// out of the image). `layers` are the image's directories, uppermost first; several are joined
  /// as overlayfs would (whiteouts, opaque directories). Atomic: a crash in the middle is redone by
  /// the next call and never seen half by a container started after it. Returns true when it
  /// copied.
  bool fill_from_image(const std::string& name, const std::vector<std::filesystem::path>& layers,
                       const std::string& path);
  /// The same for one with options: `content` is the directory behind its device. A container that
  /// has it mounted meanwhile may see the copy under way, in a directory called .fill.copy.
  bool fill_from_image(const std::string& name, const std::vector<std::filesystem::path>& layers,
                       const std::string& path, Fd content);

  /// The directory with what it holds: that of a volume whose device is another one of this host is
  /// that one. Throws Error when `subpath` is not in it, or only by way of links. That
  /// may change at any moment: what mounts the subpath opens it in the same way again, at each
  /// start.
  std::filesystem::path mount_source(const std::string& name, const std::string& subpath) const;
  /// Bytes used by the data (st_blocks), for messages.
  std::uint64_t size(const std::string& name) const;

 private:
  std::filesystem::path removed() const { return root_ / ".removed"; }
  void limit_removed();

  std::filesystem::path root_;
};

}  // namespace stack::volumes
