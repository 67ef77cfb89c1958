// SPDX-License-Identifier: Apache-2.0
#include "image/tar_stream.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "base/tree_copy.h"
#include "image/digest.h"

namespace stack::image {
namespace {

using IsHollow = std::function<bool(const std::string&, int)>;

class TreeStream {
 public:
  TreeStream(const TarSink& sink, Reading reading, IsHollow is_hollow = {}, const IdBlock& ids = {})
      : entries_(sink, reading, ids), reading_(reading), is_hollow_(std::move(is_hollow)) {}

  /// `prefix` is empty or ends in "/".
  void write_directory(const JoinedDirectory& directory, const std::string& prefix) {
    struct stat info {};
    if (::fstat(directory.front().get(), &info) != 0) throw_errno("stat directory");
    entries_.write(directory.front().get(), ".", info, prefix.empty() ? "./" : prefix);
    object_ = prefix;
    if (is_hollow_ && is_hollow_("", directory.front().get())) return;
    write_children(directory, prefix);
  }
  void write_file(int directory, const std::string& name, const struct stat& info,
                  const std::string& path) {
    if (tar_type(info.st_mode) == '\0') fail("{}: a socket cannot be copied", printable(name));
    if (!entries_.write(directory, name, info, path)) throw Error(printable(name), ENOENT);
  }
  std::uint64_t finish() {
    entries_.finish();
    return entries_.content_bytes();
  }

 private:
  void write_children(const JoinedDirectory& directory, const std::string& prefix) {
    // A longer path is none that anybody could use; the tree may be deeper only by malice.
    if (prefix.size() >= PATH_MAX) throw Error("the path is too long", ENAMETOOLONG);
    for (const std::string& name : names_in(directory)) {
      const auto entry = find(directory, name);
      if (entry)
        during(printable(prefix + name), [&] { write_entry(*entry, name, prefix + name); });
    }
  }

  /// Nothing when it is not there, or no longer.
  std::optional<JoinedEntry> find(const JoinedDirectory& directory, const std::string& name) const {
    try {
      return look_up(directory, name);
    } catch (const Error& error) {
      const int number = error.error_number();
      const bool changed = number == ENOENT || number == ENOTDIR || number == ELOOP;
      if (reading_ == Reading::live && changed) return std::nullopt;
      throw;
    }
  }

  void write_entry(const JoinedEntry& found, const std::string& name, const std::string& path) {
    if (found.directory.empty()) {
      entries_.write(found.holder, name, found.info, path);
      return;
    }
    const int itself = found.directory.front().get();
    entries_.write(itself, ".", found.info, path + "/");
    if (is_hollow_ && is_hollow_(path.substr(object_.size()), itself)) return;
    write_children(found.directory, path + "/");
  }

  EntryStream entries_;
  Reading reading_;
  IsHollow is_hollow_;
  std::string object_;  ///< the prefix of everything
};

JoinedDirectory alone(int directory, const std::string& name) {
  JoinedDirectory joined;
  joined.emplace_back(
      ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!joined.front()) throw_errno("open directory {}", printable(name));
  return joined;
}

}  // namespace

std::uint64_t write_tar_stream(int root, const TarSink& sink) {
  TreeStream stream(sink, Reading::still);
  stream.write_directory(alone(root, "."), "");
  return stream.finish();
}

std::uint64_t write_live_tree(const JoinedDirectory& root, const TarSink& sink) {
  TreeStream stream(sink, Reading::live);
  stream.write_directory(root, "");
  return stream.finish();
}

void write_object(const ArchivedObject& object, const TarSink& sink) {
  TreeStream stream(sink, Reading::live, object.is_hollow, object.ids);
  struct stat info {};
  if (::fstatat(object.directory, object.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("{}", printable(object.name));
  if (S_ISDIR(info.st_mode)) {
    const std::string prefix = object.as == "." ? "" : object.as + "/";
    stream.write_directory(alone(object.directory, object.name), prefix);
  } else {
    stream.write_file(object.directory, object.name, info, object.as);
  }
  stream.finish();
}

TreeDigest digest_tree(int root) {
  Sha256 sum;
  TreeDigest result;
  result.file_bytes = write_tar_stream(root, [&](std::string_view bytes) {
    sum.add(bytes);
    result.stream_bytes += bytes.size();
  });
  result.diff_id = sum.digest();
  return result;
}

}  // namespace stack::image
