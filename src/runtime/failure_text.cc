// SPDX-License-Identifier: Apache-2.0
#include "runtime/failure_text.h"

#include <array>

#include "base/text.h"
#include "runtime/container_child.h"
#include "runtime/volume_mount.h"

namespace stack::runtime {
namespace {

constexpr std::size_t stage_count = static_cast<std::size_t>(ChildStage::stage_count);

// In the order of ChildStage.
constexpr std::array<const char*, stage_count> stage_texts = {
    "preparing the process",
    "joining the cgroup",
    "making a cgroup namespace",
    "separating the mounts from the host's",
    "opening the source of a mount",
    "making files in the name of the container's root",
    "mounting the root file system",
    "making configs and secrets",
    "replacing",
    "mounting",
    "making the working directory",
    "running a hook",
    "running a hook",
    "changing the root",
    "masking",
    "making read-only",
    "making the root file system read-only",
    "setting the host name",
    "setting sysctl",
    "bringing up the loopback interface",
    "setting resource limits",
    "setting oom_score_adj",
    "entering the AppArmor profile",
    "making a session keyring",
    "joining the container's namespaces",
    "finding the user",
    "finding the group",
    "reading /etc/passwd of the image",
    "reading /etc/group of the image",
    "making a terminal",
    "setting up standard input and output",
    "entering the working directory",
    "entering the working directory",
    "finding the user in the user namespace",
    "waiting for network and firewall",
    "entering the user namespace",
    "setting groups",
    "setting the user",
    "setting capabilities",
    "loading the system call filter",
    "starting process 1",
    "exec",
    "exec",
};

Error runtime_error(std::string text, int error_number = 0) {
  return Error(std::move(text), error_number).with_exit_code(ExitCode::runtime_error);
}

std::string mount_text(const MountStep& step) {
  return fmt::format("mounting {} on {}", source_text(step), step.target);
}

/// The attempt with its object, when it has one: item is past `list` for all of its members.
template <typename List, typename Describe>
std::string attempt_on(const List& list, std::uint32_t item, const std::string& otherwise,
                       Describe describe) {
  return item < list.size() ? describe(*std::next(list.begin(), item)) : otherwise;
}

Error exec_error(const std::string& program, int error_number) {
  const std::string name = stack::quoted(program);
  const bool by_path = program.find('/') != std::string::npos;
  if (error_number == ENOENT || error_number == ENOTDIR) {
    Error error = by_path
                      ? Error(fmt::format("exec: {}: stat {}", name, program), error_number)
                      : Error(fmt::format("exec: {}: executable file not found in $PATH", name));
    return error.with_exit_code(ExitCode::not_found);
  }
  if (error_number == EACCES)
    return Error(fmt::format("exec: {}: permission denied", name))
        .with_exit_code(ExitCode::not_executable);
  return Error(fmt::format("exec {}", program), error_number)
      .with_exit_code(ExitCode::not_executable);
}

Error mount_error(const ChildFailure& failure, const std::string& attempt) {
  Error error = runtime_error(attempt, failure.error);
  if (failure.error == ELOOP)
    error.with_hint("the image has a symbolic link where this directory belongs");
  if (failure.error == ENOTDIR || failure.error == EISDIR)
    error.with_hint("a directory cannot be mounted on a file, nor a file on a directory");
  return error;
}

Error root_error(const ChildFailure& failure, const std::string& attempt) {
  Error error = runtime_error(attempt, failure.error);
  if (failure.error == EINVAL)
    error.with_hint(
        "overlayfs writes to no overlayfs, NFS or FUSE: keep stack's files on another file system "
        "(--root or STACK_ROOT; `stack doctor` looks at the one that there is)");
  return error;
}

/// Its first words: the others are long, and in the specification of the device.
std::string hook_text(const HostHook& hook) {
  constexpr std::size_t most = 3;
  std::vector<std::string> words(hook.arguments.begin(), hook.arguments.end());
  if (words.size() > most) words.resize(most);
  return fmt::format("running the hook {} ({})", hook.path, join(words, " "));
}

Error hook_error(int code, const std::string& attempt) {
  return runtime_error(code > 128 ? fmt::format("{}: killed by signal {}", attempt, code - 128)
                                  : fmt::format("{}: exited ({})", attempt, code))
      .with_hint("what it said is in the container's log");
}

}  // namespace

std::string describe_attempt(ChildStage stage, std::uint32_t item, const ProcessSpec& process,
                             const MountPlan* plan) {
  const std::string text = stage_texts.at(static_cast<std::size_t>(stage));
  const auto with_name = [&](const std::string& name) { return text + " " + name; };
  switch (stage) {
    case ChildStage::open_source:
      return attempt_on(plan->steps, item, "opening mount sources", [](const MountStep& step) {
        return step.kind == StepKind::volume ? volume_attempt(step)
                                             : "opening mount source " + source_text(step);
      });
    case ChildStage::mount:
      return mount_text(plan->steps.at(item));
    case ChildStage::replace_link:
      return attempt_on(plan->files, item, text, with_name);
    case ChildStage::mask:
      return attempt_on(plan->masked, item, text, with_name);
    case ChildStage::read_only:
      return attempt_on(plan->read_only, item, text, with_name);
    case ChildStage::limits:
      return attempt_on(process.ulimits, item, text,
                        [](const auto& limit) { return "setting ulimit " + limit.first; });
    case ChildStage::set_sysctl:
      return with_name(plan->sysctls.at(item).path);
    case ChildStage::hook:
    case ChildStage::hook_ended:
      return attempt_on(plan->hooks, item, text,
                        [](const HostHook& hook) { return hook_text(hook); });
    case ChildStage::make_working_directory:
    case ChildStage::working_directory:
      return with_name(process.working_directory);
    default:
      return text;
  }
}

Error describe_failure(const ChildFailure& failure, const ProcessSpec& process,
                       const MountPlan* plan) {
  const auto attempt = [&] { return describe_attempt(failure.stage, failure.item, process, plan); };
  switch (failure.stage) {
    case ChildStage::execute:
      return exec_error(process.arguments.at(0), failure.error);
    case ChildStage::find_user:
      return runtime_error(fmt::format("unable to find user {}: no matching entries in passwd file",
                                       process.user.substr(0, process.user.find(':'))));
    case ChildStage::find_group:
      return runtime_error(fmt::format("unable to find group {}: no matching entries in group file",
                                       failure.item == 0
                                           ? process.user.substr(process.user.find(':') + 1)
                                           : process.groups.at(failure.item - 1)));
    case ChildStage::working_directory_outside:
      return runtime_error(fmt::format("working directory {} lies outside of the container's root",
                                       process.working_directory));
    case ChildStage::user_outside:
      return runtime_error(
                 fmt::format(
                     "user {} or a group of it is not among the ids of the container's user "
                     "namespace",
                     process.user.empty() ? "root" : stack::quoted(process.user)))
          .with_hint("`userns_mode: auto:size=N` gives it more of them");
    case ChildStage::open_source:
      if (failure.item < plan->steps.size() && plan->steps[failure.item].kind == StepKind::volume)
        return volume_error(plan->steps[failure.item], failure.error);
      return runtime_error(attempt(), failure.error);
    case ChildStage::mount:
      return mount_error(failure, attempt());
    case ChildStage::mount_root:
      return root_error(failure, attempt());
    case ChildStage::hook_ended:
      return hook_error(failure.error, attempt());
    default:
      return runtime_error(attempt(), failure.error);
  }
}

Error describe_silence() {
  return runtime_error("the new process was killed before it could execute its program")
      .with_hint("a memory limit that is too small for the start does this");
}

}  // namespace stack::runtime
