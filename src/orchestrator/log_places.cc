// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/log_places.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <memory>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "orchestrator/lower_logging.h"

namespace stack::orchestrator {
namespace {

using supervisor::LogShipping;

std::string numeric(const addrinfo& found) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* address =
      found.ai_family == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(found.ai_addr)->sin_addr)
          : static_cast<const void*>(
                &reinterpret_cast<const sockaddr_in6*>(found.ai_addr)->sin6_addr);
  ::inet_ntop(found.ai_family, address, text, sizeof(text));
  return text;
}

std::string resolved(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> holder(list, ::freeaddrinfo);
  if (error != 0)
    fail("syslog-address: {} cannot be found: {}", stack::quoted(host), ::gai_strerror(error));
  return numeric(*list);
}

}  // namespace

std::vector<Problem> check_log_places(const DesiredState& desired, const Changes& changes) {
  std::vector<Problem> warnings;
  std::set<std::string> told;
  for (const auto& [name, wish] : desired.containers) {
    const auto change = changes.containers.find(name);
    if (change == changes.containers.end() || change->second.verdict == Verdict::keep) continue;
    const auto shipping = log_shipping_of(wish, {});
    if (!shipping || shipping->way != LogShipping::Way::unix_socket ||
        stack::exists(shipping->place) || !told.insert(wish.service).second)
      continue;
    warnings.push_back({fmt::format("service {}: nobody takes its output: there is no {}",
                                    stack::quoted(wish.service), shipping->place),
                        desired.sources.find(fmt::format("services.{}.logging", wish.service)),
                        "it is kept, and sent as soon as somebody does"});
  }
  return warnings;
}

void resolve_log_host(supervisor::ContainerConfig& config) {
  auto& shipping = config.log.shipping;
  if (shipping && shipping->way != LogShipping::Way::unix_socket)
    shipping->place = resolved(shipping->place);
}

}  // namespace stack::orchestrator
