// SPDX-License-Identifier: Apache-2.0
// Who we are at a registry: docker's config.json (auths, credsStore, credHelpers), and containers'
// auth.json. Read anew for each registry; written by login and logout only.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace stack::registry {

struct Credentials {
  std::string user;
  std::string password;
  std::string identity_token;  ///< instead of both: to be exchanged for tokens
};

class CredentialStore {
 public:
  /// `docker`: config.json; `others`: read after it, in this order.
  CredentialStore(std::filesystem::path docker, std::vector<std::filesystem::path> others)
      : docker_(std::move(docker)), others_(std::move(others)) {}
  /// $DOCKER_CONFIG or ~/.docker, $REGISTRY_AUTH_FILE or containers' own place.
  static CredentialStore from_environment();

  /// For a registry as names have it ("docker.io", "localhost:5000"), or nothing. Throws Error when
  /// a file is damaged or a helper fails.
  std::optional<Credentials> find(const std::string& registry) const;

  /// Into config.json (0600), or with the helper that it names.
  void keep(const std::string& registry, const Credentials& credentials) const;
  /// False when there were none.
  bool forget(const std::string& registry) const;

  /// Something to warn of: the file is readable by others.
  std::string warning() const;
  const std::filesystem::path& file() const { return docker_; }

 private:
  std::filesystem::path docker_;
  std::vector<std::filesystem::path> others_;
};

}  // namespace stack::registry
