// SPDX-License-Identifier: Apache-2.0
#include "supervisor/place_watch.h"

#include <fcntl.h>
#include <sys/inotify.h>

#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/inotify.h"
#include "runtime/container_tree.h"

namespace stack::supervisor {
namespace {

Fd open_root(const ProcessIdentity& container) {
  const auto tree = runtime::open_running_tree(container);
  if (!tree) fail("the container has ended");
  Fd root(::fcntl(tree->root(), F_DUPFD_CLOEXEC, 0));
  if (!root) throw_errno("duplicating a descriptor");
  return root;
}

/// Of an absolute path; of "/" itself.
std::string parent_path(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

PlaceWatch::PlaceWatch(Loop& loop, const ProcessIdentity& container, std::string path)
    : path_(std::move(path)),
      root_(open_root(container)),
      inotify_(loop, make_inotify().release()) {}

/// Whatever is wrong on the way is the container's own doing, and may yet be put right.
Fd PlaceWatch::try_open(const std::string& path, int flags) const {
  try {
    return open_in_root(root_.get(), path, O_PATH | flags);
  } catch (const Error&) {
    return {};
  }
}

std::string PlaceWatch::nearest_directory(Fd& directory) const {
  std::string path = parent_path(path_);
  while (!(directory = try_open(path, O_DIRECTORY)) && path != "/") path = parent_path(path);
  return path;
}

void PlaceWatch::watch_only(const Fd& directory) {
  constexpr std::uint32_t appearing = IN_CREATE | IN_MOVED_TO;
  constexpr std::uint32_t leaving = IN_DELETE_SELF | IN_MOVE_SELF;
  const int watched = ::inotify_add_watch(inotify_.native_handle(),
                                          fmt::format("/proc/self/fd/{}", directory.get()).c_str(),
                                          appearing | leaving | IN_ONLYDIR);
  if (watched < 0) throw_errno("watching for {}", path_);
  if (watched_ >= 0 && watched_ != watched) ::inotify_rm_watch(inotify_.native_handle(), watched_);
  watched_ = watched;
}

/// Watched first, looked at then: what appears in between is seen, or makes a directory that is
/// nearer.
Fd PlaceWatch::find() {
  Fd directory;
  for (std::string before, path = nearest_directory(directory); path != before;
       path = nearest_directory(directory)) {
    before = path;
    watch_only(directory);
    if (Fd place = try_open(path_, 0)) return place;
  }
  return {};
}

Awaitable<void> PlaceWatch::changed_until(Clock::time_point deadline) {
  co_await readable_until(inotify_, deadline);
  std::array<char, 4096> events;
  while (inotify_.is_open() && ::read(inotify_.native_handle(), events.data(), events.size()) > 0) {
  }
}

void PlaceWatch::cancel() {
  inotify_.close();
}

}  // namespace stack::supervisor
