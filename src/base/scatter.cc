// SPDX-License-Identifier: Apache-2.0
#include "base/scatter.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/fd.h"

namespace stack {

void scatter_subdirectories(const std::filesystem::path& directory) {
  const Fd there(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int flags = 0;  // as the kernel reads it, whatever the request's number says (ioctl_iflags(2))
  if (!there || ::ioctl(there.get(), FS_IOC_GETFLAGS, &flags) != 0) return;
  if ((flags & FS_TOPDIR_FL) != 0) return;
  flags |= FS_TOPDIR_FL;
  ::ioctl(there.get(), FS_IOC_SETFLAGS, &flags);
}

}  // namespace stack
