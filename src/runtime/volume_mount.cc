// SPDX-License-Identifier: Apache-2.0
#include "runtime/volume_mount.h"

#include <fcntl.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "runtime/child_volumes.h"

namespace stack::runtime {
namespace {

std::string parameter_text(const FilesystemOption& option) {
  constexpr std::array<std::string_view, 3> secrets = {"pass", "password", "password2"};
  if (option.value.empty()) return option.key;
  const bool is_secret = std::ranges::find(secrets, option.key) != secrets.end();
  return fmt::format("{}={}", option.key, is_secret ? "********" : option.value);
}

std::string hint_for(const MountStep& step, int error_number) {
  switch (error_number) {
    case ENODEV:
      return fmt::format("this kernel does not know {}: `modprobe {}` may help", step.type,
                         step.type);
    case ENOENT:
    case ENOTBLK:
    case ENXIO:
      return fmt::format("is {} there, and of this kind?", step.source);
    case EINVAL:
      return fmt::format(
          "{} does not take one of the options in `o`, or does not find itself on "
          "the device; `dmesg` may say more",
          step.type);
    case EBUSY:
      return "it is mounted elsewhere in another way (read-only here, writable there)";
    case ESTALE:
      return "a container that has the volume has covered or unmounted it: stop that one first";
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT:
      return "the server does not answer: is `addr=` in `o` right?";
    default:
      return "";
  }
}

}  // namespace

std::string volume_attempt(const MountStep& step) {
  std::string text =
      fmt::format("mounting volume {}: {} of {}", step.volume, step.type, step.source);
  std::vector<std::string> options;
  for (const FilesystemOption& option : step.parameters) options.push_back(parameter_text(option));
  if (!options.empty()) text += " with " + join(options, ",");
  if (!step.subpath.empty()) text += ", subpath " + step.subpath;
  return text;
}

Error volume_error(const MountStep& step, int error_number) {
  Error error(volume_attempt(step), error_number);
  if (const std::string hint = hint_for(step, error_number); !hint.empty()) error.with_hint(hint);
  return error;
}

Fd open_volume(const MountSpec& mount) {
  const MountStep step = volume_step(mount, {});
  const Fd tree(mount_volume(step));
  if (!tree) throw volume_error(step, errno);
  // fsmount gives an O_PATH descriptor.
  Fd root(::openat(tree.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) throw volume_error(step, errno);
  return root;
}

}  // namespace stack::runtime
