// SPDX-License-Identifier: Apache-2.0
#include "cli/container_wish.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "spec/short_forms.h"

namespace stack::cli {
namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

[[noreturn]] void refuse(const char* flag, const std::string& text, const std::string& why,
                         const std::string& hint = "") {
  Error error(fmt::format("{} {}: {}", flag, printable(text), why));
  if (!hint.empty()) error.with_hint(hint);
  throw error.with_exit_code(ExitCode::runtime_error);
}

/// A number as one; what is none is for the reader of the file to refuse.
Json number(const std::string& text) {
  if (const auto whole = parse_integer<std::int64_t>(text)) return *whole;
  return text;
}

/// "KEY=VALUE" taken apart; without "=" the value is empty.
std::pair<std::string, std::string> pair_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  return {text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 1)};
}

struct TextFlag {
  std::string Options::*value;
  const char* key;
  enum class Kind { text, number } kind = Kind::text;
};

struct ListFlag {
  std::vector<std::string> Options::*value;
  const char* key;
};

struct SwitchFlag {
  bool Options::*value;
  const char* key;
};

constexpr auto as_number = TextFlag::Kind::number;

constexpr std::array text_flags{
    TextFlag{&Options::hostname, "hostname"},
    TextFlag{&Options::domainname, "domainname"},
    TextFlag{&Options::user, "user"},
    TextFlag{&Options::workdir, "working_dir"},
    TextFlag{&Options::pid_mode, "pid"},
    TextFlag{&Options::ipc, "ipc"},
    TextFlag{&Options::uts, "uts"},
    TextFlag{&Options::userns, "userns_mode"},
    TextFlag{&Options::cgroupns, "cgroup"},
    TextFlag{&Options::cgroup_parent, "cgroup_parent"},
    TextFlag{&Options::restart, "restart"},
    TextFlag{&Options::runtime, "runtime"},
    TextFlag{&Options::isolation, "isolation"},
    TextFlag{&Options::platform, "platform"},
    TextFlag{&Options::stop_signal, "stop_signal"},
    TextFlag{&Options::shm_size, "shm_size"},
    TextFlag{&Options::memory, "mem_limit"},
    TextFlag{&Options::memory_reservation, "mem_reservation"},
    TextFlag{&Options::memory_swap, "memswap_limit"},
    TextFlag{&Options::memory_swappiness, "mem_swappiness", as_number},
    TextFlag{&Options::cpus, "cpus"},
    TextFlag{&Options::cpu_shares, "cpu_shares", as_number},
    TextFlag{&Options::cpu_period, "cpu_period"},
    TextFlag{&Options::cpu_quota, "cpu_quota"},
    TextFlag{&Options::cpu_rt_period, "cpu_rt_period"},
    TextFlag{&Options::cpu_rt_runtime, "cpu_rt_runtime"},
    TextFlag{&Options::cpuset_cpus, "cpuset"},
    TextFlag{&Options::pids_limit, "pids_limit", as_number},
    TextFlag{&Options::oom_score_adj, "oom_score_adj", as_number},
};

constexpr std::array list_flags{
    ListFlag{&Options::environment, "environment"},
    ListFlag{&Options::labels, "labels"},
    ListFlag{&Options::label_files, "label_file"},
    ListFlag{&Options::expose, "expose"},
    ListFlag{&Options::tmpfs, "tmpfs"},
    ListFlag{&Options::dns, "dns"},
    ListFlag{&Options::dns_options, "dns_opt"},
    ListFlag{&Options::dns_search, "dns_search"},
    ListFlag{&Options::add_hosts, "extra_hosts"},
    ListFlag{&Options::links, "external_links"},
    ListFlag{&Options::group_add, "group_add"},
    ListFlag{&Options::cap_add, "cap_add"},
    ListFlag{&Options::cap_drop, "cap_drop"},
    ListFlag{&Options::security_opt, "security_opt"},
    ListFlag{&Options::devices, "devices"},
    ListFlag{&Options::device_cgroup_rules, "device_cgroup_rules"},
    ListFlag{&Options::sysctls, "sysctls"},
};

constexpr std::array switch_flags{
    SwitchFlag{&Options::tty, "tty"},
    SwitchFlag{&Options::open_stdin, "stdin_open"},
    SwitchFlag{&Options::init, "init"},
    SwitchFlag{&Options::privileged, "privileged"},
    SwitchFlag{&Options::read_only, "read_only"},
    SwitchFlag{&Options::oom_kill_disable, "oom_kill_disable"},
};

/// Commands are put together by scripts; a compose file takes nothing twice.
Texts said_once(const Texts& texts) {
  Texts once;
  for (const std::string& text : texts)
    if (std::ranges::find(once, text) == once.end()) once.push_back(text);
  return once;
}

void check_sysctls(const Texts& sysctls) {
  for (const std::string& text : sysctls)
    if (text.find('=') == std::string::npos)
      refuse("--sysctl", text, "it has no value", "NAME=VALUE");
}

void add_plain_flags(const Options& options, Json& service) {
  check_sysctls(options.sysctls);
  for (const TextFlag& flag : text_flags) {
    const std::string& text = options.*flag.value;
    if (!text.empty()) service[flag.key] = flag.kind == as_number ? number(text) : Json(text);
  }
  for (const ListFlag& flag : list_flags)
    if (!(options.*flag.value).empty()) service[flag.key] = said_once(options.*flag.value);
  for (const SwitchFlag& flag : switch_flags)
    if (options.*flag.value) service[flag.key] = true;
}

void add_command(const Options& options, Json& service) {
  service["image"] = options.arguments.front();
  if (options.arguments.size() > 1)
    service["command"] = Texts(options.arguments.begin() + 1, options.arguments.end());
  if (options.entrypoints.empty()) return;
  // One program, whatever spaces are in its name.
  service["entrypoint"] = Texts{options.entrypoints.back()};
}

// ---- volumes

/// -v /data/public:ro, which many a tutorial has.
void check_target(const std::string& text, const spec::VolumeParts& parts) {
  if (parts.target.starts_with('/')) return;
  const bool is_option =
      parts.target == "ro" || parts.target == "rw" || parts.target == "z" || parts.target == "Z";
  refuse("-v", text, fmt::format("mount path must be absolute: \"{}\"", parts.target),
         is_option ? fmt::format("did you mean {0}:{0}:{1}?", parts.source, parts.target) : "");
}

/// What a compose file is only warned of: an option that there is not, or one of a kind twice.
void check_mode(const std::string& text, const spec::VolumeParts& parts) {
  const std::size_t colon = text.rfind(':');
  const std::string mode = text.substr(colon + 1);
  if (mode == parts.target) return;  // there is none
  const auto of_kind = [&](std::initializer_list<std::string_view> kind) {
    std::ptrdiff_t count = 0;
    for (const auto& option : split(mode, ',')) count += std::ranges::count(kind, option);
    return count;
  };
  const std::initializer_list<std::string_view> consistencies{"cached", "delegated", "consistent"};
  const auto known_here = static_cast<std::size_t>(of_kind(consistencies));
  if (parts.unknown_options.size() > known_here || known_here > 1 || of_kind({"ro", "rw"}) > 1 ||
      of_kind({"z", "Z"}) > 1 || of_kind({"nocopy"}) > 1)
    refuse("-v", text, fmt::format("invalid mode: {}", printable(mode)));
}

/// A named volume is the machine's, under that name.
void declare_volume(const std::string& name, Json& document) {
  document["volumes"][name] = {{"name", name}};
}

void add_volume(const std::string& text, Json& service, Json& document) {
  const auto parsed = spec::parse_volume(text);
  if (const auto* refusal = std::get_if<spec::Refusal>(&parsed))
    refuse("-v", text, refusal->message, refusal->hint);
  const auto& parts = std::get<spec::VolumeParts>(parsed);
  check_target(text, parts);
  check_mode(text, parts);
  if (!parts.is_bind && !parts.source.empty()) declare_volume(parts.source, document);
  service["volumes"].push_back(text);
}

/// Where what a key of --mount says stands in a file: a path into `volumes:` of a service.
struct MountKey {
  std::string_view key;
  std::array<const char*, 2> path;
  enum class Form { text, flag } form = Form::text;
};
constexpr std::array<MountKey, 15> mount_keys{{
    {"type", {"type"}},
    {"source", {"source"}},
    {"src", {"source"}},
    {"target", {"target"}},
    {"dst", {"target"}},
    {"destination", {"target"}},
    {"consistency", {"consistency"}},
    {"readonly", {"read_only"}, MountKey::Form::flag},
    {"ro", {"read_only"}, MountKey::Form::flag},
    {"bind-propagation", {"bind", "propagation"}},
    {"bind-recursive", {"bind", "recursive"}},
    {"volume-nocopy", {"volume", "nocopy"}, MountKey::Form::flag},
    {"volume-subpath", {"volume", "subpath"}},
    {"image-subpath", {"image", "subpath"}},
    {"tmpfs-size", {"tmpfs", "size"}},
}};

bool is_switched_on(const std::string& value) {
  return value.empty() || value == "true" || value == "1";
}

/// What --mount says of the volume itself, should it have to be made.
bool add_volume_key(const std::string& key, const std::string& value, Json& volume) {
  if (key == "volume-driver") {
    volume["driver"] = value;
    return true;
  }
  if (key != "volume-opt" && key != "volume-label") return false;
  const auto [name, text] = pair_of(value);
  volume[key == "volume-opt" ? "driver_opts" : "labels"][name] = text;
  return true;
}

void add_mount_key(const std::string& text, const std::string& key, const std::string& value,
                   Json& mount) {
  if (key == "tmpfs-mode") {
    const auto mode = parse_integer<unsigned>(value, 8);
    if (!mode || *mode > 07777) refuse("--mount", text, "tmpfs-mode is an octal number like 1777");
    mount["tmpfs"]["mode"] = *mode;
    return;
  }
  if (key == "bind-nonrecursive") {
    if (is_switched_on(value)) mount["bind"]["recursive"] = "disabled";
    return;
  }
  const auto known = std::ranges::find(mount_keys, std::string_view(key), &MountKey::key);
  if (known == mount_keys.end())
    refuse("--mount", text, fmt::format("unknown key \"{}\"", printable(key)));
  Json& place =
      known->path[1] == nullptr ? mount[known->path[0]] : mount[known->path[0]][known->path[1]];
  if (known->form == MountKey::Form::flag)
    place = is_switched_on(value);
  else
    place = value;
}

/// A mount that is said to be read-only all the way down, and is not read-only.
void check_recursion(const std::string& text, const Json& mount) {
  const std::string recursion = mount.value("/bind/recursive"_json_pointer, std::string());
  if (recursion == "readonly" && !mount.value("read_only", false))
    refuse("--mount", text, "bind-recursive=readonly requires readonly");
}

/// docker's --mount: type=bind,src=/a,dst=/b,readonly.
void add_long_mount(const std::string& text, Json& service, Json& document) {
  Json mount{{"type", "volume"}};
  Json volume = Json::object();
  for (const auto& part : mount_fields(text)) {
    const auto [key, value] = pair_of(part);
    if (!add_volume_key(key, value, volume)) add_mount_key(text, key, value, mount);
  }
  if (!mount.contains("target")) refuse("--mount", text, "target is required");
  check_recursion(text, mount);
  // As docker has it, and not as compose: what is not there is a mistake.
  if (mount["type"] == "bind") mount["bind"]["create_host_path"] = false;
  const bool is_named = mount["type"] == "volume" && mount.contains("source");
  if (!volume.empty() && !is_named)
    refuse("--mount", text,
           "volume-driver, volume-opt and volume-label are of a volume with a name");
  if (is_named) {
    const auto name = mount["source"].get<std::string>();
    declare_volume(name, document);
    document["volumes"][name].update(volume);
  }
  service["volumes"].push_back(std::move(mount));
}

// ---- networks

struct Seat {
  std::string network;
  Json attachment = Json::object();
};

/// NAME, or name=NAME,alias=A,ip=...
Seat seat_of(const std::string& text) {
  if (text.find('=') == std::string::npos) return {text};
  Seat seat;
  for (const auto& part : split(text, ',')) {
    const auto [key, value] = pair_of(part);
    if (key == "name") {
      seat.network = value;
    } else if (key == "alias") {
      seat.attachment["aliases"].push_back(value);
    } else if (key == "ip") {
      seat.attachment["ipv4_address"] = value;
    } else if (key == "ip6") {
      seat.attachment["ipv6_address"] = value;
    } else if (key == "mac-address") {
      seat.attachment["mac_address"] = value;
    } else if (key == "gw-priority") {
      seat.attachment["gw_priority"] = number(value);
    } else if (key == "driver-opt") {
      const auto [option, chosen] = pair_of(value);
      seat.attachment["driver_opts"][option] = chosen;
    } else {
      refuse("--network", text, fmt::format("unknown key \"{}\"", printable(key)));
    }
  }
  if (seat.network.empty()) refuse("--network", text, "name= is required");
  return seat;
}

/// docker's long form of -p: published=8080,target=80,protocol=udp,mode=ingress.
Json long_port(const std::string& text) {
  Json port = Json::object();
  for (const auto& part : split(text, ',')) {
    const auto [key, value] = pair_of(part);
    if (key == "target") {
      port[key] = number(value);
    } else if (key == "published" || key == "protocol" || key == "mode") {
      port[key] = value;
    } else {
      refuse("-p", text, fmt::format("unknown key {}", stack::quoted(key)),
             "there are target, published, protocol and mode");
    }
  }
  if (!port.contains("target")) refuse("-p", text, "target= is required");
  return port;
}

void add_ports(const Options& options, Json& service) {
  for (const auto& text : options.publish)
    service["ports"].push_back(text.find('=') == std::string::npos ? Json(text) : long_port(text));
}

bool is_mode(const std::string& network) {
  return network == "none" || network == "host" || network.starts_with("container:");
}

[[noreturn]] void refuse_with_mode(const std::string& mode, const char* what) {
  refuse("--network", mode, std::string("conflicting options: ") + what);
}

/// What says something about a network is of no use without one of its own; in docker's words.
void check_mode_alone(const Seat& seat, const Options& options) {
  const std::string& mode = seat.network;
  if (!options.ip.empty() || !options.ip6.empty() || !options.link_local_ips.empty() ||
      seat.attachment.contains("ipv4_address") || seat.attachment.contains("ipv6_address"))
    refuse("--network", mode,
           "user specified IP address is supported on user defined networks only");
  if (!options.aliases.empty() || seat.attachment.contains("aliases"))
    refuse("--network", mode,
           "network-scoped aliases are only supported for user-defined networks");
  if (mode == "none") return;
  const bool is_host = mode == "host";
  if (!options.links.empty())
    refuse_with_mode(mode, is_host ? "host type networking can't be used with links"
                                   : "container type network can't be used with links");
  if (is_host) return;
  if (!options.publish.empty() || options.publish_all)
    refuse_with_mode(mode, "port publishing and the container type network mode");
  if (!options.expose.empty())
    refuse_with_mode(mode, "port exposing and the container type network mode");
  if (!options.hostname.empty()) refuse_with_mode(mode, "hostname and the network mode");
  if (!options.dns.empty() || !options.dns_options.empty() || !options.dns_search.empty())
    refuse_with_mode(mode, "dns and the network mode");
  if (!options.add_hosts.empty())
    refuse_with_mode(mode, "custom host-to-IP mapping and the network mode");
}

/// --ip and its likes are about the first network.
void add_seat_flags(const Options& options, Json& attachment) {
  for (const auto& alias : options.aliases) attachment["aliases"].push_back(alias);
  for (const auto& address : options.link_local_ips)
    attachment["link_local_ips"].push_back(address);
  if (!options.ip.empty()) attachment["ipv4_address"] = options.ip;
  if (!options.ip6.empty()) attachment["ipv6_address"] = options.ip6;
  if (!options.mac_address.empty()) attachment["mac_address"] = options.mac_address;
}

void add_networks(const Options& options, Json& service, Json& document) {
  std::vector<Seat> seats;
  for (const auto& text : options.networks) seats.push_back(seat_of(text));
  if (seats.empty()) seats.push_back({"bridge"});
  if (is_mode(seats.front().network)) {
    if (seats.size() > 1) refuse("--network", seats.front().network, "goes with no other network");
    check_mode_alone(seats.front(), options);
    service["network_mode"] = seats.front().network;
    return;
  }
  add_seat_flags(options, seats.front().attachment);
  for (Seat& seat : seats) {
    if (is_mode(seat.network)) refuse("--network", seat.network, "goes with no other network");
    // "default" is docker's other word for it.
    const bool is_bridge = seat.network == "bridge" || seat.network == "default";
    const std::string key = is_bridge ? "default" : seat.network;
    service["networks"][key] = std::move(seat.attachment);
    if (!is_bridge) document["networks"][key] = {{"name", key}, {"external", true}};
  }
}

// ---- the rest

void add_environment_files(const Options& options, Json& service) {
  for (const auto& file : options.env_files_of_container)
    service["env_file"].push_back({{"path", file}, {"format", "raw"}});
}

void add_health(const Options& options, Json& service) {
  Json check = Json::object();
  if (!options.health_cmd.empty()) check["test"] = Texts{"CMD-SHELL", options.health_cmd};
  if (!options.health_interval.empty()) check["interval"] = options.health_interval;
  if (!options.health_timeout.empty()) check["timeout"] = options.health_timeout;
  if (!options.health_start_period.empty()) check["start_period"] = options.health_start_period;
  if (!options.health_start_interval.empty())
    check["start_interval"] = options.health_start_interval;
  if (!options.health_retries.empty()) check["retries"] = number(options.health_retries);
  if (options.no_healthcheck) {
    if (!check.empty())
      throw Error("--no-healthcheck conflicts with --health-* options")
          .with_exit_code(ExitCode::runtime_error);
    check["disable"] = true;
  }
  if (!check.empty()) service["healthcheck"] = std::move(check);
}

void add_limits(const Options& options, Json& service) {
  for (const auto& text : options.ulimits) {
    const auto [name, value] = pair_of(text);
    const std::size_t colon = value.find(':');
    if (colon == std::string::npos) {
      service["ulimits"][name] = number(value);
    } else {
      service["ulimits"][name] = {{"soft", number(value.substr(0, colon))},
                                  {"hard", number(value.substr(colon + 1))}};
    }
  }
  if (!options.stop_timeout.empty()) service["stop_grace_period"] = options.stop_timeout + "s";
  for (const auto& text : options.storage_opt) {
    const auto [key, value] = pair_of(text);
    service["storage_opt"][key] = value;
  }
}

void add_block_limits(const Options& options, Json& service) {
  if (!options.blkio_weight.empty())
    service["blkio_config"]["weight"] = number(options.blkio_weight);
  const auto add = [&](const char* key, const Texts& texts, const char* what) {
    for (const auto& text : texts) {
      const std::size_t colon = text.rfind(':');
      if (colon == std::string::npos) refuse("--device", text, "PATH:VALUE");
      service["blkio_config"][key].push_back(
          {{"path", text.substr(0, colon)}, {what, number(text.substr(colon + 1))}});
    }
  };
  add("weight_device", options.blkio_weight_device, "weight");
  add("device_read_bps", options.device_read_bps, "rate");
  add("device_read_iops", options.device_read_iops, "rate");
  add("device_write_bps", options.device_write_bps, "rate");
  add("device_write_iops", options.device_write_iops, "rate");
}

void add_log(const Options& options, Json& service) {
  if (!options.log_driver.empty()) service["logging"]["driver"] = options.log_driver;
  for (const auto& text : options.log_opt) {
    const auto [key, value] = pair_of(text);
    service["logging"]["options"][key] = value;
  }
}

/// all, a number, or device=0,1.
void add_gpus(const Options& options, Json& service) {
  const std::string& text = options.gpus;
  if (text.empty()) return;
  if (text == "all") {
    service["gpus"] = "all";
  } else if (text.starts_with("device=")) {
    service["gpus"] = Json::array({{{"device_ids", split(text.substr(7), ',')}}});
  } else {
    service["gpus"] = Json::array({{{"count", number(text)}}});
  }
}

/// What is docker's, and has no word in a compose file.
void refuse_what_is_not_there(const Options& options) {
  if (!options.cpuset_mems.empty())
    refuse("--cpuset-mems", options.cpuset_mems, "is not supported yet");
  if (!options.volume_driver.empty() && options.volume_driver != "local")
    refuse("--volume-driver", options.volume_driver, "there is only \"local\"");
  if (!options.attach_streams.empty() && options.detach)
    refuse("--attach", options.attach_streams.front(),
           "conflicting options: cannot specify both --attach and --detach");
  if (options.remove_at_end && !options.restart.empty() && options.restart != "no")
    refuse("--restart", options.restart,
           "conflicting options: cannot specify both --restart and --rm");
}

}  // namespace

std::vector<std::string> mount_fields(const std::string& text) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool doubled = quoted && text.compare(i, 2, "\"\"") == 0;
    if (text[i] == '"' && !doubled) {
      quoted = !quoted;
    } else if (text[i] == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += text[i];
      if (doubled) ++i;
    }
  }
  if (quoted) refuse("--mount", text, "a quote is not closed");
  return fields;
}

nlohmann::json container_document(const Options& options, const std::string& name) {
  refuse_what_is_not_there(options);
  Json document = Json::object();
  Json service{{"container_name", name}};
  add_command(options, service);
  add_plain_flags(options, service);
  for (const auto& text : options.mounts) add_volume(text, service, document);
  for (const auto& text : options.long_mounts) add_long_mount(text, service, document);
  add_ports(options, service);
  add_networks(options, service, document);
  add_environment_files(options, service);
  add_health(options, service);
  add_limits(options, service);
  add_block_limits(options, service);
  add_log(options, service);
  add_gpus(options, service);
  document["services"][name] = std::move(service);
  return document;
}

}  // namespace stack::cli
