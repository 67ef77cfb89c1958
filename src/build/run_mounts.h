// SPDX-License-Identifier: Apache-2.0
// RUN --mount=type=cache,target=/root/.cache: one such text as a value. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "build/expand.h"

namespace stack::build {

enum class RunMountKind { bind, cache, tmpfs, secret, ssh };
/// How builds that run at the same time use one cache.
enum class CacheSharing {
  shared,  ///< together
  own,     ///< each another one ("private")
  locked,  ///< one after another
};

struct RunMount {
  RunMountKind kind = RunMountKind::bind;
  std::string target;  ///< absolute; of secret and ssh perhaps empty: no file is wanted
  std::string source;  ///< relative to where it comes from; bind, cache
  std::string from;  ///< stage, image or context; empty: the build context (bind), nothing (cache)
  bool writable = false;  ///< bind; what is written is thrown away
  std::string id;         ///< cache, secret, ssh
  CacheSharing sharing = CacheSharing::shared;
  std::optional<std::uint32_t> mode;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool required = false;                ///< secret, ssh: an error when it was not given
  std::string environment;              ///< secret: the variable that gets it
  std::optional<std::uint64_t> size{};  ///< tmpfs
};

/// `working_dir`: what a relative target is relative to. Throws Error.
RunMount parse_run_mount(const std::string& text, const std::string& working_dir);

/// `path` seen from `directory`: absolute and clean.
std::string absolute_inside(const std::string& directory, const std::string& path);

}  // namespace stack::build
