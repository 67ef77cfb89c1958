// SPDX-License-Identifier: Apache-2.0
// How this host gets its packages: the sources, trusted keys and proxy that apt is set up with.
// An image is built from exactly those; no mirror is named here.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stack::image {

struct AptSetup {
  std::vector<std::filesystem::path> sources;  ///< *.sources and *.list files with entries
  std::vector<std::string> options;  ///< apt.conf statements: proxies, certificates, logins
  std::string suite;                 ///< VERSION_CODENAME of the host
};

/// Reads etc/ below `root` ("/" but in tests). `apt_config` is what `apt-config dump` prints.
/// Throws Error when there are no sources.
AptSetup read_apt_setup(const std::filesystem::path& root, const std::string& apt_config);

/// VERSION_CODENAME of an os-release file; empty when it has none.
std::string version_codename(const std::string& os_release);

/// True when a sources file has an entry of binary packages that is not commented out or disabled.
/// `extension` is ".list" (one-line style) or ".sources" (deb822).
bool has_binary_sources(const std::string& content, const std::string& extension);

/// The statements of `apt-config dump` that say how to fetch: proxies, certificates, retries,
/// checks of dates. Which indices and languages to fetch is not the image's business.
std::vector<std::string> fetch_options(const std::string& apt_config);

/// A sources file with the suite `from` (also "from-updates" and the like) replaced by `to`.
std::string retarget_sources(const std::string& content, const std::string& from,
                             const std::string& to);

}  // namespace stack::image
