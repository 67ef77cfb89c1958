// SPDX-License-Identifier: Apache-2.0
#include "cli/container_project.h"

#include <sys/mman.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/container_links.h"
#include "cli/container_view.h"
#include "cli/container_wish.h"
#include "cli/image_use.h"
#include "cli/project.h"
#include "cli/run_options.h"
#include "image/image_store.h"
#include "orchestrator/host_networks.h"
#include "orchestrator/one_off.h"
#include "orchestrator/outside_volumes.h"
#include "spec/load.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

/// What the reader of compose files calls the project: it knows names of persons' projects only.
constexpr const char* name_for_reading = "containers";
/// docker's word for the network of containers that have no other.
constexpr const char* network_name = "bridge";

/// A file that is nowhere, with this text.
Fd file_in_memory(const std::string& text) {
  Fd file(::memfd_create("container", MFD_CLOEXEC));
  if (!file) throw_errno("memfd_create");
  write_all(file.get(), text);
  return file;
}

/// What stands in a line of the file: `"mem_limit": "much"`.
std::string line_of(const std::string& text, int number) {
  const auto lines = split(text, '\n');
  if (number < 1 || static_cast<std::size_t>(number) > lines.size()) return "";
  std::string line(trim(lines[static_cast<std::size_t>(number) - 1]));
  // Of what goes on in the next lines its key is all that a person has written.
  while (!line.empty() && std::string_view(",:{[ ").find(line.back()) != std::string_view::npos)
    line.pop_back();
  return line;
}

/// The mistakes of the file that nobody wrote are those of the command line.
[[noreturn]] void refuse(const spec::Diagnostics& diagnostics, const std::string& text) {
  for (const auto& each : diagnostics.sorted()) {
    if (each.severity != spec::Severity::error) continue;
    const std::string line = line_of(text, each.origin.line);
    Error error(line.empty() ? each.message : fmt::format("{}: {}", line, each.message));
    if (!each.hint.empty()) error.with_hint(each.hint);
    throw error.with_exit_code(ExitCode::runtime_error);
  }
  throw Error("the flags cannot be read").with_exit_code(ExitCode::runtime_error);
}

/// A shell has seen to variables before us: what is left of dollars is meant.
std::string with_dollars_kept(const std::string& text) {
  std::string kept;
  for (const char byte : text) kept += byte == '$' ? std::string("$$") : std::string{byte};
  return kept;
}

spec::Project read_document(const nlohmann::json& document, const Options& options) {
  constexpr int indent = 2;
  const std::string text = with_dollars_kept(document.dump(indent));
  const Fd file = file_in_memory(text);
  spec::LoadRequest request = load_request(options);
  request.files = {fmt::format("/proc/self/fd/{}", file.get())};
  request.project_name = name_for_reading;
  request.project_directory = request.current_directory;
  request.env_files = {"/dev/null"};
  request.profiles.clear();
  request.is_isolated = {};
  spec::LoadResult result = spec::load(request);
  if (!result.project) refuse(result.diagnostics, text);
  return std::move(*result.project);
}

/// docker's --volumes-from: all that another container has mounted, at the same places.
void add_volumes_from(const std::vector<std::string>& texts,
                      const std::vector<FoundContainer>& containers, spec::Project& project,
                      spec::Service& service) {
  const HostPaths paths = HostPaths::from_environment();
  for (const auto& text : texts) {
    const std::size_t colon = text.find(':');
    const auto& other = choose_container(containers, text.substr(0, colon)).container.config;
    const std::string mode = colon == std::string::npos ? "" : text.substr(colon + 1);
    if (colon != std::string::npos && mode != "ro" && mode != "rw")
      throw Error(
          fmt::format("--volumes-from {}: invalid mode: {}", printable(text), printable(mode)))
          .with_hint("ro or rw")
          .with_exit_code(ExitCode::runtime_error);
    for (spec::Mount& mount : orchestrator::mounts_to_inherit(other, paths)) {
      const auto taken = [&](const spec::Mount& own) { return own.target == mount.target; };
      if (std::ranges::any_of(service.volumes, taken)) continue;
      if (mode == "ro") mount.access = spec::Access::read_only;
      if (mode == "rw") mount.access = spec::Access::read_write;
      if (mount.type == spec::MountType::volume)
        orchestrator::declare_external_volume(mount.source, project);
      service.volumes.push_back(std::move(mount));
    }
  }
}

/// --link, of any container by any of its names. In the default network the one is told of the
/// other; in others it finds it by name.
void complete_links(const Options& options, const std::vector<FoundContainer>& containers,
                    spec::Service& service) {
  const bool is_default = options.networks.empty() || options.networks.front() == "bridge" ||
                          options.networks.front() == "default";
  ImagesOfContainers images;
  for (spec::Link& link : service.external_links) {
    const auto& other = choose_container(containers, link.service).container;
    if (link.alias.empty()) link.alias = link.service;
    link.service = other.config.name;
    if (is_default) add_link({link.alias, &other, images.exposed(other)}, service);
  }
}

/// -P: the ports that the image and --expose name, each at a free one of the host.
void publish_exposed(spec::Service& service) {
  const image::ImageStore store(HostPaths::from_environment().images());
  const auto image = store.find(service.image);
  if (!image)
    throw Error(
        fmt::format("-P: which ports {} exposes is not known before it is there", service.image))
        .with_hint(fmt::format("`stack image pull {}` fetches it", service.image))
        .with_exit_code(ExitCode::runtime_error);
  std::set<std::string> exposed(image->config.exposed_ports.begin(),
                                image->config.exposed_ports.end());
  exposed.insert(service.expose.begin(), service.expose.end());
  for (const auto& text : exposed) {
    if (text.starts_with("0/")) continue;  // an image may say so; nothing can be behind it
    for (spec::Port& port : ports_of({text})) {
      const auto same = [&](const spec::Port& own) {
        return own.target == port.target && own.protocol == port.protocol;
      };
      if (std::ranges::none_of(service.ports, same)) service.ports.push_back(std::move(port));
    }
  }
}

/// A network's name, of which the beginning of an id that is 12 digits or longer may have been
/// given.
std::string network_called(const std::string& text) {
  const HostPaths paths = HostPaths::from_environment();
  constexpr std::size_t digits = 12;
  const bool may_be_id =
      text.size() >= digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!may_be_id || supervisor::find_network_owner(paths, text, "")) return text;
  for (const auto& each : orchestrator::list_networks(paths))
    if (each.id.starts_with(text)) return each.name;
  return text;
}

/// --network, with names for ids: ID, or name=ID,alias=A.
std::vector<std::string> with_names_for_ids(std::vector<std::string> networks) {
  constexpr std::string_view name_key = "name=";
  for (std::string& network : networks) {
    auto parts = split(network, ',');
    for (std::string& part : parts) {
      if (part.starts_with(name_key))
        part = std::string(name_key) + network_called(part.substr(name_key.size()));
      else if (parts.size() == 1)
        part = network_called(part);
    }
    network = join(parts, ",");
  }
  return networks;
}

}  // namespace

spec::Project container_project(const Options& options, const std::string& name,
                                const std::vector<FoundContainer>& containers) {
  Options named = options;
  named.networks = with_names_for_ids(options.networks);
  spec::Project project = read_document(container_document(named, name), options);
  project.name = orchestrator::lone_containers_project;
  project.working_dir = "/";
  project.files.clear();
  project.sources = {};
  for (auto& [key, network] : project.networks)
    if (!network.external) network.name = network_name;
  spec::Service& service = project.services.at(name);
  add_volumes_from(options.volumes_from, containers, project, service);
  if (options.publish_all) publish_exposed(service);
  complete_links(options, containers, service);
  return project;
}

}  // namespace stack::cli
