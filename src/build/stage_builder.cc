// SPDX-License-Identifier: Apache-2.0
#include "build/stage_builder.h"

#include <algorithm>

#include "base/error.h"
#include "base/search_path.h"
#include "base/text.h"
#include "build/cache_key.h"
#include "build/copy_request.h"
#include "build/layers.h"
#include "build/owners.h"
#include "build/run_mounts.h"
#include "build/run_step.h"
#include "image/build_cache.h"

namespace stack::build {
namespace {

/// Instructions that are steps of their own for who watches.
bool is_work(const Instruction& instruction) {
  return instruction.name == "RUN" || instruction.name == "COPY" || instruction.name == "ADD" ||
         instruction.name == "WORKDIR";
}

class StageBuilder {
 public:
  StageBuilder(BuildJob& job, const Stage& stage) : job_(job), stage_(stage) {}

  StageState build() {
    count_ = 1 + std::count_if(stage_.steps.begin(), stage_.steps.end(), is_work);
    at(stage_.at, [&] { begin(); });
    for (const std::string& text : triggers_) {
      const std::string from = fmt::format("ONBUILD of {}", stage_.base_text);
      step(parse_instruction(from, text));
    }
    for (const Instruction& each : stage_.steps) step(each);
    return std::move(state_);
  }

 private:
  struct Result {
    std::optional<image::NewLayer> layer;
    bool is_certain = true;  ///< false: what it was made of has changed meanwhile
  };

  template <typename Work>
  void at(Position place, Work&& work) {
    try {
      work();
    } catch (Error& error) {
      error.add_frame(fmt::format("{}:{}:{}", job_.file.name, place.line, place.column));
      throw;
    }
  }

  std::string title(const std::string& text) {
    const bool alone = job_.graph.order.size() == 1 && stage_.name.empty();
    return fmt::format("[{}{}/{}] {}", alone ? "" : fmt::format("{} ", shown_name(stage_)),
                       ++number_, count_, text);
  }

  void begin() {
    const int step = ++job_.steps;
    job_.with.report.begin(step, title(fmt::format("FROM {}", stage_.base_text)));
    if (stage_.base.kind != OriginKind::stage)  // whose arguments go on
      state_.arguments = Arguments(job_.request.arguments, job_.graph.automatic);
    take_base();
    job_.with.report.end(step, BuildReport::End::done);
  }

  void take_base() {
    switch (stage_.base.kind) {
      case OriginKind::scratch:
        return take_nothing();
      case OriginKind::stage:
        state_ = job_.done.at(stage_.base.stage);
        break;
      case OriginKind::image:
        take_image(job_.image_of(stage_.base.name));
        break;
      case OriginKind::context:
        if (job_.is_directory(stage_.base)) return take_directory();
        take_image(job_.image_of(job_.request.contexts.at(stage_.base.name).image));
    }
    state_.has_own_command = false;
    triggers_ = std::exchange(state_.config.on_build, {});
  }

  void take_nothing() {
    state_.config.environment = {fmt::format("PATH={}", default_search_path)};
    state_.config.working_dir = std::string("/");
    state_.created = job_.epoch.value_or(std::chrono::system_clock::time_point{});
  }

  /// As BuildKit: an image that has the files of the directory and nothing else.
  void take_directory() {
    take_nothing();
    const CopyTask task = copy_of_all(job_.files_of(stage_.base));
    CacheKey key("directory", "");
    key.add("items", digest_of_items(task));
    add_epoch(key);
    const std::string digest = key.digest();
    std::optional<image::BuiltStep> made;
    if (uses_cache()) made = image::find_step(job_.with.store, digest, {});
    if (!made)
      made = perform(digest, [&](Workspace& workspace) { return copied(task, workspace, [] {}); });
    accept(*made, fmt::format("FROM {}", stage_.base_text));
  }

  void add_epoch(CacheKey& key) const {
    if (job_.epoch) key.add("epoch", job_.request.arguments.at("SOURCE_DATE_EPOCH"));
  }

  void take_image(image::ConfigDocument document) {
    state_.config = std::move(document.config);
    Environment environment(state_.config.environment);
    if (!environment.find("PATH")) environment.set("PATH", std::string(default_search_path));
    state_.config.environment = environment.pairs();
    state_.author = document.author;
    state_.diff_ids = std::move(document.diff_ids);
    state_.history = std::move(document.history);
    state_.created = document.created;
  }

  void step(const Instruction& instruction) {
    if (job_.turns.cancelled()) fail("another stage has failed");
    at(instruction.at, [&] {
      if (instruction.name == "RUN") return run(instruction);
      if (instruction.name == "COPY" || instruction.name == "ADD") return copy(instruction);
      if (instruction.name == "WORKDIR") return change_directory(instruction);
      apply_to_config(state_, instruction, job_.graph.global, job_.file.escape);
    });
  }

  void warn(const Instruction& instruction, const std::string& text, const std::string& cure) {
    job_.with.report.warn(problem_text(job_.file.name, {instruction.at, text, cure}));
  }

  bool uses_cache() const {
    if (job_.request.no_cache) return false;
    const auto& without = job_.request.no_cache_stages;
    return !without.contains(stage_.name) && !without.contains(std::to_string(stage_.number));
  }

  /// A step that may give a layer: from the cache, or done and put there.
  template <typename Make>
  void work(const Instruction& instruction, const CacheKey& key, const std::string& history,
            Make&& make) {
    const int step = ++job_.steps;
    job_.with.report.begin(step, title(instruction.source));
    const std::string digest = key.digest();
    if (uses_cache()) {
      if (const auto known = image::find_step(job_.with.store, digest, state_.diff_ids)) {
        accept(*known, history);
        return job_.with.report.end(step, BuildReport::End::cached);
      }
    }
    try {
      accept(perform(digest, [&](Workspace& workspace) { return make(workspace, step); }), history);
    } catch (...) {
      job_.with.report.end(
          step, job_.turns.cancelled() ? BuildReport::End::cancelled : BuildReport::End::failed);
      throw;
    }
    job_.with.report.end(step, BuildReport::End::done);
  }

  /// Makes a layer, puts it into the store and says so in the cache.
  template <typename Make>
  image::BuiltStep perform(const std::string& digest, Make&& make) {
    Workspace workspace(job_.with.store, state_.diff_ids);
    const Result result = make(workspace);
    image::BuiltStep made{result.layer ? result.layer->diff_id : "", job_.now()};
    if (result.layer) image::add_built_layer(job_.with.store, state_.diff_ids, *result.layer);
    if (result.is_certain) image::record_step(job_.with.store, digest, made);
    return made;
  }

  void accept(const image::BuiltStep& step, const std::string& history) {
    state_.created = step.created;
    if (!step.diff_id.empty()) state_.diff_ids.push_back(step.diff_id);
    note_history(state_, history, step.diff_id.empty());
  }

  void run(const Instruction& instruction) {
    RunStep run(job_, stage_, state_, instruction);
    work(instruction, run.key(), run.history(),
         [&](Workspace& workspace, int step) { return Result{run.execute(workspace, step)}; });
  }

  void copy(const Instruction& instruction) {
    const CopyRequest request = copy_request(job_, stage_, state_, instruction);
    // Raised whenever the same items would give another layer.
    CacheKey key("copy 3", chain_of(state_.diff_ids));
    key.add("items", digest_of_items(request.task)).add("destination", request.task.destination);
    key.add("into", request.task.into_directory ? "directory" : "file");
    if (request.task.makes_destination) key.add("makes", "destination");
    key.add("owner", fmt::format("{}:{} {:o}", request.task.owner.first, request.task.owner.second,
                                 request.task.directory_mode));
    add_epoch(key);
    work(instruction, key, request.history, [&](Workspace& workspace, int) {
      return copied(request.task, workspace, [&] {
        warn(instruction,
             fmt::format("{} is no directory: of several files only the last one is left there",
                         request.task.destination),
             "end it with a / to have a directory");
      });
    });
  }

  /// `tell_replaced` is called when files have replaced one another.
  template <typename Tell>
  Result copied(const CopyTask& task, Workspace& workspace, Tell&& tell_replaced) const {
    {
      const auto tree = workspace.mount();
      if (carry_out(task, tree.root())) tell_replaced();
    }
    Result result{workspace.take_layer({}, job_.epoch).layer};
    result.is_certain = is_unchanged(task);
    return result;
  }

  void change_directory(const Instruction& instruction) {
    const std::string path = working_directory(state_, instruction, job_.file.escape);
    state_.config.working_dir = path;
    // It belongs to whoever is to work there.
    const auto owner = user_of(job_.with.store, state_);
    CacheKey key("workdir", chain_of(state_.diff_ids));
    key.add("path", path).add("owner", fmt::format("{}:{}", owner.first, owner.second));
    add_epoch(key);
    work(instruction, key, fmt::format("WORKDIR {}", path), [&](Workspace& workspace, int) {
      {
        const auto tree = workspace.mount();
        make_directory(tree.root(), absolute_inside("/", path), owner);
      }
      return Result{workspace.take_layer({}, job_.epoch).layer};
    });
  }

  BuildJob& job_;
  const Stage& stage_;
  StageState state_;
  std::vector<std::string> triggers_;
  int number_ = 0;
  std::ptrdiff_t count_ = 0;
};

}  // namespace

StageState build_stage(BuildJob& job, const Stage& stage) {
  return StageBuilder(job, stage).build();
}

}  // namespace stack::build
