// SPDX-License-Identifier: Apache-2.0
// What a container asks for and this machine cannot give, known before anything is made. Where
// docker starts the container without the limit and says so, this says so too; elsewhere it is
// refused.
#pragma once

#include <string>
#include <vector>

#include "runtime/container_spec.h"
#include "runtime/host_abilities.h"

namespace stack::runtime {

enum class Severity { warning, error };

struct Unmet {
  std::string key;  ///< as compose calls it: "mem_limit", "ulimits.nofile"
  Severity severity = Severity::warning;
  std::string sentence;
  std::string cure;
};

/// Pure, but for the paths of devices, which are looked at. In the order of the keys in
/// ContainerSpec.
std::vector<Unmet> unmet(const ContainerSpec& spec, const HostAbilities& host);

}  // namespace stack::runtime
