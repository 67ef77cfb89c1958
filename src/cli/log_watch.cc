// SPDX-License-Identifier: Apache-2.0
#include "cli/log_watch.h"

#include <poll.h>
#include <sys/inotify.h>

#include <array>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/inotify.h"

namespace stack::cli {
namespace {

using std::chrono::milliseconds;

/// A supervisor that dies without a word changes no file: look again after this long.
constexpr milliseconds most_patience{1000};
/// How long changes are gathered when they come one after another.
constexpr milliseconds gathering{4};

bool is_output(std::string_view name) {
  return name.starts_with("stdout") || name.starts_with("stderr");
}

}  // namespace

LogWatch::LogWatch(const HostPaths& paths, std::string project, bool events)
    : paths_(paths), project_(std::move(project)), events_(events), inotify_(make_inotify()) {}

void LogWatch::arm() {
  const auto containers = paths_.project_data(project_) / "containers";
  add(containers, IN_CREATE | IN_MOVED_TO | IN_DELETE, "");
  if (events_) add(paths_.project_data(project_) / "events", IN_MODIFY | IN_CREATE, "");
  add(paths_.project_run(project_), IN_CREATE | IN_MOVED_TO | IN_DELETE, "");
  for (const auto& id : list_directory(containers))
    add(containers / id, IN_MODIFY | IN_CREATE | IN_MOVED_TO, id);
}

void LogWatch::add(const std::filesystem::path& path, std::uint32_t events, const std::string& id) {
  const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), events);
  if (watch >= 0) ids_[watch] = id;  // without: it is not there (any more)
}

LogChanges LogWatch::wait(int input) {
  std::array<pollfd, 2> watched{pollfd{inotify_.get(), POLLIN, 0}, pollfd{input, POLLIN, 0}};
  LogChanges changes;
  const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(most_patience.count()));
  changes.containers = ready <= 0;
  const auto since = std::chrono::steady_clock::now() - told_;
  if (ready > 0 && since < gathering) {
    const auto rest = std::chrono::ceil<milliseconds>(gathering - since);
    ::poll(nullptr, 0, static_cast<int>(rest.count()));
  }
  read_events(changes);
  told_ = std::chrono::steady_clock::now();
  return changes;
}

LogChanges LogWatch::look() {
  LogChanges changes;
  read_events(changes);
  return changes;
}

void LogWatch::read_events(LogChanges& changes) {
  alignas(inotify_event) char buffer[16384];
  for (ssize_t size = 0; (size = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
    for (const char* at = buffer; at < buffer + size;) {
      const auto& event = *reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event.len;
      const auto known = ids_.find(event.wd);
      const bool is_line = event.len > 0 && is_output(event.name) && known != ids_.end();
      if (is_line && !known->second.empty()) {
        changes.grown.insert(known->second);
      } else {
        changes.containers = true;  // lost events (IN_Q_OVERFLOW) too
      }
      if ((event.mask & IN_IGNORED) != 0) ids_.erase(event.wd);
    }
  }
}

}  // namespace stack::cli
