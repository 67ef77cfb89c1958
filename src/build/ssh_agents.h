// SPDX-License-Identifier: Apache-2.0
// Who answers for a build to SSH servers: agents that run already, and, for private keys that are
// given as files, an agent of the build's own, which knows nothing else and ends with it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/scratch.h"
#include "build/build_request.h"

namespace stack::build {

/// Adds what "ID", "ID=SOCKET" or "ID=KEY,KEY" says to `request`; no ID is "default". Without
/// anything it is `running`, the socket of the person's agent; relative paths are seen from `base`,
/// "~/" is the person's home.
/// Throws Error.
void add_ssh(const std::string& text, const std::string& running, const std::filesystem::path& base,
             BuildRequest& request);

/// Whether a private key is asked a passphrase for. Pure.
bool needs_passphrase(const std::string& key);

/// The program ssh-agent with some keys. It is killed with us, however we end.
class SshAgent {
 public:
  /// `directory`: for its socket. Throws Error, also for a key that is none or has a passphrase.
  SshAgent(ScratchDirectory directory, const std::vector<std::string>& keys);
  ~SshAgent();
  SshAgent(const SshAgent&) = delete;
  SshAgent& operator=(const SshAgent&) = delete;
  const std::filesystem::path& socket() const { return socket_; }

 private:
  void start();
  void add(const std::string& key) const;

  ScratchDirectory directory_;
  std::filesystem::path socket_;
  int pid_ = 0;
};

/// Starts one for each id that has keys, and notes its socket in `request`.
std::vector<std::unique_ptr<SshAgent>> start_agents(BuildRequest& request,
                                                    const image::StorePaths& store);

}  // namespace stack::build
