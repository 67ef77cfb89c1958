// SPDX-License-Identifier: Apache-2.0
// An open directory as opendir(3) gives it, closed by whoever holds it.
#pragma once

#include <dirent.h>

#include <memory>

namespace stack {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// What opendir(3) or fdopendir(3) gave, null after their failure.
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace stack
