// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_resolvers.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>

#include "base/files.h"
#include "network/dns.h"

namespace stack::supervisor {
namespace {

constexpr const char* dns_service = "53";
/// resolv.conf(5): without any, the name server is on the local machine.
constexpr const char* default_resolver = "127.0.0.1";
constexpr std::size_t largest_file = 1 << 20;

bool same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/// So new that it may change once more within the same tick of the kernel's clock.
bool is_fresh(const timespec& changed) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec - changed.tv_sec <= 1;
}

bool same_address(const DnsResolver& a, const DnsResolver& b) {
  return a.size == b.size && std::memcmp(&a.address, &b.address, a.size) == 0;
}

/// `resolvers`, in the place of those among them that are `known` the known ones: how they behaved
/// is not forgotten.
DnsResolvers remembering(DnsResolvers resolvers, const DnsResolvers& known) {
  for (auto& resolver : resolvers)
    for (const auto& old : known)
      if (same_address(*resolver, *old)) resolver = old;
  return resolvers;
}

}  // namespace

std::optional<DnsResolver> parse_resolver(const std::string& text) {
  DnsResolver resolver;
  // getaddrinfo understands the zone of a link-local address; numeric, it asks nobody.
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(text.c_str(), dns_service, &hints, &found) != 0) return std::nullopt;
  std::copy_n(reinterpret_cast<const char*>(found->ai_addr), found->ai_addrlen,
              reinterpret_cast<char*>(&resolver.address));
  resolver.size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return resolver;
}

DnsResolvers resolvers_from(const std::vector<std::string>& addresses) {
  DnsResolvers resolvers;
  for (const std::string& address : addresses)
    if (const auto resolver = parse_resolver(address))
      resolvers.push_back(std::make_shared<DnsResolver>(*resolver));
  return resolvers;
}

DnsResolvers by_behaviour(DnsResolvers resolvers, Clock::time_point now) {
  std::ranges::stable_partition(
      resolvers, [&](const auto& resolver) { return resolver->silent_until <= now; });
  return resolvers;
}

bool ResolvConfResolvers::State::operator==(const State& other) const {
  return device == other.device && inode == other.inode && size == other.size &&
         same(modified, other.modified) && same(changed, other.changed);
}

ResolvConfResolvers::State ResolvConfResolvers::look() const {
  struct stat found {};
  if (::stat(path_.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, found.st_mtim, found.st_ctim};
}

const DnsResolvers& ResolvConfResolvers::current() {
  // Looked at before it is read: what changes between the two is read once more.
  const State now = look();
  if (read_ && now == known_) return resolvers_;
  auto addresses =
      network::parse_resolv_conf(read_file_if_exists(path_, largest_file).value_or("")).nameservers;
  if (addresses.empty()) addresses.emplace_back(default_resolver);
  resolvers_ = remembering(resolvers_from(addresses), resolvers_);
  known_ = now;
  read_ = !is_fresh(now.changed);
  return resolvers_;
}

}  // namespace stack::supervisor
