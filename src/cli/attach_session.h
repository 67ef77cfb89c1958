// SPDX-License-Identifier: Apache-2.0
// Our standard streams joined to those of a container. What it says is read from its log as it
// comes; what is typed goes to it by way of the supervisor.
#pragma once

#include <string>

namespace stack::cli {

struct AttachRequest {
  std::string project;
  std::string id;
  bool terminal = false;  ///< it has one: typed bytes go through as they are
  bool input = false;     ///< its standard input is open, and ours is for it
  bool signals = false;   ///< signals that come to us are meant for it
  std::string detach_keys = {};
  bool starts = false;    ///< it is started here, and shows all it has ever said
  bool only_new = false;  ///< or only what it says from then on
  bool removes = false;   ///< and removed when it has ended
  bool output = true;     ///< its standard output comes to ours
  bool errors = true;     ///< its standard error likewise
};

/// Until it ends: its exit code. 0 after the detach keys. Throws Error when it cannot be started.
int attach_to(const AttachRequest& request);

}  // namespace stack::cli
