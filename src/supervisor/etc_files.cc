// SPDX-License-Identifier: Apache-2.0
#include "supervisor/etc_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "network/dns.h"

namespace stack::supervisor {
namespace {

constexpr std::string_view loopback_lines =
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::\tip6-localnet\n"
    "ff00::\tip6-mcastprefix\n"
    "ff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n";

std::string names_of(const runtime::ContainerSpec& spec) {
  const std::string whole =
      spec.domainname.empty() ? spec.hostname : spec.hostname + "." + spec.domainname;
  const std::string first_part = split(whole, '.').front();
  return first_part == whole ? whole : whole + " " + first_part;
}

/// Without one of its own, it has the machine's (`uts: host`).
std::string own_name(const runtime::ContainerSpec& spec) {
  if (!spec.hostname.empty()) return spec.hostname;
  return std::string(trim(read_file("/proc/sys/kernel/hostname")));
}

void write_in_place(const std::filesystem::path& path, std::string_view text) {
  const Fd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  // Read by whoever the container's process is; the directory above is private.
  if (::fchmod(file.get(), 0644) != 0) throw_errno("chmod {}", path.native());
  write_all(file.get(), text);
}

bool shares_host_network(const ContainerConfig& config) {
  return config.spec.namespaces.network.kind == runtime::NamespaceKind::host;
}

/// The resolver's configuration. One that is alone in its namespace has the host's, as docker has
/// it: it is a file that programs expect.
std::string resolv_conf_for(const ContainerConfig& config) {
  const auto host = read_file_if_exists("/etc/resolv.conf", 1 << 20).value_or("");
  const bool has_resolver = !config.endpoints.empty() && !shares_host_network(config);
  return has_resolver ? resolv_conf_text(host, config.dns)
                      : host_network_resolv_conf(host, config.dns);
}

/// In the host's network the host's own file is true.
std::string first_lines(const ContainerConfig& config) {
  if (!shares_host_network(config)) return std::string(loopback_lines);
  std::string text = read_file_if_exists("/etc/hosts", 1 << 20).value_or("");
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

/// The host's configuration with the rules' own values in the place of its.
network::ResolvConf changed(network::ResolvConf conf, const DnsRules& rules) {
  if (!rules.servers.empty()) conf.nameservers = rules.servers;
  if (!rules.search.empty()) conf.search = rules.search;
  if (conf.search == std::vector<std::string>{"."}) conf.search.clear();
  if (!rules.options.empty()) conf.options = rules.options;
  return conf;
}

std::string text_of(const network::ResolvConf& conf) {
  std::string text;
  for (const std::string& server : conf.nameservers) text += "nameserver " + server + "\n";
  if (!conf.search.empty()) text += "search " + join(conf.search, " ") + "\n";
  if (!conf.options.empty()) text += "options " + join(conf.options, " ") + "\n";
  return text;
}

bool sets_ndots(const std::string& option) {
  return option.starts_with("ndots:");
}

/// Each once.
std::vector<std::string> texts_of(const std::vector<network::DualAddress>& addresses) {
  std::vector<std::string> texts;
  const auto add = [&](const auto& address) {
    if (!address) return;
    if (auto text = to_text(*address); std::ranges::find(texts, text) == texts.end())
      texts.push_back(std::move(text));
  };
  for (const network::DualAddress& address : addresses) {
    add(address.v4);
    add(address.v6);
  }
  return texts;
}

std::string own_lines(const runtime::ContainerSpec& spec,
                      const std::vector<network::DualAddress>& own) {
  std::string text;
  for (const std::string& address : texts_of(own)) text += address + "\t" + names_of(spec) + "\n";
  return text;
}

/// A line of `extra_hosts` that gives its own name to somebody.
bool is_extra(const ContainerConfig& config, std::string_view line) {
  return std::ranges::any_of(config.extra_hosts, [&](const auto& extra) {
    return line == extra.second + "\t" + extra.first;
  });
}

}  // namespace

std::string hosts_text(const ContainerConfig& config, const HostNames& names) {
  std::string text = first_lines(config);
  for (const auto& [name, address] : config.extra_hosts) {
    if (address != "host-gateway") {
      text += address + "\t" + name + "\n";
      continue;
    }
    if (shares_host_network(config)) {
      text += "127.0.0.1\t" + name + "\n";
      continue;
    }
    if (names.host_gateway == network::DualAddress{})
      fail("extra_hosts: {}: host-gateway means nothing without a network", name);
    if (names.host_gateway.v4) text += to_text(*names.host_gateway.v4) + "\t" + name + "\n";
    if (names.host_gateway.v6) text += to_text(*names.host_gateway.v6) + "\t" + name + "\n";
  }
  if (config.spec.hostname.empty()) return text;
  return text + own_lines(config.spec, names.own);
}

void replace_own_addresses(const std::filesystem::path& hosts, const ContainerConfig& config,
                           const std::vector<network::DualAddress>& own) {
  if (config.spec.hostname.empty()) return;
  const std::string end = "\t" + names_of(config.spec);
  std::string text;
  for (const std::string& line : split(trim(read_file(hosts)), '\n'))
    if (!line.ends_with(end) || is_extra(config, line)) text += line + "\n";
  write_in_place(hosts, text + own_lines(config.spec, own));
}

std::string resolv_conf_text(std::string_view host_resolv_conf, const DnsRules& rules) {
  auto conf = network::parse_resolv_conf(host_resolv_conf);
  std::erase_if(conf.options, sets_ndots);
  conf = changed(std::move(conf), rules);
  conf.nameservers = {"127.0.0.11"};
  if (std::ranges::none_of(conf.options, sets_ndots)) conf.options.push_back("ndots:0");
  return text_of(conf);
}

std::string host_network_resolv_conf(std::string_view host_resolv_conf, const DnsRules& rules) {
  if (rules == DnsRules{}) return std::string(host_resolv_conf);
  return text_of(changed(network::parse_resolv_conf(host_resolv_conf), rules));
}

runtime::EtcFiles write_etc_files(const std::filesystem::path& directory,
                                  const ContainerConfig& config, const HostNames& names) {
  runtime::EtcFiles files;
  files.over_links = true;
  files.hosts = directory / "hosts";
  write_in_place(files.hosts, hosts_text(config, names));
  files.hostname = directory / "hostname";
  write_in_place(files.hostname, own_name(config.spec) + "\n");
  files.resolv_conf = directory / "resolv.conf";
  write_in_place(files.resolv_conf, resolv_conf_for(config));
  return files;
}

void give_to_root(const runtime::EtcFiles& files, const IdBlock& ids) {
  if (!ids.remaps()) return;
  for (const std::string* path : {&files.hosts, &files.resolv_conf, &files.hostname}) {
    if (path->empty()) continue;
    if (::chown(path->c_str(), ids.uid_outside(0), ids.gid_outside(0)) != 0)
      throw_errno("chown {}", *path);
  }
}

}  // namespace stack::supervisor
