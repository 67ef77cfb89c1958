// SPDX-License-Identifier: Apache-2.0
#include "runtime/id_mapping.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "runtime/kernel.h"
#include "runtime/user_lookup.h"

namespace stack::runtime {
namespace {

/// The last id there is; the one after it means "none".
constexpr std::uint32_t last_id = std::numeric_limits<std::uint32_t>::max() - 1;

void append_same(std::vector<IdRange>& ranges, std::uint32_t first, std::uint32_t end) {
  if (first < end) ranges.push_back({first, first, end - first});
}

/// A file of the image: the topmost layer that has it decides, also by a whiteout.
std::string image_file(const RootSpec& root, const char* path) {
  constexpr std::uint64_t largest = 1U << 20;
  std::vector<std::string> layers = root.lower;
  if (!root.upper.empty()) layers.insert(layers.begin(), root.upper);
  for (const std::string& layer : layers) {
    const Fd directory(::open(layer.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) continue;
    const Fd file(openat2(directory.get(), path, O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                          RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) continue;
    if (!S_ISREG(info.st_mode)) return {};
    return read_all(file.get(), largest);
  }
  return {};
}

struct stat owner_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw_errno("mount source {}", path);
  return info;
}

void require_inside(const IdBlock& ids, const ImageUser& user) {
  if (ids.has(user.uid) && ids.has(user.gid)) return;
  fail("user {}:{} is not among the {} ids of the container's user namespace", user.uid, user.gid,
       ids.count);
}

}  // namespace

std::vector<IdRange> exchanged_ids(std::uint32_t one, std::uint32_t other) {
  const auto [low, high] = std::minmax(one, other);
  std::vector<IdRange> ranges;
  append_same(ranges, 0, low);
  ranges.push_back({low, high, 1});
  if (low == high) {
    append_same(ranges, high + 1, last_id + 1);
    return ranges;
  }
  append_same(ranges, low + 1, high);
  ranges.push_back({high, low, 1});
  append_same(ranges, high + 1, last_id + 1);
  return ranges;
}

ImageUserLookup look_up_image_user(const RootSpec& root, const UserRequest& request) {
  const std::string passwd = image_file(root, "etc/passwd");
  const std::string group = image_file(root, "etc/group");
  ResolvedUser resolved;
  const LookupResult result = resolve_user(request, passwd, group, resolved);
  return {result, {resolved.uid, resolved.gid}};
}

ImageUser find_image_user(const RootSpec& root, const std::string& user) {
  const auto request = parse_user(user);
  if (!request) fail("invalid user {}", stack::quoted(user));
  const ImageUserLookup lookup = look_up_image_user(root, *request);
  if (lookup.result != LookupResult::found)
    fail("unable to find user {} in the image", stack::quoted(user));
  return lookup.user;
}

std::map<std::size_t, Fd> owner_mappings(const ContainerSpec& spec, const MountPlan& plan) {
  std::map<std::size_t, Fd> mappings;
  std::optional<ImageUser> user;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const MountStep& step = plan.steps[i];
    if (!step.owner_mapped) continue;
    if (!user) user = find_image_user(spec.root, spec.process.user);
    const struct stat owner = owner_of(step.source);
    if (spec.ids.remaps()) {
      require_inside(spec.ids, *user);
      mappings[i] = make_user_namespace({{owner.st_uid, spec.ids.uid_outside(user->uid), 1}},
                                        {{owner.st_gid, spec.ids.gid_outside(user->gid), 1}});
    } else if (owner.st_uid != user->uid || owner.st_gid != user->gid) {
      mappings[i] = make_user_namespace(exchanged_ids(owner.st_uid, user->uid),
                                        exchanged_ids(owner.st_gid, user->gid));
    }
  }
  return mappings;
}

}  // namespace stack::runtime
