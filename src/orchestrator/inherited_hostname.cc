// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/inherited_hostname.h"

#include <limits.h>
#include <unistd.h>

#include <array>

#include "base/files.h"
#include "base/ids.h"
#include "base/inquiry.h"
#include "base/text.h"
#include "supervisor/shared_namespaces.h"

namespace stack::orchestrator {
namespace {

std::string hostname_of_machine() {
  void_inquiry();
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// Of a container that is not among those wished for: of another stack, or made by hand as this one
/// is; empty when it does not run.
std::string hostname_elsewhere(const HostPaths& paths, const std::string& container) {
  const auto running = supervisor::find_running_elsewhere(paths, "", container);
  if (!running) return "";
  return std::string(trim(read_file_if_exists(running->files / "hostname").value_or("")));
}

}  // namespace

std::string hostname_of_id(const std::string& id) {
  return short_id(id);
}

std::string inherited_hostname(const DesiredContainer& wish, const DesiredState& desired,
                               const HostPaths& paths,
                               const std::function<std::string(const std::string& name)>& id_of) {
  if (wish.model.network_mode == "host") return hostname_of_machine();
  const auto shared = wish.shares.find("network_mode");
  if (shared == wish.shares.end()) return "";
  const auto other = desired.containers.find(shared->second);
  if (other == desired.containers.end()) return hostname_elsewhere(paths, shared->second);
  if (!other->second.model.hostname.empty()) return other->second.model.hostname;
  const std::string inherited = inherited_hostname(other->second, desired, paths, id_of);
  return inherited.empty() ? hostname_of_id(id_of(other->first)) : inherited;
}

}  // namespace stack::orchestrator
