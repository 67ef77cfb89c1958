// SPDX-License-Identifier: Apache-2.0
// Dockerfile instructions that change only an image's config: what `image import --change` takes.
#pragma once

#include <string>

#include "image/image_store.h"

namespace stack::image {

/// Applies one instruction: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL,
/// USER, VOLUME, WORKDIR.
/// $NAME and ${NAME} stand for what earlier ENV instructions set (not in CMD and ENTRYPOINT, which
/// the container's shell expands). Throws Error quoting the instruction.
void apply_change(ImageConfig& config, const std::string& instruction);

}  // namespace stack::image
