// SPDX-License-Identifier: Apache-2.0
// The devices of the Container Device Interface that services ask for, by name (`devices`) or by
// what they can do (`gpus`): found before anything is made.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/cdi_spec.h"
#include "orchestrator/problem.h"
#include "spec/model.h"

namespace stack::orchestrator {

/// All that this machine's specifications say.
struct CdiRegistry {
  std::vector<CdiSpec> specs;
  std::vector<std::string> broken;  ///< why a file could not be read, each with its place
};

/// What one service gets for one name: of `kind` the edits that all its devices share.
struct CdiGrant {
  std::string name;   ///< "vendor.com/class=name", or "vendor.com/class"
  std::string file;   ///< whose word it is
  std::string place;  ///< who asked, below the service: "devices.0", "gpus.0"
  CdiEdits edits;
  bool operator==(const CdiGrant&) const = default;
};
/// By service.
using CdiGrants = std::map<std::string, std::vector<CdiGrant>>;

/// "/etc/cdi", "/var/run/cdi": what the later one says wins.
const std::vector<std::filesystem::path>& cdi_directories();
/// Reads the files *.json and *.yaml of `directories`, which need not exist.
CdiRegistry read_cdi_registry(const std::vector<std::filesystem::path>& directories);

/// Whether any of `services` asks for such a device: otherwise the registry is not read.
bool needs_cdi(const spec::Project& project, const std::set<std::string>& services);
/// What cannot be had is told by `problems`, each at its line. Pure.
CdiGrants grant_devices(const spec::Project& project, const std::set<std::string>& services,
                        const CdiRegistry& registry, std::vector<Problem>& problems);

/// The devices of a request for graphics processors, as names; throws Error, with a hint, when
/// there are none, or too few. Exposed for tests.
std::vector<std::string> requested_devices(const spec::DeviceRequest& request,
                                           const CdiRegistry& registry);

/// What the grants need of this machine and is not there. Reads.
std::vector<Problem> check_grants(const std::vector<CdiGrant>& grants, const std::string& service,
                                  const spec::SourceMap& sources);

}  // namespace stack::orchestrator
