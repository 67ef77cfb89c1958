// SPDX-License-Identifier: Apache-2.0
// Files that ADD takes from the web. They are kept, from whichever project, so that a server is
// only asked whether something has changed; one whose checksum the Dockerfile tells is not asked
// for at all when it is there.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "build/build_request.h"
#include "build/file_source.h"

namespace stack::build {

/// http:// or https://.
bool is_url(const std::string& source);

struct DownloadRequest {
  std::string url;
  std::string checksum;  ///< "sha256:..." that it must have; empty: whatever it is
  bool anew = false;     ///< what is there does not count
};

struct Download {
  std::shared_ptr<const FileSource> source;  ///< where it is,
  std::string file;                          ///< under this name
  std::string name;                          ///< what its server calls it; may be empty
  bool was_there = false;                    ///< no byte of it was sent
};

/// Mode 0600, owner 0, and the time of its header Last-Modified, else 1970, as docker gives them.
/// Nothing is kept of what breaks off or has another checksum. Throws Error.
Download download(const BuildSurroundings& with, const DownloadRequest& request);

/// The same into a file without a name, positioned at its beginning; nothing is kept. Throws Error.
Fd download_once(const BuildSurroundings& with, const std::string& url,
                 const std::filesystem::path& directory);

}  // namespace stack::build
