// SPDX-License-Identifier: Apache-2.0
#include "registry/endpoint.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace stack::registry {
namespace {

/// Names say docker.io, docker's registry has never answered there.
constexpr const char* default_host = "index.docker.io";

bool is_in(const std::vector<std::string>& list, const std::string& registry) {
  return std::find(list.begin(), list.end(), registry) != list.end();
}

Endpoint make_endpoint(const std::string& registry, const std::string& repository, bool insecure) {
  const std::string host = registry == image::default_registry ? default_host : registry;
  Endpoint endpoint{
      .origins = {origin_of("https", host)},
      .registry = registry,
      .repository = repository,
      .tls = {.registry = registry, .shows_own_certificate = true, .accepts_any = insecure},
      .may_be_plain = insecure};
  const Origin plain = origin_of("http", host);
  // On loopback nobody can listen in, and few servers there have certificates.
  if (is_loopback(plain.host)) {
    endpoint.may_be_plain = true;
    endpoint.origins.insert(endpoint.origins.begin(), plain);
  } else if (insecure) {
    endpoint.origins.push_back(plain);
  }
  return endpoint;
}

/// `place` is "host[:port][/path]", for a repository whose name goes on with `rest`.
Endpoint at_place(const Place& place, const std::string& rest) {
  const auto slash = std::min(place.location.find('/'), place.location.size());
  std::string repository = place.location.substr(slash) + rest;
  repository.erase(0, repository.find_first_not_of('/'));
  if (repository.empty()) fail("{} names no repository", printable(place.location));
  return make_endpoint(place.location.substr(0, slash), repository, place.insecure);
}

/// A mirror of daemon.json is an address, with a scheme.
Endpoint at_mirror(const std::string& url, const std::string& repository) {
  const Url parsed = parse_url(url);
  Endpoint endpoint = make_endpoint(authority(parsed.origin), repository, false);
  endpoint.origins = {parsed.origin};
  endpoint.may_be_plain = parsed.origin.scheme == "http";
  return endpoint;
}

Endpoint itself(const image::Reference& name, const RegistryRule* rule,
                const RegistriesConf& conf) {
  const std::string whole = name.registry + "/" + name.repository;
  const bool insecure = is_in(conf.insecure, name.registry) || (rule != nullptr && rule->insecure);
  if (rule == nullptr || rule->location.empty() || rule->prefix.starts_with("*."))
    return make_endpoint(name.registry, name.repository, insecure);
  return at_place({rule->location, insecure}, whole.substr(rule->prefix.size()));
}

const RegistryRule* allowed_rule(const image::Reference& name, const RegistriesConf& conf) {
  const std::string whole = name.registry + "/" + name.repository;
  const RegistryRule* rule = conf.rule_for(whole);
  if (rule != nullptr && rule->blocked)
    fail("{} is blocked by registries.conf", printable(rule->prefix));
  return rule;
}

}  // namespace

std::vector<Endpoint> endpoints_for(const image::Reference& name, const RegistriesConf& conf) {
  const RegistryRule* rule = allowed_rule(name, conf);
  const std::string whole = name.registry + "/" + name.repository;
  std::vector<Endpoint> endpoints;
  if (rule != nullptr && !rule->prefix.starts_with("*.")) {
    for (const Place& mirror : rule->mirrors)
      endpoints.push_back(at_place(mirror, whole.substr(rule->prefix.size())));
  }
  if (name.registry == image::default_registry) {
    for (const auto& mirror : conf.default_mirrors)
      endpoints.push_back(at_mirror(mirror, name.repository));
  }
  endpoints.push_back(itself(name, rule, conf));
  return endpoints;
}

Endpoint endpoint_of_registry(const image::Reference& name, const RegistriesConf& conf) {
  return itself(name, allowed_rule(name, conf), conf);
}

std::string without_alias(const std::string& text, const RegistriesConf& conf) {
  const auto end = std::min(text.find_first_of(":@"), text.size());
  const auto alias = conf.aliases.find(text.substr(0, end));
  if (alias == conf.aliases.end() || alias->second.empty()) return text;
  return alias->second + text.substr(end);
}

}  // namespace stack::registry
