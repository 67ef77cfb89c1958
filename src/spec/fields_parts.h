// SPDX-License-Identifier: Apache-2.0
// Tables of the objects inside a service.
#pragma once

#include "spec/expand.h"
#include "spec/schema.h"

namespace stack::spec {

extern const Schema kDependencySchema;
extern const Schema kPortSchema;
extern const Schema kMountSchema;
extern const Schema kAttachmentSchema;
extern const Schema kUlimitSchema;
extern const Schema kDeviceSchema;
extern const Schema kFileReferenceSchema;
extern const Schema kLoggingSchema;

void assign_published(void* port, const Node& node);
void assign_read_only(void* mount, const Node& node);
// Rows of deploy, gpus and x-stack, whose values go to members of the service (void*: Service).
void assign_deploy(void* service, const Node& node);
void assign_device_requests(void* service, const Node& node);

void assign_file_mode(void* reference, const Node& node);
void assign_recursive(void* mount, const Node& node);

inline constexpr Type kNotNegativeInteger{
    .form = Form::integer, .refine = refine_not_negative, .counts = Counts::always};
inline constexpr Type kScale{
    .form = Form::integer, .refine = refine_scale, .counts = Counts::always};
/// Octal in the model, decimal in a file that says 1777 without a zero: as compose reads it.
inline constexpr Type kTmpfsMode{.form = Form::integer, .counts = Counts::if_merged};

}  // namespace stack::spec
