// SPDX-License-Identifier: Apache-2.0
#include "cli/port_view.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "cli/container_view.h"

namespace stack::cli {
namespace {

using network::PublishedPort;

constexpr std::array<std::string_view, 3> protocols{"tcp", "udp", "sctp"};

std::string private_text(const PublishedPort& port) {
  return fmt::format("{}/{}", port.container_port, port.protocol);
}

std::string public_text(const PublishedPort& port) {
  return fmt::format("{}:{}", address_text(port.host_ip), port.host_port);
}

/// Each once: a port may be published on several addresses.
std::string private_list(const supervisor::ObservedContainer& container) {
  std::vector<std::string> texts;
  for (const PublishedPort& port : container.status.published) {
    std::string text = private_text(port);
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
  }
  return join(texts, ", ");
}

/// "web-2.a" as "WEB_2_A".
std::string variable_name(std::string_view service) {
  std::string name;
  for (const char letter : service) {
    const auto byte = static_cast<unsigned char>(letter);
    name += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  if (!name.empty() && name[0] >= '0' && name[0] <= '9') name.insert(0, 1, '_');
  return name;
}

}  // namespace

PrivatePort parse_private_port(std::string_view text, const std::string& protocol) {
  const std::size_t slash = text.find('/');
  PrivatePort port;
  if (!protocol.empty()) port.protocol = to_lower(protocol);
  if (slash != std::string_view::npos) port.protocol = to_lower(text.substr(slash + 1));
  if (std::ranges::find(protocols, port.protocol) == protocols.end()) {
    throw Error(fmt::format("unknown protocol {}", stack::quoted(port.protocol)))
        .with_hint("tcp, udp or sctp")
        .with_exit_code(ExitCode::usage);
  }
  const auto number = parse_integer<std::uint16_t>(text.substr(0, slash));
  if (!number || *number == 0) {
    throw Error(fmt::format("{} is no port", stack::quoted(text)))
        .with_hint("a number from 1 to 65535, as in `stack port web 80`")
        .with_exit_code(ExitCode::usage);
  }
  port.number = *number;
  return port;
}

std::vector<std::string> all_published(const supervisor::ObservedContainer& container,
                                       const PrivatePort& port) {
  std::vector<std::string> addresses;
  for (const PublishedPort& each : container.status.published)
    if (each.container_port == port.number && each.protocol == port.protocol)
      addresses.push_back(public_text(each));
  return addresses;
}

std::string published_address(const supervisor::ObservedContainer& container,
                              const PrivatePort& port) {
  if (const auto all = all_published(container, port); !all.empty()) return all.front();
  const std::string published = private_list(container);
  fail("no port {}/{} for container {}{}{}", port.number, port.protocol, container.config.name,
       published.empty() ? "" : ": ", published);
}

std::string address_to_open(const supervisor::ObservedContainer& container,
                            const std::optional<PrivatePort>& port) {
  constexpr std::uint16_t https = 443;
  for (const PublishedPort& each : container.status.published) {
    if (port ? each.container_port != port->number || each.protocol != port->protocol
             : each.protocol != "tcp")
      continue;
    // What listens everywhere answers here, too.
    const bool everywhere = each.host_ip == "0.0.0.0" || each.host_ip == "::";
    return fmt::format("{}://{}:{}", each.container_port == https ? "https" : "http",
                       everywhere ? "127.0.0.1" : address_text(each.host_ip), each.host_port);
  }
  if (port) return published_address(container, *port);  // tells what there is
  throw Error(fmt::format("no port of container {} is published", container.config.name))
      .with_hint("`ports:` in its file publishes some");
}

std::string all_published(const supervisor::ObservedContainer& container) {
  auto ports = container.status.published;
  std::ranges::stable_sort(ports, {}, [](const PublishedPort& port) {
    return std::pair(port.container_port, std::string_view(port.protocol));
  });
  std::string text;
  for (const PublishedPort& port : ports)
    text += fmt::format("{} -> {}\n", private_text(port), public_text(port));
  return text;
}

std::string published_variables(const supervisor::ObservedContainer& container) {
  const std::string name = variable_name(container.config.service) + "_PORT";
  std::string text;
  std::set<std::string> told;  // a port may be published on several addresses
  for (const PublishedPort& port : container.status.published) {
    std::string inside = std::to_string(port.container_port);
    if (port.protocol != "tcp") inside += port.protocol == "udp" ? "_UDP" : "_SCTP";
    if (!told.insert(inside).second) continue;
    if (text.empty()) text = fmt::format("{}={}\n", name, port.host_port);
    text += fmt::format("{}_{}={}\n", name, inside, port.host_port);
  }
  return text;
}

}  // namespace stack::cli
