// SPDX-License-Identifier: Apache-2.0
// cp, diff, export, commit: what one does with the files of containers.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/archive_output.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/model_diff.h"
#include "cli/project.h"
#include "cli/style.h"
#include "orchestrator/container_files.h"
#include "orchestrator/copy_rules.h"

namespace stack::cli {
namespace {

using namespace orchestrator;
using supervisor::ObservedContainer;

FilesOf files_of(const Options& options) {
  return {HostPaths::from_environment(), project_to_change(options), on_busy(options)};
}

std::optional<int> index_of(const Options& options) {
  if (options.index.empty()) return std::nullopt;
  const auto index = parse_integer<int>(options.index);
  if (!index) throw Error("--index takes a number").with_exit_code(ExitCode::usage);
  return *index > 0 ? index : std::nullopt;  // 0 is docker compose's default: any
}

/// Those of a service, or the one whose id somebody has found out.
std::vector<ObservedContainer> chosen(const FilesOf& files, const std::string& service,
                                      const Options& options) {
  if (options.container.empty()) return containers_of(files, service, index_of(options));
  auto containers = supervisor::read_containers(files.paths, files.project);
  std::erase_if(containers, [&](const auto& each) { return each.config.id != options.container; });
  if (containers.empty()) fail("container {} is gone", options.container);
  return containers;
}

ObservedContainer container_of(const FilesOf& files, const Options& options) {
  return chosen(files, options.arguments.front(), options).front();
}

void refuse_terminal(const char* message) {
  if (is_terminal(STDOUT_FILENO)) throw Error(message).with_exit_code(ExitCode::failure);
}

void write_to_stdout(std::string_view bytes) {
  write_all(STDOUT_FILENO, bytes);
}

// --- cp

int tell_planned(const std::string& source, const std::string& destination) {
  std::cout << fmt::format(" copy {} to {}\n", printable(source), printable(destination));
  return 0;
}

[[noreturn]] void wrong_usage(const char* message) {
  throw Error(message)
      .with_hint("stack cp SERVICE:PATH PATH|-, or stack cp PATH|- SERVICE:PATH")
      .with_exit_code(ExitCode::usage);
}

struct Copy {
  CopyArgument source;
  CopyArgument destination;
};

Copy parse_copy(const Options& options) {
  if (options.arguments.size() != 2) wrong_usage("cp takes a source and a destination");
  if (options.arguments[0].empty()) wrong_usage("source can not be empty");
  if (options.arguments[1].empty()) wrong_usage("destination can not be empty");
  Copy copy{parse_copy_argument(options.arguments[0]), parse_copy_argument(options.arguments[1])};
  if (!copy.source.service.empty() && !copy.destination.service.empty())
    fail("copying between services is not supported");
  if (copy.source.service.empty() && copy.destination.service.empty())
    wrong_usage("unknown copy direction");
  return copy;
}

void tell_copied(const std::string& from, const std::string& to,
                 const std::vector<std::string>& left_out, const Options& options) {
  for (const auto& path : left_out) std::cerr << "left out: " << printable(path) << '\n';
  if (!options.quiet) std::cerr << "copied " << printable(from) << " to " << printable(to) << '\n';
}

}  // namespace

int run_cp(const Options& options) {
  const Copy copy = parse_copy(options);
  const FilesOf files = files_of(options);
  CopyRequest request{
      .source = copy.source.path,
      .destination = copy.destination.path,
      .source_link = options.follow_link ? LastLink::follow : LastLink::keep,
      .owners = options.archive ? CopiedOwners::of_source : CopiedOwners::of_destination,
      .sink = write_to_stdout};
  if (!copy.source.service.empty()) {
    if (request.destination == "-")
      refuse_terminal("a tar archive is not for a terminal: redirect standard output");
    const auto container = chosen(files, copy.source.service, options).front();
    if (options.dry_run)
      return tell_planned(container.config.name + ":" + request.source, request.destination);
    const auto left_out = copy_out(files, container, request);
    if (request.destination != "-")
      tell_copied(container.config.name + ":" + request.source, request.destination, left_out,
                  options);
    return 0;
  }
  const auto containers = chosen(files, copy.destination.service, options);
  if (request.source == "-" && containers.size() > 1) {
    throw Error("standard input can be read once, and the service has several containers")
        .with_hint("choose one with --index");
  }
  for (const auto& container : containers) {
    if (options.dry_run) {
      tell_planned(request.source, container.config.name + ":" + request.destination);
      continue;
    }
    const auto left_out = copy_in(files, container, request);
    tell_copied(request.source, container.config.name + ":" + request.destination, left_out,
                options);
  }
  return 0;
}

int run_diff(const Options& options) {
  if (options.arguments.empty() || options.arguments.front().starts_with('@'))
    return show_model_diff(options);
  if (options.arguments.size() > 1)
    throw Error("diff takes one service").with_exit_code(ExitCode::usage);
  const FilesOf files = files_of(options);
  for (const auto& change : changes_of(files, container_of(files, options)))
    std::cout << printable(to_text(change)) << '\n';
  return 0;
}

int run_export(const Options& options) {
  if (options.output.empty())
    refuse_terminal("output option is required when exporting to terminal");
  const FilesOf files = files_of(options);
  const ObservedContainer container = container_of(files, options);
  write_archive(options.output,
                [&](const image::TarSink& sink) { export_files(files, container, sink); });
  return 0;
}

int run_commit(const Options& options) {
  if (options.arguments.size() > 2)
    throw Error("commit takes a service and a name").with_exit_code(ExitCode::usage);
  const FilesOf files = files_of(options);
  const std::string name = options.arguments.size() == 2 ? options.arguments[1] : "";
  const auto image = commit(files, container_of(files, options),
                            {name, options.author, options.message, options.changes,
                             options.pause ? Meanwhile::paused : Meanwhile::running});
  std::cout << image.id << '\n';
  return 0;
}

}  // namespace stack::cli
