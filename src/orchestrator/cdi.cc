// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/cdi.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/files.h"
#include "base/inquiry.h"
#include "base/text.h"
#include "spec/short_forms.h"

namespace stack::orchestrator {
namespace {

constexpr std::uint64_t largest_spec = 4U << 20;

std::string kind_of(const std::string& name) {
  return name.substr(0, name.find('='));
}
std::string device_of(const std::string& name) {
  return name.substr(name.find('=') + 1);
}

/// "a, b, c": not more than somebody reads.
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t most = 8;
  const std::vector<std::string> shown(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(most, names.size())));
  return join(shown, ", ") + (names.size() > most ? ", ..." : "");
}

std::set<std::string> kinds_of(const CdiRegistry& registry) {
  std::set<std::string> kinds;
  for (const CdiSpec& spec : registry.specs) kinds.insert(spec.kind);
  return kinds;
}

std::vector<std::string> devices_of(const CdiRegistry& registry, const std::string& kind) {
  std::set<std::string> names;
  for (const CdiSpec& spec : registry.specs) {
    if (spec.kind != kind) continue;
    for (const auto& [name, edits] : spec.devices) names.insert(name);
  }
  return {names.begin(), names.end()};
}

/// Files that say nothing because nobody understands them may be those that are missed.
std::string with_broken(std::string hint, const CdiRegistry& registry) {
  for (const std::string& why : registry.broken) hint += "; not understood: " + why;
  return hint;
}

[[noreturn]] void fail_without_kind(const std::string& kind, const CdiRegistry& registry) {
  const auto kinds = kinds_of(registry);
  const std::vector<std::string> known(kinds.begin(), kinds.end());
  std::string hint =
      known.empty() ? "there are none in /etc/cdi and /var/run/cdi: the vendor's tools write them"
                    : "there are: " + some_of(known);
  if (const auto near = nearest(kind, known)) hint = fmt::format("did you mean \"{}\"?", *near);
  throw Error(fmt::format("no CDI specification has devices of kind \"{}\"", printable(kind)))
      .with_hint(with_broken(std::move(hint), registry));
}

[[noreturn]] void fail_without_device(const std::string& name, const CdiRegistry& registry) {
  const auto known = devices_of(registry, kind_of(name));
  std::string hint = "there are: " + some_of(known);
  if (const auto near = nearest(device_of(name), known))
    hint = fmt::format("did you mean \"{}={}\"?", kind_of(name), *near);
  throw Error(fmt::format("there is no CDI device \"{}\"", printable(name)))
      .with_hint(with_broken(std::move(hint), registry));
}

/// The specification that has the word about a device: of the highest priority, alone there.
const CdiSpec& spec_of(const std::string& name, const CdiRegistry& registry) {
  const CdiSpec* found = nullptr;
  const CdiSpec* rival = nullptr;
  for (const CdiSpec& spec : registry.specs) {
    if (spec.kind != kind_of(name) || !spec.devices.contains(device_of(name))) continue;
    if (found != nullptr && found->priority > spec.priority) continue;
    rival = found != nullptr && found->priority == spec.priority ? found : nullptr;
    found = &spec;
  }
  if (rival != nullptr)
    throw Error(fmt::format("CDI device \"{}\" is defined twice: in {} and in {}", name,
                            rival->file, found->file))
        .with_hint("remove one of the files");
  if (found != nullptr) return *found;
  if (!kinds_of(registry).contains(kind_of(name))) fail_without_kind(kind_of(name), registry);
  fail_without_device(name, registry);
}

void refuse_what_is_beyond(const CdiGrant& grant) {
  if (grant.edits.beyond.empty()) return;
  throw Error(fmt::format("CDI device \"{}\" wants {}, which stack cannot give", grant.name,
                          join(grant.edits.beyond, ", ")))
      .with_hint("says " + grant.file);
}

/// Puts together what one service gets.
class Granter {
 public:
  explicit Granter(const CdiRegistry& registry) : registry_(registry) {}

  /// Throws Error.
  void add(const std::string& name, const std::string& place) {
    if (!names_.insert(name).second) return;
    const CdiSpec& spec = spec_of(name, registry_);
    if (files_.insert(spec.file).second && spec.edits != CdiEdits{})
      add({spec.kind, spec.file, place, spec.edits});
    add({name, spec.file, place, spec.devices.at(device_of(name))});
  }

  std::vector<CdiGrant> take() { return std::move(grants_); }

 private:
  void add(CdiGrant grant) {
    refuse_what_is_beyond(grant);
    grants_.push_back(std::move(grant));
  }

  const CdiRegistry& registry_;
  std::set<std::string> names_;
  std::set<std::string> files_;
  std::vector<CdiGrant> grants_;
};

/// Which request of its list it is.
std::vector<std::string> places_of(const std::vector<spec::DeviceRequest>& requests) {
  std::vector<std::string> places;
  std::size_t reserved = 0;
  std::size_t gpus = 0;
  for (const auto& request : requests)
    places.push_back(request.reserved
                         ? fmt::format("deploy.resources.reservations.devices.{}", reserved++)
                         : fmt::format("gpus.{}", gpus++));
  return places;
}

std::vector<CdiGrant> grants_of(const spec::Service& service, const CdiRegistry& registry,
                                const std::function<void(const std::string&, const Error&)>& tell) {
  Granter granter(registry);
  const auto attempt = [&](const std::string& place, const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      tell(place, error);
    }
  };
  for (std::size_t i = 0; i < service.devices.size(); ++i) {
    const std::string& name = service.devices[i].source;
    const std::string place = fmt::format("devices.{}", i);
    if (spec::is_cdi_name(name)) attempt(place, [&] { granter.add(name, place); });
  }
  const auto places = places_of(service.device_requests);
  for (std::size_t i = 0; i < places.size(); ++i) {
    attempt(places[i], [&] {
      for (const auto& name : requested_devices(service.device_requests[i], registry))
        granter.add(name, places[i]);
    });
  }
  return granter.take();
}

/// Looks at the machine for one service.
class GrantCheck {
 public:
  GrantCheck(const std::string& service, const spec::SourceMap& sources)
      : service_(service), sources_(sources) {}

  void check(const CdiGrant& grant) {
    void_inquiry();
    for (const auto& node : grant.edits.nodes)
      if (!node.identity) require_device(grant, node.source);
    for (const auto& mount : grant.edits.mounts)
      if (mount.kind == runtime::MountKind::bind && !exists(mount.source))
        add(grant, mount.source, "does not exist");
    for (const auto& hook : grant.edits.hooks)
      if (::access(hook.path.c_str(), X_OK) != 0)
        add(grant, hook.path, exists(hook.path) ? "cannot be executed" : "does not exist");
  }

  std::vector<Problem> take() { return std::move(problems_); }

 private:
  void require_device(const CdiGrant& grant, const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return add(grant, path, "does not exist");
    if (!S_ISCHR(info.st_mode) && !S_ISBLK(info.st_mode)) add(grant, path, "is no device node");
  }

  void add(const CdiGrant& grant, const std::string& path, const char* what) {
    problems_.push_back({fmt::format("service \"{}\": CDI device \"{}\" needs {}, which {}",
                                     service_, grant.name, printable(path), what),
                         sources_.find(fmt::format("services.{}.{}", service_, grant.place)),
                         fmt::format("says {}: is it up to date?", grant.file)});
  }

  const std::string& service_;
  const spec::SourceMap& sources_;
  std::vector<Problem> problems_;
};

}  // namespace

const std::vector<std::filesystem::path>& cdi_directories() {
  static const std::vector<std::filesystem::path> directories = {"/etc/cdi", "/var/run/cdi"};
  return directories;
}

CdiRegistry read_cdi_registry(const std::vector<std::filesystem::path>& directories) {
  CdiRegistry registry;
  for (std::size_t priority = 0; priority < directories.size(); ++priority) {
    for (const std::string& name : list_directory(directories[priority])) {
      const auto path = directories[priority] / name;
      if (path.extension() != ".json" && path.extension() != ".yaml") continue;
      try {
        registry.specs.push_back(parse_cdi_spec(path, read_file(path, largest_spec)));
        registry.specs.back().priority = static_cast<int>(priority);
      } catch (const Error& error) {
        registry.broken.emplace_back(error.what());
      }
    }
  }
  return registry;
}

bool needs_cdi(const spec::Project& project, const std::set<std::string>& services) {
  return std::ranges::any_of(services, [&](const std::string& name) {
    const spec::Service& service = project.services.at(name);
    return !service.device_requests.empty() ||
           std::ranges::any_of(service.devices,
                               [](const auto& each) { return spec::is_cdi_name(each.source); });
  });
}

CdiGrants grant_devices(const spec::Project& project, const std::set<std::string>& services,
                        const CdiRegistry& registry, std::vector<Problem>& problems) {
  CdiGrants grants;
  for (const std::string& name : services) {
    const auto tell = [&](const std::string& place, const Error& error) {
      problems.push_back({fmt::format("service \"{}\": {}", name, error.what()),
                          project.sources.find(fmt::format("services.{}.{}", name, place)),
                          error.hint()});
    };
    auto granted = grants_of(project.services.at(name), registry, tell);
    if (!granted.empty()) grants[name] = std::move(granted);
  }
  return grants;
}

std::vector<Problem> check_grants(const std::vector<CdiGrant>& grants, const std::string& service,
                                  const spec::SourceMap& sources) {
  GrantCheck check(service, sources);
  for (const CdiGrant& grant : grants) check.check(grant);
  return check.take();
}

}  // namespace stack::orchestrator
