// SPDX-License-Identifier: Apache-2.0
// What the answers mean that a container gives before it is ready, and how often it is asked; pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/container_config.h"

namespace stack::supervisor {

/// How long to wait before the next look at something that the kernel has no event for, when the
/// looking began `waited` ago: a twentieth of that, so that what takes long is looked at seldom and
/// found out late by little; but 1 ms at least, and 10 ms at most, after a minute 100 ms.
std::chrono::nanoseconds pause_between_looks(std::chrono::nanoseconds waited);
/// The same between commands and questions that cost the container something: from 50 ms up to a
/// second.
std::chrono::nanoseconds pause_between_questions(std::chrono::nanoseconds waited);

/// Of the beginning of an answer, "HTTP/1.1 204 No Content\r\n...": 204; nothing while the first
/// line is not complete, 0 when it is no answer of HTTP.
std::optional<int> http_status(std::string_view answer);
bool means_ready(const ReadyRule& rule, int status);
/// What is sent to ask.
std::string http_request(const ReadyRule& rule);

/// The value of NOTIFY_SOCKET in the container with this id.
std::string notify_address(const std::string& id);
/// Whether a datagram of sd_notify(3) says that the program is ready.
bool says_ready(std::string_view datagram);

/// "nothing listens on port 5432", for the kinds where that is all there is to say.
std::string what_is_missing(const ReadyRule& rule);

}  // namespace stack::supervisor
