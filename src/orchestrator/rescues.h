// SPDX-License-Identifier: Apache-2.0
// What an `up` does after a failure: containers that were set aside are brought back, those that
// were stopped for the sake of others are started again.
#pragma once

#include "orchestrator/plan_builder.h"
#include "orchestrator/replacement.h"
#include "orchestrator/up_steps.h"

namespace stack::orchestrator {

/// Adds the rescues of a plan whose other steps are all there. `restarts`: containers that are
/// stopped and started, and why. With Atomicity::all every failure brings back everything, networks
/// as they were included, and containers and networks that are new go again; volumes stay. Notes
/// UpSteps::brought_back.
void add_rescues(PlanBuilder& builder, const DesiredState& desired,
                 const std::map<std::string, Replacement>& replacements,
                 const std::map<std::string, std::string>& restarts, UpSteps& steps,
                 Atomicity atomicity);

}  // namespace stack::orchestrator
