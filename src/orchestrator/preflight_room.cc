// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight_room.h"

#include <sys/statvfs.h>

#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/text.h"
#include "orchestrator/member_place.h"

namespace stack::orchestrator {
namespace {

/// What one container takes before it has written anything: its configuration, state and writable
/// layer; and what a stack takes: its networks, history and events (docs/state.md).
constexpr std::uint64_t files_of_container = 8;
constexpr std::uint64_t bytes_of_container = 32 << 10;
constexpr std::uint64_t files_of_stack = 16;
constexpr std::uint64_t bytes_of_stack = 64 << 10;

/// "MemAvailable" of proc_meminfo(5).
std::uint64_t available_memory() {
  constexpr std::string_view key = "MemAvailable:";
  for (const std::string& line : split(read_file("/proc/meminfo"), '\n')) {
    if (!line.starts_with(key)) continue;
    const std::string_view rest = trim(std::string_view(line).substr(key.size()));
    const auto kibibytes = parse_integer<std::uint64_t>(rest.substr(0, rest.find(' ')));
    if (kibibytes) return *kibibytes << 10;
  }
  fail("/proc/meminfo does not tell how much memory is available");
}

bool is_made(const ContainerChange& change) {
  return change.verdict == Verdict::create || change.verdict == Verdict::recreate;
}

bool is_begun(const ContainerChange& change) {
  return is_made(change) || change.verdict == Verdict::start;
}

std::string containers(std::uint64_t count) {
  return count == 1 ? "a container" : fmt::format("{} containers", count);
}

std::optional<Problem> want_of_disk(const HostPaths& paths, std::uint64_t made,
                                    const HostRoom& room) {
  const std::uint64_t bytes = bytes_of_stack + made * bytes_of_container;
  const std::uint64_t files = files_of_stack + made * files_of_container;
  const char* const cure =
      "free some: `stack df` shows what stacks use, `stack system prune` removes what none of them "
      "needs";
  if (room.disk < bytes)
    return Problem{fmt::format("the disk of {} is full: {} are left, {} need{} {} before anything "
                               "is written in {}",
                               paths.data.native(), human_size(room.disk), containers(made),
                               made == 1 ? "s" : "", human_size(bytes), made == 1 ? "it" : "them"),
                   std::nullopt, cure};
  if (room.files && *room.files < files)
    return Problem{fmt::format("the file system of {} has room for {} more files (inodes), {} "
                               "need{} {}",
                               paths.data.native(), *room.files, containers(made),
                               made == 1 ? "s" : "", files),
                   std::nullopt, cure};
  return std::nullopt;
}

/// Told at the service that reserves most.
std::optional<Problem> want_of_memory(const std::vector<const DesiredContainer*>& begun,
                                      const spec::SourceMap& sources, const HostRoom& room) {
  std::uint64_t reserved = 0;
  std::set<std::string> services;
  const DesiredContainer* greediest = nullptr;
  for (const DesiredContainer* wish : begun) {
    const std::uint64_t share = wish->model.mem_reservation.value_or(0);
    if (share == 0) continue;
    reserved = share > UINT64_MAX - reserved ? UINT64_MAX : reserved + share;
    services.insert(wish->service);
    if (greediest == nullptr || share > *greediest->model.mem_reservation) greediest = wish;
  }
  if (greediest == nullptr || reserved <= room.memory) return std::nullopt;
  return Problem{
      fmt::format("{} reserve{} {} of memory, and this machine has {} available",
                  join(std::vector<std::string>(services.begin(), services.end()), ", "),
                  services.size() == 1 ? "s" : "", human_size(reserved), human_size(room.memory)),
      place_of_member(sources, fmt::format("services.{}.", greediest->service), "mem_reservation"),
      "the kernel gives what is there: reserve less, or start less"};
}

}  // namespace

HostRoom host_room(const HostPaths& paths) {
  const auto place = nearest_existing(paths.data);
  struct statvfs info {};
  if (::statvfs(place.c_str(), &info) != 0) throw_errno("statvfs {}", place.native());
  HostRoom room;
  room.memory = available_memory();
  room.disk = std::uint64_t{info.f_bfree} * info.f_frsize;
  room.files = std::nullopt;
  if (info.f_files != 0) room.files = info.f_ffree;
  return room;
}

HostFindings check_room(const HostPaths& paths, const DesiredState& desired, const Changes& changes,
                        const std::function<HostRoom(const HostPaths&)>& room) {
  HostFindings findings;
  std::vector<const DesiredContainer*> begun;
  std::uint64_t made = 0;
  for (const auto& [name, change] : changes.containers) {
    const auto wish = desired.containers.find(name);
    if (wish == desired.containers.end() || !is_begun(change)) continue;
    begun.push_back(&wish->second);
    if (is_made(change)) ++made;
  }
  if (begun.empty()) return findings;
  const HostRoom left = room(paths);
  if (made > 0) {
    if (auto want = want_of_disk(paths, made, left)) findings.errors.push_back(std::move(*want));
  }
  if (auto want = want_of_memory(begun, desired.sources, left))
    findings.warnings.push_back(std::move(*want));
  return findings;
}

}  // namespace stack::orchestrator
