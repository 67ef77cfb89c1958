// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/log_places.h"

#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "orchestrator/lower_logging.h"
#include "orchestrator/resolved_host.h"

namespace stack::orchestrator {
namespace {

using supervisor::LogShipping;

}  // namespace

std::vector<Problem> check_log_places(const DesiredState& desired, const Changes& changes) {
  std::vector<Problem> warnings;
  std::set<std::string> told;
  for (const auto& [name, wish] : desired.containers) {
    const auto change = changes.containers.find(name);
    if (change == changes.containers.end() || change->second.verdict == Verdict::keep) continue;
    const auto shipping = log_shipping_of(wish, {});
    if (!shipping || shipping->way != LogShipping::Way::unix_socket ||
        stack::exists(shipping->place) || !told.insert(wish.service).second)
      continue;
    warnings.push_back({fmt::format("service {}: nobody takes its output: there is no {}",
                                    stack::quoted(wish.service), shipping->place),
                        desired.sources.find(fmt::format("services.{}.logging", wish.service)),
                        "it is kept, and sent as soon as somebody does"});
  }
  return warnings;
}

void resolve_log_host(supervisor::ContainerConfig& config) {
  auto& shipping = config.log.shipping;
  if (shipping && shipping->way != LogShipping::Way::unix_socket)
    shipping->place = resolve_host(shipping->place, "syslog-address");
}

}  // namespace stack::orchestrator
