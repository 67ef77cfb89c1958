// SPDX-License-Identifier: Apache-2.0
#include "build/run_mounts.h"

#include <array>

#include "base/error.h"
#include "base/text.h"
#include "build/ignore.h"

namespace stack::build {
namespace {

struct Field {
  std::string key;
  std::string value;
  bool has_value;
};

/// As in a line of CSV: a field in double quotes may hold commas.
std::vector<Field> fields_of(const std::string& text) {
  std::vector<std::string> parts(1);
  bool in_quotes = false;
  for (const char c : text) {
    if (c == '"') {
      in_quotes = !in_quotes;
    } else if (c == ',' && !in_quotes) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  std::vector<Field> fields;
  for (const std::string& part : parts) {
    const std::size_t equals = std::min(part.find('='), part.size());
    fields.push_back({to_lower(part.substr(0, equals)),
                      equals < part.size() ? part.substr(equals + 1) : "", equals < part.size()});
  }
  return fields;
}

bool truth(const Field& field) {
  if (!field.has_value || field.value == "true" || field.value == "1") return true;
  if (field.value == "false" || field.value == "0") return false;
  fail("{} is true or false, not {}", field.key, stack::quoted(field.value));
}

std::uint32_t number(const Field& field, int base) {
  const auto value = parse_integer<std::uint32_t>(field.value, base);
  if (!value) fail("invalid value {} for {}", stack::quoted(field.value), field.key);
  return *value;
}

std::uint64_t bytes(const Field& field) {
  std::string digits = to_lower(field.value);
  unsigned shift = 0;
  if (digits.ends_with('b')) digits.pop_back();
  for (const auto& [unit, bits] : {std::pair{'k', 10U}, {'m', 20U}, {'g', 30U}}) {
    if (!digits.ends_with(unit)) continue;
    digits.pop_back();
    shift = bits;
    break;
  }
  const auto value = parse_integer<std::uint64_t>(digits);
  if (!value || *value > (UINT64_MAX >> shift)) fail("invalid size {}", stack::quoted(field.value));
  return *value << shift;
}

RunMountKind kind_of(const std::string& name) {
  static const std::vector<std::string> names = {"bind", "cache", "tmpfs", "secret", "ssh"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<RunMountKind>(i);
  const auto near = nearest(name, names);
  fail("unsupported mount type {}{}", stack::quoted(name),
       near ? fmt::format("; did you mean {}?", *near) : "");
}

CacheSharing sharing_of(const std::string& name) {
  if (name == "shared") return CacheSharing::shared;
  if (name == "private") return CacheSharing::own;
  if (name == "locked") return CacheSharing::locked;
  fail("unsupported sharing value {}: it is shared, private or locked", stack::quoted(name));
}

bool is_file_kind(RunMountKind kind) {
  return kind == RunMountKind::secret || kind == RunMountKind::ssh;
}

void set_field(RunMount& mount, const Field& field) {
  const std::string& key = field.key;
  if (key == "type") return;
  if (key == "target" || key == "dst" || key == "destination") {
    mount.target = field.value;
  } else if (key == "source" || key == "src") {
    (mount.kind == RunMountKind::secret ? mount.id : mount.source) = field.value;
  } else if (key == "from") {
    mount.from = field.value;
  } else if (key == "id") {
    mount.id = field.value;
  } else if (key == "rw" || key == "readwrite") {
    mount.writable = truth(field);
  } else if (key == "ro" || key == "readonly") {
    mount.writable = !truth(field);
  } else if (key == "required") {
    mount.required = truth(field);
  } else if (key == "sharing") {
    mount.sharing = sharing_of(field.value);
  } else if (key == "mode") {
    mount.mode = number(field, 8);
  } else if (key == "uid") {
    mount.uid = number(field, 10);
  } else if (key == "gid") {
    mount.gid = number(field, 10);
  } else if (key == "size") {
    mount.size = bytes(field);
  } else if (key == "env") {
    mount.environment = field.value;
  } else {
    static const std::vector<std::string> keys = {"type", "target", "source", "from",     "id",
                                                  "rw",   "ro",     "mode",   "required", "size",
                                                  "uid",  "gid",    "env",    "sharing"};
    const auto near = nearest(key, keys);
    fail("unexpected key {} in --mount{}", stack::quoted(key),
         near ? fmt::format("; did you mean {}?", *near) : "");
  }
}

void fill_defaults(RunMount& mount, const std::string& working_dir) {
  if (mount.kind == RunMountKind::secret) {
    if (mount.id.empty()) mount.id = mount.target.substr(mount.target.rfind('/') + 1);
    if (mount.id.empty()) fail("a secret mount needs an id or a target");
    if (mount.target.empty() && mount.environment.empty())
      mount.target = "/run/secrets/" + mount.id;
  }
  if (mount.kind == RunMountKind::ssh) {
    if (mount.id.empty()) mount.id = "default";
    if (mount.target.empty()) mount.target = "/run/buildkit/ssh_agent.0";
  }
  if (mount.target.empty() && !is_file_kind(mount.kind)) fail("a mount needs a target");
  if (!mount.target.empty()) mount.target = absolute_inside(working_dir, mount.target);
  if (mount.kind == RunMountKind::cache && mount.id.empty()) mount.id = mount.target;
}

}  // namespace

std::string absolute_inside(const std::string& directory, const std::string& path) {
  if (path.starts_with('/')) return "/" + clean_relative(path);
  return "/" + clean_relative(directory + "/" + path);
}

RunMount parse_run_mount(const std::string& text, const std::string& working_dir) {
  RunMount mount;
  const auto fields = fields_of(text);
  for (const Field& field : fields)
    if (field.key == "type") mount.kind = kind_of(field.value);
  mount.writable = mount.kind == RunMountKind::cache;
  for (const Field& field : fields) set_field(mount, field);
  fill_defaults(mount, working_dir);
  return mount;
}

}  // namespace stack::build
