// SPDX-License-Identifier: Apache-2.0
// The part of the table of commands that makes images from Dockerfiles.
#pragma once

#include "cli/command.h"

namespace stack::cli {

Command build_command();
Command image_build_command();

int run_build(const Options& options);
int run_image_build(const Options& options);

}  // namespace stack::cli
