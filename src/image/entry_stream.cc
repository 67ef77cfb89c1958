// SPDX-License-Identifier: Apache-2.0
#include "image/entry_stream.h"

#include <fcntl.h>

#include <algorithm>

#include "base/error.h"
#include "base/overlay_tree.h"
#include "base/tree_copy.h"

namespace stack::image {
namespace {

/// What an open or a look says of a name that is no longer what it was a moment ago.
bool is_change(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP ||
         error_number == EINVAL || error_number == ESTALE;
}

Fd open_still(int directory, const std::string& name) {
  Fd file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) throw_errno("open");
  return file;
}

/// Between a look at a name and its opening, a device or a FIFO may have taken its place, where
/// opening alone has effects. So: first a descriptor that opens nothing, then a look at that.
Fd open_live(int directory, const std::string& name, struct stat& info) {
  const Fd seen(::openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!seen && is_change(errno)) return Fd();
  if (!seen || ::fstat(seen.get(), &info) != 0) throw_errno("open");
  if (!S_ISREG(info.st_mode)) return Fd();
  const std::string same = fmt::format("/proc/self/fd/{}", seen.get());
  Fd file(::open(same.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_errno("open");
  return file;
}

}  // namespace

bool EntryStream::write(int directory, const std::string& name, const struct stat& info,
                        const std::string& path) {
  TarItem item{path, tar_type(info.st_mode), info, "", {}};
  if (item.type == '\0') return false;
  if (is_repeated(item)) {
    write_translated(item);
    return true;
  }
  Fd content;
  if (!describe(directory, name, item, content)) return false;
  write_translated(item);
  if (item.type == '0') write_content(content.get(), static_cast<std::uint64_t>(item.info.st_size));
  if (item.type != '5' && info.st_nlink > 1)
    seen_.emplace(std::pair(info.st_dev, info.st_ino), path);
  return true;
}

void EntryStream::write_translated(TarItem item) {
  item.info.st_uid = ids_.uid_inside(item.info.st_uid);
  item.info.st_gid = ids_.gid_inside(item.info.st_gid);
  tar_.write(item);
}

bool EntryStream::is_repeated(TarItem& item) const {
  if (item.type == '5' || item.info.st_nlink < 2) return false;
  const auto first = seen_.find({item.info.st_dev, item.info.st_ino});
  if (first == seen_.end()) return false;
  item.type = '1';
  item.link = first->second;
  return true;
}

/// False when it is no longer there.
bool EntryStream::describe(int directory, const std::string& name, TarItem& item, Fd& content) {
  try {
    if (item.type == '0') {
      content = reading_ == Reading::live ? open_live(directory, name, item.info)
                                          : open_still(directory, name);
      if (!content) return false;
    }
    if (attributes_ == Attributes::kept)
      item.attributes =
          content ? harmless_attributes(content.get()) : harmless_attributes(directory, name);
    if (item.type == '2') item.link = read_link(directory, name);
  } catch (const Error& error) {
    if (reading_ == Reading::live && is_change(error.error_number())) return false;
    throw;
  }
  return true;
}

void EntryStream::write_content(int file, std::uint64_t size) {
  for (std::uint64_t left = size; left > 0;) {
    const auto want = std::min<std::uint64_t>(left, buffer_.size());
    ssize_t got = ::read(file, buffer_.data(), want);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read");
    if (got == 0 && reading_ == Reading::still) fail("the file changed while it was read");
    if (got == 0) {
      std::fill_n(buffer_.begin(), want, '\0');
      got = static_cast<ssize_t>(want);
    }
    tar_.write_content({buffer_.data(), static_cast<std::size_t>(got)});
    left -= static_cast<std::uint64_t>(got);
  }
  tar_.pad(size);
  content_bytes_ += size;
}

}  // namespace stack::image
