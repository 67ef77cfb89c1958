// SPDX-License-Identifier: Apache-2.0
#include "supervisor/control_connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/inquiry.h"

namespace stack::supervisor {

/// Paths that do not fit into sun_path (108 bytes) go by way of a descriptor.
Fd connect_control_socket(const ProjectFiles& files) {
  void_inquiry();
  const std::filesystem::path path = files.control_socket();
  Fd directory(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return {};
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string through =
      fmt::format("/proc/self/fd/{}/{}", directory.get(), path.filename().native());
  through.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), generic, sizeof(address)) == 0) return socket;
  if (errno == ENOENT || errno == ECONNREFUSED) return {};
  throw_errno("connecting to {}", path.native());
}

}  // namespace stack::supervisor
