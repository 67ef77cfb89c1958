// SPDX-License-Identifier: Apache-2.0
// A name was given that is no service's. A type of its own: whoever knows the machine can say what
// else is called so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace stack::orchestrator {

class NoSuchService : public Error {
 public:
  /// The nearest of `known`, when one is near, is the hint.
  NoSuchService(std::string_view message, std::string name, const std::vector<std::string>& known);
  /// "no such service: NAME"
  NoSuchService(const std::string& name, const std::vector<std::string>& known);

  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

}  // namespace stack::orchestrator
