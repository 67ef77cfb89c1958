// SPDX-License-Identifier: Apache-2.0
#include "spec/identity.h"

#include "base/format.h"

namespace stack::spec {

std::string port_identity(const Node& port) {
  const auto host_ip = port.text_of("host_ip");
  return fmt::format("{} {} {} {}", host_ip.empty() ? "0.0.0.0" : host_ip,
                     port.text_of("published"), port.text_of("target"), port.text_of("protocol"));
}

std::string target_identity(const Node& item) {
  return std::string(item.text_of("target"));
}

std::string config_identity(const Node& config) {
  const auto target = config.text_of("target");
  return target.empty() ? fmt::format("/{}", config.text_of("source")) : std::string(target);
}

std::string path_identity(const Node& item) {
  return std::string(item.text_of("path"));
}

std::string subnet_identity(const Node& item) {
  return std::string(item.text_of("subnet"));
}

}  // namespace stack::spec
