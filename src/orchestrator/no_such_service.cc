// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/no_such_service.h"

#include "base/text.h"

namespace stack::orchestrator {

NoSuchService::NoSuchService(std::string_view message, std::string name,
                             const std::vector<std::string>& known)
    : Error(std::string(message)), name_(std::move(name)) {
  if (const auto near = nearest(name_, known))
    with_hint(fmt::format("did you mean \"{}\"?", *near));
}

NoSuchService::NoSuchService(const std::string& name, const std::vector<std::string>& known)
    : NoSuchService(fmt::format("no such service: {}", printable(name)), name, known) {}

}  // namespace stack::orchestrator
