// SPDX-License-Identifier: Apache-2.0
#include "build/owners.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/overlay_tree.h"
#include "base/text.h"
#include "build/layers.h"
#include "image/digest.h"
#include "image/store_writer.h"
#include "runtime/user_lookup.h"

namespace stack::build {
namespace {

/// Text of a file in /etc of the layers; empty when there is none.
std::string etc_file(const image::StorePaths& paths, const std::vector<std::string>& diff_ids,
                     const std::string& name) {
  const JoinedDirectory layers = open_layers(paths, diff_ids);
  if (layers.empty()) return "";
  const auto etc = open_joined(layers, "/etc");
  if (!etc) return "";
  const auto entry = look_up(*etc, name);
  if (!entry || !S_ISREG(entry->info.st_mode)) return "";
  const Fd file(::openat(entry->holder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) throw_errno("open /etc/{}", name);
  return read_all(file.get(), 1 << 20);
}

/// The ids of "app" or "12".
Owner user_in(const std::string& passwd, std::string_view name, bool& is_known) {
  if (name.empty() || name == "root") return {0, 0};
  if (const auto number = parse_integer<std::uint32_t>(name)) return {*number, *number};
  runtime::ResolvedUser user;
  is_known =
      runtime::resolve_user({name, std::nullopt}, passwd, "", user) == runtime::LookupResult::found;
  return is_known ? Owner{user.uid, user.gid} : Owner{0, 0};
}

/// The id of "staff" or "12"; nothing for one that is not known.
std::optional<gid_t> group_in(const std::string& group, std::string_view name) {
  if (name.empty() || name == "root") return 0;
  runtime::ResolvedUser user;
  if (runtime::resolve_user({"0", name}, "", group, user) != runtime::LookupResult::found)
    return std::nullopt;
  return user.gid;
}

}  // namespace

FoundOwner owner_in(const std::string& passwd, const std::string& group, const std::string& text) {
  const auto wanted = runtime::parse_user(text);
  if (!wanted) fail("invalid owner {}", stack::quoted(text));
  FoundOwner found;
  found.owner = user_in(passwd, wanted->user, found.is_known);
  if (text.ends_with(':')) found.owner.second = 0;
  if (!wanted->group) return found;
  if (const auto gid = group_in(group, *wanted->group))
    found.owner.second = *gid;
  else
    found.is_known = false;
  return found;
}

FoundOwner find_owner(const image::StorePaths& paths, const std::vector<std::string>& diff_ids,
                      const std::string& text) {
  return owner_in(etc_file(paths, diff_ids, "passwd"), etc_file(paths, diff_ids, "group"), text);
}

Owner user_of(const image::StorePaths& paths, const StageState& state) {
  if (state.config.user.empty()) return {0, 0};
  return find_owner(paths, state.diff_ids, state.config.user).owner;
}

}  // namespace stack::build
