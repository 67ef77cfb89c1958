// SPDX-License-Identifier: Apache-2.0
// Named places before each side effect of `up` and its relatives, at which a test has this program
// killed, held, or refused what it asks for. In use they are one branch on a global that is null.
// docs/state.md ("Fail points") says how a test arms them and why nobody else can.
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace stack {

/// All there are; their place here is their number. A name that no code mentions is found by the
/// kill matrix, which wants to reach each.
inline constexpr auto fail_point_names = std::to_array<std::string_view>({
    "project.describe-lock",
    "project.remove-data",
    "project.remove-run",
    "project.remove-shared",
    "project.document",
    "lock.open",
    "lock.try",
    "bind.make-source",
    "volume.make",
    "volume.mount",
    "volume.document",
    "volume.rename",
    "volume.sync",
    "volume.take-away",
    "volume.sync-removal",
    "volume.remove",
    "fill.remove-unfinished",
    "fill.make",
    "fill.copy",
    "fill.sync",
    "fill.ready",
    "fill.sync-ready",
    "fill.remove-emptied",
    "fill.owner",
    "fill.document",
    "fill.move-entry",
    "scratch.make",
    "scratch.hold",
    "scratch.sweep",
    "file.create",
    "file.write",
    "file.sync",
    "file.rename",
    "file.sync-directory",
    "directory.make",
    "tree.remove-entry",
    "tree.remove",
    "kernel-file.write",
    "request.receive",
    "request.send",
    "client.await-end",
    "client.connect",
    "client.await-keeper",
    "keeper.program",
    "keeper.become-supervisor",
    "keeper.start-supervisor",
    "keeper.keep-descriptor",
    "keeper.tell-ready",
    "keeper.record-exit",
    "keeper.tell-exit",
    "keeper.reap",
    "keeper.lock",
    "keeper.other-keepers",
    "keeper.subreaper",
    "keeper.exit-log",
    "keeper.network",
    "keeper.pid-file",
    "keeper.remove-file",
    "keeper.remove-directories",
    "keeper.execute",
    "keeper.session",
    "keeper.remove-cgroup",
    "keeper.run-directory",
    "keeper.log",
    "keeper.cgroup",
    "keeper.fork",
    "keeper.await-start",
    "supervisor.ask-shutdown",
    "supervisor.directories",
    "supervisor.adopt",
    "supervisor.listen",
    "supervisor.announce",
    "supervisor.take-exit",
    "settled.write",
    "settled.remove",
    "server.bind",
    "adopt.descriptors",
    "adopt.records",
    "adopt.clear-cgroups",
    "adopt.clear-files",
    "adopt.container",
    "network.document",
    "network.remove-document",
    "network.remove-bridge",
    "network.leases",
    "network.virtual-addresses",
    "guest.note",
    "guest.end",
    "guest.release",
    "guest.rename",
    "visit.lease",
    "visit.plug",
    "visit.release",
    "visit.rename",
    "uplink.make",
    "uplink.settings",
    "uplink.addresses6",
    "uplink.addresses",
    "uplink.inside",
    "uplink.settle",
    "uplink.document",
    "uplink.document6",
    "uplink.ensure",
    "uplink.remove-document",
    "forwarding.put-back",
    "forwarding.forget",
    "forwarding.set",
    "forwarding.set6",
    "forwarding.switch-on",
    "bridge.make",
    "bridge.addresses",
    "bridge.ensure",
    "parent.make-cable",
    "firewall.stack",
    "firewall.port-locks",
    "firewall.remove",
    "firewall.host",
    "firewall.foreign",
    "firewall.forget-flows",
    "port.hold",
    "plug.prepare",
    "plug.make-pairs",
    "plug.isolate",
    "plug.lock",
    "plug.configure",
    "plug.settle",
    "unplug.remove",
    "direct-link.make",
    "container.secrets",
    "container.ids",
    "container.directory",
    "container.upper",
    "container.work",
    "container.config",
    "container.reserve",
    "container.set-aside",
    "container.forget",
    "container.drop-secrets",
    "container.shutdown",
    "container.delete",
    "container.discard",
    "container.start-deletion",
    "secret.write",
    "start.network",
    "start.directory",
    "start.output",
    "start.plug",
    "start.dns",
    "start.status",
    "start.firewall",
    "start.release",
    "start.result",
    "start.etc-files",
    "output.fifo",
    "output.keep",
    "output.terminal",
    "log.open",
    "log.keep",
    "log.forget",
    "launch.clone",
    "launch.network-namespace",
    "launch.cgroups",
    "cgroup.remove",
    "cgroup.kill",
    "cgroup.make",
    "cgroup.limits",
    "cgroup.open",
    "child.mask",
    "child.mount-root",
    "child.mount",
    "child.isolate-mounts",
    "child.pivot-root",
    "child.hostname",
    "child.sysctl",
    "child.loopback",
    "child.cgroup",
    "child.namespaces",
    "child.execute",
    "state.write",
    "status.write",
    "update.limits",
    "update.files",
    "update.config",
    "stop.signal",
    "stop.kill",
    "end.unplug",
    "end.output",
    "end.running-files",
    "end.cgroup",
    "end.close-server",
    "end.states",
    "end.remove-status",
    "end.network",
    "end.forwarding",
    "end.forwarding6",
    "end.network-lock",
});

/// One of the names above, found while compiling: another one does not compile.
class FailPoint {
 public:
  consteval FailPoint(const char* name) : number_(number_of(name)) {}  // NOLINT: meant to convert
  constexpr std::size_t number() const { return number_; }
  constexpr std::string_view name() const { return fail_point_names[number_]; }

 private:
  static consteval std::size_t number_of(std::string_view name) {
    for (std::size_t i = 0; i < fail_point_names.size(); ++i)
      if (fail_point_names[i] == name) return i;
    throw "there is no such fail point";
  }
  std::size_t number_;
};

/// What the file of armed fail points holds; all processes of a stack map the same. A test writes
/// the upper half and reads the lower.
struct FailPointControl {
  static constexpr std::string_view magic_text = "stackfp1";
  enum Action : std::uint32_t { nothing, fail_with_error, kill_this_process, hold };

  std::array<char, 8> magic;
  std::atomic<std::uint32_t> point;  ///< its number
  std::atomic<std::uint32_t> first;  ///< the passage from which on something happens, from 1
  std::atomic<std::uint32_t> last;   ///< the passage after which nothing happens any more
  std::atomic<std::uint32_t> action;
  std::atomic<std::int32_t> error;      ///< errno for fail_with_error
  std::atomic<std::uint32_t> let_go;    ///< not 0: who is held goes on
  std::atomic<std::uint32_t> happened;  ///< how often
  std::atomic<std::uint32_t> unused;    ///< keeps what follows at a round offset
  std::array<std::atomic<std::uint32_t>, fail_point_names.size()> passages;
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

namespace fail_points {
/// Null unless a test armed them.
inline constinit FailPointControl* control = nullptr;
/// errno to fail with; 0: go on. System calls only: it may run between clone and exec.
int pass(FailPoint here);
[[noreturn]] void throw_injected(FailPoint here, int error_number);
}  // namespace fail_points

/// Throws Error in a test that wants this to fail. Call it right before the side effect.
inline void fail_point(FailPoint here) {
  if (fail_points::control == nullptr) [[likely]]
    return;
  if (const int error_number = fail_points::pass(here))
    fail_points::throw_injected(here, error_number);
}

/// The same where nothing may be thrown or allocated: gives back an errno, 0 when all is well.
inline int injected_error(FailPoint here) {
  return fail_points::control == nullptr ? 0 : fail_points::pass(here);
}

/// For system calls that tell by -1 and errno: true when this one shall fail so, errno set.
inline bool injected_refusal(FailPoint here) {
  return fail_points::control != nullptr && (errno = fail_points::pass(here)) != 0;
}

/// Before what cannot fail, or whose failure nobody is told: a test can only kill or hold here.
inline void kill_point(FailPoint here) {
  if (fail_points::control != nullptr) [[unlikely]]
    fail_points::pass(here);
}

/// The variable that has to say "1", and the file in the run root that has to be there.
inline constexpr const char* fail_points_variable = "STACK_FAIL_POINTS";
inline constexpr const char* fail_points_file = "fail-points";
/// Arms them when both are there. Called once, before there are threads or children. Throws Error
/// when the variable is set and the file is not a test's own.
void arm_fail_points(const std::filesystem::path& run_root);

}  // namespace stack
