// SPDX-License-Identifier: Apache-2.0
// Something made inside a new file system before anybody can see it.
#pragma once

#include <sys/types.h>

#include <string>

namespace stack::runtime {

struct Node {
  std::string path;     ///< relative: "null"
  mode_t mode = 0;      ///< with its type: S_IFCHR | 0666
  dev_t device = 0;     ///< of a device node
  std::string link_to;  ///< of a symbolic link
  uid_t uid = 0;
  gid_t gid = 0;
  bool operator==(const Node&) const = default;
};

}  // namespace stack::runtime
