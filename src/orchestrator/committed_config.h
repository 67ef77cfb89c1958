// SPDX-License-Identifier: Apache-2.0
// What an image inherits from the container that it is made of. Pure.
#pragma once

#include "image/image_store.h"
#include "supervisor/container_config.h"

namespace stack::orchestrator {

/// The config of the container's image, with what the stack file set over it as docker does:
/// command, entrypoint, environment, user, working directory, stop signal, health check replaced;
/// labels and exposed ports added.
image::ImageConfig committed_config(image::ImageConfig image,
                                    const supervisor::ContainerConfig& container);

}  // namespace stack::orchestrator
