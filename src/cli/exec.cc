// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/chosen_container.h"
#include "cli/command.h"
#include "cli/detach_keys.h"
#include "cli/exec_session.h"
#include "cli/project.h"
#include "cli/style.h"
#include "spec/dotenv.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;

/// What --env-file and -e say; the latter last, and KEY alone as it is written.
std::vector<std::string> wanted_environment(const Options& options) {
  std::vector<std::string> wanted;
  for (const std::string& file : options.env_files_of_container) {
    const spec::Dotenv parsed = spec::parse_raw_env(read_file(file));
    if (parsed.error)
      throw Error(
          fmt::format("{}:{}: {}", printable(file), parsed.error->line, parsed.error->message));
    for (const auto& [key, value, line] : parsed.entries)
      wanted.push_back(value ? fmt::format("{}={}", key, *value) : key);
  }
  wanted.insert(wanted.end(), options.environment.begin(), options.environment.end());
  return wanted;
}

/// The container's environment, with what is wanted on top; KEY alone takes the value from ours.
std::vector<std::string> environment_of(const ObservedContainer& container,
                                        const Options& options) {
  std::vector<std::string> environment = container.config.spec.process.environment;
  for (const auto& entry : wanted_environment(options)) {
    const std::string key = entry.substr(0, entry.find('='));
    std::erase_if(environment, [&](const auto& each) { return each.starts_with(key + "="); });
    const char* ours = std::getenv(key.c_str());
    if (entry.size() > key.size()) {
      environment.push_back(entry);
    } else if (ours != nullptr) {
      environment.push_back(key + "=" + ours);
    }
  }
  return environment;
}

/// What docker's `exec`, and nothing else, answers to a relative working directory.
constexpr ExitCode no_directory{128};

/// With docker's exit codes.
void check(const runtime::ProcessSpec& process) {
  if (process.arguments.front().empty())
    throw Error("exec \"\": the program has no name").with_exit_code(ExitCode::not_found);
  if (!process.working_directory.starts_with('/'))
    throw Error(fmt::format("working directory {} must be an absolute path",
                            stack::quoted(process.working_directory)))
        .with_exit_code(no_directory);
}

runtime::ProcessSpec process_of(const ObservedContainer& container, const Options& options) {
  runtime::ProcessSpec process = container.config.spec.process;
  process.init = false;
  process.arguments.assign(options.arguments.begin() + 1, options.arguments.end());
  process.environment = environment_of(container, options);
  if (!options.user.empty()) process.user = options.user;
  if (!options.workdir.empty()) process.working_directory = options.workdir;
  check(process);
  // Detached, nobody is at it: then it is there for a program that wants one, when asked for.
  const bool wanted =
      options.detach ? options.tty : is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
  process.terminal = wanted && !options.no_tty && options.keeps_input;
  return process;
}

}  // namespace

int run_exec(const Options& options) {
  const std::string keys = detach_keys_of(options);
  const ObservedContainer container = running_container(project_to_change(options), options);
  ExecRequest request;
  request.container = container.status.process;
  request.spec = &container.config.spec;
  request.process = process_of(container, options);
  request.privileged = options.privileged;
  request.attachment = options.detach ? Attachment::detached : Attachment::attached;
  request.input = options.keeps_input;
  request.detach_keys = keys;
  request.cache = HostPaths::from_environment().cache();
  return run_exec_session(request);
}

}  // namespace stack::cli
