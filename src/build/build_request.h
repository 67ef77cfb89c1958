// SPDX-License-Identifier: Apache-2.0
// What is to be built, and what a build needs of its surroundings. Plain values; nothing here knows
// compose.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "build/git_reference.h"
#include "build/step_network.h"
#include "image/store_index.h"
#include "runtime/container_spec.h"

namespace stack::build {

/// A further source of files: a directory of the host, an image, or a git repository.
struct NamedContext {
  std::filesystem::path directory;
  std::string image;  ///< name or id
  std::optional<GitReference> repository = {};
};

/// "DIRECTORY", "docker-image://NAME" or the address of a repository. Throws Error for another one.
NamedContext named_context(const std::string& text);

enum class BuildNetwork { usual, none, host };
/// "default", "none" or "host". Throws Error for another one.
BuildNetwork network_named(const std::string& name);

struct BuildRequest {
  std::string dockerfile_name = "Dockerfile";  ///< for messages
  std::string dockerfile;                      ///< its text
  std::filesystem::path context;               ///< directory; empty: there is none
  std::string ignore;                          ///< text of .dockerignore
  std::string target;
  std::map<std::string, std::string> arguments;
  std::map<std::string, std::string> labels;
  std::vector<std::string> names;  ///< of the image, canonical
  std::map<std::string, NamedContext> contexts;
  std::map<std::string, std::string> secrets;            ///< id -> content
  std::map<std::string, std::string> agents;             ///< ssh: id -> socket
  std::map<std::string, std::vector<std::string>> keys;  ///< ssh: id -> files, for an own agent
  BuildNetwork network = BuildNetwork::usual;
  std::vector<std::string> extra_hosts;  ///< "NAME=ADDRESS"
  std::optional<std::uint64_t> shm_size;
  std::optional<std::uint64_t> memory;
  std::map<std::string, runtime::UlimitSpec> ulimits;
  bool no_cache = false;
  std::set<std::string> no_cache_stages;  ///< names of stages
  bool pull = false;                      ///< base images are fetched anew
};

/// Of the named contexts.
std::set<std::string> context_names(const BuildRequest& request);

/// Who is told how a build goes. A step has a number, which tells its lines from those of others.
class BuildReport {
 public:
  virtual ~BuildReport() = default;
  virtual void begin(int step, const std::string& title) = 0;
  virtual void output(int step, std::string_view bytes) = 0;
  enum class End { done, cached, failed, cancelled };
  virtual void end(int step, End how) = 0;
  virtual void warn(const std::string& text) = 0;
};

/// What a server of the web says of a file besides its bytes.
struct WebFile {
  std::string etag;      ///< header ETag
  std::string modified;  ///< header Last-Modified
  std::string name;      ///< what it is called; may be empty
};

/// Directories of BuildSurroundings::cache that are for builds only.
inline constexpr const char* cache_mounts_name = "build";
inline constexpr const char* downloads_name = "downloads";
inline constexpr const char* git_trees_name = "git";
inline constexpr const char* digests_name = "build-digests";

struct BuildSurroundings {
  image::StorePaths store;
  std::filesystem::path cache;  ///< the directories above, and compiled seccomp programs
  BuildReport& report;
  /// An image by name or id; `pull`: fetched anew where that can be. Throws Error when there is
  /// none.
  std::function<image::Image(const std::string& reference, bool pull)> find_image;
  /// Writes the file at a URL into the open file `fd`; nothing is written or returned when it still
  /// is what `known` says. Throws Error.
  std::function<std::optional<WebFile>(const std::string& url, const WebFile& known, int fd)> fetch;
  std::chrono::milliseconds patience;    ///< how long a server of git may say nothing
  std::shared_ptr<StepNetwork> network;  ///< of RUN, but with BuildNetwork::none and host
};

}  // namespace stack::build
