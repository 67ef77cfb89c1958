// SPDX-License-Identifier: Apache-2.0
// The networks of this machine, whichever stack has them: seen from disk, and changed by asking the
// supervisors concerned. What `stack network` is made of.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "orchestrator/use_cases.h"
#include "spec/model.h"

namespace stack::orchestrator {

/// A container that runs, in a network.
struct NetworkMember {
  std::string id;
  std::string name;
  std::string project;
  std::string mac;
  network::DualAddress address;
};

struct HostNetwork {
  std::string id;  ///< 64 hexadecimal digits
  std::string name;
  std::string project;  ///< supervisor::lone_networks_project: of no stack
  std::string driver;
  network::NetworkSpec spec;
  spec::StringMap options;
  spec::StringMap labels;
  spec::StringMap aux_addresses;  ///< never given out, by names for them
  bool attachable = false;
  std::chrono::system_clock::time_point created;
  std::vector<NetworkMember> members;  ///< by name
};

/// All of them, by name.
std::vector<HostNetwork> list_networks(const HostPaths& paths);
/// By name, or by the beginning of the id. Throws Error ("network x not found").
const HostNetwork& find_network(const std::vector<HostNetwork>& networks, const std::string& which);

/// One that belongs to no stack. Throws Error, also when there is one of this name.
HostNetwork create_network(const spec::Network& wish, bool attachable, const Host& host);
/// Throws Error naming who is in it.
void remove_network(const HostNetwork& network, const Host& host);
/// The network `name` of `project`, whose `lock` is held; nothing of the project stays if that was
/// all of it. Throws Error as above.
void remove_network(const HostPaths& paths, const std::string& project, const std::string& name,
                    const FileLock& lock);
/// Names of networks that some container is in, be it a stopped one.
std::set<std::string> networks_in_use(
    const HostPaths& paths,
    supervisor::Unreadable unreadable = supervisor::Unreadable::is_an_error);
/// Names of those that no container is in, be it a stopped one.
std::vector<std::string> unused_networks(const std::vector<HostNetwork>& networks,
                                         const HostPaths& paths);

/// Joins a container, by name or id, to the network of `endpoint`; takes it out.
void connect_network(const HostNetwork& network, const std::string& container,
                     supervisor::Endpoint endpoint, const Host& host);
enum class Missing { refused, fine };
void disconnect_network(const HostNetwork& network, const std::string& container, Missing missing,
                        const Host& host);

}  // namespace stack::orchestrator
