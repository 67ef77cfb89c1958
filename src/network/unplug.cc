// SPDX-License-Identifier: Apache-2.0
// Networks of a container that runs: one of its interfaces taken away, its way out led elsewhere.
#include <cerrno>

#include "base/fail_point.h"
#include "network/inside.h"
#include "network/link_requests.h"
#include "network/links.h"

namespace stack::network {
namespace {

NetlinkSocket socket_inside(int network_namespace) {
  const InNamespace inside(network_namespace);
  return NetlinkSocket(NETLINK_ROUTE);
}

}  // namespace

bool has_bridge(const NetworkSpec& network, int stack_namespace) {
  NetlinkSocket stack = socket_inside(stack_namespace);
  return find_link(stack, network.bridge).has_value();
}

void unplug(int container_namespace, const std::string& interface) {
  NetlinkSocket container = socket_inside(container_namespace);
  const auto link = find_link(container, interface);
  if (!link) return;
  fail_point("unplug.remove");
  Batch batch;
  request_link_removal(batch, link->index, interface);
  for (const Refusal& refusal : container.send(batch)) {
    // Gone meanwhile: a bridge that is taken down takes its ports along.
    if (refusal.error_number != ENODEV) throw_refusal(refusal);
  }
}

void lead_out_by(int container_namespace, const EndpointSpec& endpoint,
                 const NetworkSpec& network) {
  NetlinkSocket container = socket_inside(container_namespace);
  Batch batch;
  const int index = get_link(container, endpoint.interface).index;
  request_default_routes(batch, index, endpoint, network);
  container.execute(batch);
}

}  // namespace stack::network
