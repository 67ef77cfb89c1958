// SPDX-License-Identifier: Apache-2.0
// RUN: what one container of a build is given, and its being run.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "build/build_job.h"
#include "build/cache_key.h"
#include "build/cache_mounts.h"
#include "build/copy_plan.h"
#include "build/layers.h"
#include "build/run_mounts.h"

namespace stack::build {

class RunStep {
 public:
  /// Looks at all that the step depends on. Throws Error.
  RunStep(BuildJob& job, const Stage& stage, const StageState& state,
          const Instruction& instruction);

  CacheKey key() const;
  /// "RUN |1 A=b /bin/sh -c make", for the history.
  std::string history() const;
  /// Runs it; the layer lies in `workspace`. `step`: for the report. Throws Error when it does not
  /// end with 0.
  std::optional<image::NewLayer> execute(Workspace& workspace, int step);
  /// Whether what was mounted is still what it was when the key was made.
  bool is_unchanged() const;

 private:
  struct Mount {
    RunMount mount;
    std::shared_ptr<const FileSource> files;  ///< bind of a directory
    std::optional<FoundFile> found;           ///< same
    std::vector<std::string> layers;          ///< bind of a stage or an image: diff ids
    CopyPlan plan;                            ///< of `found`, when it gave the digest
    std::string digest;                       ///< of what is mounted
  };
  void look_at_mounts();
  void look_at_bind(Mount& mount, const Origin& origin, const std::string& source);
  void look_at_text();
  void look_at_network();

  runtime::ContainerSpec container(Workspace& workspace, std::set<std::string>& scaffolding);
  void add_mount(const Mount& mount, Workspace& workspace, runtime::ContainerSpec& spec);
  void add_bind(const Mount& mount, Workspace& workspace, runtime::ContainerSpec& spec);
  void add_cache(const Mount& mount, runtime::ContainerSpec& spec);
  CacheMount open_cache(const Mount& mount);
  void add_secret(const RunMount& mount, runtime::ContainerSpec& spec) const;
  void add_agent(const RunMount& mount, runtime::ContainerSpec& spec) const;
  void write_etc_files(Workspace& workspace, runtime::ContainerSpec& spec) const;
  void join_network(const ProcessIdentity& process, const runtime::ContainerSpec& spec) const;

  BuildJob& job_;
  const Stage& stage_;
  const StageState& state_;
  const Instruction& instruction_;
  std::vector<std::string> arguments_;
  std::string script_;  ///< a here-document that is a program of its own
  std::vector<Mount> mounts_;
  BuildNetwork network_ = BuildNetwork::usual;
  std::map<std::string, CacheMount> caches_;  ///< by cache_name(), locked until the step has ended
};

}  // namespace stack::build
