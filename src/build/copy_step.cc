// SPDX-License-Identifier: Apache-2.0
#include "build/copy_step.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "base/tree_copy.h"
#include "build/run_mounts.h"
#include "image/archive_pipe.h"
#include "image/digest.h"
#include "image/entry_stream.h"
#include "image/tar_reader.h"
#include "image/unpack_files.h"

namespace stack::build {
namespace {

std::optional<struct stat> look_at(int root, const std::string& path) {
  try {
    const Fd there = open_in_root(root, path, O_PATH);
    struct stat info {};
    if (::fstat(there.get(), &info) != 0) throw_errno("stat {}", printable(path));
    return info;
  } catch (const Error& error) {
    if (error.error_number() == ENOENT || error.error_number() == ENOTDIR) return std::nullopt;
    throw;
  }
}

bool is_directory(int root, const std::string& path) {
  const auto info = look_at(root, path);
  return info && S_ISDIR(info->st_mode);
}

std::string joined(const std::string& directory, const std::string& name) {
  if (name.empty()) return directory;
  return directory == "/" ? "/" + name : directory + "/" + name;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// What a link at the end of a path leads to, inside `root`.
std::string behind_links(int root, std::string path) {
  constexpr int most_links = 40;  // as path_resolution(7)
  for (int links = 0; links < most_links && path != "/"; ++links) {
    const std::string parent = parent_of(path);
    const auto there = look_at(root, parent);
    if (!there || !S_ISDIR(there->st_mode)) return path;
    const Fd directory = open_in_root(root, parent, O_PATH | O_DIRECTORY);
    const std::string name = last_name(path);
    struct stat info {};
    if (::fstatat(directory.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISLNK(info.st_mode))
      return path;
    path = absolute_inside(parent, read_link(directory.get(), name));
  }
  fail("{}: too many links", printable(path));
}

/// A file that goes to what is no directory.
bool takes_name_of_destination(const CopyTask& task, const CopyItem& item, int root) {
  return !item.is_archive && !item.is_directory && !item.keeps_path && !task.into_directory &&
         !is_directory(root, task.destination);
}

/// Where an item goes: a directory's content into it, a file under that name.
std::string place_of(const CopyTask& task, const CopyItem& item, int root) {
  if (takes_name_of_destination(task, item, root)) return behind_links(root, task.destination);
  if (item.is_archive || (item.is_directory && !item.keeps_path)) return task.destination;
  return joined(task.destination, item.name);
}

Fd open_source(const FileSource& source, const std::string& path) {
  return open_beneath(source.root.get(), path, O_RDONLY);
}

void write_item(const CopyItem& item, const std::string& place, bool place_is_there,
                image::EntryStream& stream) {
  ParentDirectories parents(item.source->root.get());
  for (const CopyEntry& entry : item.plan.entries) {
    // A directory that was there keeps its owner and mode.
    if (entry.target.empty() && place_is_there && S_ISDIR(entry.info.st_mode)) continue;
    std::string path = joined(place, entry.target).substr(1);
    if (S_ISDIR(entry.info.st_mode)) path += "/";
    during(printable(entry.source), [&] {
      stream.write(parents.open(entry.source), last_name(entry.source), entry.info, path);
    });
  }
}

/// As BuildKit: a directory has the time of the one whose content came last, new or not.
void set_time(int root, const std::string& path, const timespec& time) {
  const Fd directory = open_in_root(root, path, O_RDONLY | O_DIRECTORY);
  const timespec times[2] = {{0, UTIME_OMIT}, time};
  if (::futimens(directory.get(), times) != 0) throw_errno("set the time of {}", printable(path));
}

void write_plain(const CopyTask& task, const CopyItem& item, int root) {
  const std::string place = place_of(task, item, root);
  if (place != "/") make_directory(root, parent_of(place), task.owner, task.directory_mode);
  if (item.is_directory && place != "/" && !is_directory(root, place) && look_at(root, place))
    fail("cannot copy to non-directory: {}", printable(place));
  if (item.is_directory && !item.keeps_path && !task.keeps_top)
    make_directory(root, place, task.owner, task.directory_mode);
  const bool is_there = is_directory(root, place);
  const bool is_content = item.is_directory && !item.keeps_path;
  image::through_pipe(
      [&](const image::TarSink& sink) {
        image::EntryStream stream(sink, image::Reading::still, {}, item.source->attributes);
        write_item(item, place, is_there, stream);
        stream.finish();
      },
      [&](int archive) { image::unpack_files(archive, {.root = root, .directory = "/"}); });
  if (is_content && is_directory(root, place))
    set_time(root, place, item.plan.entries.front().info.st_mtim);
}

void unpack_item(const CopyTask& task, const CopyItem& item, int root) {
  make_directory(root, task.destination, task.owner);
  const Fd archive = open_source(*item.source, item.plan.entries.front().source);
  // As docker: links on the way of an entry lead nowhere but below the destination.
  const Fd destination = open_in_root(root, task.destination, O_PATH | O_DIRECTORY);
  image::UnpackTarget target{.root = destination.get(), .directory = "/"};
  target.manner = image::Manner::over_files;
  target.compressions = image::Compressions::any;
  if (item.has_owner) {
    target.ownership = image::Ownership::given;
    target.owner = task.owner;
  }
  image::unpack_files(archive.get(), target);
}

}  // namespace

CopyTask copy_of_all(std::shared_ptr<const FileSource> source) {
  const auto top = find_file(*source, "");
  if (!top) fail("{} is gone", source->name);
  CopyItem item;
  item.is_directory = true;
  add_to_plan(*source, *top, "", {}, item.plan);
  item.source = std::move(source);
  CopyTask task;
  task.items.push_back(std::move(item));
  task.destination = "/";
  task.into_directory = true;
  return task;
}

bool is_archive(const FileSource& source, const FoundFile& found) {
  if (!S_ISREG(found.info.st_mode) || found.info.st_size == 0) return false;
  try {
    const Fd file = open_source(source, found.path);
    image::TarReader reader(file.get(), image::Compressions::any);
    return reader.next().has_value();
  } catch (const Error&) {
    return false;
  }
}

std::string digest_of_items(const CopyTask& task) {
  image::Sha256 sum;
  for (const CopyItem& item : task.items) {
    await_distinct_times(item.plan);
    sum.add(fmt::format("{} {} {} {} {}\n", item.name.size(), item.name, item.is_directory,
                        item.is_archive, content_digest(*item.source, item.plan)));
    if (item.keeps_path) sum.add("path\n");
  }
  return sum.digest();
}

bool is_unchanged(const CopyTask& task) {
  for (const CopyItem& item : task.items)
    if (!is_unchanged(*item.source, item.plan)) return false;
  return true;
}

bool carry_out(const CopyTask& task, int root) {
  if (task.makes_destination)
    make_directory(root, task.destination, task.owner, task.directory_mode);
  int files_of_that_name = 0;
  for (const CopyItem& item : task.items) {
    if (item.is_archive) {
      unpack_item(task, item, root);
      continue;
    }
    if (takes_name_of_destination(task, item, root)) ++files_of_that_name;
    write_plain(task, item, root);
  }
  return files_of_that_name > 1;
}

bool make_directory(int root, const std::string& path, std::pair<uid_t, gid_t> owner, mode_t mode) {
  if (is_directory(root, path)) return false;
  if (look_at(root, path)) fail("{} is not a directory", printable(path));
  make_directory(root, parent_of(path), owner, mode);
  const Fd parent = open_in_root(root, parent_of(path), O_PATH | O_DIRECTORY);
  const std::string name = last_name(path);
  if (::mkdirat(parent.get(), name.c_str(), 0755) != 0) throw_errno("mkdir {}", printable(path));
  const Fd made(
      ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made) throw_errno("open {}", printable(path));
  if (::fchown(made.get(), owner.first, owner.second) != 0 || ::fchmod(made.get(), mode) != 0)
    throw_errno("set owner and mode of {}", printable(path));
  return true;
}

}  // namespace stack::build
