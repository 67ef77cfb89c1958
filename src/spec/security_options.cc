// SPDX-License-Identifier: Apache-2.0
#include "spec/security_options.h"

#include "base/format.h"
#include "base/text.h"
#include "spec/scalars.h"

namespace stack::spec {
namespace {

struct Pair {
  std::string key;
  std::string value;
  bool has_value = false;
};

Pair take_apart(std::string_view text) {
  const auto mark = text.find_first_of("=:");
  if (mark == std::string_view::npos) return {std::string(text), {}, false};
  return {std::string(text.substr(0, mark)), std::string(text.substr(mark + 1)), true};
}

Parsed<SecurityOption> parse_switch(SecurityKey key, const Pair& pair) {
  if (!pair.has_value) return SecurityOption{key, "true"};
  const auto on = parse_boolean(pair.value);
  if (on) return SecurityOption{key, *on ? "true" : "false"};
  return Refusal{fmt::format("{} is true or false, not {}", pair.key, stack::quoted(pair.value)),
                 {}};
}

Parsed<SecurityOption> parse_text(SecurityKey key, const Pair& pair) {
  if (!pair.value.empty()) return SecurityOption{key, pair.value};
  return Refusal{fmt::format("{} needs a value", pair.key), pair.key + "=unconfined, for example"};
}

}  // namespace

Parsed<SecurityOption> parse_security_option(std::string_view text) {
  const Pair pair = take_apart(text);
  if (pair.key == "no-new-privileges") return parse_switch(SecurityKey::no_new_privileges, pair);
  if (pair.key == "writable-cgroups") return parse_switch(SecurityKey::writable_cgroups, pair);
  if (pair.key == "seccomp") return parse_text(SecurityKey::seccomp, pair);
  if (pair.key == "apparmor") return parse_text(SecurityKey::apparmor, pair);
  if (pair.key == "label" || text == "disable")
    return SecurityOption{SecurityKey::ignored, std::string(text)};
  if (pair.key == "systempaths") {
    if (pair.value == "unconfined") return SecurityOption{SecurityKey::system_paths, pair.value};
    return Refusal{"systempaths can only be unconfined", {}};
  }
  return Refusal{fmt::format("{} is not a security option", stack::quoted(pair.key)),
                 "no-new-privileges, seccomp=, apparmor=, label=, systempaths=unconfined or "
                 "writable-cgroups"};
}

void apply(const SecurityOption& option, SecurityOptions& options) {
  switch (option.key) {
    case SecurityKey::no_new_privileges:
      options.no_new_privileges = option.value == "true";
      break;
    case SecurityKey::writable_cgroups:
      options.writable_cgroups = option.value == "true";
      break;
    case SecurityKey::system_paths:
      options.system_paths_unconfined = true;
      break;
    case SecurityKey::seccomp:
      options.seccomp = option.value;
      break;
    case SecurityKey::apparmor:
      options.apparmor = option.value;
      break;
    case SecurityKey::ignored:
      break;
  }
}

}  // namespace stack::spec
