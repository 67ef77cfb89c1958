// SPDX-License-Identifier: Apache-2.0
// Where everything lives on disk; docs/state.md draws the tree.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace stack {

/// The two roots. `data` survives a reboot, `run` does not. From STACK_ROOT and STACK_RUN when set
/// (tests, several installations), else /var/lib/stack and /run/stack for root, XDG otherwise.
struct HostPaths {
  std::filesystem::path data;
  std::filesystem::path run;

  static HostPaths from_environment();
  /// Where everything is when nobody says otherwise.
  bool are_usual() const;
  /// Throws Error when one of the roots that exist is somebody else's, or others may write there:
  /// whoever can put names into it can have them followed.
  void require_own() const;

  std::filesystem::path images() const { return data / "images"; }
  std::filesystem::path volumes() const { return data / "volumes"; }
  std::filesystem::path cache() const { return data / "cache"; }
  std::filesystem::path stacks() const { return data / "stacks"; }

  std::filesystem::path project_data(std::string_view project) const { return stacks() / project; }
  std::filesystem::path project_run(std::string_view project) const {
    return run / "stacks" / project;
  }
  std::filesystem::path container(std::string_view project, std::string_view id) const {
    return project_data(project) / "containers" / id;
  }
};

}  // namespace stack
