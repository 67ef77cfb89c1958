// SPDX-License-Identifier: Apache-2.0
// `stack attach`: our standard streams joined to those of a container that runs.
#include <unistd.h>

#include <iostream>

#include "base/error.h"
#include "cli/attach_session.h"
#include "cli/chosen_container.h"
#include "cli/command.h"
#include "cli/detach_keys.h"
#include "cli/project.h"
#include "cli/style.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;

AttachRequest request_for(const std::string& project, const ObservedContainer& container,
                          const Options& options) {
  const auto& process = container.config.spec.process;
  AttachRequest request{project, container.config.id};
  request.terminal = process.terminal;
  request.input = process.open_stdin && !options.no_stdin;
  request.signals = options.sig_proxy && !process.terminal;
  request.detach_keys = detach_keys_of(options);
  if (request.terminal && request.input && !is_terminal(STDIN_FILENO)) {
    throw Error("the container has a terminal, but standard input is none")
        .with_hint("--no-stdin shows its output only");
  }
  return request;
}

}  // namespace

int run_attach(const Options& options) {
  const std::string project = project_to_change(options);
  const ObservedContainer container = running_container(project, options);
  if (container.config.log.kept == supervisor::LogPolicy::Kept::nothing)
    std::cerr << "warning: the output of " << container.config.name
              << " is not kept (logging driver), and cannot be shown\n";
  return attach_to(request_for(project, container, options));
}

}  // namespace stack::cli
