// SPDX-License-Identifier: Apache-2.0
#include "volumes/volume_options.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace stack::volumes {
namespace {

using Kind = VolumeMount::Kind;

/// What fsconfig(2) takes of one option.
constexpr std::size_t longest_option = 255;

constexpr std::array<std::string_view, 3> one_instance_types = {"overlay", "ramfs", "tmpfs"};

/// The only ones that mean something to a bind mount.
constexpr std::array<std::string_view, 15> bind_words = {
    "atime",  "defaults", "dev",      "diratime", "exec", "noatime",     "nodev", "nodiratime",
    "noexec", "nosuid",   "relatime", "ro",       "rw",   "strictatime", "suid"};

void check_names(const VolumeOptions& options) {
  for (const auto& [name, value] : options) {
    if (name == "size")
      throw Error("option size: quotas of volumes are not supported")
          .with_hint("of a tmpfs it belongs into o: `o: size=64m`");
    if (name != "type" && name != "device" && name != "o")
      throw Error(fmt::format("invalid option: {}", stack::quoted(name)))
          .with_hint("the local driver knows type, device and o");
  }
}

/// docker's rule: o without the others, or one of these alone, means nothing.
void check_complete(const VolumeOptions& options) {
  for (const char* needed : {"type", "device"}) {
    const auto found = options.find(needed);
    if (found != options.end() && !found->second.empty()) continue;
    throw Error(fmt::format("missing required option: {}", stack::quoted(needed)))
        .with_hint("a directory of this host is type: none, o: bind, device: /its/path");
  }
}

/// Takes the words that make it a bind mount out of `mount.options`.
void find_kind(VolumeMount& mount) {
  const bool all = std::erase(mount.options, "rbind") > 0;
  const bool alone = std::erase(mount.options, "bind") > 0;
  mount.kind = all || alone ? Kind::bind : Kind::file_system;
  mount.recursive = all;
}

void check_bind(const VolumeMount& mount) {
  if (!mount.device.starts_with('/'))
    throw Error(fmt::format("device {} is not an absolute path", stack::quoted(mount.device)))
        .with_hint("in a stack file it may be relative when o is `bind` and nothing else");
  for (const std::string& word : mount.options) {
    if (std::ranges::find(bind_words, word) != bind_words.end()) continue;
    throw Error(fmt::format("option {} in o means nothing to a bind mount", stack::quoted(word)))
        .with_hint("leave it out: a bind mount has ro, nosuid, nodev, noexec and noatime");
  }
}

void check_file_system(const VolumeMount& mount) {
  if (mount.type == "none" || mount.type == "bind")
    throw Error(fmt::format("type {} is no file system", stack::quoted(mount.type)))
        .with_hint("`o: bind` mounts a directory of this host");
  for (const std::string& word : mount.options) {
    if (word.size() > longest_option)
      fail("an option in o is longer than the {} bytes that the kernel takes", longest_option);
  }
}

std::string without_password(std::string_view o) {
  std::vector<std::string> words = split(o, ',');
  for (std::string& word : words) {
    for (const std::string_view secret : {"password=", "pass=", "password2="})
      if (word.starts_with(secret)) word = fmt::format("{}********", secret);
  }
  return join(words, ",");
}

}  // namespace

bool VolumeMount::is_read_only() const {
  bool read_only = false;
  for (const std::string& word : options) {
    if (word == "ro") read_only = true;
    if (word == "rw") read_only = false;
  }
  return read_only;
}

VolumeMount parse_volume_options(const VolumeOptions& options) {
  VolumeMount mount;
  if (options.empty()) return mount;
  check_names(options);
  check_complete(options);
  mount.type = options.at("type");
  mount.device = options.at("device");
  if (const auto o = options.find("o"); o != options.end()) mount.options = split(o->second, ',');
  for (std::string& word : mount.options) word = std::string(trim(word));
  std::erase(mount.options, "");
  find_kind(mount);
  if (mount.kind == Kind::bind) {
    mount.type.clear();
    check_bind(mount);
  } else {
    check_file_system(mount);
    mount.is_one_instance =
        std::ranges::find(one_instance_types, mount.type) != one_instance_types.end();
  }
  return mount;
}

std::string to_text(const VolumeOptions& options) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : options)
    texts.push_back(fmt::format("{}={}", name, name == "o" ? without_password(value) : value));
  return join(texts, ", ");
}

}  // namespace stack::volumes
