// SPDX-License-Identifier: Apache-2.0
// Specifications of the Container Device Interface (CDI): what the devices of a vendor need in a
// container, as the vendor's driver wrote it down. Pure: text in, values out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/container_spec.h"

namespace stack::orchestrator {

/// `containerEdits`: what a device changes about a container.
struct CdiEdits {
  std::vector<std::string> environment;  ///< KEY=VALUE, which win over the container's own
  std::vector<runtime::DeviceSpec> nodes;
  std::vector<runtime::MountSpec> mounts;
  std::vector<runtime::HostHook> hooks;  ///< createContainer
  std::vector<std::string> groups;       ///< further ones, numbers
  std::vector<std::string> beyond;       ///< what stack does not do: "a hook poststop (/bin/x)"
  bool operator==(const CdiEdits&) const = default;
};

struct CdiSpec {
  std::string file;
  std::string kind;  ///< "vendor.com/class"
  CdiEdits edits;    ///< for whoever gets any of its devices
  std::map<std::string, CdiEdits> devices;
  int priority = 0;  ///< of its directory; the higher one wins
};

/// JSON or YAML. Throws Error with the place of the first mistake: "/etc/cdi/x.json:3:5: ...".
/// Versions up to 1.1; keys that CDI does not have are mistakes, as CDI wants it.
CdiSpec parse_cdi_spec(const std::string& file, std::string_view text);

}  // namespace stack::orchestrator
