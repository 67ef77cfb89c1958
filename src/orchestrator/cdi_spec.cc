// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/cdi_spec.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "spec/yaml_tree.h"

namespace stack::orchestrator {
namespace {

using spec::Node;

/// Knows the file, for messages.
class Reading {
 public:
  explicit Reading(std::string file) : file_(std::move(file)) {}

  template <typename... Args>
  [[noreturn]] void refuse(const spec::Place& place, fmt::format_string<Args...> text,
                           Args&&... args) const {
    throw Error(fmt::format("{}:{}:{}: {}", file_, place.line, place.column,
                            fmt::format(text, std::forward<Args>(args)...)));
  }

  const std::string& text(const Node& node, std::string_view key) const {
    if (!node.is_scalar() || node.is_null())
      refuse(node.place, "{} must be text, not {}", key, spec::describe(node.kind));
    return node.text;
  }

  std::uint32_t number(const Node& node, std::string_view key) const {
    const auto value = parse_integer<std::uint32_t>(node.text);
    if (node.kind != Node::Kind::integer || !value)
      refuse(node.place, "{} must be a number from 0 to 4294967295", key);
    return *value;
  }

  /// A path of the machine or of the container.
  std::string path(const Node& node, std::string_view key) const {
    const std::string& path = text(node, key);
    if (!path.starts_with('/'))
      refuse(node.place, "{} must be an absolute path, not {}", key, stack::quoted(path));
    return std::filesystem::path(path).lexically_normal().native();
  }

 private:
  std::string file_;
};

/// The members of one object: each is asked for by its key, and what was not asked for is a
/// mistake.
class Members {
 public:
  Members(const Node& node, const Reading& reading, const char* what)
      : node_(node), reading_(reading) {
    if (!node.is_mapping()) reading.refuse(node.place, "{} must be an object", what);
  }

  const Node* find(const char* key) {
    known_.emplace_back(key);
    const Node* member = node_.find(key);
    return member != nullptr && member->is_null() ? nullptr : member;
  }
  const Node& require(const char* key) {
    const Node* member = find(key);
    if (member == nullptr) reading_.refuse(node_.place, "{} is missing", key);
    return *member;
  }
  std::string text(const char* key) {
    const Node* member = find(key);
    return member == nullptr ? "" : reading_.text(*member, key);
  }
  std::optional<std::uint32_t> number(const char* key) {
    const Node* member = find(key);
    if (member == nullptr) return std::nullopt;
    return reading_.number(*member, key);
  }
  void each(const char* key, const std::function<void(const Node&)>& visit) {
    const Node* member = find(key);
    if (member == nullptr) return;
    if (!member->is_sequence()) reading_.refuse(member->place, "{} must be a list", key);
    for (const Node& item : member->items) visit(item);
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> list;
    each(key, [&](const Node& item) { list.push_back(reading_.text(item, key)); });
    return list;
  }
  void refuse_others() const {
    for (const auto& entry : node_.entries) {
      if (std::ranges::find(known_, entry.key) != known_.end()) continue;
      const auto near = nearest(entry.key, known_);
      reading_.refuse(entry.place, "CDI has no key {} here{}", stack::quoted(entry.key),
                      near ? fmt::format(" (did you mean \"{}\"?)", *near) : "");
    }
  }

 private:
  const Node& node_;
  const Reading& reading_;
  std::vector<std::string> known_;
};

std::string variable(const Node& node, const Reading& reading) {
  const std::string& text = reading.text(node, "env");
  if (text.find('=') == std::string::npos || text.starts_with('='))
    reading.refuse(node.place, "env {} is not NAME=VALUE", stack::quoted(text));
  return text;
}

/// "rwm" when nothing is said; "none" is nothing.
std::string permissions(Members& members, const Node& node, const Reading& reading) {
  const std::string text = members.text("permissions");
  if (text.empty()) return "rwm";
  if (text == "none") return "";
  if (text.find_first_not_of("rwm") != std::string::npos)
    reading.refuse(node.place, "permissions {} are not of r, w and m", stack::quoted(text));
  return text;
}

/// Type and numbers, when the specification says them; otherwise those of the host's node count.
std::optional<runtime::DeviceIdentity> identity(Members& members, const Node& node,
                                                const Reading& reading) {
  const std::string type = members.text("type");
  const std::uint32_t major = members.number("major").value_or(0);
  const std::uint32_t minor = members.number("minor").value_or(0);
  if (type.empty() && major != 0) reading.refuse(node.place, "a major number needs a type");
  if (!type.empty() &&
      (type.size() != 1 || std::string_view("bcup").find(type) == std::string::npos))
    reading.refuse(node.place, "type {} is none of b, c, u and p", stack::quoted(type));
  if (type.empty() || (major == 0 && type != "p")) return std::nullopt;
  return runtime::DeviceIdentity{type == "u" ? 'c' : type.front(), major, minor};
}

runtime::DeviceSpec device_node(const Node& node, const Reading& reading) {
  Members members(node, reading, "a device node");
  runtime::DeviceSpec device;
  device.target = reading.path(members.require("path"), "path");
  const Node* source = members.find("hostPath");
  device.source = source == nullptr ? device.target : reading.path(*source, "hostPath");
  device.identity = identity(members, node, reading);
  device.permissions = permissions(members, node, reading);
  device.mode = members.number("fileMode");
  if (device.mode) *device.mode &= 07777;
  device.uid = members.number("uid");
  device.gid = members.number("gid");
  members.refuse_others();
  return device;
}

/// One option of a bind. False for what it cannot have.
bool apply_bind_option(const std::string& option, runtime::MountSpec& mount) {
  static const std::set<std::string> propagations = {"private", "rprivate", "slave",
                                                     "rslave",  "shared",   "rshared"};
  static const std::set<std::string> as_usual = {"rw", "suid", "dev", "exec", "relatime"};
  if (option == "ro") mount.writable = runtime::Writable::no;
  if (option == "bind") mount.recursive = false;
  if (option == "rbind") mount.recursive = true;
  if (propagations.contains(option)) mount.propagation = option;
  if (option == "nosuid" || option == "nodev" || option == "noexec")
    mount.options.push_back(option);
  return option == "ro" || option == "bind" || option == "rbind" || option == "nosuid" ||
         option == "nodev" || option == "noexec" || propagations.contains(option) ||
         as_usual.contains(option);
}

void add_bind(runtime::MountSpec mount, const std::vector<std::string>& options, CdiEdits& edits) {
  for (const std::string& option : options) {
    if (!apply_bind_option(option, mount))
      edits.beyond.push_back(
          fmt::format("the option {} of its mount on {}", stack::quoted(option), mount.target));
  }
  edits.mounts.push_back(std::move(mount));
}

void add_tmpfs(runtime::MountSpec mount, std::vector<std::string> options, CdiEdits& edits) {
  mount.kind = runtime::MountKind::tmpfs;
  if (std::erase(options, "ro") > 0) mount.writable = runtime::Writable::no;
  mount.options = std::move(options);
  mount.source.clear();
  edits.mounts.push_back(std::move(mount));
}

void add_mount(const Node& node, const Reading& reading, CdiEdits& edits) {
  Members members(node, reading, "a mount");
  runtime::MountSpec mount;
  const Node& source = members.require("hostPath");
  mount.target = reading.path(members.require("containerPath"), "containerPath");
  const std::string type = members.text("type");
  const std::vector<std::string> options = members.texts("options");
  members.refuse_others();
  const bool binds = std::ranges::any_of(
      options, [](const auto& option) { return option == "bind" || option == "rbind"; });
  if (type == "tmpfs" && !binds) return add_tmpfs(std::move(mount), options, edits);
  if (!type.empty() && type != "none" && type != "bind" && !binds) {
    edits.beyond.push_back(fmt::format("a mount of type {} on {}", type, mount.target));
    return;
  }
  mount.source = reading.path(source, "hostPath");
  add_bind(std::move(mount), options, edits);
}

void add_hook(const Node& node, const Reading& reading, CdiEdits& edits) {
  constexpr std::array<std::string_view, 6> names = {
      "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};
  Members members(node, reading, "a hook");
  const Node& name = members.require("hookName");
  if (std::ranges::find(names, reading.text(name, "hookName")) == names.end())
    reading.refuse(name.place, "there is no hook {}", stack::quoted(name.text));
  runtime::HostHook hook;
  hook.path = reading.path(members.require("path"), "path");
  hook.arguments = members.texts("args");
  members.each("env",
               [&](const Node& item) { hook.environment.push_back(variable(item, reading)); });
  hook.timeout = members.number("timeout").value_or(0);
  members.refuse_others();
  if (name.text == "createContainer") {
    edits.hooks.push_back(std::move(hook));
  } else {
    edits.beyond.push_back(fmt::format("a hook {} ({})", name.text, hook.path));
  }
}

void add_network_device(const Node& node, const Reading& reading, CdiEdits& edits) {
  Members members(node, reading, "a network device");
  const std::string host = reading.text(members.require("hostInterfaceName"), "hostInterfaceName");
  reading.text(members.require("name"), "name");
  members.refuse_others();
  edits.beyond.push_back("the host's network interface " + host);
}

CdiEdits container_edits(const Node& node, const Reading& reading) {
  Members members(node, reading, "containerEdits");
  CdiEdits edits;
  members.each("env",
               [&](const Node& item) { edits.environment.push_back(variable(item, reading)); });
  members.each("deviceNodes",
               [&](const Node& item) { edits.nodes.push_back(device_node(item, reading)); });
  members.each("mounts", [&](const Node& item) { add_mount(item, reading, edits); });
  members.each("hooks", [&](const Node& item) { add_hook(item, reading, edits); });
  members.each("netDevices", [&](const Node& item) { add_network_device(item, reading, edits); });
  members.each("additionalGids", [&](const Node& item) {
    const std::uint32_t group = reading.number(item, "additionalGids");
    if (group != 0) edits.groups.push_back(fmt::format("{}", group));
  });
  if (members.find("intelRdt") != nullptr) edits.beyond.emplace_back("a class of Intel RDT");
  members.refuse_others();
  return edits;
}

bool is_name(std::string_view text, std::string_view others) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && plain(text.front()) && plain(text.back()) &&
         std::ranges::all_of(
             text, [&](char c) { return plain(c) || others.find(c) != std::string_view::npos; });
}

void check_version(const Node& node, const Reading& reading) {
  std::string_view version = reading.text(node, "cdiVersion");
  if (version.starts_with('v')) version.remove_prefix(1);
  constexpr std::array<std::string_view, 10> known = {"0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0",
                                                      "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0"};
  if (std::ranges::find(known, version) == known.end())
    reading.refuse(node.place, "cdiVersion {} is not known here: 0.1.0 to 1.1.0 are",
                   stack::quoted(version));
}

void check_kind(const Node& node, const Reading& reading) {
  const std::string& kind = reading.text(node, "kind");
  const auto slash = kind.find('/');
  if (slash == std::string::npos || !is_name(std::string_view(kind).substr(0, slash), "._-") ||
      !is_name(std::string_view(kind).substr(slash + 1), "._-"))
    reading.refuse(node.place, "kind {} is not VENDOR/CLASS", stack::quoted(kind));
}

void add_device(const Node& node, const Reading& reading, CdiSpec& spec) {
  Members members(node, reading, "a device");
  const Node& name = members.require("name");
  if (!is_name(reading.text(name, "name"), "._:-"))
    reading.refuse(name.place, "{} is no name of a device", stack::quoted(name.text));
  members.find("annotations");
  CdiEdits edits = container_edits(members.require("containerEdits"), reading);
  members.refuse_others();
  if (!spec.devices.emplace(name.text, std::move(edits)).second)
    reading.refuse(name.place, "there are two devices {}", stack::quoted(name.text));
}

/// The one document of a file.
Node document_of(const std::string& file, std::string_view text) {
  spec::Diagnostics diagnostics;
  spec::Reporter reporter(diagnostics, spec::Purpose::run);
  const auto number = reporter.add_file(file, std::string(text));
  std::vector<Node> documents;
  if (spec::check_bytes(number, reporter)) documents = spec::parse_yaml(number, reporter);
  if (diagnostics.has_errors()) throw Error(diagnostics.first_error());
  if (documents.size() != 1) fail("{} must hold one document", file);
  return std::move(documents.front());
}

}  // namespace

CdiSpec parse_cdi_spec(const std::string& file, std::string_view text) {
  const Node document = document_of(file, text);
  const Reading reading(file);
  Members members(document, reading, "a CDI specification");
  CdiSpec spec;
  spec.file = file;
  check_version(members.require("cdiVersion"), reading);
  const Node& kind = members.require("kind");
  check_kind(kind, reading);
  spec.kind = kind.text;
  members.find("annotations");
  const Node& devices = members.require("devices");
  members.each("devices", [&](const Node& item) { add_device(item, reading, spec); });
  if (spec.devices.empty()) reading.refuse(devices.place, "devices is empty");
  if (const Node* edits = members.find("containerEdits"))
    spec.edits = container_edits(*edits, reading);
  members.refuse_others();
  return spec;
}

}  // namespace stack::orchestrator
