// SPDX-License-Identifier: Apache-2.0
#include "cli/network_commands.h"

namespace stack::cli {
namespace {

Flag filter_flag(const char* help) {
  return {"-f,--filter", &Options::filters, help, "KEY=VALUE"};
}

}  // namespace

Command network_list_command() {
  return {"network ls",
          "List the networks of all stacks, and those of none",
          "stack network ls --filter driver=bridge",
          Positional::none,
          "",
          {{"-q,--quiet", &Options::quiet, "Print ids only"},
           filter_flag("dangling, driver, id, label, name, scope or type"),
           {"--format", &Options::format,
            "table, 'table TEMPLATE', json, or a template of {{.Name}} and the like", "FORMAT"},
           {"--no-trunc", &Options::no_trunc, "Do not shorten ids"}},
          run_network_list};
}

Command network_create_command() {
  return {
      "network create",
      "Make a network that belongs to no stack, for `external: true`",
      "stack network create --subnet 10.5.0.0/24 shared",
      Positional::one,
      "NETWORK",
      {{"-d,--driver", &Options::driver, "bridge (the default), macvlan or ipvlan", "DRIVER"},
       {"-o,--opt", &Options::driver_options, "Option of the driver", "KEY=VALUE"},
       {"--subnet", &Options::subnets, "Where its addresses are, 10.5.0.0/24", "SUBNET"},
       {"--gateway", &Options::gateways, "Address of the gateway", "ADDRESS"},
       {"--ip-range", &Options::ip_ranges, "Give out addresses of this part only", "SUBNET"},
       {"--aux-address", &Options::aux_addresses, "Never give out this address", "NAME=ADDRESS"},
       {"--internal", &Options::internal, "No way out"},
       {"--ipv4", &Options::ipv4, "With IPv4 (the default; --ipv4=false)"},
       {"--ipv6", &Options::ipv6, "With IPv6"},
       {"--attachable", &Options::attachable, "Accepted: every container may be connected"},
       {"--label", &Options::labels, "Something to be found by", "KEY=VALUE"},
       {"--ipam-driver", &Options::ipam_driver, hidden, "NAME"},
       {"--scope", &Options::scope, hidden, "NAME"}},
      run_network_create};
}

Command network_inspect_command() {
  return {
      "network inspect",
      "Show all that is known of networks, as JSON",
      "stack network inspect shop_default",
      Positional::at_least_one,
      "NETWORK",
      {{"-f,--format", &Options::format, "json, or a template of {{.Name}} and the like", "FORMAT"},
       {"-v,--verbose", &Options::all, hidden}},
      run_network_inspect};
}

Command network_remove_command() {
  return {"network rm",
          "Remove networks that nobody is in",
          "stack network rm shared",
          Positional::at_least_one,
          "NETWORK",
          {{"-f,--force", &Options::force, "No error for one that does not exist"}},
          run_network_remove};
}

Command network_prune_command() {
  return {"network prune",
          "Remove all networks that no container is in",
          "stack network prune -f",
          Positional::none,
          "",
          {{"-f,--force", &Options::force, "Do not ask"},
           {"--filter", &Options::filters, "label=KEY, label!=KEY or until=TIME", "KEY=VALUE"}},
          run_network_prune};
}

Command network_connect_command() {
  return {
      "network connect",
      "Join a container to a further network, while it runs",
      "stack network connect --alias db shared shop-db-1",
      Positional::at_least_one,
      "NETWORK CONTAINER",
      {{"--ip", &Options::ip, "Its IPv4 address there", "ADDRESS"},
       {"--ip6", &Options::ip6, "Its IPv6 address there", "ADDRESS"},
       {"--alias", &Options::aliases, "A further name for it there", "NAME"},
       {"--link", &Options::links, "Another container, by a name of one's own", "CONTAINER[:NAME]"},
       {"--link-local-ip", &Options::link_local_ips, "A link-local address", "ADDRESS"},
       {"--driver-opt", &Options::driver_options, "Option of its end of the network", "KEY=VALUE"},
       {"--gw-priority", &Options::gateway_priority,
        "The default route is in the network with the highest", "NUMBER"}},
      run_network_connect};
}

Command network_disconnect_command() {
  return {"network disconnect",
          "Take a container out of a network, while it runs",
          "stack network disconnect shared shop-db-1",
          Positional::at_least_one,
          "NETWORK CONTAINER",
          {{"-f,--force", &Options::force, "No error for one that is not in it"}},
          run_network_disconnect};
}

}  // namespace stack::cli
