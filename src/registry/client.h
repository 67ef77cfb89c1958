// SPDX-License-Identifier: Apache-2.0
// A repository of a registry, by the distribution protocol: who we are, what we may, and where a
// blob really is, are settled here.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "image/manifest.h"
#include "registry/credentials.h"
#include "registry/endpoint.h"
#include "registry/http.h"

namespace stack::registry {

struct FetchedManifest {
  std::string bytes;
  std::string media_type;
  std::string digest;  ///< of the bytes
};

enum class Access { pull, push };

/// May be used by several threads at once.
class RepositoryClient {
 public:
  RepositoryClient(Endpoint endpoint, std::optional<Credentials> credentials, Access access);

  const std::string& repository() const { return endpoint_.repository; }
  const std::string& registry() const { return endpoint_.registry; }

  /// By tag or digest; checked against the digest when it is one, and against what the registry
  /// itself says. Throws Refusal (404) when there is none.
  FetchedManifest manifest(const std::string& reference);
  /// A small blob as a whole, checked.
  std::string document(const image::BlobRef& blob);
  /// A blob from `offset` on; the answer may begin at 0 all the same (status 200).
  Response open_blob(const std::string& digest, std::uint64_t offset);
  std::vector<std::string> tags();

  bool has_blob(const std::string& digest);
  /// Takes a blob over from another repository of the registry; false when that is not possible.
  bool mount_blob(const std::string& digest, const std::string& from);
  /// Uploads what `body` gives. `digest` is asked for when all of it was sent.
  void upload_blob(const BodySource& body, const std::function<std::string()>& digest);
  void put_manifest(const std::string& reference, const std::string& media_type,
                    const std::string& bytes);
  /// Whether the registry lets us in. Throws Refusal.
  void check_login();

 private:
  Response send(Request request, const std::string& scope);
  Response on_some_origin(Request& request, const std::string& authorization);
  bool authenticate(const Response& refused, const std::string& scope);
  std::string fetch_token(const std::map<std::string, std::string>& challenge,
                          const std::string& scope) const;
  std::string repository_scope() const;
  Request request(const std::string& method, const std::string& target) const;
  Origin origin() const;
  void settle(const Origin& origin);
  bool is_settled() const;
  [[noreturn]] void refuse(Response& response, const std::string& what) const;

  Endpoint endpoint_;
  std::optional<Credentials> credentials_;
  Access access_;
  Waits waits_;
  mutable std::mutex mutex_;
  std::string authorization_;      ///< of the last challenge
  std::optional<Origin> settled_;  ///< which of the origins answers
};

}  // namespace stack::registry
