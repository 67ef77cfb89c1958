// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/build_services.h"

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "build/builder.h"
#include "build/ssh_agents.h"
#include "build/stages.h"
#include "image/reference.h"

namespace stack::orchestrator {
namespace {

constexpr std::string_view of_service = "service:";

/// With the place of a key of the service's build, where it has one.
std::string at_key(const spec::Project& project, const std::string& service, const std::string& key,
                   const std::string& text) {
  const auto place = project.sources.find(fmt::format("services.{}.build.{}", service, key));
  return place ? fmt::format("{}: {}", spec::to_text(*place), text) : text;
}

/// An Error at a key of the service's build.
[[noreturn]] void refuse(const spec::Project& project, const std::string& service,
                         const std::string& key, const std::string& text) {
  throw Error(at_key(project, service, key, text)).with_exit_code(ExitCode::invalid_file);
}

class Order {
 public:
  Order(const spec::Project& project, const std::set<std::string>& wanted)
      : project_(project), wanted_(wanted) {}

  std::vector<std::string> run() {
    for (const std::string& name : wanted_) visit(name);
    return std::move(order_);
  }

 private:
  void visit(const std::string& name) {
    if (std::find(order_.begin(), order_.end(), name) != order_.end()) return;
    if (!open_.insert(name).second)
      throw Error(fmt::format("the builds of {} need one another", fmt::join(open_, ", ")))
          .with_exit_code(ExitCode::invalid_file);
    const spec::Service& service = project_.services.at(name);
    for (const auto& [context, source] : service.build->additional_contexts)
      if (source.starts_with(of_service)) visit_if_built(source.substr(of_service.size()));
    // A base image may be that of a service it depends on, which nothing else tells.
    for (const auto& [dependency, how] : service.depends_on)
      if (wanted_.contains(dependency) && !open_.contains(dependency)) visit(dependency);
    open_.erase(name);
    order_.push_back(name);
  }

  void visit_if_built(const std::string& name) {
    const auto found = project_.services.find(name);
    if (found != project_.services.end() && found->second.build) visit(name);
  }

  const spec::Project& project_;
  const std::set<std::string>& wanted_;
  std::set<std::string> open_;
  std::vector<std::string> order_;
};

bool is_wanted(const spec::Service& service, Building building,
               const std::set<std::string>& there) {
  if (!service.build || building == Building::of_none) return false;
  if (building == Building::of_all || service.pull_policy == "build") return true;
  return !there.contains(service.image);
}

class Lowering {
 public:
  Lowering(const spec::Project& project, const std::string& service)
      : project_(project), name_(service), build_(*project.services.at(service).build) {}

  ServiceBuild run() {
    lower_sources();
    lower_values();
    lower_limits();
    for (const auto& [name, source] : build_.additional_contexts) lower_context(name, source);
    for (const auto& secret : build_.secrets) lower_secret(secret);
    for (const std::string& text : build_.ssh) lower_ssh(text);
    return std::move(result_);
  }

 private:
  void lower_sources() {
    result_.wish.source = build_.context.empty() ? project_.working_dir.native() : build_.context;
    result_.wish.dockerfile = build_.dockerfile;
    result_.wish.dockerfile_text = build_.dockerfile_inline;
    request().target = build_.target;
  }

  void lower_values() {
    for (const auto& [name, value] : build_.args)
      if (value) request().arguments[name] = *value;
    request().labels = build_.labels;
    // As docker compose marks what it has built.
    request().labels["com.docker.compose.project"] = project_.name;
    request().labels["com.docker.compose.service"] = name_;
    request().extra_hosts = build_.extra_hosts;
    request().no_cache = build_.no_cache;
    request().no_cache_stages.insert(build_.no_cache_filter.begin(), build_.no_cache_filter.end());
    request().pull = build_.pull;
    request().shm_size = build_.shm_size;
    add_name(project_.services.at(name_).image);
    for (const std::string& tag : build_.tags) add_name(tag);
    try {
      request().network = build::network_named(build_.network);
    } catch (const Error& error) {
      refuse(project_, name_, "network", error.what());
    }
  }

  void add_name(const std::string& name) {
    std::string full = image::canonical(image::parse_reference(name));
    auto& names = request().names;
    if (std::find(names.begin(), names.end(), full) == names.end())
      names.push_back(std::move(full));
  }

  void lower_limits() {
    if (build_.privileged)
      refuse(project_, name_, "privileged", "building with all rights is not supported");
    for (const std::string& platform : build_.platforms)
      if (!build::is_own_platform(platform))
        refuse(project_, name_, "platforms",
               fmt::format("platform {} is not this machine's", stack::quoted(platform)));
    for (const auto& [name, limit] : build_.ulimits)
      request().ulimits[name] = {limit.soft, limit.hard};
  }

  void lower_context(const std::string& name, const std::string& source) {
    if (source.starts_with(of_service)) {
      const auto& other = project_.services.at(source.substr(of_service.size()));
      request().contexts[name] = {{}, other.image};
      return;
    }
    try {
      request().contexts[name] = build::named_context(source);
    } catch (const std::exception& error) {
      refuse(project_, name_, "additional_contexts", error.what());
    }
  }

  void lower_secret(const spec::FileReference& secret) {
    const auto found = project_.secrets.find(secret.source);
    if (found == project_.secrets.end())
      refuse(project_, name_, "secrets", fmt::format("no secret {}", stack::quoted(secret.source)));
    const spec::FileObject& object = found->second;
    const std::string id =
        secret.target.empty() ? secret.source : secret.target.substr(secret.target.rfind('/') + 1);
    if (object.content) {
      request().secrets[id] = *object.content;
    } else if (!object.environment.empty()) {
      const auto value = project_.variables.find(object.environment);
      if (value == project_.variables.end())
        refuse(
            project_, name_, "secrets",
            fmt::format("secret {}: the environment has no {}", secret.source, object.environment));
      request().secrets[id] = value->second;
    } else {
      request().secrets[id] = during(fmt::format("secret {}", secret.source),
                                     [&] { return read_file(object.file, 1 << 20); });
    }
  }

  void lower_ssh(const std::string& text) {
    const auto running = project_.variables.find("SSH_AUTH_SOCK");
    try {
      build::add_ssh(text, running == project_.variables.end() ? "" : running->second,
                     project_.working_dir, request());
    } catch (const Error& error) {
      throw Error(at_key(project_, name_, "ssh", error.what()))
          .with_hint(error.hint())
          .with_exit_code(ExitCode::invalid_file);
    }
  }

  build::BuildRequest& request() { return result_.request; }

  const spec::Project& project_;
  const std::string& name_;
  const spec::Build& build_;
  ServiceBuild result_;
};

}  // namespace

std::vector<std::string> services_to_build(const spec::Project& project,
                                           const std::set<std::string>& services, Building building,
                                           const std::set<std::string>& there) {
  std::set<std::string> wanted;
  for (const std::string& name : services)
    if (is_wanted(project.services.at(name), building, there)) wanted.insert(name);
  return Order(project, wanted).run();
}

ServiceBuild lower_build(const spec::Project& project, const std::string& service) {
  return Lowering(project, service).run();
}

build::OpenedContext open_service_context(const spec::Project& project, const std::string& service,
                                          ServiceBuild& lowered,
                                          const build::BuildSurroundings& with) {
  // Who names a Dockerfile is told of the lack of it there.
  const char* const key = lowered.wish.dockerfile.empty() ? "context" : "dockerfile";
  return during(at_key(project, service, key, fmt::format("building {}", service)),
                [&] { return build::open_context(lowered.wish, with, lowered.request); });
}

std::map<std::string, image::Image> build_services(
    const spec::Project& project, const std::vector<std::string>& services,
    build::BuildSurroundings& with, const std::function<void(build::BuildRequest&)>& adjust) {
  std::map<std::string, image::Image> images;
  for (const std::string& name : services) {
    const std::string what = fmt::format("building {}", name);
    ServiceBuild lowered = during(what, [&] { return lower_build(project, name); });
    if (adjust) adjust(lowered.request);
    const auto context = open_service_context(project, name, lowered, with);
    images.emplace(name, during(what, [&] { return build::build_image(lowered.request, with); }));
  }
  return images;
}

std::set<std::string> images_there(const spec::Project& project,
                                   const std::set<std::string>& services,
                                   const image::ImageStore& store) {
  std::set<std::string> there;
  for (const std::string& name : services) {
    const spec::Service& service = project.services.at(name);
    const std::string& image = service.image;
    if (service.build && !image.empty() && !there.contains(image) && store.find(image))
      there.insert(image);
  }
  return there;
}

}  // namespace stack::orchestrator
