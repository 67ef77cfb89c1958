// SPDX-License-Identifier: Apache-2.0
#include "cli/directory_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/inotify.h"

namespace stack::cli {

DirectoryWatch::DirectoryWatch() : inotify_(make_inotify()) {}

bool DirectoryWatch::watch(const std::filesystem::path& nearest, std::set<int>& watched) {
  constexpr std::uint32_t changes =
      IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;
  bool is_there = true;
  // Its parent tells of its end: itself it does not as long as a file of it is open here.
  for (const auto& each : {nearest, nearest.parent_path()}) {
    const int number = ::inotify_add_watch(inotify_.get(), each.c_str(), changes);
    if (number < 0)
      is_there = false;
    else
      watched.insert(number);
  }
  return is_there;
}

void DirectoryWatch::arm(const std::set<std::filesystem::path>& directories) {
  std::set<int> watched;
  for (const auto& directory : directories) {
    for (std::filesystem::path before, near = nearest_existing(directory); near != before;
         near = nearest_existing(directory)) {
      before = watch(near, watched) ? near : "";
    }
  }
  for (const int old : watched_)
    if (!watched.contains(old)) ::inotify_rm_watch(inotify_.get(), old);
  watched_ = std::move(watched);
}

void DirectoryWatch::wait(std::optional<std::chrono::system_clock::time_point> deadline,
                          const sigset_t& blocked) {
  using std::chrono::nanoseconds;
  timespec patience{};
  if (deadline) {
    const nanoseconds rest = std::max<nanoseconds>(
        *deadline - std::chrono::system_clock::now() + std::chrono::milliseconds(1),
        nanoseconds(0));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(rest);
    patience = {seconds.count(), (rest - seconds).count()};
  }
  pollfd changes{inotify_.get(), POLLIN, 0};
  ::ppoll(&changes, 1, deadline ? &patience : nullptr, &blocked);
  std::array<char, 16384> events;
  while (::read(inotify_.get(), events.data(), events.size()) > 0) {
  }
}

}  // namespace stack::cli
