// SPDX-License-Identifier: Apache-2.0
// `stack run`: a service by hand, once. What it depends on is brought up first; then it is started
// with our streams, or left to itself.
#include <iostream>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/attach_session.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/detach_keys.h"
#include "cli/found_container.h"
#include "cli/image_use.h"
#include "cli/parse.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/project_pull.h"
#include "cli/run_commands.h"
#include "cli/run_options.h"
#include "cli/service_images.h"
#include "cli/settings.h"
#include "cli/signals.h"
#include "orchestrator/no_such_service.h"
#include "orchestrator/use_cases.h"
#include "spec/load.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

/// What `up` has to know: the service alone, without the command's words.
Options options_of_service(const Options& options) {
  Options only = options;
  only.arguments = {options.arguments.front()};
  if (options.quiet) only.progress = "quiet";
  return only;
}

OneOff one_off_of(const Options& options, const RunRequest& run) {
  constexpr std::size_t slug_digits = 12;
  OneOff one_off;
  one_off.service = run.service;
  one_off.slug = random_hex(slug_digits);
  one_off.name = options.name;
  one_off.use_aliases = options.use_aliases;
  one_off.stdin_once = run.stdin_open && !run.tty;
  one_off.removed_at_end = options.remove_at_end;
  one_off.is_attached = !options.detach;
  return one_off;
}

UpResult bring_up(const spec::Project& project, const UpRequest& request, const Options& options) {
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress);
  host.waiting = on_busy(options);
  host.warned = tell_warning;
  host.pull = pull_images(options);
  return up(project, request, host);
}

const DesiredContainer& container_of(const UpResult& result) {
  for (const auto& [name, wish] : result.desired.containers)
    if (wish.one_off) return wish;
  fail("the container was not made");
}

std::string id_of(const std::string& project, const std::string& name) {
  for (const auto& each : supervisor::read_containers(HostPaths::from_environment(), project,
                                                      supervisor::ConfigParts::summary))
    if (each.config.name == name) return each.config.id;
  fail("no such container: {}", name);
}

void refuse_flags_of_images(const Options& options) {
  for (const Flag& flag : image_only_flags()) {
    if (!is_given(options, flag)) continue;
    throw Error(fmt::format("{} is for `stack run IMAGE`", split(flag.names, ',').back()))
        .with_hint(fmt::format("what service {} is like stands in its file",
                               printable(options.arguments.front())))
        .with_exit_code(ExitCode::usage);
  }
}

/// As `container run`, which reads the command line anew: there, flags mean what docker's do.
int run_image(const Options& options) {
  Parsed parsed = parse(as_container_run(options.command_line));
  if (parsed.command == nullptr) return parsed.exit_code;
  apply_settings(parsed.options);
  return parsed.command->run(parsed.options);
}

/// Nothing is fetched for a name that may be a mistyped service's.
bool is_image_here(const std::string& name) {
  try {
    return open_store().find(name).has_value();
  } catch (const Error&) {
    return false;  // it is no name of an image
  }
}

/// A plain word, without a registry, a folder, a tag or a digest.
bool may_be_service(const std::string& name) {
  return name.find_first_of("./:@") == std::string::npos;
}

[[noreturn]] void fail_without_service(const spec::Project& project, const std::string& name) {
  std::vector<std::string> services;
  for (const auto& [service, model] : project.services) services.push_back(service);
  NoSuchService error(name, services);
  // Of two hints the first stays.
  error.with_hint(
      fmt::format("if it is an image: `stack container run {0}`, or `stack image pull {0}` first",
                  printable(name)));
  throw error;
}

int attach(const std::string& project, const UpResult& result, const RunRequest& run,
           const Options& options) {
  const std::string& name = container_of(result).name;
  AttachRequest request{project, id_of(project, name)};
  request.terminal = run.tty;
  request.input = run.stdin_open;
  request.signals = true;
  request.detach_keys = detach_keys_of(options);
  request.starts = true;
  request.removes = options.remove_at_end;
  return attach_to(request);
}

}  // namespace

int run_run(const Options& options) {
  const std::string& what = options.arguments.front();
  if (!spec::has_file(load_request(options))) {
    if (may_be_service(what) && !is_image_here(what)) load_project(options);  // tells of the file
    return run_image(options);
  }
  const Options of_service = options_of_service(options);
  const spec::Project loaded = load_project(of_service);
  if (!loaded.services.contains(what)) {
    if (!is_image_here(what)) fail_without_service(loaded, what);
    return run_image(options);
  }
  refuse_flags_of_images(options);
  const RunRequest run = run_request(options);
  if (!options.name.empty())
    check_name_is_free(all_containers(supervisor::ConfigParts::summary), options.name);
  const spec::Project project = project_to_run(loaded, run);
  if (!provide_images(project, of_service)) return 0;
  UpRequest request = up_request(of_service);
  request.what = "run";
  request.starting = options.detach ? Starting::all : Starting::nothing;
  request.one_off = one_off_of(options, run);
  count_interrupts();
  const UpResult result = bring_up(project, request, of_service);
  if (const int code = tell_run(result); code != 0) return code;
  if (!options.detach) return attach(project.name, result, run, options);
  std::cout << container_of(result).name << '\n';
  return 0;
}

}  // namespace stack::cli
