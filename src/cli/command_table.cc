// SPDX-License-Identifier: Apache-2.0
#include "cli/command_table.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "cli/about_commands.h"
#include "cli/boot_commands.h"
#include "cli/build_commands.h"
#include "cli/command.h"
#include "cli/container_commands.h"
#include "cli/image_commands.h"
#include "cli/network_commands.h"
#include "cli/run_commands.h"
#include "cli/running_commands.h"
#include "cli/volume_commands.h"
#include "cli/watch.h"

namespace stack::cli {
namespace {

Flag timeout_flag() {
  return {"-t,--timeout", &Options::timeout,
          "Seconds to wait for a container to stop before killing it", "SECONDS"};
}
Flag wait_flag() {
  return {"--wait", &Options::wait,
          "Return when everything is up, and healthy or ready where that can be told"};
}
Flag wait_timeout_flag() {
  return {"--wait-timeout", &Options::wait_timeout, "Fail with exit code 4 when that takes longer",
          "SECONDS"};
}
Flag orphans_flag() {
  return {"--remove-orphans", &Options::remove_orphans,
          "Remove containers of services that are not in the file"};
}
Flag host_paths_flag() {
  return {"--allow-host-paths", &Options::allow_host_paths,
          "Mount paths of the host that make a container its master"};
}
Flag scale_flag() {
  return {"--scale", &Options::scales, "How many containers a service has this time",
          "SERVICE=NUMBER"};
}
Flag renew_flag() {
  return {"-V,--renew-anon-volumes", &Options::renew_anonymous_volumes,
          "Recreate what has anonymous volumes, with new ones; a data container if it is named"};
}

Flag rerun_flag() {
  return {"--rerun", &Options::rerun, "Run jobs again that have completed"};
}
Flag quiet_flag(const char* help) {
  return {"-q,--quiet", &Options::quiet, help};
}
Flag format_flag(const char* help) {
  return {"--format", &Options::format, help, "FORMAT"};
}
Flag change_flag() {
  return {"-c,--change", &Options::changes,
          "Apply a Dockerfile instruction (CMD, ENV, VOLUME, ...)", "INSTRUCTION"};
}

Command up() {
  return {
      "up",
      "Make what runs equal to the stack file",
      "stack up -d",
      Positional::any,
      "SERVICE",
      {{"-d,--detach", &Options::detach, "Return when the services have started"},
       wait_flag(),
       wait_timeout_flag(),
       {"--build", &Options::build, "Build the images of all services that have a Dockerfile"},
       {"--no-build", &Options::no_build, "Build nothing, even if an image is missing"},
       {"--quiet-build", &Options::quiet_build, "Do not show how builds go"},
       {"--force-recreate", &Options::force_recreate,
        "Recreate containers even if nothing changed"},
       {"--no-recreate", &Options::no_recreate, "Leave containers alone that exist already"},
       renew_flag(),
       rerun_flag(),
       {"--copy-volumes-from", &Options::copy_volumes_from,
        "New volumes begin with what those of this project hold", "PROJECT"},
       {"--no-start", &Options::no_start, "Make what is missing, and start nothing: `create`"},
       {"--no-deps", &Options::no_deps, "Leave what the services depend on alone"},
       {"--always-recreate-deps", &Options::always_recreate_deps,
        "Recreate what the named services depend on, even if nothing changed"},
       {"--attach", &Options::attach, "Show only this service's logs; may be repeated", "SERVICE"},
       {"--no-attach", &Options::no_attach, "Do not show this service's logs; may be repeated",
        "SERVICE"},
       {"--attach-dependencies", &Options::attach_dependencies,
        "Show logs of what the named services depend on, too"},
       {"--abort-on-container-exit", &Options::abort_on_exit,
        "Stop all when a container has ended; its exit code is ours"},
       {"--abort-on-container-failure", &Options::abort_on_failure,
        "Stop all when a container has ended with another code than 0, which is ours"},
       {"--exit-code-from", &Options::exit_code_from,
        "Stop all when a container has ended; the exit code is that of this service", "SERVICE"},
       {"--no-log-prefix", &Options::no_log_prefix, "Print logs without the service's name"},
       {"--no-color", &Options::no_color, "Print logs without colour"},
       {"--timestamps", &Options::timestamps, "Show when each line came"},
       {"-y,--yes", &Options::yes, "Answer questions with yes (there are none yet)"},
       {"-w,--watch", &Options::watch, "Beside the logs, do what `stack watch` does"},
       {"--menu", &Options::menu, "Accepted: there is no menu, Ctrl-C stops"},
       {"--trace", &Options::trace,
        "Write where the time went, for ui.perfetto.dev or chrome://tracing", "FILE"},
       {"--atomic", &Options::atomic, "All or nothing: a failure brings everything back"},
       {"--locked", &Options::locked,
        "Only what stack.lock says (`stack lock`); refuse anything else"},
       {"--pull", &Options::pull_policy, "always, missing or never, instead of pull_policy",
        "POLICY"},
       {"--quiet-pull", &Options::quiet_pull, "Do not tell what is fetched"},
       scale_flag(),
       {"--plan", &Options::plan, "Carry out a plan of `plan --out`, if it still holds", "FILE"},
       orphans_flag(),
       host_paths_flag(),
       timeout_flag()},
      run_up};
}

Command plan() {
  return {"plan",
          "Show what `up` would do, and why; change nothing",
          "stack plan",
          Positional::any,
          "SERVICE",
          {{"--detailed-exitcode", &Options::detailed_exitcode,
            "Exit with 2 when there is something to do"},
           {"--out", &Options::out, "Write the plan down, for `up --plan`", "FILE"},
           {"--atomic", &Options::atomic, "As `up --atomic`"},
           renew_flag(),
           rerun_flag(),
           scale_flag(),
           orphans_flag(),
           host_paths_flag(),
           format_flag("text, graph or json")},
          run_plan};
}

Command scale() {
  return {"scale",
          "Give services another number of containers, until the next `up`",
          "stack scale web=3",
          Positional::at_least_one,
          "SERVICE=NUMBER",
          {{"--no-deps", &Options::no_deps, "Leave what they depend on alone"}},
          run_scale};
}

Command why() {
  return {"why",           "Explain the state of a service, and what `up` would change of it",
          "stack why web", Positional::at_least_one,
          "SERVICE",       {format_flag("text or json")},
          run_why};
}

Command history() {
  return {"history",
          "List what was changed of the stack, and when",
          "stack history",
          Positional::none,
          "",
          {format_flag("table or json")},
          run_history};
}

Command lock() {
  return {
      "lock",
      "Write down what the stack is made from, for `up --locked`",
      "stack lock",
      Positional::none,
      "",
      {{"-o,--output", &Options::output, "Instead of stack.lock beside the stack file", "FILE"}},
      run_lock};
}

Command rollback() {
  return {"rollback",
          "Make the stack what it was after an earlier change",
          "stack rollback 3",
          Positional::any,
          "NUMBER",
          {{"--atomic", &Options::atomic, "All or nothing: a failure brings everything back"},
           host_paths_flag()},
          run_rollback};
}

Command down() {
  return {"down",
          "Stop and remove the stack; its volumes stay",
          "stack down",
          Positional::any,
          "SERVICE",
          {{"-v,--volumes", &Options::volumes, "Remove the stack's volumes too"},
           {"--now", &Options::now, "With -v: delete them at once, instead of in 7 days"},
           {"--rmi", &Options::image,
            "Remove images too: local, those that were built and have no name of their own, or all",
            "KIND"},
           orphans_flag(),
           timeout_flag()},
          run_down};
}

Command ps() {
  return {"ps",
          "List the stack's containers",
          "stack ps --format json",
          Positional::any,
          "SERVICE",
          {{"-a,--all", &Options::all, "Show stopped containers too"},
           quiet_flag("Print ids only"),
           {"--services", &Options::services, "Print service names only"},
           {"--status", &Options::statuses,
            "Only those in this state: running, exited, paused, ...; may be repeated", "STATE"},
           {"--filter", &Options::filters, "Only those that match: status=STATE", "KEY=VALUE"},
           {"--orphans", &Options::orphans,
            "Those of services that are not in the file, too (the default; --orphans=false)"},
           {"--no-trunc", &Options::no_trunc, "Do not shorten"},
           format_flag("table, 'table TEMPLATE', json, or a template of {{.Name}} and the like")},
          run_ps};
}

/// Which part of the past.
std::vector<Flag> with_moment_flags(std::vector<Flag> flags) {
  const std::vector<Flag> more{
      {"--since", &Options::since, "Leave out what is older (10m, 2026-01-02T15:04:05Z)", "TIME"},
      {"--until", &Options::until, "Leave out what is younger", "TIME"},
      {"--at", &Options::at, "What was around then (10:31:05, 10:31:05±500ms; ±2s if not said)",
       "TIME"},
      {"--between", &Options::between, "What was between two (10:31..10:32, db.ready..web.exit)",
       "A..B"},
      {"--run", &Options::which_run,
       "Of one run of each: -1 the last, -2 the one before, 1 the first", "NUMBER"},
      {"--grep", &Options::grep, "Only lines that match (an extended regular expression)", "RE"}};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

Command timeline() {
  return {"timeline",
          "Show what containers printed, and what happened to them, in one",
          "stack timeline --between db.ready..web.exit",
          Positional::any,
          "SERVICE",
          with_moment_flags({{"-f,--follow", &Options::follow, "Go on with what comes"},
                             format_flag("text, or json: an object a line"),
                             {"--no-color", &Options::no_color, "Print without colour"}}),
          run_timeline};
}

Command logs() {
  return {
      "logs",
      "Show what the containers printed",
      "stack logs -f --tail 20 web",
      Positional::any,
      "SERVICE",
      with_moment_flags(
          {{"-f,--follow", &Options::follow, "Go on with what comes"},
           {"-n,--tail", &Options::tail, "Start with the last LINES of each container", "LINES"},
           {"-t,--timestamps", &Options::timestamps, "Show when each line came"},
           format_flag("text, or json: an object a line"),
           {"--index", &Options::index, "Which container of a scaled service", "NUMBER"},
           {"--no-log-prefix", &Options::no_log_prefix, "Print without the service's name"},
           {"--no-color", &Options::no_color, "Print without colour"}}),
      run_logs};
}

Command cp() {
  return {"cp",
          "Copy files between a service's container and here",
          "stack cp web:/var/log/app.log .",
          Positional::at_least_one,
          "SERVICE:PATH|PATH|-",
          {{"-a,--archive", &Options::archive, "Keep owner and group of the source"},
           {"-L,--follow-link", &Options::follow_link, "Copy what the source links to"},
           quiet_flag("Do not tell what was copied"),
           index_flag(),
           {"--all", &Options::all, "Containers of `run` too, which go anyhow: for old scripts"}},
          run_cp};
}

Command diff() {
  return {"diff",
          "Show what the stack file would change, or which files a container has changed",
          "stack diff @1 @3",
          Positional::any,
          "[@NUMBER [@NUMBER]] | SERVICE",
          {index_flag(), format_flag("text or json")},
          run_diff};
}

Command export_command() {
  return {"export",
          "Write the files of a service's container as a tar archive",
          "stack export -o web.tar web",
          Positional::one,
          "SERVICE",
          {{"-o,--output", &Options::output, "Write to a file", "FILE"}, index_flag()},
          run_export};
}

Command commit() {
  return {"commit",
          "Make an image of a service's container",
          "stack commit -m 'with tools' web web:debug",
          Positional::at_least_one,
          "SERVICE [NAME[:TAG]]",
          {{"-a,--author", &Options::author, "Who made it", "NAME"},
           {"-m,--message", &Options::message, "What it is", "TEXT"},
           change_flag(),
           {"-p,--pause", &Options::pause, "Pause the container meanwhile; --pause=false: do not"},
           index_flag()},
          run_commit};
}

Command config() {
  return {
      "config",
      "Print the stack file as it is understood",
      "stack config --why services.web.ports",
      Positional::any,
      "SERVICE",
      {format_flag("yaml or json"),
       quiet_flag("Only check the file"),
       {"--services", &Options::services, "Print service names"},
       {"--volumes", &Options::list_volumes, "Print volume names"},
       {"--networks", &Options::list_networks, "Print network names"},
       {"--images", &Options::list_images, "Print image names"},
       {"--profiles", &Options::list_profiles, "Print profile names"},
       {"--models", &Options::list_models, "Print model names"},
       {"--variables", &Options::list_variables, "Print the variables that the files use"},
       {"--environment", &Options::list_environment, "Print the values that variables have"},
       {"--hash", &Options::hash, "Print hashes of services: NAME,NAME or '*'", "SERVICES"},
       {"--why", &Options::why,
        "For each value at PATH: the file and line, and the rule that put it there", "PATH"},
       {"--no-interpolate", &Options::no_interpolate, "Leave variables as they are written"},
       {"--no-normalize", &Options::no_normalize, "Do not fill in what is left out"},
       {"--no-consistency", &Options::no_consistency, "Do not check what refers to what"},
       {"--no-env-resolution", &Options::no_env_resolution,
        "Accepted; env_file is read all the same"},
       {"--no-path-resolution", &Options::no_path_resolution, "Leave paths as they are written"},
       {"--lock-image-digests", &Options::lock_image_digests,
        "Print a file for a further -f, that pins images to what their registries call them"},
       {"--resolve-image-digests", &Options::resolve_image_digests,
        "Pin images to what their registries call them"},
       {"-o,--output", &Options::output, "Write to a file", "FILE"}},
      run_config,
      false};
}

Command lint() {
  return {"lint",
          "Check the stack file, and tell of habits that cause trouble",
          "stack lint --format json",
          Positional::none,
          "",
          {format_flag("text, or json for editors"),
           {"--strict", &Options::strict, "Exit with 1 when there are warnings"}},
          run_lint,
          false};
}

Command explain() {
  return {"explain",
          "Explain what stack says about a file, by the id of the message",
          "stack explain unset-variable",
          Positional::any,
          "ID",
          {},
          run_explain,
          false};
}

Command schema() {
  return {"schema",
          "Print the JSON schema of stack files, for editors",
          "stack schema > stack.schema.json",
          Positional::none,
          "",
          {{"-o,--output", &Options::output, "Write to a file", "FILE"}},
          run_schema,
          false};
}

}  // namespace

bool is_given(const Options& options, const Flag& flag) {
  return std::visit(
      [&](auto member) {
        if constexpr (std::is_same_v<decltype(member), bool Options::*>) {
          return options.*member;
        } else {
          return !(options.*member).empty();
        }
      },
      flag.value);
}

const std::vector<Flag>& global_flags() {
  static const std::vector<Flag> flags{
      {"-f,--file", &Options::files, "Stack file; several are merged in order", "FILE"},
      {"-p,--project-name", &Options::project_name, "Name of the project", "NAME"},
      {"--project-directory", &Options::project_directory, "Where relative paths start",
       "DIRECTORY"},
      {"--env-file", &Options::env_files, "Read variables from this file instead of .env", "FILE"},
      {"--profile", &Options::profiles, "Enable a profile", "NAME"},
      {"--progress", &Options::progress, "auto, tty, plain, json or quiet", "KIND"},
      {"--ansi", &Options::ansi, "auto, always or never", "WHEN"},
      {"--parallel", &Options::parallel, "How many steps may be under way at once; -1: all",
       "NUMBER"},
      {"--no-wait", &Options::no_wait,
       "Fail with exit code 75 while another command changes the stack"},
      {"--all-resources", &Options::all_resources,
       "Networks and volumes that no service uses, too"},
      {"--compatibility", &Options::compatibility,
       "Names with \"_\", as docker-compose 1 had them: shop_web_1"},
      {"--dry-run", &Options::dry_run, "Show what would be done, and do nothing"},
      {"--isolated", &Options::isolated,
       "As a checkout beside others: with a name and ports of its own"},
      {"--root", &Options::root, "Where everything is kept, instead of STACK_ROOT", "DIRECTORY"},
      {"--no-ansi", &Options::no_ansi, hidden},
      {"--workdir", &Options::project_directory, hidden, "DIRECTORY"},
      {"--verbose", &Options::ignored, hidden},
  };
  return flags;
}

namespace {

Command stop_command() {
  return {"stop",           "Stop the containers, without removing them",
          "stack stop web", Positional::any,
          "SERVICE",        {timeout_flag()},
          run_stop};
}

Command start_command() {
  return {"start",
          "Start containers that were stopped",
          "stack start --wait web",
          Positional::any,
          "SERVICE",
          {wait_flag(), wait_timeout_flag()},
          run_start};
}

Command doctor_command() {
  return {"doctor",
          "Check what this machine offers, and how to get what it lacks",
          "stack doctor",
          Positional::none,
          "",
          {format_flag("table or json")},
          run_doctor,
          false};
}

Command version_command() {
  return {"version",
          "Print the version",
          "stack version --short",
          Positional::none,
          "",
          {{"--short", &Options::short_form, "Print the number only"},
           {"-f,--format", &Options::format,
            "pretty, json, or a template of {{.Version}} and the like", "FORMAT"}},
          run_version,
          false};
}

Command fail_points_command() {
  return {"fail-points",   hidden, "stack fail-points", Positional::none, "", {},
          run_fail_points, false};
}

/// The commands whose first word this is: `image` is the first of many.
struct Verb {
  std::string_view word;
  std::vector<Command> (*make)();
};

template <Command (*... make)()>
std::vector<Command> made() {
  return {make()...};
}

/// In the order of the help.
constexpr std::array verbs{
    Verb{"up", made<up>},
    Verb{"down", made<down>},
    Verb{"build", made<build_command>},
    Verb{"ps", made<ps>},
    Verb{"logs", made<logs>},
    Verb{"timeline", made<timeline>},
    Verb{"run", made<run_command>},
    Verb{"create", made<create_command>},
    Verb{"rm", made<remove_command>},
    Verb{"ls", made<stack_list_command>},
    Verb{"volumes", made<project_volumes_command>},
    Verb{"events", made<events_command>},
    Verb{"exec", made<exec_command>},
    Verb{"debug", made<debug_command>},
    Verb{"attach", made<attach_command>},
    Verb{"cp", made<cp>},
    Verb{"diff", made<diff>},
    Verb{"export", made<export_command>},
    Verb{"commit", made<commit>},
    Verb{"scale", made<scale>},
    Verb{"plan", made<plan>},
    Verb{"why", made<why>},
    Verb{"history", made<history>},
    Verb{"rollback", made<rollback>},
    Verb{"lock", made<lock>},
    Verb{"config", made<config>},
    Verb{"graph", made<graph_command>},
    Verb{"lint", made<lint>},
    Verb{"explain", made<explain>},
    Verb{"schema", made<schema>},
    Verb{"init", made<init_command>},
    Verb{"stop", made<stop_command>},
    Verb{"start", made<start_command>},
    Verb{"restart", made<restart_command>},
    Verb{"kill", made<kill_command>},
    Verb{"pause", made<pause_command>},
    Verb{"unpause", made<unpause_command>},
    Verb{"wait", made<wait_command>},
    Verb{"top", made<top_command>},
    Verb{"stats", made<stats_command>},
    Verb{"watch", made<watch_command>},
    Verb{"port", made<port_command>},
    Verb{"open", made<open_command>},
    Verb{"hosts", made<hosts_command>},
    Verb{"inspect", made<inspect_command>},
    Verb{"pull", made<pull_command>},
    Verb{"push", made<push_command>},
    Verb{"images", made<images_command>},
    Verb{"image",
         made<image_list_command, image_build_command, image_pull_command, image_push_command,
              image_tag_command, image_remove_command, image_inspect_command, image_history_command,
              image_save_command, image_load_command, image_import_command, image_debian_command,
              image_prune_command>},
    Verb{"login", made<login_command>},
    Verb{"logout", made<logout_command>},
    Verb{"network", made<network_list_command, network_create_command, network_inspect_command,
                         network_remove_command, network_prune_command, network_connect_command,
                         network_disconnect_command>},
    Verb{"volume", made<volume_list_command, volume_create_command, volume_inspect_command,
                        volume_remove_command, volume_restore_command, volume_prune_command>},
    Verb{"boot", made<boot_command>},
    Verb{"enable", made<enable_command>},
    Verb{"disable", made<disable_command>},
    Verb{"system",
         made<system_df_command, system_events_command, system_info_command, system_prune_command>},
    Verb{"builder", made<builder_prune_command>},
    Verb{"doctor", made<doctor_command>},
    Verb{"version", made<version_command>},
    Verb{"help", made<help_command>},
    Verb{"completion", made<completion_command>},
    Verb{"__complete", made<complete_command>},
    Verb{"reference", made<reference_command>},
    Verb{"fail-points", made<fail_points_command>},
    Verb{"container", container_commands},
};

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> table = [] {
    std::vector<Command> all;
    for (const Verb& verb : verbs) std::ranges::move(verb.make(), std::back_inserter(all));
    return all;
  }();
  return table;
}

std::span<const Command> commands_of(std::string_view verb) {
  static std::map<std::string_view, std::vector<Command>> known;
  const auto* const found = std::ranges::find(verbs, verb, &Verb::word);
  if (found == verbs.end()) return {};
  const auto [commands, fresh] = known.try_emplace(found->word);
  if (fresh) commands->second = found->make();
  return commands->second;
}

const Command* find_command(std::string_view name) {
  const auto commands = commands_of(name.substr(0, name.find(' ')));
  const auto found = std::ranges::find(commands, name, &Command::name);
  return found == commands.end() ? nullptr : &*found;
}

}  // namespace stack::cli
