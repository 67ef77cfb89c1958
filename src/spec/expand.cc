// SPDX-License-Identifier: Apache-2.0
#include "spec/expand.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "spec/paths.h"
#include "spec/scalars.h"
#include "spec/shape.h"
#include "spec/short_forms.h"

namespace stack::spec {
namespace {

constexpr std::size_t kMaxPorts = 65536;

/// The caller's value becomes the mapping {key: value}.
void wrap(Node& node, std::string_view key) {
  Node map = make_mapping(node.place);
  map.tag = std::exchange(node.tag, Node::Tag::none);
  map.set(key, std::move(node));
  node = std::move(map);
}

void wrap_in_list(Node& node) {
  Node list = make_sequence(node.place);
  list.tag = std::exchange(node.tag, Node::Tag::none);
  list.items.push_back(std::move(node));
  node = std::move(list);
}

void report(const Refusal& refusal, const Node& node, Shaping& shaping, std::string_view id) {
  Diagnostic& error = shaping.reporter.error(std::string(id), node.place, "{}", refusal.message);
  error.hint = refusal.hint;
  error.counts = Counts::always;
}

/// A list of names becomes a mapping; `fill` says what each name maps to.
template <typename Fill>
void names_to_mapping(Node& node, const Where& where, Shaping& shaping, Fill fill) {
  if (!node.is_sequence()) return;
  Node map = make_mapping(node.place);
  map.tag = node.tag;
  for (auto& item : node.items) {
    if (!item.is_string()) {
      shaping.reporter.error("wrong-type", item.place, "{} must list names, not {}",
                             where.value_text(), describe(item.kind));
      continue;
    }
    if (map.find(item.text) != nullptr) refuse_double(item, where, shaping.reporter);
    Node value = fill(item.place);
    value.tag = item.tag;
    map.set(item.text, std::move(value));
  }
  node = std::move(map);
}

Node port_node(const PortParts& port, Place place) {
  Node node = make_mapping(place);
  node.set("mode", make_string("ingress", place));
  if (!port.host_ip.empty()) node.set("host_ip", make_string(port.host_ip, place));
  node.set("target", make_integer(port.target, place));
  if (!port.published.empty()) node.set("published", make_string(port.published, place));
  node.set("protocol", make_string(port.protocol, place));
  return node;
}

/// 22:22 without quotes.
bool is_sexagesimal(const Node& item) {
  const auto colon = item.text.find(':');
  if (!item.is_string() || item.style != Node::Style::plain || colon == std::string::npos)
    return false;
  const auto first = parse_integer<unsigned>(std::string_view(item.text).substr(0, colon));
  const auto second = parse_integer<unsigned>(std::string_view(item.text).substr(colon + 1));
  return first && second && *second < 60 && item.text.size() == item.place.length;
}

/// With variables in it a list of ports is read as a whole or not at all.
bool all_parse(const Node& list) {
  return std::ranges::all_of(list.items, [](const Node& item) {
    return !item.is_string() ||
           std::holds_alternative<std::vector<PortParts>>(parse_ports(item.text));
  });
}

void add_ports(const Node& item, std::vector<Node>& ports, Shaping& shaping) {
  // The first excess is enough: ranges are only looked at while there is room.
  if (shaping.ports > kMaxPorts) return;
  if (is_sexagesimal(item)) {
    shaping.reporter
        .warning("sexagesimal", item.place, "older YAML takes {} for one number to base 60",
                 item.text)
        .hint = "put it in quotes";
  }
  const auto parsed = parse_ports(item.text);
  if (const auto* refusal = std::get_if<Refusal>(&parsed))
    return report(*refusal, item, shaping, "bad-port");
  const auto& parts = std::get<std::vector<PortParts>>(parsed);
  shaping.ports += parts.size();
  if (shaping.ports > kMaxPorts) {
    shaping.reporter.error("too-many-ports", item.place, "the files publish more than {} ports",
                           kMaxPorts);
    return;
  }
  for (const auto& port : parts) ports.push_back(port_node(port, item.place));
}

Node mount_node(const VolumeParts& volume, const Node& text, Shaping& shaping) {
  const Place place = text.place;
  Node node = make_mapping(place);
  node.set("type", make_string(volume.is_bind ? "bind" : "volume", place));
  if (!volume.source.empty()) node.set("source", make_string(volume.source, place));
  node.set("target", make_string(volume.target, place));
  if (volume.read_only) node.set("read_only", make_boolean(true, place));
  // As docker compose prints it, which has no room for it in the shortest notation.
  if (!volume.is_bind && text.text.size() > 2) node.set("volume", make_mapping(place));
  if (volume.nocopy) node.at_or_add("volume", place).set("nocopy", make_boolean(true, place));
  Node bind = make_mapping(place);
  if (volume.is_bind) bind.set("create_host_path", make_boolean(true, place));
  if (!volume.propagation.empty()) bind.set("propagation", make_string(volume.propagation, place));
  if (!volume.selinux.empty()) bind.set("selinux", make_string(volume.selinux, place));
  if (!bind.entries.empty()) node.set("bind", std::move(bind));
  for (const auto& option : volume.unknown_options) {
    shaping.reporter.warning("unknown-option", place, "unknown option {} of volume {} is ignored",
                             stack::quoted(option), stack::quoted(text.text));
  }
  return node;
}

/// The order of a mapping's keys means nothing, that of a list made from it does.
void sort_keys(Node& node) {
  std::ranges::stable_sort(node.entries, {}, &Entry::key);
}

void use_source_mapping(Node& node) {
  if (node.is_string()) wrap(node, "source");
}

}  // namespace

void expand_build(Node& node, const Where&, Shaping&) {
  if (node.is_string()) wrap(node, "context");
}

void expand_extends(Node& node, const Where&, Shaping&) {
  if (node.is_string()) wrap(node, "service");
}

void expand_include(Node& node, const Where&, Shaping&) {
  if (!node.is_sequence()) return;
  for (auto& item : node.items) {
    if (item.is_string()) wrap(item, "path");
  }
}

void expand_depends_on(Node& node, const Where& where, Shaping& shaping) {
  names_to_mapping(node, where, shaping, [](Place place) {
    Node value = make_mapping(place);
    value.set("condition", make_string("service_started", place));
    value.set("required", make_boolean(true, place));
    return value;
  });
}

void expand_names(Node& node, const Where& where, Shaping& shaping) {
  names_to_mapping(node, where, shaping, [](Place place) { return make_null(place); });
}

void expand_ports(Node& node, const Where& where, Shaping& shaping) {
  if (!node.is_sequence()) return;
  if (shaping.variables == Variables::kept && !all_parse(node)) return;
  std::vector<Node> ports;
  for (auto& item : node.items) {
    const bool is_short = item.is_string() || item.kind == Node::Kind::integer;
    if (item.tag == Node::Tag::reset || item.is_mapping()) {
      ports.push_back(std::move(item));
    } else if (is_short) {
      add_ports(item, ports, shaping);
    } else {
      shaping.reporter
          .error("bad-port", item.place, "{} must list ports, not {}", where.value_text(),
                 describe(item.kind))
          .hint = item.kind == Node::Kind::number ? "put it in quotes" : "";
    }
  }
  node.items = std::move(ports);
}

void expand_mount(Node& node, const Where&, Shaping& shaping) {
  if (!node.is_string()) return;
  const auto parsed = parse_volume(node.text);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    if (shaping.variables == Variables::kept) return;
    report(*refusal, node, shaping, "bad-volume");
    // A complete mount, so that nothing more is said about it.
    VolumeParts nothing;
    nothing.target = "/";
    node = mount_node(nothing, node, shaping);
    return;
  }
  const auto tag = node.tag;
  node = mount_node(std::get<VolumeParts>(parsed), node, shaping);
  node.tag = tag;
}

void expand_env_files(Node& node, const Where&, Shaping&) {
  if (node.is_string()) wrap_in_list(node);
  for (auto& item : node.items) {
    if (item.is_string()) wrap(item, "path");
    const bool says_required = item.find("required") != nullptr;
    if (item.is_mapping() && !says_required) item.set("required", make_boolean(true, item.place));
  }
}

void expand_secret(Node& node, const Where&, Shaping&) {
  use_source_mapping(node);
  if (node.is_mapping() && node.find("target") == nullptr && node.find("source") != nullptr) {
    node.set("target",
             make_string("/run/secrets/" + std::string(node.text_of("source")), node.place));
  }
}

void expand_config(Node& node, const Where&, Shaping&) {
  use_source_mapping(node);
}

void expand_device(Node& node, const Where&, Shaping& shaping) {
  if (!node.is_string()) return;
  const Place place = node.place;
  const auto parsed = parse_device(node.text);
  DeviceParts device;
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    report(*refusal, node, shaping, "bad-device");
    // A complete device, so that nothing more is said about it.
    device.source = device.target = node.text;
  } else {
    device = std::get<DeviceParts>(parsed);
  }
  Node map = make_mapping(place);
  map.set("source", make_string(device.source, place));
  map.set("target", make_string(device.target, place));
  map.set("permissions", make_string(device.permissions, place));
  node = std::move(map);
}

void expand_hosts(Node& node, const Where& where, Shaping& shaping) {
  Node list = make_sequence(node.place);
  list.tag = node.tag;
  sort_keys(node);
  const auto check = [&](const Node& address) {
    if (address.is_string()) return;
    shaping.reporter
        .error("wrong-type", address.place, "an address must be text, not {}: {}",
               describe(address.kind), where.value_text())
        .hint = "put it in quotes";
    list.items.push_back(make_string(address.text, address.place));
  };
  const auto add = [&](std::string_view host, std::string_view address, Place place) {
    if (host.empty())
      shaping.reporter.error("bad-value", place, "a host without a name: {}", where.value_text())
          .hint = "HOST=ADDRESS";
    if (address.starts_with('[') && address.ends_with(']'))
      address = address.substr(1, address.size() - 2);
    list.items.push_back(make_string(fmt::format("{}={}", host, address), place));
  };
  for (const auto& entry : node.entries) {
    if (!entry.value.is_sequence()) check(entry.value);
    for (const auto& address : entry.value.items) check(address);
    // Several addresses of one host: "10.0.0.1,10.0.0.2".
    if (entry.value.is_string())
      for (const auto& address : split(entry.value.text, ',')) add(entry.key, address, entry.place);
    for (const auto& address : entry.value.items) add(entry.key, address.text, address.place);
  }
  std::set<std::string_view> seen;
  for (const auto& item : node.items) {
    if (!seen.insert(item.text).second) refuse_double(item, where, shaping.reporter);
    const auto equals = item.text.find('=');
    const auto at = equals == std::string::npos ? item.text.find(':') : equals;
    if (at == std::string::npos) {
      shaping.reporter
          .error("bad-value", item.place, "{} is not HOST=ADDRESS: {}", stack::quoted(item.text),
                 where.value_text())
          .counts = Counts::if_merged;
      list.items.push_back(item);
      continue;
    }
    const std::string_view text = item.text;
    for (const auto& address : split(text.substr(at + 1), ','))
      add(text.substr(0, at), address, item.place);
  }
  if (node.is_mapping() || node.is_sequence()) node = std::move(list);
}

void expand_gpus(Node& node, const Where&, Shaping&) {
  if (!node.is_string()) return;
  wrap(node, "count");
  wrap_in_list(node);
}

void expand_count(Node& node, const Where&, Shaping&) {
  if (node.is_string() && node.text == "all") node = make_integer(-1, node.place);
}

void expand_health_test(Node& node, const Where&, Shaping&) {
  if (!node.is_string()) return;
  wrap_in_list(node);
  node.items.insert(node.items.begin(), make_string("CMD-SHELL", node.place));
}

void expand_external(Node& node, const Where&, Shaping& shaping) {
  Node* external = node.find("external");
  if (external == nullptr || !external->is_mapping()) return;
  const Node* inner = external->find("name");
  const Node* outer = node.find("name");
  if (inner != nullptr && outer != nullptr && inner->text != outer->text) {
    shaping.reporter.error("bad-value", inner->place,
                           "name and external.name differ; use name alone");
  }
  std::optional<Node> name;
  if (inner != nullptr && outer == nullptr) name = *inner;
  *external = make_boolean(true, external->place);
  if (name) node.set("name", std::move(*name));
}

void expand_ssh(Node& node, const Where&, Shaping&) {
  if (!node.is_mapping()) return;
  sort_keys(node);
  Node list = make_sequence(node.place);
  for (const auto& entry : node.entries) {
    const auto text = entry.value.is_null() ? entry.key : entry.key + "=" + entry.value.text;
    list.items.push_back(make_string(text, entry.place));
  }
  node = std::move(list);
}

void refuse_fraction(Node& node, const Where& where, Shaping& shaping) {
  const bool is_whole = node.kind != Node::Kind::number && !node.text.starts_with('-');
  if (is_whole) return;
  shaping.reporter.error("bad-value", node.place, "{} is not a number of bytes: {}",
                         stack::quoted(node.text), where.value_text());
}

void expand_list(Node& node, const Where&, Shaping&) {
  if (node.is_string()) wrap_in_list(node);
}

void expand_name_servers(Node& node, const Where&, Shaping&) {
  if (node.is_string()) wrap_in_list(node);
  std::erase_if(node.items, [](const Node& item) {
    return item.is_string() && item.text.empty() && item.tag != Node::Tag::reset;
  });
}

void expand_options(Node& node, const Where&, Shaping&) {
  for (auto& entry : node.entries) {
    if (entry.value.is_scalar() && !entry.value.is_null()) wrap_in_list(entry.value);
  }
}

}  // namespace stack::spec
