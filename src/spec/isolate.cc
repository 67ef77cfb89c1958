// SPDX-License-Identifier: Apache-2.0
#include "spec/isolate.h"

#include <cstdint>
#include <set>

#include "base/ids.h"
#include "base/text.h"
#include "spec/load_sources.h"
#include "spec/normalize.h"

namespace stack::spec {
namespace {

// Below what kernels give out by themselves (ip_local_port_range begins at 32768).
constexpr std::uint64_t first_port = 20000;
constexpr std::uint64_t block_length = 10;
constexpr std::uint64_t block_count = 1200;

/// Blocks of host ports, none given out twice.
class PortBlocks {
 public:
  explicit PortBlocks(std::string_view project) : project_(project) {}

  /// "24810-24819"
  std::string of(std::string_view service, const Node& port) {
    const std::string what = fmt::format("{}\n{}\n{}\n{}", project_, service,
                                         port.text_of("target"), port.text_of("protocol"));
    std::uint64_t block = stable_hash(what) % block_count;
    while (taken_.size() < block_count && !taken_.insert(block).second)
      block = (block + 1) % block_count;
    const std::uint64_t first = first_port + block * block_length;
    return fmt::format("{}-{}", first, first + block_length - 1);
  }

 private:
  std::string project_;
  std::set<std::uint64_t> taken_;
};

void move_ports(Node& service, const std::string& name, PortBlocks& blocks) {
  Node* const ports = service.find("ports");
  if (ports == nullptr) return;
  for (Node& port : ports->items) {
    const Node* const published = port.find("published");
    if (published == nullptr || published->text.empty() || published->text == "0") continue;
    const Place place = published->place;
    port.set("published", make_string(blocks.of(name, port), place));
  }
}

/// Whether a service has an address of its own choice in the network: then its subnet must stay.
bool has_fixed_addresses(const Node& root, std::string_view network) {
  for (const Entry& service : entries_of(root, "services")) {
    const Node* const networks = service.value.find("networks");
    const Node* const joined = networks == nullptr ? nullptr : networks->find(network);
    if (joined != nullptr && (joined->find("ipv4_address") || joined->find("ipv6_address")))
      return true;
  }
  return false;
}

void drop_subnets(Node& root) {
  Node* const networks = root.find("networks");
  if (networks == nullptr) return;
  for (Entry& network : networks->entries)
    if (!is_common(network.value) && !has_fixed_addresses(root, network.key))
      network.value.erase("ipam");
}

void drop_names(Node& root, std::string_view section) {
  Node* const objects = root.find(section);
  if (objects == nullptr) return;
  for (Entry& entry : objects->entries)
    if (!is_common(entry.value)) entry.value.erase("name");
}

}  // namespace

std::string isolated_name(std::string_view name, std::string_view checkout) {
  const std::string label = normalized_name(checkout.substr(checkout.rfind('/') + 1));
  if (label.empty() || label == name) return fmt::format("{}-{}", name, stable_hex(checkout, 6));
  const bool says_both =
      label.starts_with(name) && (label[name.size()] == '-' || label[name.size()] == '_');
  return says_both ? label : fmt::format("{}-{}", name, label);
}

void isolate(Node& root, std::string_view project) {
  PortBlocks blocks(project);
  if (Node* const services = root.find("services"))
    for (Entry& service : services->entries) move_ports(service.value, service.key, blocks);
  for (const auto section : {"networks", "volumes"}) drop_names(root, section);
  drop_subnets(root);
}

}  // namespace stack::spec
