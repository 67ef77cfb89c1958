// SPDX-License-Identifier: Apache-2.0
// A name that is no service's may be that of something which docker's command of the same name is
// about: which command of ours is.
#pragma once

#include "cli/command.h"
#include "orchestrator/no_such_service.h"

namespace stack::cli {

/// The error with what to type instead as its hint, where the machine has something of that name,
/// or the name can only be an image's or a directory's; else with the hint that it has.
Error with_advice(const orchestrator::NoSuchService& error, const Command& command);

}  // namespace stack::cli
