// SPDX-License-Identifier: Apache-2.0
#include "runtime/freezer.h"

#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "runtime/cgroup_layout.h"

namespace stack::runtime {
namespace {

/// Where a container is frozen; both empty: nowhere.
struct FreezerFiles {
  std::string unified;  ///< directory in the v2 tree
  std::string v1;       ///< freezer.state
};

FreezerFiles files_of(const std::string& cgroup) {
  const CgroupLayout& layout = host_cgroup_layout();
  FreezerFiles files;
  if (!layout.unified.empty()) files.unified = layout.unified + "/" + cgroup;
  if (const auto* freezer = layout.v1_with("freezer"))
    files.v1 = freezer->mount + "/" + cgroup + "/freezer.state";
  return files;
}

/// ENODEV: the group was removed while it was open.
std::string read_or_nothing(const std::string& path) {
  try {
    return read_file_if_exists(path).value_or("");
  } catch (const Error& error) {
    if (error.error_number() == ENODEV) return "";
    throw;
  }
}

}  // namespace

void freeze_cgroup(const std::string& cgroup) {
  const FreezerFiles files = files_of(cgroup);
  if (!files.unified.empty()) {
    write_kernel_file(files.unified + "/cgroup.freeze", "1");
  } else if (!files.v1.empty()) {
    write_kernel_file(files.v1, "FROZEN");
  } else {
    throw Error("this machine has no cgroup freezer").with_hint("`stack doctor` shows what it has");
  }
}

void thaw_cgroup(const std::string& cgroup) {
  const FreezerFiles files = files_of(cgroup);
  const bool v2 = !files.unified.empty();
  if (!v2 && files.v1.empty()) return;
  try {
    write_kernel_file(v2 ? files.unified + "/cgroup.freeze" : files.v1, v2 ? "0" : "THAWED");
  } catch (const Error& error) {
    if (error.error_number() != ENOENT && error.error_number() != ENODEV) throw;
  }
}

Freezer freezer_of(const std::string& cgroup) {
  const FreezerFiles files = files_of(cgroup);
  if (!files.unified.empty()) {
    return parse_freezer_v2(read_or_nothing(files.unified + "/cgroup.freeze"),
                            read_or_nothing(files.unified + "/cgroup.events"));
  }
  return files.v1.empty() ? Freezer::thawed : parse_freezer_v1(read_or_nothing(files.v1));
}

Freezer parse_freezer_v2(std::string_view freeze, std::string_view events) {
  if (trim(freeze) != "1") return Freezer::thawed;
  for (const std::string& line : split(events, '\n')) {
    if (line == "frozen 1") return Freezer::frozen;
  }
  return Freezer::freezing;
}

Freezer parse_freezer_v1(std::string_view state) {
  if (trim(state) == "FROZEN") return Freezer::frozen;
  return trim(state) == "FREEZING" ? Freezer::freezing : Freezer::thawed;
}

}  // namespace stack::runtime
