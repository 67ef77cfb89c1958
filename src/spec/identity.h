// SPDX-License-Identifier: Apache-2.0
// What makes two items of a list the same thing when files are merged (Merge::keyed).
#pragma once

#include <string>

#include "spec/tree.h"

namespace stack::spec {

std::string port_identity(const Node& port);      ///< address, published, target, protocol
std::string target_identity(const Node& item);    ///< where it is mounted
std::string config_identity(const Node& config);  ///< target, or /SOURCE
std::string path_identity(const Node& item);      ///< env files
std::string subnet_identity(const Node& item);

}  // namespace stack::spec
