// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight.h"

#include <algorithm>
#include <array>
#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/inquiry.h"
#include "base/text.h"
#include "image/reference.h"
#include "network/ports.h"
#include "orchestrator/lower_limits.h"
#include "orchestrator/member_place.h"
#include "orchestrator/one_off.h"
#include "orchestrator/plan_builder.h"
#include "orchestrator/pull_plan.h"
#include "runtime/mount_spread.h"
#include "runtime/project_quota.h"
#include "runtime/user_namespace.h"
#include "spec/short_forms.h"
#include "spec/user_namespace.h"
#include "supervisor/port_publishers.h"
#include "supervisor/shared_namespaces.h"

namespace stack::orchestrator {
namespace {

/// Killed, and about to let its sockets go; or a supervisor whose keeper was, which goes with it.
bool is_leaving(pid_t holder) {
  return is_ending(identify(holder)) || (process_name(holder) == "stack-superviso" &&
                                         process_name(parent_of(holder)) != "stack-keeper");
}

/// One that nobody is seen to hold may be that of a process that has just been killed: the kernel
/// takes its descriptors away a little before their sockets, and has no event for that.
std::optional<network::PortHolder> lasting_holder(const std::string& host_ip, std::uint16_t port,
                                                  const std::string& protocol) {
  constexpr auto patience = std::chrono::seconds(1);
  constexpr auto pause = std::chrono::milliseconds(5);
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto holder = network::find_port_holder(host_ip, port, protocol);
    const bool stays = holder && holder->pid != 0 && !is_leaving(holder->pid);
    if (!holder || stays || std::chrono::steady_clock::now() >= end) return holder;
    std::this_thread::sleep_for(pause);
  }
}

using supervisor::ObservedContainer;

class WorldCheck {
 public:
  WorldCheck(const HostPaths& paths, const DesiredState& desired, const ObservedState& observed,
             const Plan& plan)
      : paths_(paths),
        desired_(desired),
        observed_(observed),
        plan_(plan),
        removed_(removed_by(plan)) {}

  std::vector<Problem> run(const Changes& changes, HostSources host_sources) {
    host_sources_ = host_sources;
    for (const auto& [name, network] : desired_.networks) check_external(network);
    for (const auto& [name, change] : changes.networks) check_replaced(name, change);
    for (const auto& [name, volume] : desired_.volumes) check_external(volume);
    for_each_touched(changes, [this](const DesiredContainer& wish) { check(wish); });
    return std::move(problems_);
  }

  std::vector<Problem> run_for_ports(const Changes& changes) {
    for_each_touched(changes, [this](const DesiredContainer& wish) { check_ports(wish); });
    return std::move(problems_);
  }

 private:
  template <typename Check>
  void for_each_touched(const Changes& changes, const Check& check) {
    for (const auto& [name, change] : changes.containers) {
      const auto wish = desired_.containers.find(name);
      const bool touched = change.verdict == Verdict::create ||
                           change.verdict == Verdict::recreate ||
                           change.verdict == Verdict::update || change.verdict == Verdict::start;
      if (touched && wish != desired_.containers.end()) check(wish->second);
    }
  }

  void add(std::string message, const std::string& path, std::string hint = "") {
    problems_.push_back({std::move(message), desired_.sources.find(path), std::move(hint)});
  }

  void check(const DesiredContainer& wish) {
    const std::string place = "services." + wish.service;
    if (arguments_of(wish).empty() && !has_nothing_to_run(wish)) {
      add(fmt::format("service \"{}\" has no command, and neither has its image {}", wish.service,
                      wish.model.image),
          place, "add `command:`");
    }
    if (!wish.step.empty() && !wish.one_off) return;  // the rest is the service's, and told of it
    check_shared(wish, place);
    check_binds(wish, place);
    if (spec::id_count(wish.model.userns_mode)) check_id_mapping(wish, place);
    check_storage(wish, place + ".storage_opt.size");
    if (checked_devices_.insert(wish.service).second) check_devices(wish, place);
  }

  /// Of namespaces that are not those of a service. What is made by hand may wait for its start.
  void check_shared(const DesiredContainer& wish, const std::string& place) {
    if (desired_.project == lone_containers_project || !is_started(wish.name)) return;
    for (const auto& [key, other] : wish.shares) {
      if (desired_.containers.contains(other) || runs(other)) continue;
      const std::string kind = key == "network_mode" ? "network" : key == "pid" ? "PID" : "IPC";
      add(fmt::format("container {}, whose {} namespace is to be shared, does not run", other,
                      kind),
          place + "." + key,
          "start it first; `service:NAME` shares that of a service of this file");
    }
  }

  bool is_started(const std::string& container) const {
    return std::ranges::any_of(plan_.steps, [&](const Step& step) {
      const auto* const start = std::get_if<StartContainer>(&step.action);
      return start != nullptr && start->name == container;
    });
  }

  /// Whosever it is.
  bool runs(const std::string& container) const {
    const auto own = observed_.containers.find(container);
    if (own != observed_.containers.end()) return is_running(own->second);
    return supervisor::find_running_elsewhere(paths_, desired_.project, container).has_value();
  }

  void check_ports(const DesiredContainer& wish) {
    const std::string place = "services." + wish.service;
    const bool is_the_services = wish.step.empty() || wish.one_off;
    if (!is_the_services || wish.model.network_mode == "host") return;
    for (std::size_t index = 0; index < wish.model.ports.size(); ++index) {
      check_port(wish, wish.model.ports[index], fmt::format("{}.ports.{}", place, index));
    }
  }

  /// Those that have names.
  void check_devices(const DesiredContainer& wish, const std::string& place) {
    std::ranges::move(check_grants(wish.devices, wish.service, desired_.sources),
                      std::back_inserter(problems_));
    if (!spec::id_count(wish.model.userns_mode)) return;
    // The host's root is nobody to files that have other ids.
    for (const CdiGrant& grant : wish.devices) {
      if (grant.edits.hooks.empty()) continue;
      add(fmt::format(
              "service \"{}\": CDI device \"{}\" has a hook, which cannot work on files of a "
              "user namespace",
              wish.service, grant.name),
          place + "." + grant.place, "leave out userns_mode");
    }
  }

  /// Files keep on disk the ids that are seen inside.
  void check_id_mapping(const DesiredContainer& wish, const std::string& place) {
    if (!takes_id_mapping_) takes_id_mapping_ = runtime::takes_id_mapping(paths_.data);
    if (*takes_id_mapping_) return;
    add(fmt::format("service \"{}\": the file system of {} cannot show its files with other ids, "
                    "which user namespaces need",
                    wish.service, paths_.data.native()),
        place + ".userns_mode", "`stack doctor` says which file systems can");
  }

  void check_binds(const DesiredContainer& wish, const std::string& place) {
    for (const auto& each : wish.mounts) {
      if (each.backing.kind == volumes::VolumeMount::Kind::bind) check_device(each);
      if (each.mount.type != spec::MountType::bind) continue;
      if (!each.mount.create_host_path && !stack::exists(each.mount.source)) {
        add(fmt::format("bind source path does not exist: {}", each.mount.source),
            place + ".volumes");
      }
      check_spread(each.mount, place + ".volumes");
      if (host_sources_ == HostSources::careful) check_source(each.mount, place + ".volumes");
    }
  }

  void check_spread(const spec::Mount& mount, const std::string& place) {
    if (mount.propagation.empty()) return;
    void_inquiry();
    const std::string path = std::filesystem::weakly_canonical(mount.source).native();
    const auto reason =
        runtime::why_no_spread(path, mount.propagation, read_file("/proc/self/mountinfo"));
    if (reason)
      add(fmt::format("path {} {}", mount.source, *reason), place,
          fmt::format("make its mount shared (mount --make-shared), or leave out {}",
                      mount.propagation));
  }

  /// Whose content is a directory of this host is that directory, wherever it is mounted.
  void check_device(const DesiredMount& wish) {
    const DesiredVolume& volume = desired_.volumes.at(wish.mount.source);
    if (!checked_volumes_.emplace(volume.name, wish.mount.access).second) return;
    const std::string place = fmt::format("volumes.{}.driver_opts.device", volume.key);
    if (!stack::exists(wish.backing.device)) {
      add(fmt::format("volume {}: there is no device {}", volume.name, wish.backing.device), place,
          "make the directory: as in docker it is not made for a volume");
    }
    if (host_sources_ != HostSources::careful) return;
    spec::Mount mount = wish.mount;
    mount.source = wish.backing.device;
    if (wish.backing.is_read_only()) mount.access = spec::Access::read_only;
    check_source(mount, place);
  }

  void check_storage(const DesiredContainer& wish, const std::string& place) {
    if (!wish.model.storage_size) return;
    const auto reason = runtime::why_no_project_quota(nearest_existing(paths_.data));
    if (reason && limited_.insert(wish.service).second)
      add(fmt::format("service \"{}\": the size of its root cannot be limited: {} lies where {}",
                      wish.service, paths_.data.native(), *reason),
          place,
          "give stack's data a file system of its own: ext4 (mkfs -O quota,project) or XFS, "
          "mounted with prjquota");
  }

  void check_source(const spec::Mount& mount, const std::string& place) {
    const auto reason = why_not_mounted(mount.source, mount.access, paths_);
    if (!reason) return;
    const bool would_do = mount.access == spec::Access::read_write &&
                          !why_not_mounted(mount.source, spec::Access::read_only, paths_);
    add(fmt::format("bind source {} is refused: {}", mount.source, *reason), place,
        fmt::format("{}--allow-host-paths mounts it all the same",
                    would_do ? "mount it read-only (:ro); " : ""));
  }

  void check_port(const DesiredContainer& wish, const spec::Port& port, const std::string& place) {
    if (port.protocol == "sctp" && !network::has_sctp())
      return add(
          fmt::format("port {}/sctp of service \"{}\" cannot be published: this kernel has no "
                      "SCTP",
                      port.target, wish.service),
          place, "modprobe sctp");
    if (!port.host_ip.empty() && !network::can_bind(port.host_ip))
      return add(
          fmt::format("service \"{}\" publishes on {}, which is no address of this machine: "
                      "cannot assign requested address",
                      wish.service, port.host_ip),
          place,
          "`ip address` lists those that it has; without one it is published on all of them");
    if (port.published.value_or(0) == 0) return;  // whichever is free
    if (!is_range(port)) return check_fixed_port(wish, port, place);
    if (checked_ranges_.insert(place).second) check_range(wish, port, place);
  }

  /// It must be free, or be held by a container that makes room for this one.
  void check_fixed_port(const DesiredContainer& wish, const spec::Port& port,
                        const std::string& place) {
    if (is_given_up(wish.name, *port.published, port.protocol)) return;
    for (const std::string& host_ip : host_ips_of(port)) {
      const auto who = holder_of(wish, host_ip, *port.published, port.protocol);
      if (!who) continue;
      // docker's words at the end: they are looked for.
      return add(fmt::format("port {} on {} is taken by {}: Bind for {} failed: port is already "
                             "allocated",
                             *port.published, host_ip, *who,
                             network::endpoint_text(host_ip, *port.published)),
                 place, "stop it, or publish another host port");
    }
  }

  /// There must be as many as the service has containers.
  void check_range(const DesiredContainer& wish, const spec::Port& port, const std::string& place) {
    const std::size_t wanted = wish.one_off ? 1 : containers_of(wish.service);
    std::vector<std::string> holders;
    std::size_t free = 0;
    for (int number = *port.published; number <= *port.published_last && free < wanted; ++number) {
      spec::Port one = port;
      one.published = one.published_last = static_cast<std::uint16_t>(number);
      if (is_fixed_elsewhere(wish, one)) continue;
      const auto who = holder_of_one(wish, one);
      if (who)
        holders.push_back(fmt::format("{} by {}", number, *who));
      else
        ++free;
    }
    if (free >= wanted || holders.empty()) return;  // the file alone is at fault otherwise
    add(fmt::format("host ports {}-{} are too few for service \"{}\", which needs {} of them and "
                    "can have {}: taken are {}",
                    *port.published, *port.published_last, wish.service, wanted, free,
                    join(holders, ", ")),
        place, "stop who has them, or give a longer range");
  }

  std::optional<std::string> holder_of_one(const DesiredContainer& wish, const spec::Port& one) {
    if (is_its_services(wish.service, *one.published, one.protocol) ||
        is_given_up(wish.name, *one.published, one.protocol))
      return std::nullopt;
    for (const std::string& host_ip : host_ips_of(one))
      if (auto who = holder_of(wish, host_ip, *one.published, one.protocol)) return who;
    return std::nullopt;
  }

  std::size_t containers_of(const std::string& service) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(desired_.containers, [&](const auto& each) {
          return each.second.service == service && each.second.step.empty();
        }));
  }

  static bool is_fixed_elsewhere(const DesiredContainer& wish, const spec::Port& one) {
    return std::ranges::any_of(wish.fixed_ports, [&](const spec::Port& fixed) {
      return fixed.published == one.published && fixed.protocol == one.protocol;
    });
  }

  /// Of an IPv4 address alone nobody has the port in IPv6.
  static std::vector<std::string> host_ips_of(const spec::Port& port) {
    if (port.host_ip.empty()) return {"0.0.0.0", "::"};
    return {port.host_ip};
  }

  /// Who is in the way, in words.
  std::optional<std::string> holder_of(const DesiredContainer& wish, const std::string& host_ip,
                                       std::uint16_t port, const std::string& protocol) const {
    const auto holder = lasting_holder(host_ip, port, protocol);
    if (!holder) return std::nullopt;
    const auto publisher = supervisor::find_publisher(paths_, port, protocol);
    // Our own supervisor, for a start that was not on disk yet when we looked: an `up` that was
    // killed had asked for it.
    const bool for_itself = !publisher || publisher->container == wish.name;
    if (for_itself && supervisor::is_supervisor_of(paths_, desired_.project, holder->pid))
      return std::nullopt;
    if (publisher) return supervisor::in_words(*publisher);
    if (auto other = supervisor::stack_served_by(paths_, holder->pid)) return other;
    return fmt::format("{} (pid {})", printable(holder->command), holder->pid);
  }

  bool is_its_services(const std::string& service, std::uint16_t port,
                       const std::string& protocol) const {
    return std::ranges::any_of(observed_.containers, [&](const auto& entry) {
      return entry.second.config.service == service &&
             supervisor::publishes(entry.second.status.published, port, protocol);
    });
  }

  /// Whether `container` has it itself, or gets it from one that goes in the same change.
  bool is_given_up(const std::string& container, std::uint16_t port,
                   const std::string& protocol) const {
    return std::ranges::any_of(observed_.containers, [&](const auto& entry) {
      const auto& [name, is] = entry;
      return (name == container || removed_.contains(name)) &&
             supervisor::publishes(is.status.published, port, protocol);
    });
  }

  void check_external(const DesiredNetwork& network) {
    if (!network.external || !network.owner.empty() || observed_.networks.contains(network.name))
      return;
    const std::string& service = network.model.mode_of;
    const std::string cure = fmt::format(
        "make it with `stack network create {}`, or start the stack that has it", network.name);
    if (service.empty())
      add(fmt::format("network {} declared as external, but could not be found", network.name),
          "networks." + network.key, cure);
    else
      add(fmt::format("network_mode of service {}: there is no network {}", service, network.name),
          fmt::format("services.{}.network_mode", service),
          cure + "; the other modes are none, host, bridge, service:NAME and container:NAME");
  }

  /// Who would lose it would not know why.
  void check_replaced(const std::string& name, const NetworkChange& change) {
    const auto is = observed_.networks.find(name);
    if (change.verdict != Verdict::recreate || is == observed_.networks.end() ||
        is->second.guests.empty())
      return;
    add(fmt::format("network {} has changed and must be made anew, but {} of other stacks {} in it",
                    name, join(is->second.guests, ", "),
                    is->second.guests.size() == 1 ? "is" : "are"),
        "networks." + desired_.networks.at(name).key, "take them down first");
  }

  void check_external(const DesiredVolume& volume) {
    if (!volume.external || observed_.volumes.contains(volume.name)) return;
    add(fmt::format("volume {} declared as external, but could not be found", volume.name),
        "volumes." + volume.key);
  }

  const HostPaths& paths_;
  const DesiredState& desired_;
  const ObservedState& observed_;
  const Plan& plan_;
  const std::set<std::string> removed_;  ///< containers
  HostSources host_sources_ = HostSources::careful;
  std::optional<bool> takes_id_mapping_;
  std::set<std::string> checked_ranges_;                            ///< by place
  std::set<std::string> checked_devices_;                           ///< services
  std::set<std::pair<std::string, spec::Access>> checked_volumes_;  ///< those that are binds
  std::set<std::string> limited_;  ///< same: told that they cannot be
  std::vector<Problem> problems_;
};

std::string text_of(const Problem& problem, const char* kind) {
  std::string text = problem.origin ? spec::to_text(*problem.origin) + ": " : "";
  text += kind + problem.message;
  if (!problem.hint.empty()) text += "\n  hint: " + problem.hint;
  return text;
}

/// "devices.1" of a list without CDI names, as the file counts them.
std::string place_in_file(const std::string& key, const spec::Service& model) {
  constexpr std::string_view devices = "devices.";
  if (!key.starts_with(devices)) return key;
  auto left = parse_integer<std::size_t>(std::string_view(key).substr(devices.size()));
  for (std::size_t i = 0; left && i < model.devices.size(); ++i) {
    if (spec::is_cdi_name(model.devices[i].source)) continue;
    if ((*left)-- == 0) return fmt::format("{}{}", devices, i);
  }
  return key;
}

/// Where the file says it: a limit may stand below `deploy`, too.
std::optional<spec::Origin> origin_of(const std::string& key, const DesiredContainer& wish,
                                      const spec::SourceMap& sources) {
  return place_of_member(sources, fmt::format("services.{}.", wish.service),
                         place_in_file(key, wish.model));
}

/// The part of a container that depends on what the machine can do. Devices with names were looked
/// at already.
runtime::ContainerSpec requests_of(DesiredContainer wish) {
  wish.devices.clear();
  runtime::ContainerSpec spec;
  spec.resources = resources_of(wish.model);
  spec.process.ulimits = ulimits_of(wish.model);
  spec.process.oom_score_adj = wish.model.oom_score_adj;
  spec.security = security_of(wish);
  spec.namespaces = namespaces_of(wish);
  return spec;
}

}  // namespace

std::string to_text(const Problem& problem) {
  return text_of(problem, "error: ");
}

std::string warning_text(const Problem& problem) {
  return text_of(problem, "warning: ");
}

HostFindings check_host(const DesiredState& desired, const Changes& changes,
                        const std::function<runtime::HostAbilities()>& abilities) {
  HostFindings findings;
  std::optional<runtime::HostAbilities> host;
  std::set<std::string> seen;  // replicas are told once
  for (const auto& [name, change] : changes.containers) {
    const auto wish = desired.containers.find(name);
    const bool made = change.verdict == Verdict::create || change.verdict == Verdict::recreate ||
                      change.verdict == Verdict::update;
    if (!made || wish == desired.containers.end() || !seen.insert(wish->second.service).second)
      continue;
    if (!host) host = abilities();
    for (const runtime::Unmet& each : runtime::unmet(requests_of(wish->second), *host)) {
      Problem problem{fmt::format("service \"{}\": {}", wish->second.service, each.sentence),
                      origin_of(each.key, wish->second, desired.sources), each.cure};
      auto& list = each.severity == runtime::Severity::error ? findings.errors : findings.warnings;
      list.push_back(std::move(problem));
    }
  }
  return findings;
}

std::optional<std::string> fault_of_image_name(const std::string& image) {
  try {
    image::parse_reference(image);
    return std::nullopt;
  } catch (const Error& error) {
    return error.message();
  }
}

bool are_images_well_named(const spec::Project& project, const std::set<std::string>& services) {
  return std::ranges::none_of(services, [&](const std::string& name) {
    return fault_of_image_name(project.services.at(name).image).has_value();
  });
}

std::vector<Problem> check_images(const spec::Project& project,
                                  const std::set<std::string>& services, const ImageCatalog& images,
                                  const std::map<std::string, std::string>& failures) {
  std::vector<Problem> problems;
  constexpr const char* bring =
      "bring it with `stack pull`, `stack image import` or `stack image debian`; "
      "`stack image ls` lists what is there";
  const auto require = [&](const std::string& image, const std::string& place, const char* hint) {
    const auto failure = failures.find(image);
    if (const auto fault = fault_of_image_name(image)) {
      problems.push_back({*fault, project.sources.find(place), "like nginx, nginx:1.27 or me/app"});
    } else if (failure != failures.end()) {
      problems.push_back({fetch_failure(image, images.contains(image), failure->second),
                          project.sources.find(place), without_registry});
    } else if (!images.contains(image)) {
      problems.push_back(
          {fmt::format("No such image: {}", image), project.sources.find(place), hint});
    }
  };
  for (const auto& name : services) {
    const spec::Service& service = project.services.at(name);
    const std::string place = "services." + name;
    if (service.build) {
      require(service.image, place + ".build", "`stack build` makes it");
    } else {
      require(service.image, place + ".image", bring);
    }
    for (std::size_t i = 0; i < service.pre_start.size(); ++i) {
      if (!service.pre_start[i].image.empty())
        require(service.pre_start[i].image, fmt::format("{}.pre_start.{}.image", place, i), bring);
    }
    for (std::size_t i = 0; i < service.volumes.size(); ++i) {
      if (service.volumes[i].type == spec::MountType::image)
        require(service.volumes[i].source, fmt::format("{}.volumes.{}.source", place, i), bring);
    }
  }
  return problems;
}

void find_owners(const HostPaths& paths, const ObservedState& observed, DesiredState& desired) {
  for (auto& [name, network] : desired.networks) {
    if (observed.networks.contains(name)) continue;
    if (auto owner = supervisor::find_network_owner(paths, name, desired.project))
      network.owner = std::move(*owner);
  }
}

std::vector<Problem> strange_networks(const DesiredState& desired) {
  std::vector<Problem> warnings;
  for (const auto& [name, network] : desired.networks) {
    if (network.external || network.model.shared || network.owner.empty()) continue;
    warnings.push_back({fmt::format("a network with name {} exists but was not created for "
                                    "project \"{}\"",
                                    name, desired.project),
                        desired.sources.find("networks." + network.key),
                        "`external: true` says that it is another's, `x-stack: {shared: true}` "
                        "that it is everybody's"});
  }
  return warnings;
}

std::vector<Problem> strange_volumes(const DesiredState& desired, const ObservedState& observed) {
  std::vector<Problem> warnings;
  // By hand there is no file: who names a volume that is there means it.
  if (desired.project == lone_containers_project) return warnings;
  for (const auto& [name, volume] : desired.volumes) {
    const auto there = observed.volumes.find(name);
    if (volume.external || volume.of_nobody || volume.key.empty()) continue;
    if (there == observed.volumes.end()) continue;
    if (is_of_project(there->second, desired.project)) continue;
    const auto owner = there->second.labels.find("com.docker.compose.project");
    const std::string whose =
        owner == there->second.labels.end()
            ? std::string("was not created for a project")
            : fmt::format("was created for project {} (expected {})", stack::quoted(owner->second),
                          stack::quoted(desired.project));
    warnings.push_back({fmt::format("volume {} already exists but {}", stack::quoted(name), whose),
                        desired.sources.find("volumes." + volume.key),
                        "`external: true` says that an existing volume is to be used"});
  }
  return warnings;
}

std::vector<Problem> paused_containers(const DesiredState& desired, const ObservedState& observed,
                                       const Changes& changes) {
  std::vector<Problem> warnings;
  for (const auto& [name, change] : changes.containers) {
    const auto is = observed.containers.find(name);
    const auto wish = desired.containers.find(name);
    const bool stays = change.verdict == Verdict::keep && wish != desired.containers.end();
    if (!stays || is->second.status.phase != supervisor::Phase::paused) continue;
    warnings.push_back({fmt::format("container {} is paused, and stays so", name),
                        desired.sources.find("services." + wish->second.service),
                        fmt::format("`stack unpause {}` lets it go on", wish->second.service)});
  }
  return warnings;
}

namespace {

/// "/etc/app.conf": by the endings that folders do not have.
bool looks_like_a_file(const std::string& target) {
  constexpr std::array<std::string_view, 32> endings = {
      ".cfg", ".cnf",  ".conf", ".cert", ".crt",  ".css", ".csv",  ".db",
      ".env", ".html", ".ini",  ".js",   ".json", ".key", ".lock", ".log",
      ".md",  ".pem",  ".php",  ".pid",  ".py",   ".rb",  ".sh",   ".sock",
      ".sql", ".toml", ".ts",   ".txt",  ".xml",  ".yml", ".yaml", ".properties"};
  const std::string name = target.substr(target.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot != std::string::npos && dot != 0 &&
         std::ranges::find(endings, std::string_view(name).substr(dot)) != endings.end();
}

}  // namespace

std::vector<Problem> files_made_folders(const DesiredState& desired, const Changes& changes) {
  std::vector<Problem> warnings;
  std::set<std::string> seen;  // replicas are told once
  for (const auto& [name, change] : changes.containers) {
    const auto wish = desired.containers.find(name);
    const bool made = change.verdict == Verdict::create || change.verdict == Verdict::recreate;
    if (!made || wish == desired.containers.end()) continue;
    for (const auto& [mount, inherited_from, image_id, backing] : wish->second.mounts) {
      const bool is_bind = mount.type == spec::MountType::bind && mount.create_host_path;
      if (!is_bind || !looks_like_a_file(mount.target) || stack::exists(mount.source)) continue;
      if (!seen.insert(mount.source).second) continue;
      warnings.push_back(
          {fmt::format("{} is missing and becomes a folder, though {} looks like a file",
                       mount.source, mount.target),
           desired.sources.find(fmt::format("services.{}.volumes", wish->second.service)),
           "make the file first; `bind: {create_host_path: false}` makes this an error"});
    }
  }
  return warnings;
}

std::set<std::string> removed_by(const Plan& plan) {
  using Addresses = supervisor::SetContainerAside::Addresses;
  std::set<std::string> removed;
  for (const Step& step : plan.steps) {
    const auto* const removal = std::get_if<RemoveContainer>(&step.action);
    if (removal != nullptr && step.rescues.empty()) removed.insert(removal->name);
    const auto* const aside = std::get_if<SetContainerAside>(&step.action);
    if (aside != nullptr && (aside->addresses == Addresses::given_up || !aside->successor.empty()))
      removed.insert(aside->name);
  }
  return removed;
}

std::vector<Problem> check_world(const HostPaths& paths, const DesiredState& desired,
                                 const ObservedState& observed, const Changes& changes,
                                 const Plan& plan, HostSources host_sources) {
  return WorldCheck(paths, desired, observed, plan).run(changes, host_sources);
}

std::vector<Problem> check_ports(const HostPaths& paths, const DesiredState& desired,
                                 const ObservedState& observed, const Changes& changes,
                                 const Plan& plan) {
  return WorldCheck(paths, desired, observed, plan).run_for_ports(changes);
}

}  // namespace stack::orchestrator
