// SPDX-License-Identifier: Apache-2.0
// What a project is loaded for.
#pragma once

namespace stack::spec {

/// `run`: mistakes that would only show when containers start are errors. `show` (`stack config`):
/// docker compose prints such files too, so they are warnings.
enum class Purpose { run, show };

}  // namespace stack::spec
