// SPDX-License-Identifier: Apache-2.0
#include "supervisor/container_config.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/ids.h"
#include "runtime/container_spec_json.h"
#include "supervisor/network_json.h"

namespace stack::supervisor {
namespace {

using nlohmann::json;
using std::chrono::nanoseconds;

constexpr std::array<std::pair<RestartKind, std::string_view>, 4> restart_names{{
    {RestartKind::no, "no"},
    {RestartKind::always, "always"},
    {RestartKind::on_failure, "on-failure"},
    {RestartKind::unless_stopped, "unless-stopped"},
}};

std::string_view restart_name(RestartKind kind) {
  for (const auto& [value, name] : restart_names)
    if (value == kind) return name;
  return "no";
}

RestartKind restart_kind(std::string_view text) {
  for (const auto& [value, name] : restart_names)
    if (name == text) return value;
  fail("\"{}\" is not a restart policy", text);
}

nanoseconds duration(const json& in) {
  return nanoseconds(in.get<std::int64_t>());
}

}  // namespace

void to_json(json& out, const HealthPolicy& health) {
  out = json{{"command", health.command},
             {"interval", health.interval.count()},
             {"timeout", health.timeout.count()},
             {"start_period", health.start_period.count()},
             {"start_interval", health.start_interval.count()},
             {"retries", health.retries}};
}

void from_json(const json& in, HealthPolicy& health) {
  in.at("command").get_to(health.command);
  health.interval = duration(in.at("interval"));
  health.timeout = duration(in.at("timeout"));
  health.start_period = duration(in.at("start_period"));
  health.start_interval = duration(in.at("start_interval"));
  in.at("retries").get_to(health.retries);
}

namespace {

constexpr std::array<std::string_view, 7> ready_names{"listening", "unix", "http",  "log",
                                                      "file",      "exec", "notify"};

ReadyRule::Kind ready_kind(std::string_view text) {
  for (std::size_t i = 0; i < ready_names.size(); ++i)
    if (ready_names.at(i) == text) return static_cast<ReadyRule::Kind>(i);
  fail("\"{}\" is not a kind of readiness", text);
}

}  // namespace

void to_json(json& out, const ReadyRule::Port& port) {
  out = json{{"number", port.number}, {"protocol", port.protocol}};
}

void from_json(const json& in, ReadyRule::Port& port) {
  in.at("number").get_to(port.number);
  in.at("protocol").get_to(port.protocol);
}

void to_json(json& out, const ReadyRule& rule) {
  out = json{{"kind", ready_names.at(static_cast<std::size_t>(rule.kind))},
             {"ports", rule.ports},
             {"loopback_counts", rule.loopback_counts},
             {"host", rule.host},
             {"path", rule.path},
             {"status", rule.status},
             {"pattern", rule.pattern},
             {"count", rule.count},
             {"command", rule.command},
             {"timeout", rule.timeout.count()}};
}

void from_json(const json& in, ReadyRule& rule) {
  rule.kind = ready_kind(in.at("kind").get_ref<const std::string&>());
  in.at("ports").get_to(rule.ports);
  in.at("loopback_counts").get_to(rule.loopback_counts);
  in.at("host").get_to(rule.host);
  in.at("path").get_to(rule.path);
  in.at("status").get_to(rule.status);
  in.at("pattern").get_to(rule.pattern);
  in.at("count").get_to(rule.count);
  in.at("command").get_to(rule.command);
  rule.timeout = duration(in.at("timeout"));
}

void to_json(json& out, const RestartRule& rule) {
  out = json{{"kind", restart_name(rule.kind)}, {"max_attempts", rule.max_attempts}};
  if (rule.delay.count() != 0) out["delay"] = rule.delay.count();
  if (rule.window.count() != 0) out["window"] = rule.window.count();
  if (rule.when_unhealthy) out["when_unhealthy"] = true;
}

void from_json(const json& in, RestartRule& rule) {
  rule.kind = restart_kind(in.at("kind").get_ref<const std::string&>());
  in.at("max_attempts").get_to(rule.max_attempts);
  if (in.contains("delay")) rule.delay = duration(in.at("delay"));
  if (in.contains("window")) rule.window = duration(in.at("window"));
  rule.when_unhealthy = in.value("when_unhealthy", false);
}

void to_json(json& out, const StopRule& rule) {
  out = json{{"signal", rule.signal}, {"grace", rule.grace.count()}};
}

void from_json(const json& in, StopRule& rule) {
  in.at("signal").get_to(rule.signal);
  rule.grace = duration(in.at("grace"));
}

void to_json(json& out, const HookRule& rule) {
  out = json{{"process", rule.process}, {"privileged", rule.privileged}};
}

void from_json(const json& in, HookRule& rule) {
  in.at("process").get_to(rule.process);
  in.at("privileged").get_to(rule.privileged);
}

void to_json(json& out, const LinkRule& rule) {
  out = json{{"alias", rule.alias}, {"target", rule.target}};
}

void from_json(const json& in, LinkRule& rule) {
  in.at("alias").get_to(rule.alias);
  in.at("target").get_to(rule.target);
}

namespace {

json seat_to_json(const VirtualSeat& seat) {
  return {{"service", seat.service}, {"names", seat.names}, {"place", seat.place}};
}

VirtualSeat seat_from_json(const json& in) {
  return {in.at("service").get<std::string>(), in.at("names").get<std::vector<std::string>>(),
          in.at("place").get<int>()};
}

}  // namespace

void to_json(json& out, const Endpoint& endpoint) {
  out = json{{"network", endpoint.network}, {"aliases", endpoint.aliases}};
  if (endpoint.address) out["address"] = *endpoint.address;
  if (!endpoint.mac.empty()) out["mac"] = endpoint.mac;
  if (endpoint.address6) out["address6"] = *endpoint.address6;
  if (!endpoint.interface.empty()) out["interface"] = endpoint.interface;
  if (endpoint.gw_priority != 0) out["gw_priority"] = endpoint.gw_priority;
  if (!endpoint.link_local.empty()) out["link_local"] = endpoint.link_local;
  if (!endpoint.link_local6.empty()) out["link_local6"] = endpoint.link_local6;
  if (!endpoint.sysctls.empty()) out["sysctls"] = endpoint.sysctls;
  if (endpoint.place >= 0) out["place"] = endpoint.place;
  if (!endpoint.kept_free.empty()) out["kept_free"] = endpoint.kept_free;
  if (!endpoint.kept_free6.empty()) out["kept_free6"] = endpoint.kept_free6;
  if (!endpoint.links.empty()) out["links"] = endpoint.links;
  if (endpoint.vip) out["vip"] = seat_to_json(*endpoint.vip);
}

void from_json(const json& in, Endpoint& endpoint) {
  in.at("network").get_to(endpoint.network);
  in.at("aliases").get_to(endpoint.aliases);
  if (in.contains("address")) endpoint.address = in.at("address").get<network::Ipv4>();
  if (in.contains("mac")) in.at("mac").get_to(endpoint.mac);
  if (in.contains("address6")) endpoint.address6 = in.at("address6").get<network::Ipv6>();
  if (in.contains("interface")) in.at("interface").get_to(endpoint.interface);
  if (in.contains("gw_priority")) in.at("gw_priority").get_to(endpoint.gw_priority);
  if (in.contains("link_local")) in.at("link_local").get_to(endpoint.link_local);
  if (in.contains("link_local6")) in.at("link_local6").get_to(endpoint.link_local6);
  if (in.contains("sysctls")) in.at("sysctls").get_to(endpoint.sysctls);
  if (in.contains("place")) in.at("place").get_to(endpoint.place);
  if (in.contains("kept_free")) in.at("kept_free").get_to(endpoint.kept_free);
  if (in.contains("kept_free6")) in.at("kept_free6").get_to(endpoint.kept_free6);
  if (in.contains("links")) in.at("links").get_to(endpoint.links);
  if (in.contains("vip")) endpoint.vip = seat_from_json(in["vip"]);
}

void to_json(json& out, const PortRule& rule) {
  out = json{{"host_ip", rule.host_ip},
             {"host_port", rule.host_port},
             {"host_port_last", rule.host_port_last},
             {"container_port", rule.container_port},
             {"protocol", rule.protocol}};
}

void from_json(const json& in, PortRule& rule) {
  in.at("host_ip").get_to(rule.host_ip);
  in.at("host_port").get_to(rule.host_port);
  in.at("host_port_last").get_to(rule.host_port_last);
  in.at("container_port").get_to(rule.container_port);
  in.at("protocol").get_to(rule.protocol);
}

void to_json(json& out, const DnsRules& rules) {
  out = json{{"servers", rules.servers}, {"search", rules.search}, {"options", rules.options}};
}

void from_json(const json& in, DnsRules& rules) {
  in.at("servers").get_to(rules.servers);
  in.at("search").get_to(rules.search);
  in.at("options").get_to(rules.options);
}

bool is_one_off(const ContainerConfig& config) {
  return config.step.starts_with("run-");
}

bool has_virtual_address(const ContainerConfig& config) {
  return std::ranges::any_of(config.endpoints,
                             [](const Endpoint& endpoint) { return endpoint.vip.has_value(); });
}

namespace {

std::string aside_prefix(const std::string& id) {
  constexpr std::size_t digits = 12;
  return id.substr(0, digits) + "_";
}

}  // namespace

std::string aside_name(const std::string& id, const std::string& name) {
  return aside_prefix(id) + name;
}

std::string name_of_its_own(const ContainerConfig& config) {
  return config.place.empty() ? config.name : config.name.substr(aside_prefix(config.id).size());
}

void replace_names(std::vector<Endpoint>& endpoints, const std::vector<Endpoint>& wanted) {
  for (Endpoint& endpoint : endpoints) {
    const auto other = std::ranges::find(wanted, endpoint.network, &Endpoint::network);
    if (other == wanted.end()) continue;
    endpoint.aliases = other->aliases;
    endpoint.vip = other->vip;
  }
}

std::string hash_of_text(std::string_view text) {
  return stable_hex(text, 16);
}

void replace_changeable(ContainerConfig& config, const ContainerConfig& wanted) {
  config.spec.resources = wanted.spec.resources;
  config.restart = wanted.restart;
  config.data_container = wanted.data_container;
  config.restart_with = wanted.restart_with;
  config.stop = wanted.stop;
  config.ports = wanted.ports;
  config.fixed_ports = wanted.fixed_ports;
  config.health = wanted.health;
  config.post_start = wanted.post_start;
  config.pre_stop = wanted.pre_stop;
  replace_names(config.endpoints, wanted.endpoints);
  config.spec.files = wanted.spec.files;
  config.attributes = wanted.attributes;
  config.applied = wanted.applied;
}

namespace {

json shipping_to_json(const LogShipping& shipping) {
  return {{"to", shipping.to},     {"place", shipping.place},   {"way", shipping.way},
          {"port", shipping.port}, {"format", shipping.format}, {"facility", shipping.facility},
          {"tag", shipping.tag},   {"fields", shipping.fields}};
}

template <typename Enum>
Enum enum_from(const json& in, Enum last) {
  const int number = in.get<int>();
  if (number < 0 || number > static_cast<int>(last)) fail("there is no choice {}", number);
  return static_cast<Enum>(number);
}

LogShipping shipping_from_json(const json& in) {
  LogShipping shipping;
  shipping.to = enum_from(in.at("to"), LogShipping::To::syslog);
  in.at("place").get_to(shipping.place);
  shipping.way = enum_from(in.at("way"), LogShipping::Way::tcp);
  in.at("port").get_to(shipping.port);
  shipping.format = enum_from(in.at("format"), LogShipping::Format::rfc5424_micro);
  in.at("facility").get_to(shipping.facility);
  in.at("tag").get_to(shipping.tag);
  in.at("fields").get_to(shipping.fields);
  return shipping;
}

}  // namespace

void to_json(json& out, const LogPolicy& policy) {
  out = json{{"kept", policy.kept == LogPolicy::Kept::files},
             {"max_size", policy.max_size},
             {"max_files", policy.max_files}};
  if (policy.shipping) out["shipping"] = shipping_to_json(*policy.shipping);
}

void from_json(const json& in, LogPolicy& policy) {
  policy.kept = in.at("kept").get<bool>() ? LogPolicy::Kept::files : LogPolicy::Kept::nothing;
  in.at("max_size").get_to(policy.max_size);
  in.at("max_files").get_to(policy.max_files);
  if (in.contains("shipping")) policy.shipping = shipping_from_json(in["shipping"]);
}

void to_json(json& out, const HandRun& run) {
  out = json{{"stdin_once", run.stdin_once},
             {"removed_at_end", run.removed_at_end},
             {"directories", run.directories}};
}

void from_json(const json& in, HandRun& run) {
  in.at("stdin_once").get_to(run.stdin_once);
  in.at("removed_at_end").get_to(run.removed_at_end);
  in.at("directories").get_to(run.directories);
}

void to_json(json& out, const Wording& words) {
  out = json::object();
  if (!words.binds.empty()) out["binds"] = words.binds;
  if (!words.tmpfs.empty()) out["tmpfs"] = words.tmpfs;
  if (!words.mounts.empty()) out["mounts"] = words.mounts;
  if (!words.security.empty()) out["security"] = words.security;
  if (!words.mac_address.empty()) out["mac_address"] = words.mac_address;
  if (!words.depends_on.empty()) out["depends_on"] = words.depends_on;
  if (words.detached) out["detached"] = true;
  if (words.ports_before_exposed) out["ports_before_exposed"] = *words.ports_before_exposed;
}

void from_json(const json& in, Wording& words) {
  if (in.contains("binds")) in["binds"].get_to(words.binds);
  if (in.contains("tmpfs")) in["tmpfs"].get_to(words.tmpfs);
  if (in.contains("mounts")) in["mounts"].get_to(words.mounts);
  if (in.contains("security")) in["security"].get_to(words.security);
  if (in.contains("mac_address")) in["mac_address"].get_to(words.mac_address);
  if (in.contains("depends_on")) in["depends_on"].get_to(words.depends_on);
  words.detached = in.contains("detached");
  if (in.contains("ports_before_exposed"))
    words.ports_before_exposed = in["ports_before_exposed"].get<std::size_t>();
}

void to_json(json& out, const ContainerConfig& config) {
  out = json{{"id", config.id},
             {"name", config.name},
             {"service", config.service},
             {"number", config.number},
             {"spec", config.spec},
             {"endpoints", config.endpoints},
             {"ports", config.ports},
             {"links", config.links},
             {"extra_hosts", config.extra_hosts},
             {"restart", config.restart},
             {"stop", config.stop},
             {"data_container", config.data_container},
             {"applied", config.applied}};
  if (!config.fixed_ports.empty()) out["fixed_ports"] = config.fixed_ports;
  if (!config.step.empty()) out["step"] = config.step;
  if (config.by_hand) out["by_hand"] = *config.by_hand;
  if (config.wording != Wording{}) out["wording"] = config.wording;
  if (!config.place.empty()) out["place"] = config.place;
  if (config.dns != DnsRules{}) out["dns"] = config.dns;
  if (config.health) out["health"] = *config.health;
  if (config.ready) out["ready"] = *config.ready;
  if (!config.restart_with.empty()) out["restart_with"] = config.restart_with;
  if (!config.attributes.empty()) out["attributes"] = config.attributes;
  if (!config.post_start.empty()) out["post_start"] = config.post_start;
  if (!config.pre_stop.empty()) out["pre_stop"] = config.pre_stop;
  if (config.log != LogPolicy{}) out["log"] = config.log;
}

void read_summary(const json& in, ContainerConfig& config) {
  in.at("id").get_to(config.id);
  in.at("name").get_to(config.name);
  in.at("service").get_to(config.service);
  in.at("number").get_to(config.number);
  if (in.contains("step")) in.at("step").get_to(config.step);
  if (in.contains("by_hand")) config.by_hand = in.at("by_hand").get<HandRun>();
  if (in.contains("place")) in.at("place").get_to(config.place);
  in.at("endpoints").get_to(config.endpoints);
  in.at("restart").get_to(config.restart);
  in.at("data_container").get_to(config.data_container);
  in.at("applied").get_to(config.applied);
  if (in.contains("arguments")) in.at("arguments").get_to(config.spec.process.arguments);
  if (in.contains("log")) in.at("log").get_to(config.log);
  if (in.contains("restart_with")) in.at("restart_with").get_to(config.restart_with);
}

void read_details(const json& in, ContainerConfig& config) {
  in.at("spec").get_to(config.spec);
  in.at("ports").get_to(config.ports);
  if (in.contains("fixed_ports")) in["fixed_ports"].get_to(config.fixed_ports);
  in.at("links").get_to(config.links);
  in.at("extra_hosts").get_to(config.extra_hosts);
  if (in.contains("dns")) in.at("dns").get_to(config.dns);
  if (in.contains("health")) config.health = in.at("health").get<HealthPolicy>();
  if (in.contains("ready")) config.ready = in.at("ready").get<ReadyRule>();
  if (in.contains("wording")) in["wording"].get_to(config.wording);
  if (in.contains("attributes")) in.at("attributes").get_to(config.attributes);
  in.at("stop").get_to(config.stop);
  if (in.contains("post_start")) in["post_start"].get_to(config.post_start);
  if (in.contains("pre_stop")) in["pre_stop"].get_to(config.pre_stop);
}

void from_json(const json& in, ContainerConfig& config) {
  read_summary(in, config);
  read_details(in, config);
}

json take_details(json& config) {
  json details = json::object();
  for (const char* key : {"spec", "ports", "fixed_ports", "links", "extra_hosts", "dns", "health",
                          "ready", "wording", "attributes", "stop", "post_start", "pre_stop"}) {
    const auto found = config.find(key);
    if (found == config.end()) continue;
    details[key] = std::move(*found);
    config.erase(found);
  }
  return details;
}

void to_json(json& out, const NetworkConfig& config) {
  out = json{
      {"spec", config.spec}, {"subnet_fixed", config.subnet_fixed}, {"applied", config.applied}};
}

void from_json(const json& in, NetworkConfig& config) {
  in.at("spec").get_to(config.spec);
  in.at("subnet_fixed").get_to(config.subnet_fixed);
  in.at("applied").get_to(config.applied);
}

}  // namespace stack::supervisor
