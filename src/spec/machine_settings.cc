// SPDX-License-Identifier: Apache-2.0
#include "spec/machine_settings.h"

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "spec/reporter.h"
#include "spec/short_forms.h"

namespace stack::spec {
namespace {

void take_address(const Node& value, std::string& address, Reporter& reporter) {
  if (value.is_scalar() && is_ip_address(value.text)) {
    address = value.text;
    return;
  }
  reporter.error("bad-value", value.place, "\"default_bind\" must be an IP address").hint =
      "127.0.0.1 is for this machine alone";
}

void take(const Node& document, MachineSettings& settings, Reporter& reporter) {
  if (!document.is_mapping()) {
    reporter.error("wrong-type", document.place, "the file must be a mapping, not {}",
                   describe(document.kind));
    return;
  }
  for (const Entry& entry : document.entries) {
    if (entry.key == "default_bind")
      take_address(entry.value, settings.default_bind, reporter);
    else
      reporter.error("unknown-key", entry.place, "unknown key {}", stack::quoted(entry.key)).hint =
          "there is one key: default_bind";
  }
}

std::vector<std::string> files_of(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> files{"/etc/stack/config.yaml"};
  const auto value = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  if (const std::string xdg = value("XDG_CONFIG_HOME"); xdg.starts_with('/'))
    files.push_back(xdg + "/stack/config.yaml");
  else if (const std::string home = value("HOME"); !home.empty())
    files.push_back(home + "/.config/stack/config.yaml");
  return files;
}

}  // namespace

MachineSettings parse_machine_settings(std::vector<SourceText> files, Diagnostics& diagnostics) {
  MachineSettings settings;
  Reporter reporter(diagnostics, Purpose::run);
  for (const Documents& documents : parse_sources(std::move(files), reporter))
    for (const Node& document : documents) take(document, settings, reporter);
  return settings;
}

MachineSettings read_machine_settings(const std::map<std::string, std::string>& environment) {
  std::vector<SourceText> files;
  for (const std::string& path : files_of(environment))
    if (auto text = read_file_if_exists(path)) files.push_back({path, path, std::move(*text)});
  if (files.empty()) return {};
  Diagnostics diagnostics;
  MachineSettings settings = parse_machine_settings(std::move(files), diagnostics);
  if (diagnostics.has_errors())
    throw Error(std::string(trim(diagnostics.to_text()))).with_exit_code(ExitCode::invalid_file);
  return settings;
}

}  // namespace stack::spec
