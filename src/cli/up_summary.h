// SPDX-License-Identifier: Apache-2.0
// What an `up` has come to, for the person at the terminal: what runs, and where to find it. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "spec/model.h"
#include "supervisor/status.h"

namespace stack::cli {

/// A line about the containers of the project's services, and one for each published port, with
/// addresses that terminals make links of:
///   shop up: 2 services, 1 job done, 1.9 s
///     web  http://localhost:18080
std::string up_summary(const spec::Project& project,
                       const std::vector<supervisor::ObservedContainer>& containers,
                       std::chrono::duration<double> taken);
/// The addresses alone; empty when there is none.
std::string address_lines(const spec::Project& project,
                          const std::vector<supervisor::ObservedContainer>& containers);

}  // namespace stack::cli
