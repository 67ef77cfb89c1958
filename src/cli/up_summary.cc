// SPDX-License-Identifier: Apache-2.0
#include "cli/up_summary.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/display_width.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/container_view.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;

/// Where a browser is what one goes there with, unless app_protocol says otherwise.
constexpr std::array<std::uint16_t, 14> web_ports{80,   3000, 4000, 4200, 5000, 5173, 8000,
                                                  8008, 8080, 8081, 8088, 8888, 9000, 9090};
constexpr std::array<std::uint16_t, 3> secure_web_ports{443, 8443, 9443};

std::string_view scheme_of(const spec::Service* service, const network::PublishedPort& port) {
  if (service != nullptr) {
    for (const spec::Port& each : service->ports) {
      if (each.target != port.container_port || each.app_protocol.empty()) continue;
      const std::string protocol = to_lower(each.app_protocol);
      return protocol == "http" ? "http://" : protocol == "https" ? "https://" : "";
    }
  }
  if (std::ranges::find(secure_web_ports, port.container_port) != secure_web_ports.end())
    return "https://";
  return std::ranges::find(web_ports, port.container_port) != web_ports.end() ? "http://" : "";
}

/// "http://localhost:18080", "localhost:15432", "192.0.2.1:53/udp"
std::string address_of(const spec::Service* service, const network::PublishedPort& port) {
  const bool everywhere = port.host_ip == "0.0.0.0" || port.host_ip == "::";
  const std::string host = everywhere ? "localhost" : address_text(port.host_ip);
  if (port.protocol != "tcp") return fmt::format("{}:{}/{}", host, port.host_port, port.protocol);
  return fmt::format("{}{}:{}", scheme_of(service, port), host, port.host_port);
}

const spec::Service* service_of(const spec::Project& project, const std::string& name) {
  const auto found = project.services.find(name);
  return found == project.services.end() ? nullptr : &found->second;
}

bool is_of_a_service(const ObservedContainer& container) {
  return container.config.step.empty() && !supervisor::is_one_off(container.config);
}

struct Counts {
  std::set<std::string> running, done;
  std::vector<std::string> failed;  ///< "web (exit code 3)"
};

Counts count(const std::vector<ObservedContainer>& containers) {
  Counts counts;
  for (const ObservedContainer& each : containers) {
    if (!is_of_a_service(each)) continue;
    const std::string& service = each.config.service;
    if (is_up(each.status.phase)) {
      counts.running.insert(service);
    } else if (each.status.phase == supervisor::Phase::exited) {
      const int code = each.status.exit_code.value_or(0);
      if (code == 0) counts.done.insert(service);
      if (code != 0) counts.failed.push_back(fmt::format("{} (exit code {})", service, code));
    }
  }
  return counts;
}

std::string number_of(std::size_t number, const char* thing) {
  return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

}  // namespace

std::string address_lines(const spec::Project& project,
                          const std::vector<ObservedContainer>& containers) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const ObservedContainer& each : containers) {
    if (!is_of_a_service(each) || !is_up(each.status.phase)) continue;
    const std::string& service = each.config.service;
    for (const auto& port : each.status.published) {
      // Twice when it is published for both families.
      std::pair row{printable(service), address_of(service_of(project, service), port)};
      if (std::ranges::find(rows, row) == rows.end()) rows.push_back(std::move(row));
    }
  }
  std::size_t width = 0;
  for (const auto& [service, address] : rows) width = std::max(width, display_width(service));
  std::string lines;
  for (const auto& [service, address] : rows)
    lines += fmt::format("  {}  {}\n", padded_to_width(service, width), address);
  return lines;
}

std::string up_summary(const spec::Project& project,
                       const std::vector<ObservedContainer>& containers,
                       std::chrono::duration<double> taken) {
  const Counts counts = count(containers);
  std::vector<std::string> parts{number_of(counts.running.size(), "service")};
  if (!counts.done.empty())
    parts.push_back(fmt::format("{} done", number_of(counts.done.size(), "job")));
  if (!counts.failed.empty())
    parts.push_back(fmt::format("ended with an error: {}", join(counts.failed, ", ")));
  parts.push_back(fmt::format("{:.1f} s", taken.count()));
  return fmt::format("{} up: {}\n{}", project.name, join(parts, ", "),
                     address_lines(project, containers));
}

}  // namespace stack::cli
