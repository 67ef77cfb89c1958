// SPDX-License-Identifier: Apache-2.0
#include "supervisor/operations_mark.h"

#include <fcntl.h>

#include "base/error.h"
#include "base/files.h"

namespace stack::supervisor {
namespace {

/// Of the whole file.
struct flock whole(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

OperationsMark::OperationsMark(const std::filesystem::path& file)
    : file_(open_file(file, O_RDWR | O_CREAT, 0600)) {}

/// Nobody else ever locks it: others only ask.
void OperationsMark::set(short type) const {
  struct flock lock = whole(type);
  ::fcntl(file_.get(), F_OFD_SETLK, &lock);
}

void OperationsMark::begin() {
  if (count_++ == 0) set(F_WRLCK);
}

void OperationsMark::end() {
  if (--count_ == 0) set(F_UNLCK);
}

bool has_operations(const ProjectFiles& files) {
  const Fd file(::open(files.operations().c_str(), O_RDONLY | O_CLOEXEC));
  struct flock lock = whole(F_RDLCK);
  return file && ::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace stack::supervisor
