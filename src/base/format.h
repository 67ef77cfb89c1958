// SPDX-License-Identifier: Apache-2.0
// The one door to fmt. Its functions are compiled into base (format.cc): Debian's fmt has no static
// archive, and every shared library costs each `stack` command its loading time.
#pragma once

#include <fmt/format.h>
