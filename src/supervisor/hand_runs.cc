// SPDX-License-Identifier: Apache-2.0
// Containers that a person runs by hand (HandRun): whoever waits for the end of one attends it.
// With the last of them goes its standard input, and, after its end, it itself if that was asked
// for.
#include "base/error.h"
#include "supervisor/journal.h"
#include "supervisor/supervisor.h"

namespace stack::supervisor {

void Supervisor::attend(const std::string& id, Server::ClientNumber client) {
  const auto task = registry_.find(id);
  if (task && task->config().by_hand) attendants_[id].insert(client);
}

bool Supervisor::is_attended(const std::string& id) const {
  return attendants_.contains(id);
}

/// A client has come or gone.
void Supervisor::leave_hand_runs() {
  for (auto entry = attendants_.begin(); entry != attendants_.end();) {
    auto& [id, clients] = *entry;
    std::erase_if(clients, [&](const auto client) { return !server_.is_connected(client); });
    if (!clients.empty()) {
      ++entry;
      continue;
    }
    if (const auto task = registry_.find(id)) task->close_input();
    entry = attendants_.erase(entry);
  }
  remove_ended_hand_runs();
}

/// Whoever lost a former supervisor may be about to come back: nothing goes before somebody came.
void Supervisor::remove_ended_hand_runs() {
  if (ending_ || !settled_) return;
  for (const auto& [id, task] : registry_.all()) {
    const auto& run = task->config().by_hand;
    const bool is_over = task->status().phase == Phase::exited && !task->active();
    if (!run || !run->removed_at_end || !is_over || is_attended(id)) continue;
    if (!given_up_.contains(id) && removals_.insert(id).second)
      spawn(loop_, "removing " + task->config().name, remove_hand_run(id));
  }
}

/// Tried once: what cannot be removed now is there for a person to see, and for the next
/// supervisor.
Awaitable<void> Supervisor::remove_hand_run(std::string id) {
  try {
    const auto task = registry_.find(id);
    if (task && !task->active() && !is_attended(id)) co_await remove(task);
  } catch (const std::exception&) {
    journal::failure("removing " + id, std::current_exception());
    given_up_.insert(id);
  }
  removals_.erase(id);
  consider_ending();
}

/// They lie beside what holds all containers, on the same file system; where they do not, they
/// stay.
void Supervisor::discard_directories(const ContainerConfig& config) {
  if (!config.by_hand || !config.by_hand->removed_at_end) return;
  std::size_t number = 0;
  for (const std::string& directory : config.by_hand->directories) {
    const std::string name = fmt::format("{}.{}", config.id, number++);
    journal::attempt([&] { sweeper_.discard(std::filesystem::path(directory), name); });
  }
}

}  // namespace stack::supervisor
