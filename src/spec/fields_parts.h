// SPDX-License-Identifier: Apache-2.0
// Tables of the objects inside a service.
#pragma once

#include "spec/schema.h"

namespace stack::spec {

extern const Schema kDependencySchema;
extern const Schema kPortSchema;
extern const Schema kMountSchema;
extern const Schema kAttachmentSchema;
extern const Schema kLoggingSchema;

void assign_published(void* port, const Node& node);
void assign_read_only(void* mount, const Node& node);
void assign_recursive(void* mount, const Node& node);

/// Octal in the model, decimal in a file that says 1777 without a zero: as compose reads it.
inline constexpr Type kTmpfsMode{.form = Form::integer};

}  // namespace stack::spec
