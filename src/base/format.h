// SPDX-License-Identifier: Apache-2.0
// The one door to fmt: header-only, because Debian's fmt has no static archive and every shared
// library costs each `stack` command its loading time.
#pragma once

#ifndef FMT_HEADER_ONLY
#define FMT_HEADER_ONLY
#endif
#include <fmt/format.h>
