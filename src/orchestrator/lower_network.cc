// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/lower_network.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "network/addresses.h"
#include "orchestrator/lower.h"
#include "orchestrator/network_options.h"

namespace stack::orchestrator {
namespace {

using network::Ipv4;
using network::Ipv6;
using network::NetworkKind;
using network::NetworkSpec;
using network::Subnet;
using network::Subnet6;

constexpr Subnet link_local_subnet{{0xa9fe0000}, 16};
constexpr int longest_prefix = 30;    // gateway and one container
constexpr int longest_prefix6 = 126;  // the same, without a broadcast address

NetworkKind kind_of(const std::string& driver) {
  if (driver == "macvlan") return NetworkKind::macvlan;
  return driver == "ipvlan" ? NetworkKind::ipvlan : NetworkKind::bridge;
}

/// The members of NetworkSpec that hold what is said about one family.
struct Family4 {
  using Address = Ipv4;
  using Net = Subnet;
  static constexpr const char* name = "IPv4";
  static constexpr auto subnet = &NetworkSpec::subnet;
  static constexpr auto gateway = &NetworkSpec::gateway;
  static constexpr auto range = &NetworkSpec::range;
  static constexpr auto reserved = &NetworkSpec::reserved;
  static std::optional<Ipv4> address_from(const std::string& text) {
    return network::parse_ipv4(text);
  }
  static std::optional<Subnet> subnet_from(const std::string& text) {
    return network::parse_subnet(text);
  }
  static Ipv4 first_of(const Subnet& net) { return {net.address.value + 1}; }
  static bool is_broadcast(const Subnet& net, Ipv4 address) { return address == net.last(); }
  static std::string why_unusable(const Subnet& net) {
    if (net.prefix > longest_prefix) return "is too small: /30 holds the gateway and one container";
    if (net.prefix == 0) return "is everything there is";
    if (Subnet{{127u << 24}, 8}.overlaps(net)) return "belongs to each machine itself (loopback)";
    if (Subnet{{224u << 24}, 3}.overlaps(net)) return "is no subnet of single machines";
    return "";
  }
};

struct Family6 {
  using Address = Ipv6;
  using Net = Subnet6;
  static constexpr const char* name = "IPv6";
  static constexpr auto subnet = &NetworkSpec::subnet6;
  static constexpr auto gateway = &NetworkSpec::gateway6;
  static constexpr auto range = &NetworkSpec::range6;
  static constexpr auto reserved = &NetworkSpec::reserved6;
  static std::optional<Ipv6> address_from(const std::string& text) {
    return network::parse_ipv6(text);
  }
  static std::optional<Subnet6> subnet_from(const std::string& text) {
    return network::parse_subnet6(text);
  }
  static Ipv6 first_of(const Subnet6& net) { return {net.address.high, net.address.low + 1}; }
  static bool is_broadcast(const Subnet6&, Ipv6) { return false; }
  static std::string why_unusable(const Subnet6& net) {
    if (net.prefix > longest_prefix6)
      return "is too small: /126 holds the gateway and some containers";
    if (net.prefix < 8) return "is too large";
    if (network::is_link_local(net.address)) return "is valid on one link only (link-local)";
    if (net.address.high >> 56 == 0xff) return "is no subnet of single machines";
    return "";
  }
};

/// Reads `ipam.config` entry by entry.
class IpamReader {
 public:
  IpamReader(const DesiredNetwork& wish, NetworkSpec& spec, NetworkFindings& findings)
      : wish_(wish), spec_(spec), findings_(findings) {}

  void read() {
    for (std::size_t index = 0; index < wish_.model.ipam.size(); ++index) {
      place_ = fmt::format("networks.{}.ipam.config.{}", wish_.key, index);
      read(wish_.model.ipam[index]);
    }
  }

 private:
  void error(const std::string& member, std::string message, std::string hint = "") {
    findings_.errors.push_back({place_ + member, std::move(message), std::move(hint)});
  }

  void read(const spec::SubnetConfig& config) {
    if (config == spec::SubnetConfig{}) return;
    if (config.subnet.empty()) {
      error("", fmt::format("network {}: this entry says nothing without a subnet",
                            stack::quoted(wish_.key)));
    } else if (config.subnet.find(':') == std::string::npos) {
      read<Family4>(config);
    } else if (!wish_.model.enable_ipv6) {
      findings_.warnings.push_back(
          {place_ + ".subnet",
           fmt::format("network {} has no IPv6, so that subnet {} has no effect",
                       stack::quoted(wish_.key), config.subnet),
           "say enable_ipv6: true"});
    } else {
      read<Family6>(config);
    }
  }

  template <typename Family>
  void read(const spec::SubnetConfig& config) {
    const auto net = Family::subnet_from(config.subnet);
    if (!net) return error(".subnet", stack::quoted(config.subnet) + " is not a subnet");
    if ((spec_.*Family::subnet).prefix != 0)
      return error(".subnet",
                   fmt::format("network {} has an {} subnet already: {}", stack::quoted(wish_.key),
                               Family::name, to_text(spec_.*Family::subnet)));
    // What would lie in nothing but everything is not asked about further.
    if (const auto why = Family::why_unusable(*net); !why.empty())
      return error(".subnet", fmt::format("subnet {} {}", config.subnet, why));
    spec_.*Family::subnet = *net;
    spec_.*Family::gateway = Family::first_of(*net);
    read_gateway<Family>(config, *net);
    read_range<Family>(config, *net);
    for (const auto& [name, text] : config.aux_addresses)
      if (const auto address = inside<Family>(".aux_addresses." + name, text, *net))
        (spec_.*Family::reserved).push_back(*address);
  }

  template <typename Family>
  void read_gateway(const spec::SubnetConfig& config, const typename Family::Net& net) {
    if (config.gateway.empty()) return;
    const auto gateway = inside<Family>(".gateway", config.gateway, net);
    if (gateway && Family::is_broadcast(net, *gateway))
      return error(".gateway", fmt::format("address {} is the broadcast address of subnet {}",
                                           config.gateway, to_text(net)));
    if (gateway) spec_.*Family::gateway = *gateway;
  }

  template <typename Family>
  void read_range(const spec::SubnetConfig& config, const typename Family::Net& net) {
    if (config.ip_range.empty()) return;
    const auto range = Family::subnet_from(config.ip_range);
    if (!range || range->prefix < net.prefix || !net.contains(range->address))
      return error(".ip_range",
                   fmt::format("range {} is outside of subnet {}", config.ip_range, config.subnet));
    spec_.*Family::range = *range;
  }

  template <typename Family>
  std::optional<typename Family::Address> inside(const std::string& member, const std::string& text,
                                                 const typename Family::Net& net) {
    const auto address = Family::address_from(text);
    if (!address || !net.contains(*address) || *address == net.address) {
      error(member, fmt::format("address {} is not one of subnet {}", text, to_text(net)));
      return std::nullopt;
    }
    return address;
  }

  const DesiredNetwork& wish_;
  NetworkSpec& spec_;
  NetworkFindings& findings_;
  std::string place_;
};

std::string path_of(const DesiredContainer& wish, const std::string& key) {
  return fmt::format("services.{}.networks.{}", wish.service, key);
}

template <typename Address, typename Parse>
std::vector<Address> addresses_of(const std::vector<std::string>& texts, Parse parse) {
  std::vector<Address> addresses;
  for (const std::string& text : texts)
    if (const auto address = parse(text)) addresses.push_back(*address);
  return addresses;
}

/// A hostname and a container's own names are not the service's.
supervisor::VirtualSeat virtual_seat(const std::string& service,
                                     const spec::NetworkAttachment& attachment, int place) {
  supervisor::VirtualSeat seat{service, {service}, place};
  seat.names.insert(seat.names.end(), attachment.aliases.begin(), attachment.aliases.end());
  return seat;
}

supervisor::Endpoint endpoint_of(const DesiredContainer& wish, const std::string& key,
                                 const spec::NetworkAttachment& attachment,
                                 NetworkFindings& findings) {
  supervisor::Endpoint endpoint;
  endpoint.network = wish.network_names.at(key);
  endpoint.address = network::parse_ipv4(attachment.ipv4_address);
  endpoint.address6 = network::parse_ipv6(attachment.ipv6_address);
  endpoint.mac = attachment.mac_address;
  endpoint.interface = attachment.interface_name;
  endpoint.gw_priority = attachment.gw_priority;
  endpoint.link_local = addresses_of<Ipv4>(attachment.link_local_ips, &network::parse_ipv4);
  endpoint.link_local6 = addresses_of<Ipv6>(attachment.link_local_ips, &network::parse_ipv6);
  if (const auto place = wish.address_wishes.find(key); place != wish.address_wishes.end()) {
    endpoint.place = place->second.place;
    endpoint.kept_free = addresses_of<Ipv4>(place->second.kept_free, &network::parse_ipv4);
    endpoint.kept_free6 = addresses_of<Ipv6>(place->second.kept_free, &network::parse_ipv6);
    if (place->second.virtual_place >= 0)
      endpoint.vip = virtual_seat(wish.service, attachment, place->second.virtual_place);
  }
  apply_endpoint_options(attachment.driver_opts, path_of(wish, key), endpoint, findings);
  return endpoint;
}

/// Network keys of a container in the order of joining.
std::vector<std::string> joining_order(const spec::Service& model) {
  std::vector<std::string> keys;
  for (const auto& [key, attachment] : model.networks) keys.push_back(key);
  std::ranges::stable_sort(keys, [&](const std::string& a, const std::string& b) {
    return model.networks.at(a).priority > model.networks.at(b).priority;
  });
  return keys;
}

/// Checks what services say about networks, once for each service and network.
class AttachmentCheck {
 public:
  AttachmentCheck(const DesiredState& desired, NetworkFindings& findings)
      : desired_(desired), findings_(findings) {
    NetworkFindings told_already;
    for (const auto& [name, wish] : desired.networks) {
      if (wish.is_own()) specs_[name] = read_network(wish, told_already);
    }
  }

  void run() {
    for (const auto& [name, wish] : desired_.containers) {
      std::map<std::string, std::string> interfaces;  // name -> key of its network
      for (const std::string& key : joining_order(wish.model)) {
        path_ = path_of(wish, key);
        check(wish, key, interfaces);
      }
      check_networks_are_different(wish);
      check_ports(wish);
      check_virtual_address(wish);
    }
  }

 private:
  void error(const std::string& member, std::string message, std::string hint = "") {
    NetworkFinding finding{path_ + member, std::move(message), std::move(hint)};
    const auto same = [&](const NetworkFinding& other) {
      return other.path == finding.path && other.message == finding.message;
    };
    if (std::ranges::none_of(findings_.errors, same)) findings_.errors.push_back(finding);
  }

  void check(const DesiredContainer& wish, const std::string& key,
             std::map<std::string, std::string>& interfaces) {
    const spec::NetworkAttachment& attachment = wish.model.networks.at(key);
    NetworkFindings options;
    const auto endpoint = endpoint_of(wish, key, attachment, options);
    if (wish.number == 1) {
      for (auto& each : options.errors) findings_.errors.push_back(each);
      for (auto& each : options.warnings) findings_.warnings.push_back(each);
    }
    check_link_local(attachment);
    const auto spec = specs_.find(endpoint.network);
    if (spec != specs_.end()) {
      if (endpoint.address) check_fixed<Family4>(wish, spec->second, *endpoint.address);
      if (endpoint.address6) check_fixed<Family6>(wish, spec->second, *endpoint.address6);
    }
    if (endpoint.interface.empty()) return;
    const auto [other, is_new] = interfaces.emplace(endpoint.interface, key);
    if (!is_new)
      error(".interface_name", fmt::format("service {} has an interface {} in network {} already",
                                           stack::quoted(wish.service), endpoint.interface,
                                           stack::quoted(other->second)));
  }

  /// Two keys of the file may be one network: a container is in it once.
  void check_networks_are_different(const DesiredContainer& wish) {
    std::map<std::string, std::string> keys;  // by name
    for (const auto& [key, name] : wish.network_names) {
      const auto [other, is_new] = keys.emplace(name, key);
      path_ = path_of(wish, key);
      if (!is_new)
        error("",
              fmt::format("service {} is in network {} already, by the key {}",
                          stack::quoted(wish.service), stack::quoted(name),
                          stack::quoted(other->second)),
              "leave one of them out, or give the networks different names");
    }
  }

  void check_link_local(const spec::NetworkAttachment& attachment) {
    for (const std::string& text : attachment.link_local_ips) {
      const auto v4 = network::parse_ipv4(text);
      const auto v6 = network::parse_ipv6(text);
      const bool is_one =
          (v4 && link_local_subnet.contains(*v4)) || (v6 && network::is_link_local(*v6));
      if (!is_one)
        error(".link_local_ips", fmt::format("invalid link local IP address: {}", text),
              "those of 169.254.0.0/16 and fe80::/10 are; ipv4_address fixes one of the network");
    }
  }

  /// As with docker, ports of containers on the host's own devices are not published.
  void check_ports(const DesiredContainer& wish) {
    if (wish.number != 1 || wish.model.ports.empty() || wish.network_names.empty()) return;
    const bool any_bridge = std::ranges::any_of(wish.network_names, [&](const auto& network) {
      const auto spec = specs_.find(network.second);
      return spec == specs_.end() || spec->second.kind == NetworkKind::bridge;
    });
    if (any_bridge) return;
    findings_.warnings.push_back(
        {fmt::format("services.{}.ports.0", wish.service),
         fmt::format("ports of service {} are not published: all its networks are macvlan or "
                     "ipvlan",
                     stack::quoted(wish.service)),
         "ask its own address"});
  }

  /// The stack's namespace must have the network's bridge: it passes on what is sent there.
  void check_virtual_address(const DesiredContainer& wish) {
    if (wish.number != 1 || !wish.step.empty() || !wish.model.virtual_address) return;
    if (wish.network_names.empty())
      return warn_of_no_virtual_address(wish, "", "it is in no network of its own");
    for (const auto& [key, name] : wish.network_names) {
      const auto spec = specs_.find(name);
      if (spec == specs_.end()) {
        warn_of_no_virtual_address(wish, " in network " + name, "another stack has that network");
      } else if (spec->second.kind != NetworkKind::bridge) {
        warn_of_no_virtual_address(wish, " in network " + name,
                                   "it is on a device of the host (macvlan or ipvlan)");
      }
    }
  }

  void warn_of_no_virtual_address(const DesiredContainer& wish, const std::string& where,
                                  const std::string& why) {
    findings_.warnings.push_back(
        {fmt::format("services.{}.deploy.endpoint_mode", wish.service),
         fmt::format("service {} has no virtual address{}: {}", stack::quoted(wish.service), where,
                     why),
         where.empty() ? ""
                       : "its name leads to all of its containers in turn there, as with dnsrr"});
  }

  template <typename Family>
  void check_fixed(const DesiredContainer& wish, const NetworkSpec& spec,
                   const typename Family::Address& address) {
    const std::string member =
        std::string(Family::name) == "IPv4" ? ".ipv4_address" : ".ipv6_address";
    const auto& net = spec.*Family::subnet;
    const bool enabled = std::string(Family::name) == "IPv4" ? spec.enable_ipv4 : spec.enable_ipv6;
    const std::string text = to_text(address);
    if (!enabled)
      return error(member, fmt::format("network {} has no {}", spec.name, Family::name));
    if (net.prefix == 0)
      return error(
          member,
          fmt::format("address {} is fixed, but the subnet of network {} is not", text, spec.name),
          "give the network one: ipam: {config: [{subnet: ...}]}");
    if (const auto why = network::why_no_containers_address(spec, address); !why.empty())
      return error(member, why);
    const auto [holder, is_new] = fixed_.emplace(spec.name + " " + text, wish.name);
    if (!is_new && holder->second != wish.name)
      error(member, fmt::format("address {} in network {} is already in use by {}", text, spec.name,
                                holder->second));
  }

  const DesiredState& desired_;
  NetworkFindings& findings_;
  std::map<std::string, NetworkSpec> specs_;  // by name
  std::map<std::string, std::string> fixed_;  // "NETWORK ADDRESS" -> container
  std::string path_;
};

void check_kind(const DesiredNetwork& wish, const NetworkSpec& spec, NetworkFindings& findings) {
  const std::string path = "networks." + wish.key;
  if (!spec.enable_ipv4 && !spec.enable_ipv6)
    findings.errors.push_back(
        {path + ".enable_ipv4",
         fmt::format("network {} has neither IPv4 nor IPv6", stack::quoted(wish.key)),
         "say enable_ipv6: true"});
  if (spec.kind != NetworkKind::bridge && spec.parent.empty() && !spec.internal)
    findings.errors.push_back(
        {path + ".driver",
         fmt::format("network {} does not say which device of the host it is on",
                     stack::quoted(wish.key)),
         "name one, driver_opts: {parent: eth0}; or say internal: true"});
}

}  // namespace

namespace {

template <typename Net>
bool both_overlap(const Net& a, const Net& b) {
  return a.prefix != 0 && b.prefix != 0 && a.overlaps(b);
}

/// Two networks of one file.
void check_against(const NetworkSpec& spec, const std::string& key,
                   const std::vector<std::pair<std::string, NetworkSpec>>& others,
                   NetworkFindings& findings) {
  if (spec.kind != NetworkKind::bridge) return;
  for (const auto& [other_key, other] : others) {
    if (other.kind != NetworkKind::bridge) continue;
    if (both_overlap(spec.subnet, other.subnet) || both_overlap(spec.subnet6, other.subnet6))
      findings.errors.push_back({"networks." + key + ".ipam.config",
                                 fmt::format("networks {} and {} have overlapping subnets",
                                             stack::quoted(other_key), stack::quoted(key))});
  }
}

}  // namespace

NetworkSpec read_network(const DesiredNetwork& wish, NetworkFindings& findings) {
  NetworkSpec spec;
  spec.name = wish.name;
  spec.internal = wish.model.internal;
  spec.enable_ipv4 = wish.model.enable_ipv4;
  spec.enable_ipv6 = wish.model.enable_ipv6;
  spec.kind = kind_of(wish.model.driver);
  IpamReader(wish, spec, findings).read();
  apply_network_options(wish.model.driver_opts, "networks." + wish.key, spec, findings);
  if (spec.kind == NetworkKind::macvlan && spec.mode.empty()) spec.mode = "bridge";
  if (spec.kind == NetworkKind::ipvlan && spec.mode.empty()) spec.mode = "l2";
  check_kind(wish, spec, findings);
  return spec;
}

supervisor::NetworkConfig lower(const DesiredNetwork& wish) {
  NetworkFindings findings;
  supervisor::NetworkConfig config;
  config.spec = read_network(wish, findings);
  if (!findings.errors.empty()) fail("network {}: {}", wish.name, findings.errors.front().message);
  config.subnet_fixed = config.spec.subnet.prefix != 0 || config.spec.subnet6.prefix != 0;
  config.applied = describe(wish);
  return config;
}

std::vector<supervisor::Endpoint> endpoints_of(const DesiredContainer& wish,
                                               const std::string& short_id) {
  NetworkFindings told_already;
  std::vector<supervisor::Endpoint> endpoints;
  for (const std::string& key : joining_order(wish.model)) {
    const spec::NetworkAttachment& attachment = wish.model.networks.at(key);
    supervisor::Endpoint endpoint = endpoint_of(wish, key, attachment, told_already);
    endpoint.aliases = {wish.name, short_id};
    // Who asks for the service wants none of its preparations.
    if (wish.step.empty() || (wish.one_off && wish.one_off->use_aliases))
      endpoint.aliases.insert(endpoint.aliases.begin(), wish.service);
    endpoint.aliases.insert(endpoint.aliases.end(), attachment.aliases.begin(),
                            attachment.aliases.end());
    if (!wish.model.hostname.empty() && (wish.step.empty() || wish.one_off))
      endpoint.aliases.push_back(wish.model.hostname);
    endpoints.push_back(std::move(endpoint));
  }
  if (!endpoints.empty() && endpoints.front().mac.empty())
    endpoints.front().mac = wish.model.mac_address;
  return endpoints;
}

NetworkFindings check_networks(const DesiredState& desired) {
  NetworkFindings findings;
  std::map<std::string, std::string> bridges;  // name of the interface -> key
  std::vector<std::pair<std::string, NetworkSpec>> others;
  for (const auto& [name, wish] : desired.networks) {
    if (wish.external) continue;
    const NetworkSpec spec = read_network(wish, findings);
    check_against(spec, wish.key, others, findings);
    others.emplace_back(wish.key, spec);
    if (spec.bridge.empty()) continue;
    const auto [other, is_new] = bridges.emplace(spec.bridge, wish.key);
    if (!is_new)
      findings.errors.push_back(
          {fmt::format("networks.{}.driver_opts.com.docker.network.bridge.name", wish.key),
           fmt::format("bridge {} is network {}'s already", spec.bridge,
                       stack::quoted(other->second))});
  }
  AttachmentCheck(desired, findings).run();
  return findings;
}

}  // namespace stack::orchestrator
