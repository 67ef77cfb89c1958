// SPDX-License-Identifier: Apache-2.0
// What the keys of one service must not say together, and which namespaces there are to share.
// docker compose leaves this to the engine: `config` warns, `up` refuses.
#pragma once

#include "spec/model.h"
#include "spec/reporter.h"

namespace stack::spec {

/// Reports what is wrong with the namespaces and limits of `service`, at its lines.
void check_service(const Service& service, const SourceMap& sources, Reporter& reporter);

}  // namespace stack::spec
