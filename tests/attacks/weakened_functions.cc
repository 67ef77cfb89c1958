// SPDX-License-Identifier: Apache-2.0
// As weakened_calls.cc, for functions of the product itself, by their names in object files.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "base/overlay_tree.h"
#include "base/process.h"
#include "network/dns_packet.h"
#include "runtime/user_lookup.h"
#include "runtime/validate.h"
#include "weakness.h"

namespace stack::attacks {

using OpenJoined = std::optional<JoinedDirectory>(const JoinedDirectory&, const std::string&);
#define OPEN_JOINED                                                                                \
  "_ZN5stack11open_joinedERKSt6vectorINS_2FdESaIS1_EERKNSt7__cxx1112basic_stringIcSt11char_traits" \
  "IcESaIcEEE"
OpenJoined real_open_joined asm("__real_" OPEN_JOINED);
OpenJoined wrapped_open_joined asm("__wrap_" OPEN_JOINED);

std::optional<JoinedDirectory> wrapped_open_joined(const JoinedDirectory& root,
                                                   const std::string& path) {
  if (!weakened(Weakness::image_links_lead_out)) return real_open_joined(root, path);
  JoinedDirectory found;
  for (const Fd& layer : root) {
    const int part = ::openat(layer.get(), path.c_str() + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (part >= 0) found.push_back(Fd(part));
  }
  if (found.empty()) return std::nullopt;
  return found;
}

using OpenProcess = std::optional<Fd>(const ProcessIdentity&);
#define OPEN_PROCESS "_ZN5stack12open_processERKNS_15ProcessIdentityE"
OpenProcess real_open_process asm("__real_" OPEN_PROCESS);
OpenProcess wrapped_open_process asm("__wrap_" OPEN_PROCESS);

std::optional<Fd> wrapped_open_process(const ProcessIdentity& process) {
  if (!weakened(Weakness::processes_by_number)) return real_open_process(process);
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0, 0, 0, 0, 0)));
  if (!pidfd) return std::nullopt;
  return pidfd;
}

using MatchReply = network::DnsMatch(std::string_view, std::string_view);
#define MATCH_REPLY "_ZN5stack7network11match_replyESt17basic_string_viewIcSt11char_traitsIcEES4_"
MatchReply real_match_reply asm("__real_" MATCH_REPLY);
MatchReply wrapped_match_reply asm("__wrap_" MATCH_REPLY);

network::DnsMatch wrapped_match_reply(std::string_view query, std::string_view reply) {
  if (!weakened(Weakness::any_reply)) return real_match_reply(query, reply);
  return reply.size() < query.size() ? network::DnsMatch::none : network::DnsMatch::same;
}

using ParseUser = std::optional<runtime::UserRequest>(std::string_view);
#define PARSE_USER "_ZN5stack7runtime10parse_userESt17basic_string_viewIcSt11char_traitsIcEE"
ParseUser real_parse_user asm("__real_" PARSE_USER);
ParseUser wrapped_parse_user asm("__wrap_" PARSE_USER);

std::optional<runtime::UserRequest> wrapped_parse_user(std::string_view text) {
  if (!weakened(Weakness::loose_users)) return real_parse_user(text);
  return runtime::UserRequest{text.substr(0, text.find(':')), std::nullopt};
}

using ResolveUser = runtime::LookupResult(const runtime::UserRequest&, std::string_view,
                                          std::string_view, runtime::ResolvedUser&);
#define RESOLVE_USER                                                                               \
  "_ZN5stack7runtime12resolve_userERKNS0_11UserRequestESt17basic_string_viewIcSt11char_traitsIcEE" \
  "S7_RNS0_12ResolvedUserE"
ResolveUser real_resolve_user asm("__real_" RESOLVE_USER);
ResolveUser wrapped_resolve_user asm("__wrap_" RESOLVE_USER);

runtime::LookupResult wrapped_resolve_user(const runtime::UserRequest& request,
                                           std::string_view passwd, std::string_view group,
                                           runtime::ResolvedUser& user) {
  if (!weakened(Weakness::loose_users)) return real_resolve_user(request, passwd, group, user);
  user.uid = static_cast<uid_t>(std::atol(request.user.data()));
  user.home = "/";
  return runtime::LookupResult::found;
}

using Validate = void(const runtime::ContainerSpec&);
#define VALIDATE "_ZN5stack7runtime8validateERKNS0_13ContainerSpecE"
Validate real_validate asm("__real_" VALIDATE);
Validate wrapped_validate asm("__wrap_" VALIDATE);

void wrapped_validate(const runtime::ContainerSpec& spec) {
  if (!weakened(Weakness::unchecked_spec)) real_validate(spec);
}

}  // namespace stack::attacks
