// SPDX-License-Identifier: Apache-2.0
#include "runtime/project_quota.h"

#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <set>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

constexpr std::uint64_t block_size = 1024;  // QIF_DQBLKSIZE
constexpr std::uint32_t projects_looked_at = 1U << 20;

/// quotactl_fd(2), Linux 5.14. ext4 and XFS both take the calls that are everybody's.
int quota_call(int directory, std::uint32_t command, std::uint32_t project, void* data) {
  return static_cast<int>(
      ::syscall(SYS_quotactl_fd, directory, QCMD(command, PRJQUOTA), project, data));
}

if_dqblk usage_of(int directory, std::uint32_t project) {
  if_dqblk usage{};
  // What was never used is not there, or all zero.
  if (quota_call(directory, Q_GETQUOTA, project, &usage) != 0 && errno != ENOENT)
    throw_errno("asking for the use of project {}", project);
  return usage;
}

void set_limit(int directory, std::uint32_t project, std::uint64_t bytes) {
  if_dqblk limit{};
  limit.dqb_valid = QIF_BLIMITS;
  limit.dqb_bhardlimit = (bytes + block_size - 1) / block_size;
  if (quota_call(directory, Q_SETQUOTA, project, &limit) != 0)
    throw_errno("limiting project {} to {}", project, human_size(bytes));
}

fsxattr attributes_of(int directory) {
  fsxattr attributes{};
  if (::ioctl(directory, FS_IOC_FSGETXATTR, &attributes) != 0)
    throw_errno("asking for a directory's project");
  return attributes;
}

/// And of everything that will be made in it.
void put_into_project(int directory, std::uint32_t project) {
  fsxattr attributes = attributes_of(directory);
  attributes.fsx_projid = project;
  attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
  if (::ioctl(directory, FS_IOC_FSSETXATTR, &attributes) != 0)
    throw_errno("putting a directory into project {}", project);
}

/// Numbers that the administrator gave to projects of their own: "NAME:ID" a line.
std::set<std::uint32_t> named_projects() {
  std::set<std::uint32_t> numbers;
  for (const std::string& line : split(read_file_if_exists("/etc/projid").value_or(""), '\n')) {
    const auto colon = line.rfind(':');
    if (colon == std::string::npos || line.starts_with('#')) continue;
    if (const auto number = parse_integer<std::uint32_t>(trim(line.substr(colon + 1))))
      numbers.insert(*number);
  }
  return numbers;
}

std::uint32_t free_project(int directory) {
  const std::set<std::uint32_t> named = named_projects();
  for (std::uint32_t project = first_project; project < first_project + projects_looked_at;
       ++project) {
    if (named.contains(project)) continue;
    const if_dqblk usage = usage_of(directory, project);
    if (usage.dqb_curinodes == 0 && usage.dqb_curspace == 0) return project;
  }
  fail("no project is free for a quota");
}

}  // namespace

std::optional<std::string> why_no_project_quota(const std::filesystem::path& directory) {
  const Fd there = open_file(directory, O_RDONLY | O_DIRECTORY);
  fs_quota_stat state{};
  if (quota_call(there.get(), Q_XGETQSTAT, 0, &state) != 0) {
    if (errno == ENOSYS && ::syscall(SYS_quotactl_fd, -1, 0, 0, nullptr) != 0 && errno == ENOSYS)
      return "the kernel has no quotactl_fd (Linux 5.14, CONFIG_QUOTACTL)";
    return "its file system keeps no quotas of projects";
  }
  if ((state.qs_flags & FS_QUOTA_PDQ_ENFD) == 0)
    return "its file system does not enforce quotas of projects";
  return std::nullopt;
}

void limit_size(std::span<const std::filesystem::path> directories, std::uint64_t bytes,
                const std::filesystem::path& lock) {
  std::vector<Fd> open;
  for (const auto& directory : directories)
    open.push_back(open_file(directory, O_RDONLY | O_DIRECTORY));
  const FileLock alone = FileLock::acquire(lock);
  const std::uint32_t project = free_project(open.front().get());
  // First: nothing is in it yet that could be over it.
  set_limit(open.front().get(), project, bytes);
  for (const Fd& directory : open) put_into_project(directory.get(), project);
}

std::optional<std::uint32_t> project_of(const std::filesystem::path& directory) {
  const Fd there(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  fsxattr attributes{};
  if (!there || ::ioctl(there.get(), FS_IOC_FSGETXATTR, &attributes) != 0) return std::nullopt;
  const bool ours =
      (attributes.fsx_xflags & FS_XFLAG_PROJINHERIT) != 0 && attributes.fsx_projid >= first_project;
  return ours ? std::optional(attributes.fsx_projid) : std::nullopt;
}

void forget_limit(const std::filesystem::path& directory, std::uint32_t project) noexcept {
  const Fd there(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if_dqblk limit{};
  limit.dqb_valid = QIF_BLIMITS;
  // A limit that stays is replaced by the next user of the project.
  if (there) quota_call(there.get(), Q_SETQUOTA, project, &limit);
}

}  // namespace stack::runtime
