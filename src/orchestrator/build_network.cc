// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/build_network.h"

#include "base/error.h"
#include "base/files.h"
#include "orchestrator/desired.h"
#include "orchestrator/host_networks.h"
#include "orchestrator/lower.h"
#include "orchestrator/project_lock.h"
#include "supervisor/etc_files.h"
#include "supervisor/status.h"

namespace stack::orchestrator {
namespace {

using supervisor::builds_project;
using supervisor::Client;

constexpr const char* network_name = "builds";
constexpr std::size_t longest_resolv_conf = 1 << 20;

FileLock lock_builds(const HostPaths& paths) {
  return lock_project(paths, builds_project, {"stack build"}, [](const std::string&) {});
}

supervisor::NetworkConfig network_config() {
  spec::Network wish;
  wish.key = wish.name = network_name;
  return lower(desired_network(wish));
}

/// Throws Error when others are in it.
void remove_it(const HostPaths& paths) {
  if (!stack::exists(paths.project_data(builds_project))) return;  // another build was faster
  remove_network(paths, builds_project, network_name, lock_builds(paths));
}

}  // namespace

BuildNetwork::~BuildNetwork() {
  client_.reset();
  // Also what a build has left that was killed while it took it away.
  if (was_needed_ || stack::exists(paths_.project_data(builds_project))) take_away();
}

/// Once more for a supervisor that was about to end by itself.
void BuildNetwork::take_away() noexcept {
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      return remove_it(paths_);
    } catch (const std::exception&) {
      // Others build: the last of them takes it away. Or it cannot be: the next one tries again.
    }
  }
}

std::string BuildNetwork::resolv_conf() const {
  const auto host = read_file_if_exists("/etc/resolv.conf", longest_resolv_conf);
  return supervisor::resolv_conf_text(host.value_or(""), {});
}

/// Once more when the supervisor was lost: killed, or taken away by the last of the others.
std::string BuildNetwork::join(const ProcessIdentity& process, const std::string& id) {
  try {
    return try_join(process, id);
  } catch (const Error&) {
    client_.reset();
  }
  try {
    return try_join(process, id);
  } catch (Error& error) {
    error.add_frame("joining the network of builds");
    error.with_hint("--network=host, or `network: host` of a build, does without it");
    throw;
  }
}

std::string BuildNetwork::try_join(const ProcessIdentity& process, const std::string& id) {
  was_needed_ = true;
  const FileLock lock = lock_builds(paths_);
  if (!client_) client_ = Client::connect_or_start(paths_, builds_project);
  client_->call(supervisor::CreateNetwork{network_config()});
  const auto reply = client_->call(supervisor::JoinProcess{network_name, id, process});
  return reply.address && reply.address->v4 ? network::to_text(*reply.address->v4) : "";
}

}  // namespace stack::orchestrator
