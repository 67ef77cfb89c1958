// SPDX-License-Identifier: Apache-2.0
#include "runtime/hook_memory.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/text.h"
#include "runtime/child_overlay.h"

namespace stack::runtime {
namespace {

using Json = nlohmann::json;

constexpr const char* oci_version = "1.0.2";

std::filesystem::path write_bundle(const ContainerSpec& spec) {
  const auto bundle = std::filesystem::path(spec.root.upper).parent_path() / "bundle";
  make_directories(bundle);
  write_file_atomically(bundle / "config.json", bundle_config(spec), Durability::survives_crash);
  return bundle;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string bundle_config(const ContainerSpec& spec) {
  Json mounts = Json::array();
  for (const MountSpec& mount : spec.mounts)
    mounts.push_back({{"destination", mount.target}, {"source", mount.source}});
  return Json{{"ociVersion", oci_version},
              {"root", {{"path", staging_directory}}},
              {"hostname", spec.hostname},
              {"process",
               {{"args", spec.process.arguments},
                {"env", spec.process.environment},
                {"cwd", spec.process.working_directory}}},
              {"mounts", std::move(mounts)},
              {"linux", Json::object()}}
      .dump();
}

HookMemory::HookMemory(const ContainerSpec& spec) : hooks_(spec.hooks) {
  if (hooks_.empty()) return;
  const std::string bundle = write_bundle(spec);
  state_before_pid_ = fmt::format(R"({{"ociVersion":"{}","id":"{}","status":"creating","pid":)",
                                  oci_version, spec.id);
  state_after_pid_ = fmt::format(R"(,"bundle":{}}})", stack::quoted(bundle));
  // All at once: tasks point into the vectors.
  pointers_.reserve(2 * hooks_.size());
  tasks_.reserve(hooks_.size());
  for (HostHook& hook : hooks_) {
    if (hook.arguments.empty()) hook.arguments.push_back(hook.path);
    const auto& arguments = pointers_.emplace_back(pointers_to(hook.arguments));
    const auto& environment = pointers_.emplace_back(pointers_to(hook.environment));
    const int timeout = hook.timeout == 0 ? -1 : static_cast<int>(hook.timeout) * 1000;
    tasks_.push_back({hook.path.c_str(), arguments.data(), environment.data(), timeout});
  }
}

HooksTask HookMemory::task(std::span<const int, 3> streams) const {
  return {tasks_, state_before_pid_.c_str(), state_after_pid_.c_str(), streams[1], streams[2]};
}

}  // namespace stack::runtime
