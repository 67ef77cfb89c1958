// SPDX-License-Identifier: Apache-2.0
// Requests that may be answered by "it is elsewhere".
#pragma once

#include "registry/http.h"

namespace stack::registry {

/// Where a redirect may lead: never from encrypted to plain, never to where only this machine, or
/// the machine's cloud, can be found. Throws Error.
void check_redirect(const Origin& from, const Origin& to);

/// Sends a request and follows redirects of GET and HEAD. What only the first server may know, our
/// certificate and a header Authorization, stays with it, and so does that any certificate will do.
/// Throws NetworkError, and Error for a redirect that is not followed.
Response exchange(Request request, const TlsSetup& tls, const Waits& waits);

}  // namespace stack::registry
