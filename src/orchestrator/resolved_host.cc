// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/resolved_host.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <memory>

#include "base/error.h"
#include "base/inquiry.h"
#include "base/text.h"

namespace stack::orchestrator {
namespace {

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

}  // namespace

std::string resolve_host(const std::string& host, const std::string& what) {
  void_inquiry();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> holder(list, ::freeaddrinfo);
  if (error != 0)
    fail("{}: {} cannot be found: {}", what, stack::quoted(host), ::gai_strerror(error));
  return numeric(*list);
}

}  // namespace stack::orchestrator
