// SPDX-License-Identifier: Apache-2.0
// A Dockerfile's stages and what each needs: the graph of a build, without anything but what the
// target needs. Pure.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "build/dockerfile.h"
#include "build/expand.h"

namespace stack::build {

enum class OriginKind { scratch, stage, image, context };

/// Where files come from.
struct Origin {
  OriginKind kind = OriginKind::scratch;
  int stage = -1;
  std::string name;  ///< of an image or a named context
  bool operator==(const Origin&) const = default;
};

struct Stage {
  int number = 0;
  std::string name;  ///< lower case; empty: none
  Origin base;
  std::string base_text;  ///< as in FROM, expanded
  Position at;
  std::vector<Instruction> steps;  ///< without FROM
  std::set<int> needs;             ///< stages
};

struct BuildGraph {
  Arguments global{{}, {}};  ///< ARGs before the first FROM
  /// TARGETPLATFORM, TARGETSTAGE and their like, which an ARG brings into scope.
  std::map<std::string, std::string> automatic;
  std::vector<Stage> stages;
  int target = 0;
  std::vector<int> order;  ///< what the target needs, itself last; each after what it needs
};

struct StageRequest {
  std::string target;  ///< name or number; empty: the last
  std::map<std::string, std::string> arguments;
  std::set<std::string> contexts;  ///< names of further contexts: they win over stages and images
  /// ONBUILD of an image, or of a context that is one, which a stage begins with; may be null.
  std::function<std::vector<std::string>(const Origin& base)> triggers = {};
};

/// Throws Error (exit code invalid_file): an unknown target, a stage that needs itself or a later
/// one, a FROM that expands to nothing, a platform that is not this machine's.
BuildGraph plan_stages(const Dockerfile& file, const StageRequest& request);

/// What `name` means in stage `stage`: a context, an earlier stage by name or number, or an image.
Origin find_origin(const std::vector<Stage>& stages, int stage, const std::string& name,
                   const std::set<std::string>& contexts);

/// TARGETPLATFORM, BUILDARCH and their like: this machine's.
std::map<std::string, std::string> platform_arguments();

/// Whether a platform ("linux/amd64", "linux", "amd64") is this machine's.
bool is_own_platform(const std::string& platform);

/// "builder", or "stage-1" of one without a name.
std::string shown_name(const Stage& stage);

}  // namespace stack::build
