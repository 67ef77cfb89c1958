// SPDX-License-Identifier: Apache-2.0
// Takes one defence out of the product, to show that the attack it stops is a real one.
//
// No line of the product knows of this. The linker's --wrap sends calls that the product's own
// object files make through weakened_calls.cc, which leaves a flag away, or the call: the same code
// as what users run, on a kernel that forgets one thing. Without a weakness every call passes
// unchanged.
#pragma once

#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace stack::attacks {

enum class Weakness {
  links_lead_out,            ///< openat2 without RESOLVE_*: links are followed into the host
  working_directory_unseen,  ///< nobody looks where chdir led
  descriptors_stay_open,     ///< no close_range
  any_file_is_null,          ///< whatever is called /dev/null is taken for it
  no_filter,                 ///< no seccomp
  devices_in_volumes,        ///< binds without nodev
  shared_processes,          ///< no pid namespace
  shared_keyring,            ///< the launcher's session keyring
  inheritable_capabilities,  ///< CVE-2022-24769: inheritable ones, too
  readable_launcher,         ///< PR_SET_DUMPABLE stays on
  loose_users,               ///< USER by atoi(3)
  keeps_session,             ///< no setsid: the launcher's terminal stays the controlling one
  processes_by_number,       ///< a pid is taken for the process that it once was
  shared_mounts,             ///< mount events travel to the host
  image_links_lead_out,      ///< the image's path of a volume is opened as a host path
  program_on_disk,           ///< the keeper runs the file itself, not a sealed copy
  open_state,                ///< files and directories for everybody
  any_client,                ///< the control socket asks nobody who they are
  unbounded_output,          ///< all that a health check prints is kept
  scratch_in_tmp,            ///< new files are written in /tmp first
  unchecked_spec,            ///< what is asked for is not looked at first
  any_reply,                 ///< whatever comes to the port of a DNS query is its reply
  resolver_for_anybody,      ///< a container's resolver listens to the whole of its network
  anybodys_state,            ///< nobody looks whose the state directory is
  loopback_translated,       ///< ports on 127.0.0.1 are in the host's table, too
  loopback_unguarded,        ///< what a neighbour sends to 127.0.0.1 is translated like the rest
  unguarded,                 ///< whoever has a route may address a container
  ports_unlocked,            ///< a bridge takes every frame from every port
  flows_kept,                ///< what conntrack knows of ports that moved stays
  ports_not_held,            ///< no socket holds what is published
  foreign_chains_closed,     ///< other firewalls are not asked to let packets pass
  names_leave,               ///< names that nobody here has go upstream
  subnets_unseen,            ///< a subnet is chosen without looking who has it
};

/// Those that a whole `stack_weakened` can be told, one a line, by the file STACK_RUN +
/// ".weakness".
inline constexpr std::array<std::pair<std::string_view, Weakness>, 21> told_by_name = {{
    {"links_lead_out", Weakness::links_lead_out},
    {"image_links_lead_out", Weakness::image_links_lead_out},
    {"program_on_disk", Weakness::program_on_disk},
    {"open_state", Weakness::open_state},
    {"any_client", Weakness::any_client},
    {"unbounded_output", Weakness::unbounded_output},
    {"readable_launcher", Weakness::readable_launcher},
    {"no_filter", Weakness::no_filter},
    {"scratch_in_tmp", Weakness::scratch_in_tmp},
    {"anybodys_state", Weakness::anybodys_state},
    {"any_reply", Weakness::any_reply},
    {"resolver_for_anybody", Weakness::resolver_for_anybody},
    {"loopback_translated", Weakness::loopback_translated},
    {"loopback_unguarded", Weakness::loopback_unguarded},
    {"unguarded", Weakness::unguarded},
    {"ports_unlocked", Weakness::ports_unlocked},
    {"flows_kept", Weakness::flows_kept},
    {"ports_not_held", Weakness::ports_not_held},
    {"foreign_chains_closed", Weakness::foreign_chains_closed},
    {"names_leave", Weakness::names_leave},
    {"subnets_unseen", Weakness::subnets_unseen},
}};

/// In force while it lives, in this process and those it forks.
class Weakened {
 public:
  explicit Weakened(std::initializer_list<Weakness> weaknesses);
  ~Weakened();
  Weakened(const Weakened&) = delete;
  Weakened& operator=(const Weakened&) = delete;
};

bool weakened(Weakness weakness);

}  // namespace stack::attacks
