// SPDX-License-Identifier: Apache-2.0
#include "build/builder.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/scratch.h"
#include "build/cache_key.h"
#include "build/layers.h"
#include "build/schedule.h"
#include "image/build_cache.h"
#include "image/digest.h"
#include "image/store_writer.h"

namespace stack::build {
namespace {

void add_labels(StageState& state, const BuildRequest& request) {
  for (const auto& [name, value] : request.labels) state.config.labels[name] = value;
}

image::ConfigDocument document_of(const StageState& state) {
  return {.config = state.config,
          .created = state.created,
          .diff_ids = state.diff_ids,
          .author = state.author,
          .history = state.history};
}

/// When nothing of an image has a date of its own, it keeps that of its first build.
void settle_date(StageState& state, const BuildJob& job) {
  if (state.created != std::chrono::system_clock::time_point{} || job.epoch) return;
  CacheKey key("image", chain_of(state.diff_ids));
  key.add("config", image::to_json(document_of(state)));
  auto known = image::find_step(job.with.store, key.digest(), {});
  if (!known) {
    known = image::BuiltStep{"", job.now()};
    image::record_step(job.with.store, key.digest(), *known);
  }
  state.created = known->created;
  for (image::HistoryEntry& entry : state.history) entry.created = image::to_rfc3339(state.created);
}

std::vector<std::string> triggers_of(const Origin& base, const BuildRequest& request,
                                     const BuildSurroundings& with) {
  std::string image = base.name;
  if (base.kind == OriginKind::context) image = request.contexts.at(base.name).image;
  if (image.empty()) return {};  // a directory
  return read_document(with, with.find_image(image, request.pull)).config.on_build;
}

void warn_of_unused(const BuildRequest& request, const Dockerfile& file, const BuildGraph& graph,
                    BuildReport& report) {
  for (const auto& [name, value] : request.arguments) {
    if (is_predefined_argument(name) || name == "SOURCE_DATE_EPOCH" ||
        name.starts_with("BUILDKIT_"))
      continue;
    bool used = graph.automatic.contains(name);
    for (const Instruction& each : file.instructions)
      for (std::size_t i = 0; each.name == "ARG" && i < each.words.size(); i += 2)
        used = used || each.words[i] == name;
    if (!used) report.warn(fmt::format("build argument {} is used by no ARG", name));
  }
}

}  // namespace

std::optional<image::Image> build(const BuildRequest& request, BuildSurroundings& with,
                                  const Wanted& wanted) {
  const Fd held = image::hold_builds(with.store);
  const Dockerfile file = parse_dockerfile(request.dockerfile_name, request.dockerfile);
  for (const Problem& warning : file.warnings) with.report.warn(problem_text(file.name, warning));
  const BuildGraph graph =
      plan_stages(file, {request.target, request.arguments, context_names(request),
                         [&](const Origin& base) { return triggers_of(base, request, with); }});
  warn_of_unused(request, file, graph, with.report);
  BuildJob job(request, with, file, graph);
  build_stages(job);
  StageState& state = job.done.at(graph.target);
  if (wanted.use_files) wanted.use_files(open_layers(with.store, state.diff_ids));
  if (!wanted.image) return std::nullopt;
  add_labels(state, request);
  settle_date(state, job);
  return image::commit_document(with.store, document_of(state), request.names);
}

image::Image build_image(const BuildRequest& request, BuildSurroundings& with) {
  return *build(request, with, {});
}

std::vector<std::filesystem::path> build_caches(const std::filesystem::path& cache) {
  return {cache / cache_mounts_name, cache / downloads_name, cache / git_trees_name,
          cache / digests_name};
}

void forget_builds(const image::StorePaths& store, const std::filesystem::path& cache) {
  const FileLock claim = image::claim_builds(store);
  image::forget_builds(store);
  sweep_scratch(cache);
  // Taken away first: half a cache would be filled up or used, not made anew.
  for (const auto& directory : build_caches(cache)) {
    if (stack::exists(directory)) remove_tree(take_away(directory, cache));
  }
}

}  // namespace stack::build
