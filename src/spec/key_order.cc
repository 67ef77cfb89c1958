// SPDX-License-Identifier: Apache-2.0
#include "spec/key_order.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace stack::spec {
namespace {

using Order = std::pair<std::string_view, std::string_view>;

/// Where it is not the alphabet's. What stands below the same key in two places shares a row.
constexpr std::array<Order, 33> kKeyOrders = {{
    {"", "name services networks volumes secrets configs models"},
    {"services",
     "profiles annotations attach build develop blkio_config cap_add cap_drop cgroup_parent cgroup "
     "cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset "
     "cpu_shares command configs container_name credential_spec depends_on deploy "
     "device_cgroup_rules devices dns dns_opt dns_search dockerfile domainname entrypoint provider "
     "environment env_file expose extends external_links extra_hosts group_add gpus hostname "
     "healthcheck image init ipc isolation labels label_file links logging log_driver log_opt "
     "mem_limit mem_reservation memswap_limit mem_swappiness mac_address models net network_mode "
     "networks oom_kill_disable oom_score_adj pid pids_limit platform ports privileged pull_policy "
     "read_only restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period "
     "stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts "
     "volume_driver volumes volumes_from working_dir pre_start post_start pre_stop"},
    {"env_file", "path required format"},
    {"ports", "name mode host_ip target published protocol app_protocol"},
    {"volumes",
     "name driver driver_opts external labels type source target read_only consistency bind volume "
     "tmpfs image"},
    {"bind", "selinux propagation create_host_path recursive"},
    {"tmpfs", "size mode"},
    {"healthcheck", "test timeout interval retries start_period start_interval disable"},
    {"deploy",
     "mode replicas labels update_config rollback_config resources restart_policy placement "
     "endpoint_mode"},
    {"limits", "cpus memory pids devices generic_resources"},
    {"reservations", "cpus memory pids devices generic_resources"},
    {"restart_policy", "condition delay max_attempts window"},
    {"update_config", "parallelism delay failure_action monitor max_failure_ratio order"},
    {"rollback_config", "parallelism delay failure_action monitor max_failure_ratio order"},
    {"placement", "constraints preferences max_replicas_per_node"},
    {"secrets",
     "name file environment content external labels driver driver_opts template_driver source "
     "target "
     "uid gid mode"},
    {"configs",
     "name file environment content external labels driver driver_opts template_driver source "
     "target "
     "uid gid mode"},
    {"ulimits", "single soft hard"},
    {"devices", "capabilities driver count device_ids options source target permissions"},
    {"gpus", "capabilities driver count device_ids options"},
    {"blkio_config",
     "weight weight_device device_read_bps device_read_iops device_write_bps device_write_iops"},
    {"build",
     "context dockerfile dockerfile_inline entitlements args provenance sbom ssh labels cache_from "
     "cache_to no_cache no_cache_filter additional_contexts pull extra_hosts isolation network "
     "target secrets shm_size tags ulimits platforms privileged"},
    {"depends_on", "condition restart required"},
    {"networks",
     "name driver aliases driver_opts ipam external internal attachable labels enable_ipv4 "
     "enable_ipv6"},
    {"ipam", "driver config options"},
    {"config", "subnet gateway ip_range aux_addresses"},
    {"models", "name model context_size runtime_flags"},
    {"exec", "command image user privileged working_dir environment per_replica"},
    {"provider", "type options"},
    {"watch", "path action target exec include ignore initial_sync"},
    {"pre_start", "command image user privileged working_dir environment per_replica"},
    {"post_start", "command image user privileged working_dir environment per_replica"},
    {"pre_stop", "command image user privileged working_dir environment per_replica"},
}};

}  // namespace

std::vector<std::string> keys_in_order(std::string_view key) {
  const auto found = std::ranges::find(kKeyOrders, key, &Order::first);
  return found == kKeyOrders.end() ? std::vector<std::string>() : split(found->second, ' ');
}

}  // namespace stack::spec
