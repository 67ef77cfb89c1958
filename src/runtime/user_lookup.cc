// SPDX-License-Identifier: Apache-2.0
#include "runtime/user_lookup.h"

#include <charconv>

namespace stack::runtime {
namespace {

constexpr unsigned max_id = 0x7fffffff;

/// Decimal digits only, at most max_id: "-1", "+1", " 1", "0x1" and 4294967295 are no ids.
std::optional<unsigned> parse_id(std::string_view text) {
  unsigned value = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max_id)
    return std::nullopt;
  return value;
}

bool is_name_or_id(std::string_view text) {
  if (text.empty() || text.size() > 255) return false;
  const bool number_like = text.front() >= '0' && text.front() <= '9';
  if (number_like && parse_id(text)) return true;
  if (text.front() == '-' || text.front() == '+' || text.front() == '.') return false;
  bool only_digits = true;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!digit && !letter && std::string_view("_.-@$").find(c) == std::string_view::npos)
      return false;
    only_digits = only_digits && digit;
  }
  return !only_digits;
}

/// Takes off what stands before `separator`, and the separator.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

struct PasswdEntry {
  std::string_view name;
  std::optional<unsigned> uid;
  std::optional<unsigned> gid;
  std::string_view home;
};

PasswdEntry parse_passwd_line(std::string_view line) {
  PasswdEntry entry;
  entry.name = take(line, ':');
  take(line, ':');
  entry.uid = parse_id(take(line, ':'));
  entry.gid = parse_id(take(line, ':'));
  take(line, ':');
  entry.home = take(line, ':');
  return entry;
}

struct GroupEntry {
  std::string_view name;
  std::optional<unsigned> gid;
  std::string_view members;
};

GroupEntry parse_group_line(std::string_view line) {
  GroupEntry entry;
  entry.name = take(line, ':');
  take(line, ':');
  entry.gid = parse_id(take(line, ':'));
  entry.members = take(line, ':');
  return entry;
}

/// Those that resolve_user() can use.
std::optional<PasswdEntry> next_entry(std::string_view& passwd) {
  while (!passwd.empty()) {
    const PasswdEntry entry = parse_passwd_line(take(passwd, '\n'));
    if (!entry.name.empty() && entry.uid && entry.gid) return entry;
  }
  return std::nullopt;
}

/// The first entry of that name, or of that number: digits are never a name.
std::optional<PasswdEntry> find_user(std::string_view wanted, std::string_view passwd) {
  const auto number = parse_id(wanted);
  while (const auto entry = next_entry(passwd)) {
    if (number ? entry->uid == number : entry->name == wanted) return entry;
  }
  return std::nullopt;
}

std::optional<unsigned> find_group(std::string_view wanted, std::string_view group) {
  if (const auto number = parse_id(wanted)) return number;
  while (!group.empty()) {
    const GroupEntry entry = parse_group_line(take(group, '\n'));
    if (!entry.name.empty() && entry.gid && entry.name == wanted) return entry.gid;
  }
  return std::nullopt;
}

bool lists_member(std::string_view members, std::string_view name) {
  while (!members.empty()) {
    if (take(members, ',') == name) return true;
  }
  return false;
}

bool add_group(ResolvedUser& user, gid_t gid) {
  for (std::size_t i = 0; i < user.group_count; ++i) {
    if (user.groups[i] == gid) return true;
  }
  if (user.group_count == ResolvedUser::max_groups) return false;
  user.groups[user.group_count++] = gid;
  return true;
}

LookupResult add_memberships(ResolvedUser& user, std::string_view name, std::string_view group) {
  while (!group.empty()) {
    const GroupEntry entry = parse_group_line(take(group, '\n'));
    if (!entry.gid || !lists_member(entry.members, name)) continue;
    if (!add_group(user, *entry.gid)) return LookupResult::too_many_groups;
  }
  return LookupResult::found;
}

}  // namespace

std::optional<UserRequest> parse_user(std::string_view text) {
  const std::size_t colon = text.find(':');
  UserRequest request{text.substr(0, colon), std::nullopt};
  if (!request.user.empty() && !is_name_or_id(request.user)) return std::nullopt;
  if (colon == std::string_view::npos || colon + 1 == text.size()) return request;
  request.group = text.substr(colon + 1);
  if (!is_name_or_id(*request.group)) return std::nullopt;
  return request;
}

std::string_view home_of(uid_t uid, std::string_view passwd) {
  while (const auto entry = next_entry(passwd)) {
    if (entry->uid == uid) return entry->home;
  }
  return "/";
}

LookupResult resolve_user(const UserRequest& request, std::string_view passwd,
                          std::string_view group, ResolvedUser& user) {
  const std::string_view wanted = request.user.empty() ? std::string_view("0") : request.user;
  const auto entry = find_user(wanted, passwd);
  const auto number = parse_id(wanted);
  if (!entry && !number) return LookupResult::no_such_user;
  user.uid = entry ? *entry->uid : *number;
  user.gid = entry ? *entry->gid : 0;
  user.home = home_of(user.uid, passwd);
  if (request.group) {
    const auto gid = find_group(*request.group, group);
    if (!gid) return LookupResult::no_such_group;
    user.gid = *gid;
  }
  user.group_count = 0;
  add_group(user, user.gid);
  if (request.group || !entry) return LookupResult::found;
  return add_memberships(user, entry->name, group);
}

LookupResult add_group_of(std::string_view wanted, std::string_view group, ResolvedUser& user) {
  const auto gid = find_group(wanted, group);
  if (!gid) return LookupResult::no_such_group;
  return add_group(user, *gid) ? LookupResult::found : LookupResult::too_many_groups;
}

}  // namespace stack::runtime
