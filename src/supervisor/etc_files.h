// SPDX-License-Identifier: Apache-2.0
// The files that a container sees as /etc/hosts, /etc/hostname and /etc/resolv.conf.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/container_spec.h"
#include "supervisor/container_config.h"

namespace stack::supervisor {

struct HostNames {
  /// In its networks; the first one is in that with the default route, and may come again.
  std::vector<network::DualAddress> own;
  network::DualAddress host_gateway;  ///< what the word host-gateway means
};

/// Begins with what every machine has; in the host's network with the host's own file, and
/// host-gateway is 127.0.0.1 there.
std::string hosts_text(const ContainerConfig& config, const HostNames& names);
/// For a container with our resolver: our address; search list and options are its own, or else the
/// host's. Without an own `ndots` it is 0: the name of a service, which has no dot, is asked for as
/// it stands first.
std::string resolv_conf_text(std::string_view host_resolv_conf, const DnsRules& rules);
/// For one in the host's network, or in none: the host's file, but for what the rules say.
std::string host_network_resolv_conf(std::string_view host_resolv_conf, const DnsRules& rules);

/// Writes them into the container's directory and tells where. In place: a running container has
/// these very files bound.
runtime::EtcFiles write_etc_files(const std::filesystem::path& directory,
                                  const ContainerConfig& config, const HostNames& names);

/// Of a running container, which may have changed the rest of the file: the lines of its own
/// addresses. In place, too.
void replace_own_addresses(const std::filesystem::path& hosts, const ContainerConfig& config,
                           const std::vector<network::DualAddress>& own);

/// They belong to the container's root, wherever its ids are.
void give_to_root(const runtime::EtcFiles& files, const IdBlock& ids);

}  // namespace stack::supervisor
