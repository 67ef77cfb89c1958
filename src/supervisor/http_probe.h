// SPDX-License-Identifier: Apache-2.0
// One question by HTTP, asked from within a container's network namespace: the image needs no
// program for it.
#pragma once

#include <string>

#include "supervisor/async.h"
#include "supervisor/container_config.h"

namespace stack::supervisor {

struct HttpAnswer {
  bool connected = false;
  bool ready = false;
  std::string problem;  ///< why it is not ready: "connection refused", "HTTP 503"
};

/// Asks as `rule` says; of localhost both addresses, one after the other. Gives up after some
/// seconds.
Awaitable<HttpAnswer> ask_by_http(Loop& loop, int network_namespace, ReadyRule rule);

}  // namespace stack::supervisor
