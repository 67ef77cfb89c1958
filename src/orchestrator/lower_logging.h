// SPDX-License-Identifier: Apache-2.0
// Where a container's output is sent, in the supervisor's terms. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/desired.h"
#include "supervisor/container_config.h"

namespace stack::orchestrator {

/// What `tag` may name of a container (spec::log_tag_words).
struct LogTagWords {
  std::string id;    ///< of the container
  std::string name;  ///< of the container
  std::string image, image_id;

  std::optional<std::string> operator()(std::string_view word) const;
};

/// `config`: with its id, name and environment. A host's name is left as it is written: see
/// resolve_log_host().
std::optional<supervisor::LogShipping> log_shipping_of(const DesiredContainer& wish,
                                                       const supervisor::ContainerConfig& config);

}  // namespace stack::orchestrator
