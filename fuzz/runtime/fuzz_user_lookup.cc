// SPDX-License-Identifier: Apache-2.0
// Any bytes as a USER, an image's /etc/passwd and its /etc/group, with a NUL between one and the
// next.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "runtime/user_lookup.h"

namespace {

using stack::runtime::LookupResult;
using stack::runtime::ResolvedUser;
using stack::runtime::UserRequest;

constexpr unsigned largest_id = 0x7fffffff;

void require(bool truth) {
  if (!truth) std::abort();
}

std::string_view take(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\0'), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

/// Root is whom the request calls 0, or nobody; and whom passwd gives the number 0.
bool may_be_root(const UserRequest& request, std::string_view passwd) {
  if (is_zero(request.user)) return true;
  const std::size_t name = passwd.find(request.user);
  return name != std::string_view::npos && passwd.find('0', name) != std::string_view::npos;
}

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() || part == "/" ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view text = take(rest);
  const std::string_view passwd = take(rest);
  const auto request = stack::runtime::parse_user(text);
  if (!request) return 0;
  static ResolvedUser user;
  user = ResolvedUser{};
  if (stack::runtime::resolve_user(*request, passwd, rest, user) != LookupResult::found) return 0;
  require(user.uid <= largest_id && user.gid <= largest_id);
  require(user.uid != 0 || may_be_root(*request, passwd));
  require(user.group_count >= 1 && user.group_count <= ResolvedUser::max_groups);
  require(std::all_of(user.groups.begin(), user.groups.begin() + user.group_count,
                      [](gid_t gid) { return gid <= largest_id; }));
  require(lies_in(user.home, passwd));
  return 0;
}
