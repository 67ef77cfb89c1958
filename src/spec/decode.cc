// SPDX-License-Identifier: Apache-2.0
#include "spec/decode.h"

#include <algorithm>

#include "base/format.h"
#include "base/number.h"
#include "base/text.h"
#include "spec/fields_parts.h"
#include "spec/paths.h"
#include "spec/scalars.h"
#include "spec/security_options.h"
#include "spec/short_forms.h"

namespace stack::spec {
namespace {

template <typename Integer>
void read_integer(const Node& node, Integer& value) {
  value = parse_integer<Integer>(node.text).value_or(Integer{});
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return result;
}

Strings capability_names(const Node& node) {
  Strings names;
  for (const auto& item : node.items) {
    auto name = upper(item.text);
    if (name.starts_with("CAP_")) name.erase(0, 4);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

/// "/run:noexec,size=64m" of the service key `tmpfs`.
Mount tmpfs_mount(std::string_view text) {
  Mount mount;
  mount.type = MountType::tmpfs;
  const auto colon = text.find(':');
  mount.target = clean_path(text.substr(0, colon));
  mount.tmpfs_words = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  for (const auto& option : split(*mount.tmpfs_words, ',')) {
    const auto size = option.starts_with("size=") ? parse_size(option.substr(5)) : std::nullopt;
    const auto mode = option.starts_with("mode=") ? parse_mode(option.substr(5)) : std::nullopt;
    if (size) {
      mount.tmpfs_size = size;
    } else if (mode) {
      mount.tmpfs_mode = mode;
    } else if (option == "ro") {
      mount.access = Access::read_only;
    } else if (!option.empty() && option != "rw") {
      mount.tmpfs_options.push_back(option);
    }
  }
  return mount;
}

template <typename Object>
void read_objects(const Node* section, const Schema& schema, std::map<std::string, Object>& objects,
                  std::string Object::*key_member) {
  if (section == nullptr) return;
  for (const auto& [key, place, value] : section->entries) {
    Object& object = objects[key];
    object.*key_member = key;
    read_object(value, schema, &object);
  }
}

}  // namespace

std::optional<PlainValue> tell(const std::optional<std::chrono::nanoseconds>& value) {
  return value ? std::optional<PlainValue>(duration_text(*value)) : std::nullopt;
}

void read(const Node& node, std::string& value) {
  value = node.text;
}
void read(const Node& node, bool& value) {
  value = node.is_true();
}
void read(const Node& node, int& value) {
  read_integer(node, value);
}
void read(const Node& node, double& value) {
  value = parse_number(node.text).value_or(0);
}
void read(const Node& node, std::uint16_t& value) {
  read_integer(node, value);
}
void read(const Node& node, std::uint32_t& value) {
  read_integer(node, value);
}
void read(const Node& node, std::uint64_t& value) {
  read_integer(node, value);
}
void read(const Node& node, std::int64_t& value) {
  read_integer(node, value);
}

void read(const Node& node, std::chrono::nanoseconds& value) {
  value = parse_duration(node.text).value_or(std::chrono::nanoseconds(0));
}

void read(const Node& node, Strings& value) {
  if (node.is_string()) value.push_back(node.text);  // one, where there may be several
  for (const auto& item : node.items) value.push_back(item.text);
}

void read(const Node& node, StringMap& value) {
  for (const auto& entry : node.entries) value[entry.key] = entry.value.text;
}

void read(const Node& node, Environment& value) {
  for (const auto& entry : node.entries) {
    value[entry.key] = entry.value.is_null() ? std::nullopt : std::optional(entry.value.text);
  }
}

void read(const Node& node, Condition& value) {
  if (node.text == "service_healthy") value = Condition::service_healthy;
  if (node.text == "service_completed_successfully")
    value = Condition::service_completed_successfully;
}

void read(const Node& node, MountType& value) {
  if (node.text == "bind") value = MountType::bind;
  if (node.text == "tmpfs") value = MountType::tmpfs;
  if (node.text == "image") value = MountType::image;
}

void read(const Node& node, RestartPolicy& value) {
  using Kind = RestartPolicy::Kind;
  const auto name = node.text.substr(0, node.text.find(':'));
  if (name == "always") value.kind = Kind::always;
  if (name == "unless-stopped") value.kind = Kind::unless_stopped;
  if (name == "on-failure") value.kind = Kind::on_failure;
  const auto attempts = std::max<std::int64_t>(restart_attempts(node.text).value_or(0), 0);
  if (value.kind == Kind::on_failure) value.max_attempts = static_cast<std::uint64_t>(attempts);
}

void read(const Node& node, Healthcheck& value) {
  read_object(node, kHealthcheckSchema, &value);
}
void read(const Node& node, Dependency& value) {
  read_object(node, kDependencySchema, &value);
}
void read(const Node& node, Logging& value) {
  read_object(node, kLoggingSchema, &value);
}
void read(const Node& node, NetworkAttachment& value) {
  read_object(node, kAttachmentSchema, &value);
}

void read(const Node& node, std::vector<VolumesFrom>& value) {
  for (const auto& item : node.items) {
    auto parts = split(item.text, ':');
    VolumesFrom from;
    if (parts.size() > 1 && parts[0] == "container") {
      from.kind = VolumesFrom::Kind::container;
      parts.erase(parts.begin());
    }
    from.name = parts[0];
    if (parts.size() > 1 && parts[1] == "ro") from.access = Access::read_only;
    value.push_back(std::move(from));
  }
}

void read(const Node& node, std::vector<Port>& value) {
  for (const auto& item : node.items) read_object(item, kPortSchema, &value.emplace_back());
}

void read(const Node& node, std::vector<Link>& value) {
  for (const auto& item : node.items) {
    const auto colon = item.text.find(':');
    const auto service = item.text.substr(0, colon);
    value.push_back({service, colon == std::string::npos ? service : item.text.substr(colon + 1)});
  }
}

void read(const Node& node, std::map<std::string, Dependency>& value) {
  for (const auto& entry : node.entries) read(entry.value, value[entry.key]);
}

void read(const Node& node, std::map<std::string, NetworkAttachment>& value) {
  for (const auto& entry : node.entries) read(entry.value, value[entry.key]);
}

/// One number is both limits.
void read(const Node& node, std::map<std::string, Ulimit>& value) {
  for (const auto& [name, place, item] : node.entries) {
    Ulimit& limit = value[name];
    if (item.is_mapping()) {
      read_object(item, kUlimitSchema, &limit);
    } else {
      read(item, limit.soft);
      limit.hard = limit.soft;
    }
  }
}

void read(const Node& node, std::vector<Device>& value) {
  for (const auto& item : node.items) read_object(item, kDeviceSchema, &value.emplace_back());
}

void read(const Node& node, std::vector<FileReference>& value) {
  for (const auto& item : node.items)
    read_object(item, kFileReferenceSchema, &value.emplace_back());
}

void read(const Node& node, Build& value) {
  read_object(node, kBuildSchema, &value);
}

void read(const Node& node, std::vector<Hook>& value) {
  for (const auto& item : node.items) read_object(item, kHookSchema, &value.emplace_back());
}

void read(const Node& node, std::vector<PreStart>& value) {
  for (const auto& item : node.items) read_object(item, kPreStartSchema, &value.emplace_back());
}

void read(const Node& node, SecurityOptions& value) {
  for (const auto& item : node.items) {
    const auto option = parse_security_option(item.text);
    if (const auto* parsed = std::get_if<SecurityOption>(&option)) apply(*parsed, value);
  }
}

void assign_volumes(void* service, const Node& node) {
  auto& mounts = static_cast<Service*>(service)->volumes;
  for (const auto& item : node.items) {
    const auto type = item.text_of("type");
    if (type == "npipe" || type == "cluster") continue;  // no container has one
    Mount& mount = mounts.emplace_back();
    read_object(item, kMountSchema, &mount);
    if (mount.type == MountType::bind) mount.source = clean_path(mount.source);
    if (mount.type == MountType::image) mount.access = Access::read_only;
  }
}

void assign_tmpfs(void* service, const Node& node) {
  auto& mounts = static_cast<Service*>(service)->volumes;
  for (const auto& item : node.items) mounts.push_back(tmpfs_mount(item.text));
}

void assign_capabilities_added(void* service, const Node& node) {
  static_cast<Service*>(service)->cap_add = capability_names(node);
}

void assign_capabilities_dropped(void* service, const Node& node) {
  static_cast<Service*>(service)->cap_drop = capability_names(node);
}

void assign_stop_signal(void* service, const Node& node) {
  static_cast<Service*>(service)->stop_signal = canonical_signal(node.text).value_or("");
}

void assign_storage(void* service, const Node& node) {
  const std::string size(node.text_of("size"));
  if (!size.empty()) static_cast<Service*>(service)->storage_size = parse_size(size);
}

void assign_provider(void* service, const Node& node) {
  Provider& provider = static_cast<Service*>(service)->provider.emplace();
  provider.type = node.text_of("type");
  const Node* const options = node.find("options");
  if (options == nullptr) return;
  for (const auto& [name, place, values] : options->entries) read(values, provider.options[name]);
}

void assign_published(void* port, const Node& node) {
  const auto parsed = parse_port_range(node.text, "host port");
  const auto* range = std::get_if<PortRange>(&parsed);
  // Published on port 0 is the older way to ask for a free port.
  if (range == nullptr || range->last == 0) return;
  static_cast<Port*>(port)->published = range->first;
  static_cast<Port*>(port)->published_last = range->last;
}

void assign_read_only(void* mount, const Node& node) {
  if (node.is_true()) static_cast<Mount*>(mount)->access = Access::read_only;
}

void assign_file_mode(void* reference, const Node& node) {
  static_cast<FileReference*>(reference)->mode = parse_mode(node.text);
}

void assign_recursive(void* mount, const Node& node) {
  static_cast<Mount*>(mount)->recursive = node.text != "disabled";
}

void assign_ipam(void* network, const Node& node) {
  auto& subnets = static_cast<Network*>(network)->ipam;
  for (const auto& item : node.items) read_object(item, kSubnetSchema, &subnets.emplace_back());
}

void assign_elsewhere(void*, const Node&) {}

void read_object(const Node& node, const Schema& schema, void* object) {
  for (const auto& [key, place, value] : node.entries) {
    const Field* field = schema.find(key);
    const bool says_something = !value.is_null() || (field != nullptr && field->type->may_be_null);
    if (field != nullptr && field->member.assign != nullptr && says_something)
      field->member.assign(object, value);
  }
}

std::vector<std::pair<std::string_view, PlainValue>> plain_values(const Service& service) {
  std::vector<std::pair<std::string_view, PlainValue>> values;
  for (const auto& field : kServiceSchema.fields) {
    if (field.member.tell == nullptr) continue;
    if (auto value = field.member.tell(&service)) values.emplace_back(field.key, std::move(*value));
  }
  return values;
}

std::string default_image(const Project& project, std::string_view service) {
  return fmt::format("{}{}{}", project.name, project.name_separator, service);
}

namespace {

/// Whoever made an external network has said what it is like.
void forget_wishes(Network& network) {
  if (!network.external) return;
  Network known;
  known.key = std::move(network.key);
  known.name = std::move(network.name);
  known.external = true;
  network = std::move(known);
}

void keep_exposed_ports(Service& service) {
  Strings ports;
  for (const auto& text : service.expose)
    for (auto& port : exposed_ports(text)) ports.push_back(std::move(port));
  service.expose = std::move(ports);
}

void name_sysctls(Service& service) {
  StringMap sysctls;
  for (auto& [name, value] : service.sysctls) sysctls[sysctl_name(name)] = std::move(value);
  service.sysctls = std::move(sysctls);
}

/// Paths are printed as they are written, and used without their detours.
void clean_absolute(std::string& path) {
  if (path.starts_with('/')) path = clean_path(path);
}

void clean_paths(Build& build) {
  clean_absolute(build.context);
  for (auto& [name, context] : build.additional_contexts) clean_absolute(context);
}

/// Of other kinds it need not be a path: //server/share.
void clean_device(Volume& volume) {
  const auto options = volume.driver_opts.find("o");
  const auto device = volume.driver_opts.find("device");
  if (options != volume.driver_opts.end() && device != volume.driver_opts.end() &&
      options->second == "bind")
    clean_absolute(device->second);
}

void finish(Project& project, Service& service) {
  if (service.deploy_restart) service.restart = *service.deploy_restart;
  keep_exposed_ports(service);
  name_sysctls(service);
  for (auto& device : service.devices) device.permissions = device_permissions(device.permissions);
  for (auto& port : service.ports)
    if (port.protocol.empty()) port.protocol = "tcp";
  if (!service.build) return;
  clean_paths(*service.build);
  if (service.image.empty()) service.image = default_image(project, service.name);
}

}  // namespace

Project decode_project(const Node& root, char name_separator) {
  Project project;
  project.name_separator = name_separator;
  project.name = root.text_of("name");
  read_objects(root.find("services"), kServiceSchema, project.services, &Service::name);
  read_objects(root.find("networks"), kNetworkSchema, project.networks, &Network::key);
  read_objects(root.find("volumes"), kVolumeSchema, project.volumes, &Volume::key);
  read_objects(root.find("configs"), kConfigSchema, project.configs, &FileObject::key);
  read_objects(root.find("secrets"), kSecretSchema, project.secrets, &FileObject::key);
  for (auto& [name, service] : project.services) finish(project, service);
  for (auto& [key, network] : project.networks) forget_wishes(network);
  for (auto& [key, volume] : project.volumes) clean_device(volume);
  for (auto* const objects : {&project.configs, &project.secrets})
    for (auto& [key, object] : *objects) clean_absolute(object.file);
  return project;
}

}  // namespace stack::spec
