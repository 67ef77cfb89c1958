// SPDX-License-Identifier: Apache-2.0
// Image names by docker's rules: [registry/][namespace/]name[:tag][@digest].
#pragma once

#include <string>
#include <string_view>

namespace stack::image {

/// Where a name without a registry belongs.
constexpr std::string_view default_registry = "docker.io";

struct Reference {
  std::string registry;    ///< "docker.io"
  std::string repository;  ///< "library/postgres"
  std::string tag;         ///< "latest" when neither tag nor digest is given
  std::string digest;      ///< "sha256:..." or empty
  bool operator==(const Reference&) const = default;
};

/// Throws Error ("repository name must be lowercase", ...).
Reference parse_reference(const std::string& text);
/// The full name: "docker.io/library/postgres:15".
std::string canonical(const Reference& reference);
/// The short form people type: "postgres:15".
std::string familiar(const Reference& reference);

}  // namespace stack::image
