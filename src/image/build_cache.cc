// SPDX-License-Identifier: Apache-2.0
#include "image/build_cache.h"

#include <fcntl.h>
#include <sys/file.h>

#include <nlohmann/json.hpp>

#include "base/document.h"
#include "base/error.h"
#include "base/files.h"
#include "image/digest.h"

namespace stack::image {
namespace {

constexpr DocumentKind step_kind{"build step", 1};

std::filesystem::path steps(const StorePaths& paths) {
  return paths.root / "build" / "steps";
}
std::filesystem::path layers(const StorePaths& paths) {
  return paths.root / "build" / "layers";
}
std::filesystem::path step(const StorePaths& paths, const std::string& key) {
  return steps(paths) / (hex_of(key) + ".json");
}

bool has_layer(const StorePaths& paths, std::vector<std::string> below,
               const std::string& diff_id) {
  if (!is_digest(diff_id)) return false;
  below.push_back(diff_id);
  const std::string chain = chain_ids(below).back();
  return stack::exists(layers(paths) / hex_of(chain)) && stack::exists(paths.layer(chain));
}

}  // namespace

std::optional<BuiltStep> find_step(const StorePaths& paths, const std::string& key,
                                   const std::vector<std::string>& below) {
  // A damaged record is as good as none.
  const auto body = read_document(step(paths, key), step_kind, Damaged::counts_as_absent);
  if (!body) return std::nullopt;
  BuiltStep found{body->value("diff_id", ""),
                  from_nanoseconds(body->value("created", std::int64_t{0}))};
  if (!found.diff_id.empty() && !has_layer(paths, below, found.diff_id)) return std::nullopt;
  return found;
}

void record_step(const StorePaths& paths, const std::string& key, const BuiltStep& made) {
  make_directories(steps(paths));
  write_document(step(paths, key), step_kind,
                 {{"diff_id", made.diff_id}, {"created", to_nanoseconds(made.created)}},
                 Durability::survives_crash);
}

Fd hold_builds(const StorePaths& paths) {
  make_directories(paths.root / "build");
  Fd lock = open_file(paths.root / "build" / "lock", O_RDWR | O_CREAT, 0600);
  while (::flock(lock.get(), LOCK_SH) != 0) {
    if (errno != EINTR) throw_errno("lock the build cache");
  }
  return lock;
}

FileLock claim_builds(const StorePaths& paths) {
  make_directories(paths.root / "build");
  auto lock = FileLock::try_acquire(paths.root / "build" / "lock");
  if (!lock)
    throw Error("the build cache is in use: images are being built")
        .with_hint("wait for the end of the build");
  return std::move(*lock);
}

void forget_steps(const StorePaths& paths) {
  remove_tree(steps(paths));
  remove_tree(layers(paths));
}

void keep_layer(const StorePaths& paths, const std::string& chain) {
  make_directories(layers(paths));
  write_file_atomically(layers(paths) / hex_of(chain), "", Durability::survives_crash);
}

std::vector<std::string> kept_layers(const StorePaths& paths) {
  std::vector<std::string> kept;
  for (std::string& name : list_directory(layers(paths)))
    if (name.size() == 64) kept.push_back(std::move(name));
  return kept;
}

}  // namespace stack::image
