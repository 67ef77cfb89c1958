// SPDX-License-Identifier: Apache-2.0
// Who "postgres", "1000:1000" or "web:staff" is, by an image's own /etc/passwd and /etc/group.
// Pure and without allocation: it runs in the child between clone and exec, on files that a
// stranger wrote.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace stack::runtime {

/// A USER text taken apart.
struct UserRequest {
  std::string_view user;  ///< name or number; empty: 0
  std::optional<std::string_view> group;
};

/// Nothing when `text` is not "", "name", "uid", "name:group" or "uid:gid". Either half may be
/// empty, as "${UID}:${GID}" is without these variables: nobody, or no group, is asked for.
std::optional<UserRequest> parse_user(std::string_view text);

enum class LookupResult { found, no_such_user, no_such_group, too_many_groups };

struct ResolvedUser {
  static constexpr std::size_t max_groups = 1024;
  uid_t uid = 0;
  gid_t gid = 0;
  std::array<gid_t, max_groups> groups{};  ///< supplementary, the primary one first
  std::size_t group_count = 0;
  std::string_view home;  ///< home_of(uid); lies in the passwd text
};

/// Where the first entry of that number lives, if that is nowhere; "/" without one.
std::string_view home_of(uid_t uid, std::string_view passwd);

/// As docker does it: what is a number is never a name; a user given by name must be in `passwd`, a
/// number need not; without a group the user's own and those that list it as a member, with one
/// that group alone.
LookupResult resolve_user(const UserRequest& request, std::string_view passwd,
                          std::string_view group, ResolvedUser& user);

/// Adds one more group, by number or by its name in `group`.
LookupResult add_group_of(std::string_view wanted, std::string_view group, ResolvedUser& user);

}  // namespace stack::runtime
