// SPDX-License-Identifier: Apache-2.0
// Networks as docker prints them: columns, filters and JSON. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/field_template.h"
#include "orchestrator/host_networks.h"

namespace stack::cli {

/// Field -> heading, of `network ls`; and those of its plain table.
const Fields& network_headings();
const std::vector<std::string>& network_columns();
enum class Ids { shortened, whole };
Fields network_fields(const orchestrator::HostNetwork& network, Ids ids);

/// `--filter driver=bridge`, id, name, label, scope, type and dangling: of several with one key any
/// must hold, of different keys all.
class NetworkFilter {
 public:
  /// Throws Error for a key that there is not.
  explicit NetworkFilter(const std::vector<std::string>& texts);
  /// `unused`: names of networks that no container is in.
  bool passes(const orchestrator::HostNetwork& network,
              const std::vector<std::string>& unused) const;

 private:
  std::map<std::string, std::vector<std::string>> wanted_;
};

/// What names the seat of a container in a network: 64 hexadecimal digits.
std::string endpoint_id(const orchestrator::HostNetwork& network, const std::string& container_id);

/// One object of `network inspect`.
nlohmann::ordered_json network_json(const orchestrator::HostNetwork& network);

}  // namespace stack::cli
