// SPDX-License-Identifier: Apache-2.0
// A loaded project written out again: the body of `stack config`.
#pragma once

#include <string>

#include "spec/model.h"

namespace stack::spec {

/// JSON with docker compose's own fields, types and defaults, `$` written as `$$`; two-space
/// indent.
std::string to_json(const Project& project);
/// The same tree as YAML.
std::string to_yaml(const Project& project);

/// One service or provider of it in one line, as it is: without `$$`. It has to be there.
std::string service_json(const Project& project, const std::string& service);

/// A value in one line, as YAML's flow notation: {a: 1, b: [x, y]}.
std::string flow_text(const Node& node);

}  // namespace stack::spec
