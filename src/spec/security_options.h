// SPDX-License-Identifier: Apache-2.0
// `security_opt`: the words that docker takes, "key=value" or the older "key:value".
#pragma once

#include "spec/model.h"
#include "spec/short_forms.h"

namespace stack::spec {

enum class SecurityKey {
  no_new_privileges,
  writable_cgroups,
  system_paths,
  seccomp,
  apparmor,
  ignored,  ///< of SELinux (label=...): without meaning where there is none
};

struct SecurityOption {
  SecurityKey key = SecurityKey::ignored;
  std::string value;  ///< of switches "true" or "false"
  bool operator==(const SecurityOption&) const = default;
};

/// "no-new-privileges", "seccomp=FILE", "apparmor=NAME", "systempaths=unconfined", ...
Parsed<SecurityOption> parse_security_option(std::string_view text);
/// Later options win.
void apply(const SecurityOption& option, SecurityOptions& options);

}  // namespace stack::spec
