// SPDX-License-Identifier: Apache-2.0
// What the machine's owner says about registries: containers' registries.conf (its second format)
// and docker's daemon.json: mirrors, other places, insecure ones, aliases.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stack::registry {

struct Place {
  std::string location;  ///< "host[:port][/path]"
  bool insecure = false;
};

struct RegistryRule {
  std::string prefix;  ///< of names it is about: "host[:port][/path]", or "*.domain"
  std::string location;
  bool insecure = false;
  bool blocked = false;
  std::vector<Place> mirrors;
};

struct RegistriesConf {
  std::vector<RegistryRule> rules;
  std::map<std::string, std::string> aliases;  ///< short name -> "host/path"
  std::vector<std::string> insecure;           ///< of daemon.json: "host[:port]"
  std::vector<std::string> default_mirrors;    ///< of daemon.json: URLs, for the default registry

  /// The one with the longest fitting prefix; null when there is none.
  const RegistryRule* rule_for(std::string_view name) const;
};

/// The tables and keys that are used here; others are passed over. Throws Error with the line.
void read_registries_conf(std::string_view text, RegistriesConf& conf);
void read_daemon_json(const std::string& text, RegistriesConf& conf);
/// $CONTAINERS_REGISTRIES_CONF, else those of the user or of the machine.
RegistriesConf registries_conf_from_environment();

}  // namespace stack::registry
