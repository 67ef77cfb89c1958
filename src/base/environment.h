// SPDX-License-Identifier: Apache-2.0
// The variables that this process was given (environ(7)).
#pragma once

#include <map>
#include <string>

namespace stack {

std::map<std::string, std::string> process_environment();

}  // namespace stack
