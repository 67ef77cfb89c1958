// SPDX-License-Identifier: Apache-2.0
#include "base/inotify.h"

#include <sys/inotify.h>

#include "base/error.h"

namespace stack {

Fd make_inotify() {
  Fd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (inotify) return inotify;
  const int error = errno;
  if (error != EMFILE) throw Error("inotify_init1", error);
  throw Error("inotify_init1", error)
      .with_hint("sysctl fs.inotify.max_user_instances=1024 allows more (or raise `ulimit -n`)");
}

}  // namespace stack
