// SPDX-License-Identifier: Apache-2.0
#include "runtime/program_memory.h"

#include <fcntl.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/search_path.h"
#include "base/text.h"
#include "runtime/limits.h"
#include "runtime/working_directory.h"

namespace stack::runtime {
namespace {

/// The last setting counts, as for execve's readers.
std::optional<std::string_view> value_of(const std::vector<std::string>& environment,
                                         std::string_view key) {
  for (auto entry = environment.rbegin(); entry != environment.rend(); ++entry) {
    if (entry->size() > key.size() && entry->starts_with(key) && (*entry)[key.size()] == '=')
      return std::string_view(*entry).substr(key.size() + 1);
  }
  return std::nullopt;
}

char* pointer(std::string& text) {
  return text.data();
}

}  // namespace

std::vector<std::string> program_candidates(const std::string& name,
                                            const std::vector<std::string>& environment) {
  if (name.find('/') != std::string::npos) return {name};
  std::vector<std::string> candidates;
  for (const std::string& directory :
       split(value_of(environment, "PATH").value_or(default_search_path), ':')) {
    // An empty entry means the working directory (environ(7)).
    candidates.push_back((directory.empty() ? "." : directory) + "/" + name);
  }
  return candidates;
}

ProgramMemory::ProgramMemory(const ProcessSpec& process, const SecuritySpec& security,
                             const StreamFds& streams, const std::filesystem::path& cache,
                             const IdBlock& ids, Elevation elevation)
    : process_(process),
      candidates_(program_candidates(process.arguments.at(0), process.environment)) {
  // As docker: a profile that was asked for holds for a privileged container too.
  if (!security.privileged || !security.seccomp.empty())
    seccomp_ = cached_seccomp(cache, security.seccomp, security.capabilities);
  process_.working_directory = plain_directory(process_.working_directory);
  point_to_strings();
  set_limits();
  set_security(security);
  choose_streams(streams);
  const bool has_all = security.privileged || elevation == Elevation::all_capabilities;
  task_.capabilities = has_all ? own_bounding_set() : capability_bits(security.capabilities);
  task_.seccomp = seccomp_;
  task_.working_directory = process_.working_directory.c_str();
  task_.user = parse_user(process_.user).value_or(UserRequest{});
  task_.terminal = process_.terminal ? Terminal::own : Terminal::none;
  task_.ids = ids;
  task_.init = process_.init ? InitProcess::ours : InitProcess::none;
}

void ProgramMemory::point_to_strings() {
  // As runc: one that is empty is none.
  const bool has_home = !value_of(process_.environment, "HOME").value_or("").empty();
  if (!has_home)
    std::erase_if(process_.environment,
                  [](const std::string& entry) { return entry.starts_with("HOME="); });
  std::transform(process_.arguments.begin(), process_.arguments.end(),
                 std::back_inserter(argument_pointers_), pointer);
  std::transform(process_.environment.begin(), process_.environment.end(),
                 std::back_inserter(environment_pointers_), pointer);
  for (const std::string& path : candidates_) candidate_pointers_.push_back(path.c_str());
  argument_pointers_.push_back(nullptr);
  // Two at the end: the child, which knows the user's home, may fill the first.
  environment_pointers_.insert(environment_pointers_.end(), 2, nullptr);
  task_.arguments = argument_pointers_.data();
  task_.environment = environment_pointers_.data();
  task_.candidates = candidate_pointers_;
  if (!has_home) task_.home_slot = &environment_pointers_.at(environment_pointers_.size() - 2);
}

void ProgramMemory::set_limits() {
  for (const auto& [name, limit] : process_.ulimits) {
    const auto resource = rlimit_resource(name);
    if (!resource) fail("{} is not a limit of processes", stack::quoted(name));
    limits_.push_back({*resource, {rlimit_value(limit.soft), rlimit_value(limit.hard)}});
  }
  groups_.assign(process_.groups.begin(), process_.groups.end());
  if (process_.oom_score_adj) oom_score_adj_ = std::to_string(*process_.oom_score_adj);
  task_.limits = limits_;
  task_.groups = groups_;
  if (!oom_score_adj_.empty()) task_.oom_score_adj = oom_score_adj_.c_str();
}

void ProgramMemory::set_security(const SecuritySpec& security) {
  if (security.no_new_privileges) task_.new_privileges = NewPrivileges::never;
  if (security.apparmor.empty() || security.apparmor == "unconfined") return;
  if (!has_apparmor()) return;
  apparmor_ = "exec " + security.apparmor;
  task_.apparmor = apparmor_.c_str();
}

void ProgramMemory::choose_streams(const StreamFds& streams) {
  null_ = open_file("/dev/null", O_RDWR);
  const auto given_or_null = [&](int stream) { return stream < 0 ? null_.get() : stream; };
  task_.standard_streams[0] = given_or_null(streams.in);
  task_.standard_streams[1] = given_or_null(streams.out);
  task_.standard_streams[2] = given_or_null(streams.err);
}

}  // namespace stack::runtime
