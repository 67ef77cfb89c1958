// SPDX-License-Identifier: Apache-2.0
#include "cli/tree_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/inotify.h"
#include "base/text.h"

namespace stack::cli {
namespace {

namespace fs = std::filesystem;

/// A file is told when it has been written, not while it is.
constexpr std::uint32_t changes =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;

bool is_below(const std::string& path, const std::string& root) {
  return path == root || path.starts_with(root == "/" ? root : root + "/");
}

}  // namespace

TreeWatch::TreeWatch(Skip skip) : skip_(std::move(skip)), inotify_(make_inotify()) {}

void TreeWatch::add(const fs::path& path) {
  roots_.insert(path.native());
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    add_directory(path.native(), nullptr);
  } else {
    // Its directory tells of it, also of one that is renamed over it.
    add_one(nearest_existing(path.parent_path()).native());
  }
}

void TreeWatch::add_one(const std::string& directory) {
  const int watch = ::inotify_add_watch(inotify_.get(), directory.c_str(), changes);
  if (watch >= 0) {
    directories_[watch] = directory;
  } else if (errno == ENOSPC) {
    throw Error("too many directories are watched", ENOSPC)
        .with_hint("sysctl fs.inotify.max_user_watches=524288, or `ignore` some of them");
  } else if (errno != ENOENT && errno != ENOTDIR) {
    throw_errno("watch {}", printable(directory));
  }
}

/// First the watch, then the look: what comes in between is told twice rather than never.
void TreeWatch::add_directory(const std::string& directory, std::set<std::string>* found) {
  if (skip_(directory)) return;
  add_one(directory);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) {
      add_directory(entry.path().native(), found);
    } else if (found != nullptr) {
      found->insert(entry.path().native());
    }
  }
}

bool TreeWatch::is_asked_for(const std::string& path) const {
  return std::ranges::any_of(roots_, [&](const auto& root) { return is_below(path, root); });
}

void TreeWatch::note(const std::string& directory, const char* name, std::uint32_t what,
                     std::set<std::string>& changed) {
  const std::string path = fmt::format("{}/{}", directory == "/" ? "" : directory, name);
  const bool comes = (what & (IN_CREATE | IN_MOVED_TO)) != 0;
  if (comes) {
    // It may be on the way to something that was not there yet.
    for (const auto& root : roots_)
      if (is_below(root, path) && root != path) add(root);
  }
  if (!is_asked_for(path)) return;
  if ((what & IN_ISDIR) != 0) {
    if (comes) add_directory(path, &changed);
    const bool goes = (what & (IN_DELETE | IN_MOVED_FROM)) != 0;
    if (goes && !skip_(path)) changed.insert(path);
    return;
  }
  // Of a file that is made to be written its end of writing comes too; a link has no such end.
  if ((what & IN_CREATE) != 0 && !fs::is_symlink(path)) return;
  changed.insert(path);
}

void TreeWatch::read_events(std::set<std::string>& changed) {
  alignas(inotify_event) std::array<char, 65536> buffer;
  for (;;) {
    const auto size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto* const event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event->len;
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        // Nobody can tell what was missed: all of it.
        for (const auto& root : roots_) add_directory(root, &changed);
      } else if ((event->mask & IN_IGNORED) != 0) {
        directories_.erase(event->wd);
      } else if (event->len > 0) {
        const auto directory = directories_.find(event->wd);
        if (directory != directories_.end())
          note(std::string(directory->second), event->name, event->mask, changed);
      }
    }
  }
}

std::set<std::string> TreeWatch::wait(std::chrono::milliseconds quiet, const sigset_t& blocked) {
  std::set<std::string> changed;
  pollfd events{inotify_.get(), POLLIN, 0};
  const timespec patience{quiet.count() / 1000, quiet.count() % 1000 * 1'000'000};
  while (changed.empty()) {
    if (::ppoll(&events, 1, nullptr, &blocked) < 0) return {};
    read_events(changed);
  }
  while (::ppoll(&events, 1, &patience, &blocked) > 0) read_events(changed);
  return changed;
}

}  // namespace stack::cli
