// SPDX-License-Identifier: Apache-2.0
// `stack debug`: a shell with the tools of another image beside what runs in a container.
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "base/ids.h"
#include "cli/chosen_container.h"
#include "cli/command.h"
#include "cli/project.h"
#include "cli/style.h"

namespace stack::cli {
namespace {

constexpr const char* usual_image = "busybox";
/// Of the first process of the container, which both see as number 1. Its files are no directory of
/// ours to begin in: it would have no name by which a shell could find it.
constexpr const char* files_of_the_other = "/proc/1/root";

std::string image_of(const Options& options) {
  if (!options.debug_image.empty()) return options.debug_image;
  const char* const chosen = std::getenv("STACK_DEBUG_IMAGE");
  return chosen == nullptr || *chosen == 0 ? usual_image : chosen;
}

}  // namespace

/// A container of its own, with its own files, so that nothing of the other one is changed; in its
/// namespaces of processes and network.
int run_debug(const Options& options) {
  const auto container = running_container(project_to_show(options), options);
  const std::string other = "container:" + container.config.name;
  constexpr std::size_t slug_digits = 6;
  Options run = options;
  run.arguments.front() = image_of(options);
  if (run.arguments.size() == 1) {
    run.arguments.emplace_back("sh");
    std::cerr << fmt::format("the files of {} are in {}\n", container.config.name,
                             files_of_the_other);
  }
  if (run.workdir.empty()) run.workdir = "/";
  run.files.clear();
  run.project_name.clear();
  run.name = fmt::format("{}-debug-{}", container.config.name, random_hex(slug_digits));
  run.pid_mode = other;
  run.networks = {other};
  run.cap_add.push_back("SYS_PTRACE");  // or its processes could not be looked into
  run.cap_add.push_back("NET_RAW");
  run.remove_at_end = true;
  run.open_stdin = true;
  run.tty = is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO) && !options.no_tty;
  return run_container_run(run);
}

}  // namespace stack::cli
