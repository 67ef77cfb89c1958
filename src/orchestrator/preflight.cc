// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/preflight.h"

#include <algorithm>

#include "base/files.h"
#include "base/format.h"
#include "base/text.h"
#include "network/ports.h"
#include "orchestrator/lower_limits.h"

namespace stack::orchestrator {
namespace {

using supervisor::ObservedContainer;

/// Who publishes a port, if it is a container of a stack on this machine.
struct Publisher {
  std::string project;
  std::string service;
  std::string container;
};

std::optional<Publisher> find_publisher(const HostPaths& paths, std::uint16_t port,
                                        const std::string& protocol) {
  for (const auto& project : supervisor::list_projects(paths)) {
    for (const auto& container :
         supervisor::read_containers(paths, project, supervisor::ConfigParts::summary)) {
      const auto& published = container.status.published;
      const bool holds = std::ranges::any_of(published, [&](const network::PublishedPort& each) {
        return each.host_port == port && each.protocol == protocol;
      });
      if (holds) return Publisher{project, container.config.service, container.config.name};
    }
  }
  return std::nullopt;
}

class WorldCheck {
 public:
  WorldCheck(const HostPaths& paths, const DesiredState& desired, const ObservedState& observed,
             HostSources host_sources)
      : paths_(paths), desired_(desired), observed_(observed), host_sources_(host_sources) {}

  std::vector<Problem> run(const Changes& changes) {
    for (const auto& [name, network] : desired_.networks) check_external(network);
    for (const auto& [name, volume] : desired_.volumes) check_external(volume);
    for (const auto& [name, change] : changes.containers) {
      const auto wish = desired_.containers.find(name);
      const bool touched = change.verdict == Verdict::create ||
                           change.verdict == Verdict::recreate ||
                           change.verdict == Verdict::update || change.verdict == Verdict::start;
      if (touched && wish != desired_.containers.end()) check(wish->second);
    }
    return std::move(problems_);
  }

 private:
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
    check_binds(wish, place);
    if (!wish.model.device_requests.empty())
      add(fmt::format(
              "service \"{}\" asks for devices of a driver (gpus), which is not supported yet",
              wish.service),
          place + ".gpus", "list the device nodes under `devices:`");
    if (wish.model.network_mode == "host") return;
    for (std::size_t index = 0; index < wish.model.ports.size(); ++index) {
      check_port(wish, wish.model.ports[index], fmt::format("{}.ports.{}", place, index));
    }
  }

  void check_binds(const DesiredContainer& wish, const std::string& place) {
    for (const auto& each : wish.mounts) {
      if (each.mount.type != spec::MountType::bind) continue;
      if (!each.mount.create_host_path && !exists(each.mount.source)) {
        add(fmt::format("bind source path does not exist: {}", each.mount.source),
            place + ".volumes");
      }
      if (host_sources_ == HostSources::careful) check_source(each.mount, place + ".volumes");
    }
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

  /// A single fixed port must be free, or be held by the very container that is replaced.
  void check_port(const DesiredContainer& wish, const spec::Port& port, const std::string& place) {
    if (!port.published || port.published_last.value_or(*port.published) != *port.published) return;
    const std::string host_ip = port.host_ip.empty() ? "0.0.0.0" : port.host_ip;
    const auto holder = network::find_port_holder(host_ip, *port.published, port.protocol);
    if (!holder || is_own(wish.name, *port.published)) return;
    const auto publisher = find_publisher(paths_, *port.published, port.protocol);
    // Our own supervisor, for a start that was not on disk yet when we looked: an `up` that was
    // killed had asked for it.
    const bool for_itself = !publisher || publisher->container == wish.name;
    if (for_itself && supervisor::is_supervisor_of(paths_, desired_.project, holder->pid)) return;
    std::string who = fmt::format("{} (pid {})", printable(holder->command), holder->pid);
    if (publisher) {
      who = fmt::format("stack \"{}\", service \"{}\" ({})", publisher->project, publisher->service,
                        who);
    }
    add(fmt::format("port {} on {} is taken by {}", *port.published, host_ip, who), place,
        "stop it, or publish another host port");
  }

  bool is_own(const std::string& container, std::uint16_t port) const {
    const auto is = observed_.containers.find(container);
    if (is == observed_.containers.end()) return false;
    return std::ranges::any_of(is->second.status.published,
                               [&](const auto& each) { return each.host_port == port; });
  }

  void check_external(const DesiredNetwork& network) {
    if (!network.external) return;
    add(fmt::format("network {} declared as external, but external networks are not supported yet",
                    network.name),
        "networks." + network.key);
  }

  void check_external(const DesiredVolume& volume) {
    if (!volume.external || observed_.volumes.contains(volume.name)) return;
    add(fmt::format("volume {} declared as external, but could not be found", volume.name),
        "volumes." + volume.key);
  }

  const HostPaths& paths_;
  const DesiredState& desired_;
  const ObservedState& observed_;
  HostSources host_sources_;
  std::vector<Problem> problems_;
};

std::string text_of(const Problem& problem, const char* kind) {
  std::string text = problem.origin ? spec::to_text(*problem.origin) + ": " : "";
  text += kind + problem.message;
  if (!problem.hint.empty()) text += "\n  hint: " + problem.hint;
  return text;
}

/// The part of a container that depends on what the machine can do.
runtime::ContainerSpec requests_of(const DesiredContainer& wish) {
  runtime::ContainerSpec spec;
  spec.resources = resources_of(wish.model);
  spec.process.ulimits = ulimits_of(wish.model);
  spec.process.oom_score_adj = wish.model.oom_score_adj;
  spec.security = security_of(wish);
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
                      desired.sources.find("services." + wish->second.service + "." + each.key),
                      each.cure};
      auto& list = each.severity == runtime::Severity::error ? findings.errors : findings.warnings;
      list.push_back(std::move(problem));
    }
  }
  return findings;
}

std::vector<Problem> check_images(const spec::Project& project,
                                  const std::set<std::string>& services,
                                  const ImageCatalog& images) {
  std::vector<Problem> problems;
  const auto require = [&](const std::string& image, const std::string& place) {
    if (images.contains(image)) return;
    problems.push_back({fmt::format("No such image: {}", image), project.sources.find(place),
                        "bring it with `stack image import` or `stack image debian`; "
                        "`stack image ls` lists what is there"});
  };
  for (const auto& name : services) {
    const spec::Service& service = project.services.at(name);
    const std::string place = "services." + name;
    require(service.image, place + ".image");
    for (std::size_t i = 0; i < service.volumes.size(); ++i) {
      if (service.volumes[i].type == spec::MountType::image)
        require(service.volumes[i].source, fmt::format("{}.volumes.{}.source", place, i));
    }
  }
  return problems;
}

std::vector<Problem> check_world(const HostPaths& paths, const DesiredState& desired,
                                 const ObservedState& observed, const Changes& changes,
                                 HostSources host_sources) {
  return WorldCheck(paths, desired, observed, host_sources).run(changes);
}

}  // namespace stack::orchestrator
