// SPDX-License-Identifier: Apache-2.0
// The host's one setting that all stacks share. The file says that it was us who switched it on; it
// is written before the setting, so that a crash in between is undone rather than forgotten.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "network/firewall.h"
#include "network/foreign_chains.h"
#include "network/nftables.h"
#include "network/sysctl.h"

namespace stack::network {
namespace {

constexpr const char* setting = "net/ipv4/ip_forward";

}  // namespace

void enable_forwarding(const std::string& memory_file) {
  during("switching on IPv4 forwarding", [&] {
    if (get_sysctl(setting) == "1") return;
    write_file_atomically(memory_file, "0\n", Durability::survives_crash);
    set_sysctl(setting, "1");
  });
}

void restore_forwarding(const std::string& memory_file) {
  during("restoring IPv4 forwarding", [&] {
    if (!exists(memory_file)) return;
    // Whoever came after us found it on and relies on it.
    if (!others_translate(query_nft("list chains"))) set_sysctl(setting, "0");
    remove_tree(memory_file);
  });
}

}  // namespace stack::network
