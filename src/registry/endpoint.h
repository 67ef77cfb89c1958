// SPDX-License-Identifier: Apache-2.0
// Where a repository is asked for: its mirrors first, then its registry.
#pragma once

#include <string>
#include <vector>

#include "image/reference.h"
#include "registry/certificates.h"
#include "registry/registries_conf.h"
#include "registry/url.h"

namespace stack::registry {

struct Endpoint {
  std::vector<Origin> origins;  ///< in the order in which they are tried: https and perhaps http
  std::string registry;         ///< under which credentials for it are kept
  std::string repository;       ///< there
  TlsSetup tls;
  /// http, and realms of it by http, are allowed: loopback, or said to be insecure.
  bool may_be_plain = false;
};

/// For pulling. Throws Error when the owner of the machine has blocked it.
std::vector<Endpoint> endpoints_for(const image::Reference& name, const RegistriesConf& conf);
/// For pushing and logging in: the registry itself.
Endpoint endpoint_of_registry(const image::Reference& name, const RegistriesConf& conf);

/// The full name that an alias of registries.conf makes of a short one ("app", "app:1"); `text`
/// itself when there is none.
std::string without_alias(const std::string& text, const RegistriesConf& conf);

}  // namespace stack::registry
