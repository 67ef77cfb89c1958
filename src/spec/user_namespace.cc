// SPDX-License-Identifier: Apache-2.0
#include "spec/user_namespace.h"

#include <array>
#include <string>
#include <utility>

#include "base/format.h"
#include "base/text.h"

namespace stack::spec {
namespace {

constexpr std::uint32_t usual_count = 65536;
constexpr std::uint32_t largest_count = 1U << 24;
constexpr std::string_view with_size = "auto:size=";

class Check {
 public:
  Check(const Project& project, Reporter& reporter) : project_(project), reporter_(reporter) {}

  void run() {
    for (const auto& [name, service] : project_.services) {
      if (!is_known(service.userns_mode)) complain_of_mode(service);
      if (id_count(service.userns_mode)) check_host_namespaces(service);
      check_shared(service);
    }
  }

 private:
  Diagnostic& complain(const char* id, const Service& service, std::string_view key,
                       std::string message) {
    const auto origin = project_.sources.find(fmt::format("services.{}.{}", service.name, key));
    return reporter_.problem_at(id, origin.value_or(Origin{}), std::move(message));
  }

  static bool is_known(const std::string& mode) {
    return mode.empty() || mode == "host" || id_count(mode);
  }

  void complain_of_mode(const Service& service) {
    complain("bad-value", service, "userns_mode",
             fmt::format("\"userns_mode\" of service {} cannot be {}", stack::quoted(service.name),
                         stack::quoted(service.userns_mode)))
        .hint = "host, auto, auto:size=N";
  }

  void check_host_namespaces(const Service& service) {
    if (service.privileged) exclude(service, "privileged", "a privileged container");
    const std::array<std::pair<std::string_view, const std::string*>, 3> modes = {
        {{"network_mode", &service.network_mode}, {"pid", &service.pid}, {"ipc", &service.ipc}}};
    for (const auto& [key, mode] : modes)
      if (*mode == "host") exclude(service, key, "a container with a namespace of the host");
  }

  void exclude(const Service& service, std::string_view key, std::string_view what) {
    complain("exclusive-keys", service, key,
             fmt::format("service {}: {} cannot have a user namespace of its own",
                         stack::quoted(service.name), what))
        .hint = fmt::format("leave out {}, or say userns_mode: host", key);
  }

  /// A container's root is root in the namespaces that belong to its user namespace, and nobody in
  /// others: what is shared, and with whom, must be in one.
  void check_shared(const Service& service) {
    const std::array<std::pair<std::string_view, const std::string*>, 3> modes = {
        {{"network_mode", &service.network_mode}, {"pid", &service.pid}, {"ipc", &service.ipc}}};
    const std::string* first = nullptr;
    for (const auto& [key, mode] : modes) {
      if (!is_shared(*mode)) continue;
      check_partner(service, key, *mode);
      if (first == nullptr) first = mode;
      if (*mode != *first && id_count(service.userns_mode)) complain_of_two(service, key);
    }
  }

  static bool is_shared(const std::string& mode) { return mode.find(':') != std::string::npos; }

  void check_partner(const Service& service, std::string_view key, const std::string& mode) {
    constexpr std::string_view of_service = "service:";
    if (!mode.starts_with(of_service)) return;  // another stack's: known when it is started
    const auto other = project_.services.find(mode.substr(of_service.size()));
    if (other == project_.services.end()) return;
    if (id_count(other->second.userns_mode) == id_count(service.userns_mode)) return;
    complain("exclusive-keys", service, key,
             fmt::format("services {} and {} share a namespace, but not their ids",
                         stack::quoted(service.name), stack::quoted(other->second.name)))
        .hint = "give both the same userns_mode";
  }

  void complain_of_two(const Service& service, std::string_view key) {
    complain("exclusive-keys", service, key,
             fmt::format("service {} shares namespaces of two containers, each with ids of its own",
                         stack::quoted(service.name)))
        .hint = "share those of one, or say userns_mode: host in all of them";
  }

  const Project& project_;
  Reporter& reporter_;
};

}  // namespace

std::optional<std::uint32_t> id_count(std::string_view mode) {
  if (mode == "auto") return usual_count;
  if (!mode.starts_with(with_size)) return std::nullopt;
  const auto count = parse_integer<std::uint32_t>(mode.substr(with_size.size()));
  return count && *count > 0 && *count <= largest_count ? count : std::nullopt;
}

void check_user_namespaces(const Project& project, Reporter& reporter) {
  Check(project, reporter).run();
}

}  // namespace stack::spec
