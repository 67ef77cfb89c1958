// SPDX-License-Identifier: Apache-2.0
// Images made from Debian's packages by mmdebstrap: no registry needed.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "image/image_store.h"

namespace stack::image {

struct DebianRequest {
  std::string name;  ///< NAME[:TAG]
  std::vector<std::string> packages;
  std::string suite;                 ///< empty: that of the host
  std::vector<std::string> changes;  ///< as ImageStore::import
  bool rebuild = false;              ///< --no-cache
  std::filesystem::path cache;       ///< not used: what was built is found in the store by a label
};

/// Builds (or, when the same packages of the same suite were built before and are still in the
/// store, re-uses) and tags the image. The host's own apt sources, keys and proxy settings are
/// used. `progress` gets one line of text per step. Throws Error with the end of mmdebstrap's own
/// output when it fails, and with the package to install when mmdebstrap itself is missing; nothing
/// half-made is left.
Image build_debian_image(ImageStore& store, const DebianRequest& request,
                         const std::function<void(const std::string&)>& progress);

/// What the build needs of the host; tests bring their own.
struct DebianHost {
  std::filesystem::path mmdebstrap;
  std::filesystem::path root = "/";  ///< whose etc/apt and etc/os-release
  std::string apt_config;            ///< output of `apt-config dump`
};
/// Throws Error with a hint when mmdebstrap is not installed, or when not root.
DebianHost find_debian_host();
Image build_debian_image(ImageStore& store, const DebianRequest& request, const DebianHost& host,
                         const std::function<void(const std::string&)>& progress);

}  // namespace stack::image
