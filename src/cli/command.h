// SPDX-License-Identifier: Apache-2.0
// The table of commands: names, flags, help and handler of each. The parser, `--help` and the
// documentation follow from it.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/options.h"

namespace stack::cli {

/// Help of flags that are accepted because docker compose has them, and of commands for tests.
inline constexpr std::string_view hidden = "";

using FlagValue =
    std::variant<bool Options::*, std::string Options::*, std::vector<std::string> Options::*>;

/// Its words are literals: each command makes the whole table.
struct Flag {
  std::string_view names;  ///< "-d,--detach"
  FlagValue value;
  std::string_view help;             ///< `hidden`: accepted, and not shown
  std::string_view value_name = {};  ///< "SECONDS"; for flags that take one
};

/// True, or not empty.
bool is_given(const Options& options, const Flag& flag);

enum class Positional {
  none,
  any,  ///< [NAME...]
  one,  ///< NAME
  at_least_one,
  service_and_command,  ///< SERVICE COMMAND [ARG...]: what follows SERVICE is not ours to parse
  object_and_words,     ///< IMAGE [COMMAND] [ARG...]: the same, and there may be no command
};

struct Command {
  std::string_view name;  ///< "up", "image ls"
  std::string_view help;  ///< one line
  std::string_view example;
  Positional positional = Positional::none;
  std::string_view positional_name;  ///< "SERVICE"
  std::vector<Flag> flags;
  /// Returns the exit code; throws Error.
  int (*run)(const Options& options) = nullptr;
  /// Whatever touches or reads what root's containers are made of.
  bool needs_root = true;
};

const std::vector<Flag>& global_flags();
const std::vector<Command>& commands();

// Handlers, one file per group.
int run_up(const Options& options);
int run_create(const Options& options);
int run_run(const Options& options);
int run_remove(const Options& options);
int run_stack_list(const Options& options);
int run_project_volumes(const Options& options);
int run_container_run(const Options& options);
int run_container_create(const Options& options);
int run_container_list(const Options& options);
int run_container_inspect(const Options& options);
int run_container_start(const Options& options);
int run_container_stop(const Options& options);
int run_container_restart(const Options& options);
int run_container_kill(const Options& options);
int run_container_pause(const Options& options);
int run_container_unpause(const Options& options);
int run_container_remove(const Options& options);
int run_container_wait(const Options& options);
int run_container_prune(const Options& options);
int run_container_logs(const Options& options);
int run_container_exec(const Options& options);
int run_container_attach(const Options& options);
int run_container_cp(const Options& options);
int run_container_diff(const Options& options);
int run_container_port(const Options& options);
int run_container_top(const Options& options);
int run_container_stats(const Options& options);
int run_container_rename(const Options& options);
int run_container_update(const Options& options);
int run_container_export(const Options& options);
int run_container_commit(const Options& options);
int run_inspect(const Options& options);
int run_open(const Options& options);
int run_scale(const Options& options);
int run_plan(const Options& options);
int run_why(const Options& options);
int run_history(const Options& options);
int run_rollback(const Options& options);
int run_lock(const Options& options);
int run_down(const Options& options);
int run_stop(const Options& options);
int run_start(const Options& options);
int run_ps(const Options& options);
int run_logs(const Options& options);
int run_timeline(const Options& options);
int run_events(const Options& options);
int run_system_events(const Options& options);
int run_exec(const Options& options);
int run_debug(const Options& options);
int run_kill(const Options& options);
int run_restart(const Options& options);
int run_pause(const Options& options);
int run_unpause(const Options& options);
int run_wait(const Options& options);
int run_top(const Options& options);
int run_stats(const Options& options);
int run_attach(const Options& options);
int run_port(const Options& options);
int run_hosts(const Options& options);
int run_cp(const Options& options);
int run_diff(const Options& options);
int run_export(const Options& options);
int run_commit(const Options& options);
int run_config(const Options& options);
int run_lint(const Options& options);
int run_explain(const Options& options);
int run_schema(const Options& options);
int run_image_import(const Options& options);
int run_image_debian(const Options& options);
int run_image_list(const Options& options);
int run_image_remove(const Options& options);
int run_image_tag(const Options& options);
int run_image_inspect(const Options& options);
int run_image_history(const Options& options);
int run_image_prune(const Options& options);
int run_image_load(const Options& options);
int run_image_save(const Options& options);
int run_image_pull(const Options& options);
int run_image_push(const Options& options);
int run_pull(const Options& options);
int run_push(const Options& options);
int run_images(const Options& options);
int run_login(const Options& options);
int run_logout(const Options& options);
int run_network_list(const Options& options);
int run_network_inspect(const Options& options);
int run_network_create(const Options& options);
int run_network_remove(const Options& options);
int run_network_prune(const Options& options);
int run_network_connect(const Options& options);
int run_network_disconnect(const Options& options);
int run_volume_list(const Options& options);
int run_volume_create(const Options& options);
int run_volume_inspect(const Options& options);
int run_volume_remove(const Options& options);
int run_volume_restore(const Options& options);
int run_volume_prune(const Options& options);
int run_boot(const Options& options);
int run_enable(const Options& options);
int run_disable(const Options& options);
int run_version(const Options& options);
int run_help(const Options& options);
int run_complete(const Options& options);
int run_completion(const Options& options);
int run_reference(const Options& options);
int run_graph(const Options& options);
int run_init(const Options& options);
int run_system_df(const Options& options);
int run_system_info(const Options& options);
int run_system_prune(const Options& options);
int run_builder_prune(const Options& options);
int run_fail_points(const Options& options);
int run_doctor(const Options& options);

}  // namespace stack::cli
