// SPDX-License-Identifier: Apache-2.0
// Users and groups of an image by name: of --chown, and of USER where files are made.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "build/config_steps.h"
#include "image/store_index.h"

namespace stack::build {

using Owner = std::pair<uid_t, gid_t>;

/// "app", "app:extra", "12:34", "12" (which stands for both) in these layers. Nothing when the
/// layers have no such user or group. Throws Error when it is no such text.
std::optional<Owner> find_owner(const image::StorePaths& paths,
                                const std::vector<std::string>& diff_ids, const std::string& text);

/// What belongs to USER; root for none, and for one that is not known.
Owner user_of(const image::StorePaths& paths, const StageState& state);

}  // namespace stack::build
