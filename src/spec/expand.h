// SPDX-License-Identifier: Apache-2.0
// The rewriting steps that the tables name: short notations to long ones, and checks that a form
// alone cannot make.
#pragma once

#include "spec/schema.h"

namespace stack::spec {

// Short to long (Type::expand).
void expand_build(Node& node, const Where& where, Shaping& shaping);
void expand_extends(Node& node, const Where& where, Shaping& shaping);
void expand_include(Node& node, const Where& where, Shaping& shaping);
void expand_depends_on(Node& node, const Where& where, Shaping& shaping);
void expand_names(Node& node, const Where& where,
                  Shaping& shaping);  ///< list -> mapping to nothing
void expand_ports(Node& node, const Where& where, Shaping& shaping);
void expand_mount(Node& node, const Where& where, Shaping& shaping);
void expand_env_files(Node& node, const Where& where, Shaping& shaping);
void expand_secret(Node& node, const Where& where, Shaping& shaping);
void expand_config(Node& node, const Where& where, Shaping& shaping);
void expand_device(Node& node, const Where& where, Shaping& shaping);
void expand_hosts(Node& node, const Where& where, Shaping& shaping);
void expand_gpus(Node& node, const Where& where, Shaping& shaping);
void expand_count(Node& node, const Where& where, Shaping& shaping);
void expand_health_test(Node& node, const Where& where, Shaping& shaping);
void expand_external(Node& node, const Where& where, Shaping& shaping);
void expand_ssh(Node& node, const Where& where, Shaping& shaping);
void refuse_fraction(Node& node, const Where& where, Shaping& shaping);  ///< 1.5 without a unit
void expand_list(Node& node, const Where& where, Shaping& shaping);      ///< text -> list of it
/// The same, without what is empty: a variable that is not set names no server.
void expand_name_servers(Node& node, const Where& where, Shaping& shaping);
void expand_options(Node& node, const Where& where, Shaping& shaping);  ///< each value to a list

// Checks and canonical spelling (Type::refine).
void refine_restart(Node& node, const Where& where, Shaping& shaping);
void refine_container_name(Node& node, const Where& where, Shaping& shaping);
void refine_pull_policy(Node& node, const Where& where, Shaping& shaping);
void refine_period(Node& node, const Where& where, Shaping& shaping);
void refine_signal(Node& node, const Where& where, Shaping& shaping);
void refine_on_change(Node& node, const Where& where, Shaping& shaping);
void refine_port(Node& node, const Where& where, Shaping& shaping);
void refine_protocol(Node& node, const Where& where, Shaping& shaping);
void refine_mount(Node& node, const Where& where, Shaping& shaping);
void refine_expose(Node& node, const Where& where, Shaping& shaping);
void refine_capabilities(Node& node, const Where& where, Shaping& shaping);
void refine_ipv4(Node& node, const Where& where, Shaping& shaping);
void refine_ipv6(Node& node, const Where& where, Shaping& shaping);
void refine_ip_address(Node& node, const Where& where, Shaping& shaping);
void refine_ip_addresses(Node& node, const Where& where, Shaping& shaping);
void refine_link_locals(Node& node, const Where& where, Shaping& shaping);
void refine_interface_name(Node& node, const Where& where, Shaping& shaping);
void refine_subnet(Node& node, const Where& where, Shaping& shaping);
void refine_ip_range(Node& node, const Where& where, Shaping& shaping);
void refine_mac(Node& node, const Where& where, Shaping& shaping);
void refine_cpus(Node& node, const Where& where, Shaping& shaping);
void refine_device(Node& node, const Where& where, Shaping& shaping);
void refine_device_request(Node& node, const Where& where, Shaping& shaping);
void refine_not_negative(Node& node, const Where& where, Shaping& shaping);
void refine_scale(Node& node, const Where& where, Shaping& shaping);
void refine_contexts(Node& node, const Where& where, Shaping& shaping);
void refine_microseconds(Node& node, const Where& where, Shaping& shaping);
void refine_block_weight(Node& node, const Where& where, Shaping& shaping);
void refine_oom_score(Node& node, const Where& where, Shaping& shaping);
void refine_owner_id(Node& node, const Where& where, Shaping& shaping);
void refine_cpuset(Node& node, const Where& where, Shaping& shaping);
void refine_hosts(Node& node, const Where& where, Shaping& shaping);
void refine_name_servers(Node& node, const Where& where, Shaping& shaping);
void refine_device_permissions(Node& node, const Where& where, Shaping& shaping);
void refine_device_rules(Node& node, const Where& where, Shaping& shaping);
void refine_ulimits(Node& node, const Where& where, Shaping& shaping);
void refine_storage_options(Node& node, const Where& where, Shaping& shaping);
void refine_sysctls(Node& node, const Where& where, Shaping& shaping);
void refine_security_options(Node& node, const Where& where, Shaping& shaping);
/// `extends.file` is read, so it is made absolute even where paths are kept.
void refine_extended_file(Node& node, const Where& where, Shaping& shaping);

}  // namespace stack::spec
