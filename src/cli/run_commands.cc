// SPDX-License-Identifier: Apache-2.0
#include "cli/run_commands.h"

#include <algorithm>

#include "base/text.h"
#include "cli/container_commands.h"

namespace stack::cli {
namespace {

Flag build_flag() {
  return {"--build", &Options::build, "Build the images of services that have a Dockerfile first"};
}
Flag pull_flag() {
  return {"--pull", &Options::pull_policy, "always, missing or never, instead of pull_policy",
          "POLICY"};
}
Flag quiet_pull_flag() {
  return {"--quiet-pull", &Options::quiet_pull, "Do not tell what is fetched"};
}
Flag orphans_flag() {
  return {"--remove-orphans", &Options::remove_orphans,
          "Remove containers of services that are not in the file, and runs that have ended"};
}
Flag host_paths_flag() {
  return {"--allow-host-paths", &Options::allow_host_paths,
          "Mount paths of the host that make a container its master"};
}
Flag format_flag() {
  return {"--format", &Options::format,
          "table, 'table TEMPLATE', json, or a template of {{.Name}} and the like", "FORMAT"};
}

std::vector<Flag> service_flags() {
  return {
      {"-d,--detach", &Options::detach, "Leave it to itself, and print its name"},
      {"--rm", &Options::remove_at_end, "Remove it, with its anonymous volumes, when it has ended"},
      {"-e,--env", &Options::environment, "Set an environment variable", "KEY[=VALUE]"},
      {"--env-from-file", &Options::env_from_files, "Set those of a file", "FILE"},
      {"--entrypoint", &Options::entrypoints, "Instead of the service's; '' is none", "COMMAND"},
      {"-i,--interactive", &Options::keep_stdin,
       "Pass our standard input on (the default; --interactive=false)"},
      {"-T,--no-tty,--no-TTY", &Options::no_tty,
       "No terminal, even when standard input and output are one"},
      {"-t,--tty", &Options::ignored, hidden},
      {"-u,--user", &Options::user, "Run as this user", "USER"},
      {"-w,--workdir", &Options::workdir, "Run in this directory", "DIRECTORY"},
      {"-v,--volume", &Options::mounts, "Mount this too", "[SOURCE:]TARGET[:OPTIONS]"},
      {"-p,--publish", &Options::publish, "Publish a port", "[[IP:]HOST:]CONTAINER"},
      {"-P,--service-ports", &Options::service_ports, "Publish the service's ports"},
      {"--name", &Options::name, "Its name, instead of PROJECT-SERVICE-run-...", "NAME"},
      {"-l,--label", &Options::labels, "Something to be found by", "KEY=VALUE"},
      {"--no-deps", &Options::no_deps, "Leave what the service depends on alone"},
      {"--use-aliases", &Options::use_aliases, "Others find it by the service's names"},
      {"--cap-add", &Options::cap_add, "Give it a capability", "NAME"},
      {"--cap-drop", &Options::cap_drop, "Take a capability away", "NAME"},
      {"--detach-keys", &Options::detach_keys,
       "What to type at a terminal to leave it to itself; ctrl-p,ctrl-q if not given", "KEYS"},
      build_flag(),
      pull_flag(),
      {"-q,--quiet", &Options::quiet, "Do not tell what is done before it starts"},
      quiet_pull_flag(),
      {"--quiet-build", &Options::quiet_build, "Do not show how builds go"},
      orphans_flag(),
      host_paths_flag()};
}

bool has_name(const std::vector<Flag>& flags, const std::string& name) {
  return std::ranges::any_of(flags, [&](const Flag& flag) {
    const auto names = split(flag.names, ',');
    return std::ranges::find(names, name) != names.end();
  });
}

/// The names of `flag` from the first on behind which none is taken: of "-P,--publish-all" the
/// second.
std::string_view free_names(const Flag& flag, const std::vector<Flag>& taken) {
  std::string_view names = flag.names;
  for (std::size_t comma = names.rfind(','); !names.empty(); comma = names.rfind(',')) {
    const std::size_t last = comma == std::string_view::npos ? 0 : comma + 1;
    if (has_name(taken, std::string(names.substr(last)))) break;
    if (last == 0) return flag.names;
    names = names.substr(0, comma);
  }
  return flag.names.substr(std::min(flag.names.size(), names.size() + 1));
}

}  // namespace

std::vector<Flag> image_only_flags() {
  std::vector<Flag> taken = service_flags();
  taken.insert(taken.end(), global_flags().begin(), global_flags().end());
  std::vector<Flag> flags;
  for (Flag flag : making_flags()) {
    flag.names = free_names(flag, taken);
    flag.help = hidden;
    if (!flag.names.empty()) flags.push_back(flag);
  }
  return flags;
}

Command run_command() {
  std::vector<Flag> flags = service_flags();
  for (Flag& flag : image_only_flags()) flags.push_back(flag);
  return {"run",
          "Run a service once, by hand, with another command; what it depends on is started first. "
          "Or an image, with the flags of `container run`",
          "stack run --rm web sh -c 'ls -l /data'",
          Positional::object_and_words,
          "SERVICE|IMAGE",
          std::move(flags),
          run_run};
}

Command create_command() {
  return {"create",
          "Make what `up` would make, and start nothing",
          "stack create --scale web=3",
          Positional::any,
          "SERVICE",
          {build_flag(),
           {"--no-build", &Options::no_build, "Build nothing, even if an image is missing"},
           {"--locked", &Options::locked, "Only what stack.lock says; refuse anything else"},
           {"--force-recreate", &Options::force_recreate,
            "Make containers anew even if nothing changed"},
           {"--no-recreate", &Options::no_recreate, "Leave containers alone that exist already"},
           pull_flag(),
           quiet_pull_flag(),
           {"--quiet-build", &Options::quiet_build, "Do not show how builds go"},
           {"--scale", &Options::scales, "How many containers a service has this time",
            "SERVICE=NUMBER"},
           orphans_flag(),
           host_paths_flag(),
           {"--dry-run", &Options::dry_run, "Show what would be done, and do nothing"},
           {"-y,--yes", &Options::ignored, hidden}},
          run_create};
}

Command remove_command() {
  return {"rm",
          "Remove containers that do not run; asks before",
          "stack rm --stop --force web",
          Positional::any,
          "SERVICE",
          {{"-f,--force", &Options::force, "Do not ask"},
           {"-s,--stop", &Options::stop_first, "Stop those that run, and remove them too"},
           {"-v,--volumes", &Options::volumes, "Remove their anonymous volumes too"},
           {"-a,--all", &Options::ignored, hidden}},
          run_remove};
}

Command stack_list_command() {
  return {"ls",
          "List the stacks of this machine",
          "stack ls --all --format json",
          Positional::none,
          "",
          {{"-a,--all", &Options::all, "Those of which nothing runs, too"},
           {"-q,--quiet", &Options::quiet, "Print names only"},
           {"--filter", &Options::filters, "name=TEXT", "KEY=VALUE"},
           format_flag()},
          run_stack_list};
}

Command project_volumes_command() {
  return {"volumes",
          "List the stack's volumes, or those of services",
          "stack volumes --format '{{.Name}} {{.Mountpoint}}' db",
          Positional::any,
          "SERVICE",
          {{"-q,--quiet", &Options::quiet, "Print names only"}, format_flag()},
          run_project_volumes};
}

}  // namespace stack::cli
