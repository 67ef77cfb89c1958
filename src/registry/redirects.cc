// SPDX-License-Identifier: Apache-2.0
#include "registry/redirects.h"

#include "base/error.h"
#include "base/text.h"

namespace stack::registry {
namespace {

constexpr int most_redirects = 5;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

void check_redirect(const Origin& from, const Origin& to) {
  const bool is_downgrade = from.scheme == "https" && to.scheme == "http";
  const bool is_inward = is_loopback(to.host) && !is_loopback(from.host);
  if (is_downgrade || is_inward || is_link_local(to.host))
    fail("a redirect from {} to {} is not followed", to_text(from), printable(to_text(to)));
}

Response exchange(Request request, const TlsSetup& tls, const Waits& waits) {
  const Origin first = request.url.origin;
  for (int count = 0;; ++count) {
    const bool is_first = request.url.origin == first;
    // The same authorities may speak for its store of blobs; who we are is not that one's business.
    Response response(request, is_first ? tls : TlsSetup{.registry = tls.registry}, waits);
    const bool may_go_on = request.method == "GET" || request.method == "HEAD";
    if (!is_redirect(response.status()) || !may_go_on) return response;
    if (count == most_redirects) fail("more than {} redirects", most_redirects);
    const Url next = resolve(request.url, response.header("Location"));
    check_redirect(request.url.origin, next.origin);
    if (!(next.origin == first)) request.headers.erase("Authorization");
    request.url = next;
  }
}

}  // namespace stack::registry
