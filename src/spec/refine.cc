// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"
#include "spec/expand.h"
#include "spec/paths.h"
#include "spec/scalars.h"
#include "spec/shape.h"
#include "spec/short_forms.h"

namespace stack::spec {
namespace {

Diagnostic& refuse(const Node& node, Shaping& shaping, const Where& where,
                   std::string_view wanted) {
  return shaping.reporter.error("bad-value", node.place, "{} is not {}: {}",
                                stack::quoted(node.text), wanted, where.value_text());
}

void refine_port_range(Node& port, std::string_view key, std::string_view what, Shaping& shaping) {
  Node* value = port.find(key);
  if (value == nullptr || !value->is_scalar() || value->text.empty()) return;
  if (is_kept(*value, shaping)) return;
  const auto parsed = parse_port_range(value->text, what);
  if (const auto* refusal = std::get_if<Refusal>(&parsed))
    shaping.reporter.problem("bad-port", value->place, "{}", refusal->message).hint = refusal->hint;
}

void set_default(Node& node, std::string_view key, std::string_view value) {
  if (node.find(key) == nullptr) node.set(key, make_string(std::string(value), node.place));
}

void require(const Node& node, std::string_view key, std::string_view what, Shaping& shaping) {
  const Node* value = node.find(key);
  if (value == nullptr || value->is_null()) {
    shaping.reporter.error("missing-key", node.place, "a {} needs \"{}\"", what, key);
  }
}

void refine_bind(Node& mount, Shaping& shaping) {
  Node* source = mount.find("source");
  if (source == nullptr) {
    shaping.reporter.error("missing-key", mount.place, "a bind mount needs \"source\"").counts =
        Counts::if_merged;
    return;
  }
  // An unset variable is no mistake here: it is the directory that paths are relative to.
  const bool is_here = source->text.empty() && shaping.paths != PathResolution::keep;
  if (!is_windows_path(source->text))
    source->text = shaped_path(is_here ? "." : source->text, shaping);
}

/// A path of directories below another: relative, without "..".
bool stays_below(std::string_view path) {
  const auto parts = split(path, '/');
  return !path.starts_with('/') && std::ranges::find(parts, "..") == parts.end();
}

/// An image is a source of files by its name: read-only, as a whole or a directory of it.
void refine_image_mount(const Node& mount, Shaping& shaping) {
  const Node* source = mount.find("source");
  if (source == nullptr || source->text.empty()) {
    shaping.reporter.problem("bad-volume", mount.place, "a volume of type image needs \"source\"")
        .hint = "the image's name, as under image:";
  }
  const Node* read_only = mount.find("read_only");
  if (read_only != nullptr && read_only->kind == Node::Kind::boolean && !read_only->is_true()) {
    shaping.reporter.problem("bad-volume", read_only->place, "an image cannot be mounted writable")
        .hint = "its files are those of all its containers; leave read_only out";
  }
  const Node* options = mount.find("image");
  const Node* subpath = options == nullptr ? nullptr : options->find("subpath");
  if (subpath == nullptr || stays_below(subpath->text)) return;
  if (is_kept(*subpath, shaping)) return;
  shaping.reporter
      .problem("bad-volume", subpath->place, "subpath {} leads out of the image",
               stack::quoted(subpath->text))
      .hint = "a directory of the image, relative to its root, without ..";
}

constexpr std::array<std::string_view, 41> kCapabilities = {"CHOWN",
                                                            "DAC_OVERRIDE",
                                                            "DAC_READ_SEARCH",
                                                            "FOWNER",
                                                            "FSETID",
                                                            "KILL",
                                                            "SETGID",
                                                            "SETUID",
                                                            "SETPCAP",
                                                            "LINUX_IMMUTABLE",
                                                            "NET_BIND_SERVICE",
                                                            "NET_BROADCAST",
                                                            "NET_ADMIN",
                                                            "NET_RAW",
                                                            "IPC_LOCK",
                                                            "IPC_OWNER",
                                                            "SYS_MODULE",
                                                            "SYS_RAWIO",
                                                            "SYS_CHROOT",
                                                            "SYS_PTRACE",
                                                            "SYS_PACCT",
                                                            "SYS_ADMIN",
                                                            "SYS_BOOT",
                                                            "SYS_NICE",
                                                            "SYS_RESOURCE",
                                                            "SYS_TIME",
                                                            "SYS_TTY_CONFIG",
                                                            "MKNOD",
                                                            "LEASE",
                                                            "AUDIT_WRITE",
                                                            "AUDIT_CONTROL",
                                                            "SETFCAP",
                                                            "MAC_OVERRIDE",
                                                            "MAC_ADMIN",
                                                            "SYSLOG",
                                                            "WAKE_ALARM",
                                                            "BLOCK_SUSPEND",
                                                            "AUDIT_READ",
                                                            "PERFMON",
                                                            "BPF",
                                                            "CHECKPOINT_RESTORE"};

/// docker compose takes a count that it cannot read for none.
void check_restart_count(const Node& policy, const Where& where, Shaping& shaping) {
  const auto colon = policy.text.find(':');
  const auto name = policy.text.substr(0, colon);
  const auto attempts = restart_attempts(policy.text);
  const auto is_plain =
      parse_integer<std::uint64_t>(std::string_view(policy.text).substr(colon + 1)).has_value();
  if (attempts.value_or(0) != 0 && name != "on-failure") {
    wrong_value(policy, policy.text, shaping, where, "a restart policy").hint =
        "only on-failure takes a count";
  } else if (attempts.value_or(0) < 0) {
    wrong_value(policy, policy.text, shaping, where, "a restart policy").hint =
        "on-failure:N, N a number";
  } else if (!is_plain && !is_kept(policy, shaping)) {
    const std::string meant = attempts ? fmt::format("{}:{}", name, *attempts) : name;
    shaping.reporter
        .warning("taken-for", policy.place, "{} is taken for {}{}: {}", stack::quoted(policy.text),
                 stack::quoted(meant),
                 meant == "on-failure" ? ", as often as it takes" : std::string(),
                 where.value_text())
        .hint = name == "on-failure" ? "on-failure:N, N a number" : "only on-failure takes a count";
  }
}

}  // namespace

void refine_restart(Node& node, const Where& where, Shaping& shaping) {
  static const std::vector<std::string> policies = {"no", "always", "on-failure", "unless-stopped"};
  if (!node.is_string()) {
    const bool is_false = node.kind == Node::Kind::boolean && !node.is_true();
    refuse(node, shaping, where, "a restart policy").hint =
        is_false ? "write \"no\"" : "put it in quotes";
    return;
  }
  const auto colon = node.text.find(':');
  const auto name = node.text.substr(0, colon);
  const bool has_count = colon != std::string::npos;
  const bool is_known = std::ranges::find(policies, name) != policies.end() || node.text.empty();
  if (!is_known) {
    const auto near = nearest(name, policies);
    shaping.reporter
        .problem("bad-value", node.place, "{} is not a restart policy", stack::quoted(node.text))
        .hint = near ? fmt::format("did you mean {}?", stack::quoted(*near))
                     : "one of: " + join(policies, ", ");
  } else if (has_count) {
    check_restart_count(node, where, shaping);
  }
}

/// As docker compose reads it: somewhere in the name there is a piece of two characters that is
/// one.
void refine_container_name(Node& node, const Where& where, Shaping& shaping) {
  if (!node.is_string()) return;
  const auto is_letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  for (std::size_t at = 1; at < node.text.size(); ++at) {
    const char c = node.text[at];
    const bool continues = is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
    if (continues && is_letter_or_digit(node.text[at - 1])) return;
  }
  refuse(node, shaping, where, "a container name").hint =
      "a letter or digit, then letters, digits, \"_\", \".\" and \"-\"";
}

/// As docker compose reads it: one of the words stands somewhere in the text.
void refine_pull_policy(Node& node, const Where& where, Shaping& shaping) {
  static constexpr std::array<std::string_view, 8> words = {
      "always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"};
  const auto is_in_text = [&](std::string_view word) {
    return node.text.find(word) != std::string::npos;
  };
  if (!node.is_string() || std::ranges::any_of(words, is_in_text)) return;
  const auto every = node.text.find("every_");
  if (every != std::string::npos && parse_duration(std::string_view(node.text).substr(every + 6)))
    return;
  refuse(node, shaping, where, "a pull policy").hint =
      "always, never, missing, build, daily, weekly or every_12h";
}

void refine_period(Node& node, const Where& where, Shaping& shaping) {
  if (node.is_string() && !node.text.empty() && !parse_duration(node.text))
    wrong_value(node, node.text, shaping, where, "a time").hint = "like 12h or 90m";
}

void refine_signal(Node& node, const Where& where, Shaping& shaping) {
  if (!node.is_string() || node.text.empty()) return;
  if (!canonical_signal(node.text))
    wrong_value(node, node.text, shaping, where, "a signal").hint = "like SIGTERM";
}

void refine_on_change(Node& node, const Where& where, Shaping& shaping) {
  if (node.is_string() && !parse_on_change(node.text))
    refuse(node, shaping, where, "what a change does").hint =
        "recreate, restart, none, or signal:NAME, like signal:SIGHUP";
}

void refine_port(Node& node, const Where&, Shaping& shaping) {
  if (!node.is_mapping()) return;
  require(node, "target", "port", shaping);
  set_default(node, "mode", "ingress");
  set_default(node, "protocol", "tcp");
  refine_port_range(node, "target", "container port", shaping);
  refine_port_range(node, "published", "host port", shaping);
  const Node* host_ip = node.find("host_ip");
  if (host_ip != nullptr && !host_ip->text.empty() && !is_ip_address(host_ip->text)) {
    shaping.reporter
        .error("bad-port", host_ip->place, "{} is not an IP address", stack::quoted(host_ip->text))
        .counts = Counts::if_merged;
  }
}

void refine_protocol(Node& node, const Where& where, Shaping& shaping) {
  static constexpr std::array<std::string_view, 3> protocols = {"tcp", "udp", "sctp"};
  if (node.is_string() && !node.text.empty() &&
      std::ranges::find(protocols, node.text) == protocols.end())
    wrong_value(node, node.text, shaping, where, "a protocol").hint = "tcp, udp or sctp";
}

void refine_mount(Node& node, const Where&, Shaping& shaping) {
  if (!node.is_mapping()) return;
  require(node, "type", "long volume", shaping);
  require(node, "target", "long volume", shaping);
  const auto type = node.text_of("type");
  if (Node* target = node.find("target"); target != nullptr && target->is_string()) {
    target->text = clean_path(target->text);
    if (!target->text.starts_with('/')) {
      auto& error =
          shaping.reporter.problem("bad-volume", target->place, "mount path must be absolute: {}",
                                   stack::quoted(target->text));
      if (target->text == "ro" || target->text == "rw") {
        const auto source = node.text_of("source");
        error.hint = fmt::format("did you mean {0}:{0}:{1}?", source, target->text);
      }
    }
  }
  if (type == "bind") refine_bind(node, shaping);
  if (type == "image") refine_image_mount(node, shaping);
  const Entry* const source = node.find_entry("source");
  if (type == "tmpfs" && source != nullptr && !source->value.text.empty())
    shaping.reporter
        .problem("bad-volume", source->place, "a tmpfs mount has no source: it begins empty")
        .hint = "remove it";
}

/// Nobody is kept from anything by what stands here, so docker takes whatever it is.
void refine_expose(Node& node, const Where& where, Shaping& shaping) {
  for (const auto& item : node.items) {
    if (!item.is_string() || is_kept(item, shaping)) continue;
    const auto ports = exposed_ports(item.text);
    if (ports == std::vector{item.text}) continue;
    shaping.reporter
        .warning("taken-for", item.place, "{} is taken for {}: {}", stack::quoted(item.text),
                 ports.empty() ? "no port" : join(ports, " and "), where.value_text())
        .hint = "a port of the container, like 3000 or 53/udp";
  }
}

void refine_capabilities(Node& node, const Where& where, Shaping& shaping) {
  for (const auto& item : node.items) {
    std::string name = item.text;
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (name.starts_with("CAP_")) name.erase(0, 4);
    if (name == "ALL" || std::ranges::find(kCapabilities, name) != kCapabilities.end()) continue;
    auto& error = wrong_value(item, item.text, shaping, where, "a capability");
    const std::vector<std::string> known(kCapabilities.begin(), kCapabilities.end());
    if (const auto near = nearest(name, known)) error.hint = fmt::format("did you mean {}?", *near);
  }
}

void refine_cpus(Node& node, const Where& where, Shaping& shaping) {
  const auto value = parse_number(node.text);
  if (value && *value < 0) wrong_value(node, node.text, shaping, where, "a number of processors");
}

/// A variable that is not set is the matter of who makes a container with the device.
void refine_device(Node& node, const Where& where, Shaping& shaping) {
  const Node* source = node.find("source");
  if (source == nullptr || !source->is_string() || !source->text.empty()) return;
  wrong_value(*source, source->text, shaping, where, "a device").hint = "SOURCE[:TARGET[:rwm]]";
}

void refine_device_request(Node& node, const Where&, Shaping& shaping) {
  if (node.find("count") != nullptr && node.find("device_ids") != nullptr) {
    shaping.reporter
        .error("bad-value", node.place, "\"count\" and \"device_ids\" exclude each other")
        .counts = Counts::if_merged;
  } else if (node.find("count") == nullptr && node.find("device_ids") == nullptr) {
    node.set("count", shaping.variables == Variables::kept ? make_string("all", node.place)
                                                           : make_integer(-1, node.place));
  }
}

void refine_contexts(Node& node, const Where&, Shaping& shaping) {
  for (auto& entry : node.entries) {
    auto& text = entry.value.text;
    text = shaped_path(text, shaping);
  }
}

void refine_extended_file(Node& node, const Where&, Shaping& shaping) {
  if (node.is_string() && !is_remote(node.text))
    node.text = absolute_path(node.text, shaping.base_directory, shaping.home);
}

void refine_not_negative(Node& node, const Where& where, Shaping& shaping) {
  if (node.is_scalar() && node.text.starts_with('-'))
    refuse(node, shaping, where, "zero or more").counts = Counts::if_merged;
}

void refine_scale(Node& node, const Where& where, Shaping& shaping) {
  if (node.is_scalar() && node.text.starts_with('-'))
    refuse(node, shaping, where, "zero or more").counts = Counts::if_active;
}

}  // namespace stack::spec
