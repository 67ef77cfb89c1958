// SPDX-License-Identifier: Apache-2.0
// `stack container run` and `create`: an image by hand, without a compose file.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/attach_session.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_project.h"
#include "cli/container_wording.h"
#include "cli/detach_keys.h"
#include "cli/found_container.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/project_pull.h"
#include "cli/signals.h"
#include "cli/style.h"
#include "orchestrator/one_off.h"
#include "orchestrator/preflight.h"
#include "orchestrator/use_cases.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

/// "quiet_harbor": words are easier to type than digits.
std::string new_name() {
  constexpr std::array qualities{
      "amber", "brisk", "calm",   "clear",  "early", "even",  "fair",  "gentle", "happy", "keen",
      "late",  "light", "lucid",  "mild",   "neat",  "plain", "quick", "quiet",  "ready", "round",
      "sharp", "slow",  "smooth", "steady", "swift", "tidy",  "vivid", "warm",   "wide",  "young"};
  constexpr std::array things{"anchor", "beacon",  "bridge", "brook",   "canyon", "cedar",
                              "cliff",  "cloud",   "comet",  "delta",   "ember",  "field",
                              "forest", "glacier", "harbor", "island",  "lagoon", "lantern",
                              "meadow", "orchard", "pebble", "prairie", "reef",   "ridge",
                              "river",  "summit",  "tide",   "valley",  "willow", "window"};
  const auto random = std::stoul(random_hex(8), nullptr, 16);
  return fmt::format("{}_{}", qualities[random % qualities.size()],
                     things[random / qualities.size() % things.size()]);
}

std::string free_name(const std::vector<FoundContainer>& containers) {
  constexpr int tries = 20;
  for (int i = 0; i < tries; ++i) {
    std::string name = new_name();
    const auto same = [&](const auto& each) { return each.container.config.name == name; };
    if (std::ranges::none_of(containers, same)) return name;
  }
  return fmt::format("{}_{}", new_name(), random_hex(4));
}

void check_terminal(const Options& options) {
  if (options.tty && options.open_stdin && !options.detach && !is_terminal(STDIN_FILENO))
    throw Error("the input device is not a TTY").with_exit_code(ExitCode::failure);
}

UpRequest request_of(const Options& options, const std::string& name, Starting starting) {
  UpRequest request;
  request.what = "container run";
  request.starting = starting;
  if (options.allow_host_paths) request.host_sources = HostSources::all;
  OneOff& one_off = request.one_off.emplace();
  constexpr std::size_t slug_digits = 12;
  one_off.service = one_off.name = name;
  one_off.slug = random_hex(slug_digits);
  one_off.is_the_service = true;
  one_off.stdin_once = options.open_stdin && !options.tty && !options.detach;
  one_off.removed_at_end = options.remove_at_end;
  one_off.is_attached = !options.detach;
  one_off.wording = wording_of(options);
  return request;
}

/// What went wrong has been told. docker's code for "it could not be made" is 125.
[[noreturn]] void fail_as_told(int code) {
  throw Error("").with_exit_code(code == 1 ? ExitCode::runtime_error : static_cast<ExitCode>(code));
}

struct Made {
  std::string name;
  std::string id;
  std::vector<Problem> at_start;  ///< what will keep it from running
};

/// One that could not be started stays as it was made, unless --rm was given.
void leave(const std::string& name, const Options& options) {
  if (!options.remove_at_end) return;
  RemoveRequest request;
  request.containers = {name};
  request.volumes = true;
  carry_out(options, [&](Host& host) { return remove(lone_containers_project, request, host); });
  retire_lone_containers();
}

/// In docker's words.
void warn_of_unpublished_ports(const Options& options) {
  const bool any = !options.publish.empty() || options.publish_all;
  if (any && !options.networks.empty() && options.networks.front() == "host")
    std::cerr << "WARNING: Published ports are discarded when using host network mode\n";
}

Made make(const Options& options, Starting starting) {
  const auto containers = all_containers();
  if (!options.name.empty()) check_name_is_free(containers, options.name);
  const std::string name = options.name.empty() ? free_name(containers) : options.name;
  const spec::Project project = container_project(options, name, containers);
  warn_of_unpublished_ports(options);
  Options quiet = options;
  quiet.progress = "quiet";
  const auto progress = make_progress(quiet);
  Host host = interruptible_host(*progress);
  host.waiting = on_busy(options);
  host.warned = tell_warning;
  host.pull = pull_images(options);
  const UpResult result = up(project, request_of(options, name, starting), host);
  if (!result.problems.empty()) {
    tell_problems(result.problems);
    fail_as_told(1);
  }
  if (const int code = conclude(result.execution); code != 0) {
    leave(name, options);
    fail_as_told(code);
  }
  return {name, find_container(name).container.config.id,
          check_ports(host.paths, result.desired, {}, result.changes, result.plan)};
}

void check_start(const Made& made, const Options& options) {
  if (made.at_start.empty()) return;
  tell_problems(made.at_start);
  leave(made.name, options);
  fail_as_told(1);
}

void write_id(const Options& options, const std::string& id) {
  if (options.cidfile.empty()) return;
  const Fd file = open_file(options.cidfile, O_WRONLY | O_CREAT | O_EXCL, 0644);
  write_all(file.get(), id);
}

void check_id_file(const Options& options) {
  if (!options.cidfile.empty() && stack::exists(options.cidfile))
    throw Error(fmt::format("container ID file found: {}", options.cidfile))
        .with_hint("make sure the other container is not running, or delete the file")
        .with_exit_code(ExitCode::runtime_error);
}

/// --attach: without it all are.
struct WantedStreams {
  bool input = true;
  bool output = true;
  bool errors = true;
};

WantedStreams streams_of(const Options& options) {
  if (options.attach_streams.empty()) return {};
  WantedStreams wanted{false, false, false};
  for (const std::string& name : options.attach_streams) {
    const std::string stream = to_lower(name);
    if (stream != "stdin" && stream != "stdout" && stream != "stderr")
      throw Error(fmt::format("invalid argument {} for \"-a, --attach\" flag: valid streams are "
                              "STDIN, STDOUT and STDERR",
                              stack::quoted(name)))
          .with_exit_code(ExitCode::runtime_error);
    wanted.input = wanted.input || stream == "stdin";
    wanted.output = wanted.output || stream == "stdout";
    wanted.errors = wanted.errors || stream == "stderr";
  }
  return wanted;
}

int attach(const std::string& id, const Options& options) {
  const WantedStreams wanted = streams_of(options);
  AttachRequest request{lone_containers_project, id};
  request.terminal = options.tty;
  request.input = options.open_stdin && wanted.input;
  request.output = wanted.output;
  request.errors = wanted.errors;
  request.signals = options.sig_proxy;
  request.detach_keys = detach_keys_of(options);
  request.starts = true;
  request.removes = options.remove_at_end;
  const int code = attach_to(request);
  if (options.remove_at_end) retire_lone_containers();
  return code;
}

}  // namespace

namespace {

int run_new(const Options& options) {
  const Made made = make(options, options.detach ? Starting::all : Starting::nothing);
  write_id(options, made.id);
  check_start(made, options);
  if (!options.detach) return attach(made.id, options);
  std::cout << made.id << '\n';
  return 0;
}

}  // namespace

int run_container_run(const Options& options) {
  check_terminal(options);
  check_id_file(options);
  detach_keys_of(options);
  streams_of(options);
  count_interrupts();
  try {
    return run_new(options);
  } catch (Error& error) {
    // 1 would be the container's own.
    if (error.exit_code() == ExitCode::failure) error.with_exit_code(ExitCode::runtime_error);
    throw;
  }
}

int run_container_create(const Options& options) {
  check_id_file(options);
  count_interrupts();
  const Made made = make(options, Starting::nothing);
  write_id(options, made.id);
  std::cout << made.id << '\n';
  return 0;
}

}  // namespace stack::cli
