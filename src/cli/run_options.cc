// SPDX-License-Identifier: Apache-2.0
#include "cli/run_options.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/labels.h"
#include "cli/style.h"
#include "spec/dotenv.h"
#include "spec/scalars.h"
#include "spec/short_forms.h"

namespace stack::cli {
namespace {

[[noreturn]] void refuse(const char* flag, const std::string& text, const spec::Refusal& refusal) {
  Error error(fmt::format("{} {}: {}", flag, printable(text), refusal.message));
  if (!refusal.hint.empty()) error.with_hint(refusal.hint);
  throw error.with_exit_code(ExitCode::usage);
}

template <typename Value>
Value accept(const char* flag, const std::string& text, spec::Parsed<Value> parsed) {
  if (const auto* refusal = std::get_if<spec::Refusal>(&parsed)) refuse(flag, text, *refusal);
  return std::get<Value>(std::move(parsed));
}

spec::Port port_of(const spec::PortParts& parts, const std::string& text) {
  spec::Port port;
  port.host_ip = parts.host_ip;
  port.target = parts.target;
  if (!parts.protocol.empty()) port.protocol = parts.protocol;
  if (parts.published.empty()) return port;
  const auto range = accept("-p", text, spec::parse_port_range(parts.published, "published port"));
  port.published = range.first;
  port.published_last = range.last;
  return port;
}

/// "~/x" and "./x" as the absolute paths that they are.
std::string host_path(const std::string& source, const std::filesystem::path& folder) {
  const char* const home = std::getenv("HOME");
  if (source == "~" || source.starts_with("~/"))
    return (std::filesystem::path(home == nullptr ? "/" : home) /
            source.substr(source == "~" ? 1 : 2))
        .lexically_normal();
  return (folder / source).lexically_normal();
}

spec::Mount mount_of(const std::string& text, const std::filesystem::path& folder) {
  const auto parts = accept("-v", text, spec::parse_volume(text));
  for (const auto& option : parts.unknown_options)
    std::cerr << fmt::format("warning: -v {}: option \"{}\" is not known, and has no effect\n",
                             printable(text), printable(option));
  spec::Mount mount;
  mount.type = parts.is_bind ? spec::MountType::bind : spec::MountType::volume;
  mount.source = parts.is_bind ? host_path(parts.source, folder) : parts.source;
  mount.target = parts.target;
  if (parts.read_only) mount.access = spec::Access::read_only;
  mount.nocopy = parts.nocopy;
  mount.propagation = parts.propagation;
  if (!mount.target.starts_with('/'))
    refuse("-v", text, {fmt::format("mount path must be absolute: \"{}\"", mount.target), ""});
  return mount;
}

std::optional<std::string> our_value(const std::string& key) {
  const char* const value = std::getenv(key.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void add_file(const std::string& path, spec::Environment& environment) {
  const auto read = spec::parse_dotenv(
      read_file(path), [](std::string_view name) { return our_value(std::string(name)); });
  if (read.error)
    throw Error(fmt::format("{}:{}: {}", printable(path), read.error->line, read.error->message))
        .with_exit_code(ExitCode::invalid_file);
  for (const auto& entry : read.entries)
    environment[entry.key] = entry.value ? entry.value : our_value(entry.key);
}

spec::Strings capabilities_of(const std::vector<std::string>& names) {
  spec::Strings canonical;
  for (const auto& name : names) {
    std::string upper = name;
    for (char& letter : upper)
      if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    if (upper.starts_with("CAP_")) upper.erase(0, 4);
    canonical.push_back(std::move(upper));
  }
  return canonical;
}

spec::Strings words_of(const std::string& text) {
  auto words = spec::split_words(text);
  if (!words.mistake.empty())
    throw Error(fmt::format("--entrypoint {}: it has {}", printable(text), words.mistake))
        .with_exit_code(ExitCode::usage);
  // Not the image's, and not its command either: an empty list would leave that.
  if (words.words.empty()) return {""};
  return std::move(words.words);
}

}  // namespace

std::vector<spec::Port> ports_of(const std::vector<std::string>& texts) {
  std::vector<spec::Port> ports;
  for (const auto& text : texts)
    for (const auto& parts : accept("-p", text, spec::parse_ports(text)))
      ports.push_back(port_of(parts, text));
  return ports;
}

std::vector<spec::Mount> mounts_of(const std::vector<std::string>& texts,
                                   const std::filesystem::path& folder) {
  std::vector<spec::Mount> mounts;
  for (const auto& text : texts) mounts.push_back(mount_of(text, folder));
  return mounts;
}

spec::Environment environment_of(const std::vector<std::string>& files,
                                 const std::vector<std::string>& texts) {
  spec::Environment environment;
  for (const auto& file : files) add_file(file, environment);
  for (const auto& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    environment[key] = equals == std::string::npos ? our_value(key) : text.substr(equals + 1);
  }
  return environment;
}

orchestrator::RunRequest run_request(const Options& options) {
  orchestrator::RunRequest request;
  const auto& words = options.arguments;
  request.service = words.front();
  if (words.size() > 1) request.command.emplace(words.begin() + 1, words.end());
  if (!options.entrypoints.empty()) request.entrypoint = words_of(options.entrypoints.back());
  request.environment = environment_of(options.env_from_files, options.environment);
  request.labels = pairs(options.labels);
  request.user = options.user;
  request.working_dir = options.workdir;
  request.volumes = mounts_of(options.mounts, options.mounts.empty() ? "" : current_directory());
  request.ports = ports_of(options.publish);
  request.service_ports = options.service_ports;
  request.use_aliases = options.use_aliases;
  request.cap_add = capabilities_of(options.cap_add);
  request.cap_drop = capabilities_of(options.cap_drop);
  request.stdin_open = options.keep_stdin && !options.detach;
  request.tty =
      !options.detach && !options.no_tty && is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
  return request;
}

}  // namespace stack::cli
