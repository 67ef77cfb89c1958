// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "runtime/cgroup_plan.h"

namespace stack::runtime {
namespace {

struct stat look_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw_errno("device {}", path);
  return info;
}

bool is_device(mode_t mode) {
  return S_ISCHR(mode) || S_ISBLK(mode);
}

std::string number_of_device(const std::string& path) {
  const struct stat info = look_at(path);
  if (!S_ISBLK(info.st_mode)) fail("{} is not a block device", path);
  return fmt::format("{}:{}", major(info.st_rdev), minor(info.st_rdev));
}

class Collector {
 public:
  void add(const DeviceSpec& device) {
    const struct stat info = facts_of(device);
    if (S_ISDIR(info.st_mode)) {
      add_directory(device);
    } else if (is_device(info.st_mode) || (device.identity && S_ISFIFO(info.st_mode))) {
      add_node(device, info);
    } else {
      fail("{} is not a device node", device.source);
    }
  }

  DeviceFacts take() { return std::move(facts_); }

 private:
  /// The source's, but for what the specification says itself.
  static struct stat facts_of(const DeviceSpec& device) {
    struct stat info {};
    if (!device.identity) {
      info = look_at(device.source);
    } else if (::stat(device.source.c_str(), &info) != 0) {
      info.st_mode = 0666;
    }
    const mode_t mode = device.mode.value_or(info.st_mode & 07777);
    if (device.identity) info.st_rdev = makedev(device.identity->major, device.identity->minor);
    info.st_mode = (device.identity ? type_of(*device.identity) : info.st_mode & S_IFMT) | mode;
    info.st_uid = device.uid.value_or(info.st_uid);
    info.st_gid = device.gid.value_or(info.st_gid);
    return info;
  }

  static mode_t type_of(const DeviceIdentity& identity) {
    return identity.type == 'p' ? S_IFIFO : identity.type == 'b' ? S_IFBLK : S_IFCHR;
  }

  /// All nodes below it; what else is there is left out.
  void add_directory(const DeviceSpec& device) {
    for (const std::string& name : list_directory(device.source)) {
      DeviceSpec inner = device;
      inner.source += "/" + name;
      inner.target += "/" + name;
      struct stat info {};
      if (::lstat(inner.source.c_str(), &info) != 0) continue;
      if (S_ISDIR(info.st_mode)) add_directory(inner);
      if (is_device(info.st_mode)) add_node(inner, facts_of(inner));
    }
  }

  void add_node(const DeviceSpec& device, const struct stat& info) {
    const DeviceType type = S_ISBLK(info.st_mode) ? DeviceType::block : DeviceType::character;
    if (is_device(info.st_mode) && !device.permissions.empty())
      facts_.rules.push_back({type, major(info.st_rdev), minor(info.st_rdev), device.permissions});
    if (device.target.starts_with("/dev/")) return add_below_dev(device, info);
    MountSpec bind;
    bind.source = device.source;
    bind.target = device.target;
    facts_.binds.push_back(std::move(bind));
  }

  void add_below_dev(const DeviceSpec& device, const struct stat& info) {
    const std::string path = device.target.substr(5);
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1))
      append({path.substr(0, slash), S_IFDIR | 0755, 0, {}, 0, 0});
    append({path, info.st_mode, info.st_rdev, {}, info.st_uid, info.st_gid});
  }

  /// The first to claim a path has it.
  void append(Node node) {
    if (paths_.insert(node.path).second) facts_.nodes.push_back(std::move(node));
  }

  DeviceFacts facts_;
  std::set<std::string> paths_;
};

}  // namespace

DeviceFacts device_facts(const SecuritySpec& security) {
  Collector collector;
  for (const DeviceSpec& device : security.devices) collector.add(device);
  DeviceFacts facts = collector.take();
  facts.number_of = number_of_device;
  return facts;
}

}  // namespace stack::runtime
