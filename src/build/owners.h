// SPDX-License-Identifier: Apache-2.0
// Users and groups of an image by name: of --chown, and of USER where files are made.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "build/config_steps.h"
#include "image/store_index.h"

namespace stack::build {

using Owner = std::pair<uid_t, gid_t>;

struct FoundOwner {
  Owner owner;
  bool is_known = true;  ///< false: the layers do not have the user or the group
};

/// "app", "app:extra", "12:34", "12" (which stands for both), "app:" (group 0) in these layers, as
/// BuildKit has them: a user that is not known is 0, and a group that is not known that of the
/// user, of a number the same number. "root" is 0 without files, too. Throws Error when it is no
/// such text.
FoundOwner find_owner(const image::StorePaths& paths, const std::vector<std::string>& diff_ids,
                      const std::string& text);
/// The same by the text of /etc/passwd and /etc/group. Pure.
FoundOwner owner_in(const std::string& passwd, const std::string& group, const std::string& text);

/// What belongs to USER; root for none, and for a user that is not known.
Owner user_of(const image::StorePaths& paths, const StageState& state);

}  // namespace stack::build
