// SPDX-License-Identifier: Apache-2.0
#include "build/owners.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "base/overlay_tree.h"
#include "base/text.h"
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

}  // namespace

std::optional<Owner> find_owner(const image::StorePaths& paths,
                                const std::vector<std::string>& diff_ids, const std::string& text) {
  const auto wanted = runtime::parse_user(text);
  if (!wanted) fail("invalid owner {}", stack::quoted(text));
  const auto passwd = etc_file(paths, diff_ids, "passwd");
  const auto group = etc_file(paths, diff_ids, "group");
  runtime::ResolvedUser user;
  const auto result = runtime::resolve_user(*wanted, passwd, group, user);
  if (result == runtime::LookupResult::no_such_user ||
      result == runtime::LookupResult::no_such_group)
    return std::nullopt;
  // A number alone stands for both.
  if (!wanted->group && parse_integer<std::uint32_t>(wanted->user)) user.gid = user.uid;
  return Owner{user.uid, user.gid};
}

Owner user_of(const image::StorePaths& paths, const StageState& state) {
  if (state.config.user.empty()) return {0, 0};
  return find_owner(paths, state.diff_ids, state.config.user).value_or(Owner{0, 0});
}

}  // namespace stack::build
