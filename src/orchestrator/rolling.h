// SPDX-License-Identifier: Apache-2.0
// `deploy.update_config`: a service's containers give way to changed ones some at a time, and what
// fails on the way decides what becomes of the rest (docs/reconciler.md, "Some at a time"). Pure.
#pragma once

#include "orchestrator/plan_builder.h"
#include "orchestrator/replacement.h"
#include "orchestrator/up_steps.h"

namespace stack::orchestrator {

/// Puts gates between the containers of each service that has an update_config, in the order of
/// their numbers; all other steps but the rescues must be there. With `failure_action: rollback`
/// nobody is let go before the last one has settled; `steps.judged` is what the rescues look at.
/// A service whose dependency is replaced with it stops as a whole, and is not paced.
void pace_updates(PlanBuilder& builder, const DesiredState& desired,
                  const std::map<std::string, Replacement>& replacements, UpSteps& steps);

}  // namespace stack::orchestrator
