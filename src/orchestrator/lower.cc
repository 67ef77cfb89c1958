// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/lower.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/search_path.h"
#include "base/text.h"
#include "orchestrator/backed_volumes.h"
#include "orchestrator/inherited_hostname.h"
#include "orchestrator/lower_limits.h"
#include "orchestrator/lower_logging.h"
#include "orchestrator/lower_network.h"
#include "orchestrator/readiness.h"
#include "spec/logging.h"
#include "spec/user_namespace.h"
#include "supervisor/readiness.h"

namespace stack::orchestrator {
namespace {

std::vector<std::string> environment_of(const DesiredContainer& wish, const std::string& hostname) {
  std::map<std::string, std::string> variables{{"PATH", std::string(default_search_path)}};
  if (!hostname.empty()) variables["HOSTNAME"] = hostname;
  if (wish.model.tty) variables["TERM"] = "xterm";
  for (const auto& entry : wish.image.environment) {
    const std::size_t equals = entry.find('=');
    variables[entry.substr(0, equals)] =
        equals == std::string::npos ? "" : entry.substr(equals + 1);
  }
  for (const auto& [key, value] : wish.model.environment) {
    if (value) {
      variables[key] = *value;
    } else {
      variables.erase(key);
    }
  }
  for (const CdiGrant& grant : wish.devices) {
    for (const std::string& entry : grant.edits.environment) {
      const std::size_t equals = entry.find('=');
      variables[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
  }
  std::vector<std::string> list;
  for (const auto& [key, value] : variables) list.push_back(key + "=" + value);
  return list;
}

runtime::MountSpec tmpfs_mount(const spec::Mount& mount) {
  runtime::MountSpec lowered;
  lowered.kind = runtime::MountKind::tmpfs;
  lowered.target = mount.target;
  lowered.options = mount.tmpfs_options;
  if (mount.tmpfs_size) lowered.options.push_back(fmt::format("size={}", *mount.tmpfs_size));
  if (mount.tmpfs_mode) lowered.options.push_back(fmt::format("mode={:o}", *mount.tmpfs_mode));
  if (mount.access == spec::Access::read_only) lowered.writable = runtime::Writable::no;
  return lowered;
}

runtime::MountSpec image_mount(const DesiredMount& wish, const Places& places) {
  runtime::MountSpec lowered;
  lowered.kind = runtime::MountKind::image;
  lowered.source = wish.mount.source;
  for (const auto& layer : places.layers_of(wish.image_id))
    lowered.layers.push_back(layer.native());
  lowered.subpath = wish.mount.subpath;
  lowered.target = wish.mount.target;
  lowered.writable = runtime::Writable::no;
  return lowered;
}

enum class Idmapped : bool { no, yes };

runtime::MountSpec lower_mount(const DesiredMount& wish, const Places& places, Idmapped idmapped) {
  const spec::Mount& mount = wish.mount;
  if (mount.type == spec::MountType::tmpfs) return tmpfs_mount(mount);
  if (mount.type == spec::MountType::image) return image_mount(wish, places);
  runtime::MountSpec lowered;
  lowered.target = mount.target;
  if (mount.type == spec::MountType::bind) {
    lowered.source = mount.source;
  } else {
    // What is inside of a file system is seen when it is mounted.
    const bool can_be_seen = wish.backing.kind != volumes::VolumeMount::Kind::file_system;
    lowered.source = places.volume(mount.source, can_be_seen ? mount.subpath : "").native();
    lowered.subpath = std::filesystem::path(mount.subpath).relative_path().native();
    lowered.container_ids = true;
  }
  lowered.recursive = mount.recursive;
  if (!mount.propagation.empty()) lowered.propagation = mount.propagation;
  if (mount.access == spec::Access::read_only) lowered.writable = runtime::Writable::no;
  lower_backing(wish, lowered);
  lowered.owner_mapped = idmapped == Idmapped::yes && mount.type == spec::MountType::bind;
  return lowered;
}

std::vector<supervisor::PortRule> rules_of(const std::vector<spec::Port>& ports) {
  std::vector<supervisor::PortRule> rules;
  for (const auto& port : ports) {
    supervisor::PortRule rule;
    rule.host_ip = port.host_ip;
    rule.host_port = port.published.value_or(0);
    rule.host_port_last = port.published_last.value_or(rule.host_port);
    rule.container_port = port.target;
    rule.protocol = port.protocol;
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::vector<supervisor::LinkRule> links_of(const spec::Service& model) {
  std::vector<supervisor::LinkRule> rules;
  for (const auto* links : {&model.links, &model.external_links})
    for (const auto& link : *links) rules.push_back({link.alias, link.service});
  return rules;
}

std::vector<std::pair<std::string, std::string>> hosts_of(const spec::Service& model) {
  std::vector<std::pair<std::string, std::string>> hosts;
  for (const std::string& host : model.extra_hosts) {
    const std::size_t equals = host.find('=');
    hosts.emplace_back(host.substr(0, equals), host.substr(equals + 1));
  }
  return hosts;
}

std::map<std::string, bool> restart_with(const spec::Service& model) {
  std::map<std::string, bool> services;
  for (const auto& [name, how] : model.depends_on)
    if (how.restart) services[name] = how.condition == spec::Condition::service_healthy;
  return services;
}

/// As docker's events tell of a container: its image, and the labels that a person gave it.
std::map<std::string, std::string> attributes_of(const DesiredContainer& wish) {
  std::map<std::string, std::string> attributes = wish.image.labels;
  for (const auto& [key, value] : wish.model.labels) attributes[key] = value;
  std::erase_if(attributes,
                [](const auto& label) { return label.first.starts_with("com.docker.compose."); });
  attributes["image"] = wish.model.image;
  attributes["name"] = wish.name;
  return attributes;
}

supervisor::StopRule stop_of(const DesiredContainer& wish) {
  supervisor::StopRule rule;
  if (!wish.image.stop_signal.empty()) rule.signal = wish.image.stop_signal;
  if (!wish.model.stop_signal.empty()) rule.signal = wish.model.stop_signal;
  if (wish.model.stop_grace_period) rule.grace = *wish.model.stop_grace_period;
  return rule;
}

supervisor::LogPolicy log_of(const DesiredContainer& wish,
                             const supervisor::ContainerConfig& config) {
  spec::LogLimits limits = spec::limits_of(wish.model.logging);
  // Who reads slowly must not miss anything.
  if (wish.one_off && wish.one_off->is_attached) limits.max_size = 0;
  using Kept = supervisor::LogPolicy::Kept;
  return {limits.keeps_output ? Kept::files : Kept::nothing, limits.max_size, limits.max_files,
          log_shipping_of(wish, config)};
}

std::string first_of(const std::string& wanted, const std::string& inherited) {
  return wanted.empty() ? inherited : wanted;
}

runtime::ProcessSpec process_of(const DesiredContainer& wish, const std::string& hostname) {
  runtime::ProcessSpec process;
  process.arguments = arguments_of(wish);
  if (process.arguments.empty() && !has_nothing_to_run(wish)) {
    fail("service \"{}\" has no command, and neither has its image {}", wish.service,
         wish.model.image);
  }
  process.environment = environment_of(wish, hostname);
  process.working_directory =
      first_of(first_of(wish.model.working_dir, wish.image.working_dir), "/");
  process.user = first_of(wish.model.user, wish.image.user);
  // Whoever shares a PID namespace is not its process 1.
  process.init = wish.model.init.value_or(false) && wish.model.pid.empty();
  process.terminal = wish.model.tty;
  process.open_stdin = wish.model.stdin_open;
  process.groups = groups_of(wish);
  process.ulimits = ulimits_of(wish.model);
  process.oom_score_adj = wish.model.oom_score_adj;
  return process;
}

/// The container's own process, but for what the hook says.
std::vector<supervisor::HookRule> inner_hooks(const std::vector<spec::Hook>& hooks,
                                              const runtime::ProcessSpec& container) {
  std::vector<supervisor::HookRule> rules;
  for (const spec::Hook& hook : hooks) {
    supervisor::HookRule rule{container, hook.privileged};
    rule.process.arguments = hook.command;
    rule.process.init = rule.process.terminal = rule.process.open_stdin = false;
    rule.process.user = first_of(hook.user, container.user);
    rule.process.working_directory = first_of(hook.working_dir, container.working_directory);
    for (const auto& [key, value] : hook.environment)
      rule.process.environment.push_back(key + "=" + value.value_or(""));
    rules.push_back(std::move(rule));
  }
  return rules;
}

/// As docker compose's label has it.
std::string depends_on_text(const spec::Service& model) {
  static constexpr const char* conditions[] = {"service_started", "service_healthy",
                                               "service_completed_successfully"};
  std::vector<std::string> texts;
  for (const auto& [name, how] : model.depends_on)
    texts.push_back(
        fmt::format("{}:{}:{}", name, conditions[static_cast<int>(how.condition)], how.restart));
  return join(texts, ",");
}

/// What its file says in words that are gone when it is lowered, besides those of the command.
supervisor::Wording wording_of(const DesiredContainer& wish) {
  supervisor::Wording words = wish.one_off ? wish.one_off->wording : supervisor::Wording{};
  words.depends_on = depends_on_text(wish.model);
  for (const DesiredMount& each : wish.mounts) {
    const spec::Mount& mount = each.mount;
    if (mount.type == spec::MountType::bind && !mount.create_host_path)
      words.mounts.insert(mount.target);
    if (mount.tmpfs_words) words.tmpfs[mount.target] = *mount.tmpfs_words;
  }
  return words;
}

runtime::ContainerSpec spec_of(const DesiredContainer& wish, const std::string& project,
                               const std::string& id, const Places& places) {
  runtime::ContainerSpec spec;
  spec.id = id;
  spec.name = wish.name;
  spec.cgroup = cgroup_of(wish.model, project, id);
  const std::string hostname =
      first_of(first_of(wish.model.hostname, places.hostname), hostname_of_id(id));
  if (wish.model.uts != "host") spec.hostname = hostname;
  spec.domainname = wish.model.domainname;
  for (const auto& layer : places.image_layers) spec.root.lower.push_back(layer.native());
  spec.root.size = wish.model.storage_size;
  if (wish.model.read_only) spec.root.writable = runtime::Writable::no;
  const Idmapped idmapped = wish.model.idmap_owner ? Idmapped::yes : Idmapped::no;
  for (const auto& mount : wish.mounts) spec.mounts.push_back(lower_mount(mount, places, idmapped));
  for (runtime::MountSpec& bind : directory_binds(wish)) spec.mounts.push_back(std::move(bind));
  add_granted_mounts(wish, spec.mounts);
  spec.hooks = hooks_of(wish);
  spec.process = process_of(wish, hostname);
  spec.resources = resources_of(wish.model);
  spec.security = security_of(wish);
  spec.namespaces = namespaces_of(wish);
  if (spec.namespaces.user.kind == runtime::NamespaceKind::own)
    spec.ids.count = spec::id_count(wish.model.userns_mode).value_or(0);
  spec.sysctls = wish.model.sysctls;
  return spec;
}

}  // namespace

supervisor::RestartRule restart_of(const spec::Service& model) {
  const spec::RestartPolicy& policy = model.restart;
  using From = spec::RestartPolicy::Kind;
  using To = supervisor::RestartKind;
  supervisor::RestartRule rule;
  rule.max_attempts = policy.max_attempts;
  rule.delay = policy.delay;
  rule.window = policy.window;
  rule.when_unhealthy = model.restart_unhealthy;
  switch (policy.kind) {
    case From::no:
      rule.kind = To::no;
      break;
    case From::always:
      rule.kind = To::always;
      break;
    case From::on_failure:
      rule.kind = To::on_failure;
      break;
    case From::unless_stopped:
      rule.kind = To::unless_stopped;
      break;
  }
  return rule;
}

supervisor::ContainerConfig lower(const DesiredContainer& wish, const std::string& project,
                                  const std::string& id, const Places& places) {
  supervisor::ContainerConfig config;
  config.id = id;
  config.name = wish.name;
  config.service = wish.service;
  config.number = wish.number;
  config.step = wish.step;
  if (wish.one_off)
    config.by_hand = supervisor::HandRun{wish.one_off->stdin_once, wish.one_off->removed_at_end};
  config.wording = wording_of(wish);
  config.spec = spec_of(wish, project, id, places);
  config.endpoints = endpoints_of(wish, hostname_of_id(id));
  config.links = links_of(wish.model);
  config.extra_hosts = hosts_of(wish.model);
  config.dns = {wish.model.dns, wish.model.dns_search, wish.model.dns_opt};
  config.ready = ready_of(wish);
  if (config.ready && config.ready->kind == supervisor::ReadyRule::Kind::notify)
    config.spec.process.environment.push_back("NOTIFY_SOCKET=" + supervisor::notify_address(id));
  lower_changeable(wish, config);
  config.log = log_of(wish, config);
  return config;
}

void lower_changeable(const DesiredContainer& wish, supervisor::ContainerConfig& config) {
  config.spec.resources = resources_of(wish.model);
  config.restart = restart_of(wish.model);
  config.data_container =
      wish.holds_volumes_for_others && config.restart.kind == supervisor::RestartKind::no;
  config.restart_with = restart_with(wish.model);
  config.stop = stop_of(wish);
  if (config.spec.namespaces.network.kind == runtime::NamespaceKind::own) {
    config.ports = rules_of(wish.model.ports);
    config.fixed_ports = rules_of(wish.fixed_ports);
  }
  config.health = health_of(wish.model, wish.image);
  config.post_start = inner_hooks(wish.model.post_start, config.spec.process);
  config.pre_stop = inner_hooks(wish.model.pre_stop, config.spec.process);
  supervisor::replace_names(config.endpoints, endpoints_of(wish, hostname_of_id(config.id)));
  config.spec.files = files_of(wish);
  config.attributes = attributes_of(wish);
  config.applied = describe(wish);
}

}  // namespace stack::orchestrator
