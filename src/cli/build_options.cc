// SPDX-License-Identifier: Apache-2.0
#include "cli/build_options.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/host_paths.h"
#include "base/text.h"
#include "build/dockerfile.h"
#include "build/ssh_agents.h"
#include "build/stages.h"
#include "image/reference.h"
#include "orchestrator/build_network.h"
#include "orchestrator/pull_plan.h"
#include "registry/fetch_file.h"
#include "registry/pull.h"

namespace stack::cli {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(text).with_exit_code(ExitCode::usage);
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// "id=token,src=FILE" by key.
std::map<std::string, std::string> fields_of(const std::string& text) {
  std::map<std::string, std::string> fields;
  for (const std::string& part : split(text, ',')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    fields[to_lower(part.substr(0, equals))] = equals < part.size() ? part.substr(equals + 1) : "";
  }
  return fields;
}

void add_secret(const std::string& text, build::BuildRequest& request) {
  auto fields = fields_of(text);
  const auto known = [](const auto& field) {
    static const std::set<std::string> keys = {"id", "src", "source", "env", "type"};
    return keys.contains(field.first);
  };
  if (!std::all_of(fields.begin(), fields.end(), known) || fields["id"].empty())
    refuse(fmt::format("invalid secret {}: id=NAME,src=FILE or id=NAME,env=VARIABLE", text));
  const std::string file = fields["src"].empty() ? fields["source"] : fields["src"];
  std::string variable = fields["env"];
  if (file.empty() && variable.empty()) variable = fields["id"];
  if (file.empty() || fields["type"] == "env") {
    const auto value = environment(variable.empty() ? file : variable);
    if (!value) fail("secret {}: the environment has no {}", fields["id"], variable);
    request.secrets[fields["id"]] = *value;
    return;
  }
  request.secrets[fields["id"]] =
      during(fmt::format("secret {}", fields["id"]), [&] { return read_file(file, 1 << 20); });
}

std::uint64_t size_of(const std::string& text, const char* flag) {
  std::string digits = to_lower(text);
  if (digits.ends_with('b')) digits.pop_back();
  std::uint64_t unit = 1;
  for (const auto& [letter, factor] :
       {std::pair{'k', 1ULL << 10}, {'m', 1ULL << 20}, {'g', 1ULL << 30}}) {
    if (!digits.ends_with(letter)) continue;
    digits.pop_back();
    unit = factor;
    break;
  }
  const auto number = parse_integer<std::uint64_t>(digits);
  if (!number || *number > UINT64_MAX / unit) refuse(fmt::format("invalid {} {}", flag, text));
  return *number * unit;
}

void add_ulimit(const std::string& text, build::BuildRequest& request) {
  const std::size_t equals = text.find('=');
  const auto parts = split(equals == std::string::npos ? "" : text.substr(equals + 1), ':');
  const auto soft = parse_integer<std::int64_t>(parts.front());
  const auto hard = parse_integer<std::int64_t>(parts.back());
  if (!soft || !hard || parts.size() > 2)
    refuse(fmt::format("invalid ulimit {}: NAME=SOFT or NAME=SOFT:HARD", text));
  if (*hard != -1 && (*soft == -1 || *soft > *hard))
    refuse(fmt::format("invalid ulimit {}: the soft limit is above the hard one", text));
  request.ulimits[text.substr(0, equals)] = {*soft, *hard};
}

void add_context(const std::string& text, build::BuildRequest& request) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    refuse(
        fmt::format("invalid build context {}: NAME=DIRECTORY, NAME=docker-image://IMAGE or "
                    "NAME=REPOSITORY",
                    text));
  request.contexts[text.substr(0, equals)] = build::named_context(text.substr(equals + 1));
}

/// Images of the store, and those that registries have for it: each is asked for once in a build.
class BaseImages {
 public:
  explicit BaseImages(image::ImageStore store) : store_(std::move(store)) {}

  image::Image operator()(const std::string& reference, bool pull) {
    auto found = store_.find(reference);
    if (found && (!pull || fetched_.contains(reference))) return std::move(*found);
    fetched_.insert(reference);
    return fetch(reference, found.has_value());
  }

 private:
  image::Image fetch(const std::string& reference, bool is_there) {
    try {
      return registry::pull_image(store_, {.name = reference},
                                  registry::surroundings_from_environment())
          .image;
    } catch (const Error& error) {
      throw Error(orchestrator::fetch_failure(reference, is_there, error.what()))
          .with_hint(orchestrator::without_registry);
    }
  }

  image::ImageStore store_;
  std::set<std::string> fetched_;
};

}  // namespace

std::optional<std::pair<std::string, std::string>> argument_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos)
    return std::pair(text.substr(0, equals), text.substr(equals + 1));
  const auto value = environment(text);
  return value ? std::optional(std::pair(text, *value)) : std::nullopt;
}

void add_common_flags(const Options& options, build::BuildRequest& request) {
  // As docker buildx: who wants reproducible images says so for all builds at once.
  if (const auto epoch = environment("SOURCE_DATE_EPOCH"))
    request.arguments.emplace("SOURCE_DATE_EPOCH", *epoch);
  for (const std::string& text : options.build_arguments)
    if (const auto argument = argument_of(text))
      request.arguments[argument->first] = argument->second;
  if (options.no_cache) request.no_cache = true;
  if (options.pull) request.pull = true;
  if (!options.memory.empty()) request.memory = size_of(options.memory, "memory");
  for (const std::string& text : options.ssh)
    build::add_ssh(text, environment("SSH_AUTH_SOCK").value_or(""), current_directory(), request);
}

void add_image_flags(const Options& options, build::BuildRequest& request) {
  add_common_flags(options, request);
  request.target = options.target;
  for (const std::string& stages : options.no_cache_filter)
    for (const std::string& stage : split(stages, ','))
      request.no_cache_stages.insert(to_lower(stage));
  for (const std::string& tag : options.tags)
    request.names.push_back(image::canonical(image::parse_reference(tag)));
  for (const std::string& label : options.labels) {
    const std::size_t equals = std::min(label.find('='), label.size());
    request.labels[label.substr(0, equals)] = equals < label.size() ? label.substr(equals + 1) : "";
  }
  for (const std::string& text : options.secrets) add_secret(text, request);
  for (const std::string& text : options.ulimits) add_ulimit(text, request);
  for (const std::string& text : options.build_contexts) add_context(text, request);
  for (const std::string& host : options.add_hosts) {
    if (host.find_first_of(":=") == std::string::npos)
      refuse(fmt::format("invalid host {}: NAME:ADDRESS", host));
    request.extra_hosts.push_back(host);
  }
  if (!options.shm_size.empty()) request.shm_size = size_of(options.shm_size, "shm-size");
  if (!options.build_network.empty()) request.network = build::network_named(options.build_network);
  for (const std::string& platform : options.platforms)
    for (const std::string& each : split(platform, ','))
      if (!build::is_own_platform(each)) fail("platform {} is not this machine's", each);
}

namespace {

std::optional<build::WebFile> fetch(const std::string& url, const build::WebFile& known, int fd) {
  const auto file = registry::fetch_file(url, {known.etag, known.modified, known.name}, fd,
                                         registry::waits_from_environment());
  if (!file) return std::nullopt;
  return build::WebFile{file->etag, file->modified, file->name};
}

}  // namespace

void check_builder(const Options& options) {
  const auto refuse = [](const std::string& text, const char* hint) {
    throw Error(text).with_hint(hint).with_exit_code(ExitCode::usage);
  };
  if (!options.builder.empty() && options.builder != "default")
    refuse(fmt::format("there is no builder {}", printable(options.builder)),
           "there is one, called default, which needs no service");
  for (const auto& [flag, value] :
       {std::pair{"--provenance", options.provenance}, {"--sbom", options.sbom}})
    if (!value.empty() && value != "false" && value != "0")
      refuse(fmt::format("{}: images get no attestations", flag),
             "leave the flag out, or say false");
}

bool tell_habits(const build::BuildRequest& request) {
  const auto file = build::parse_dockerfile(request.dockerfile_name, request.dockerfile);
  build::plan_stages(file, {request.target, request.arguments, build::context_names(request)});
  for (const auto& warning : file.warnings)
    std::cerr << fmt::format("warning: {}\n", build::problem_text(file.name, warning));
  return !file.warnings.empty();
}

build::BuildSurroundings build_surroundings(build::BuildReport& report) {
  const HostPaths paths = HostPaths::from_environment();
  return {.store = {paths.images()},
          .cache = paths.cache(),
          .report = report,
          .find_image = BaseImages(image::ImageStore(paths.images())),
          .fetch = fetch,
          .patience = registry::waits_from_environment().idle,
          .network = std::make_shared<orchestrator::BuildNetwork>(paths)};
}

}  // namespace stack::cli
