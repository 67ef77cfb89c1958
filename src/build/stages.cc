// SPDX-License-Identifier: Apache-2.0
#include "build/stages.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "build/run_mounts.h"
#include "image/image_document.h"

namespace stack::build {

std::map<std::string, std::string> platform_arguments() {
  const std::string architecture = image::oci_architecture();
  std::map<std::string, std::string> arguments;
  for (const char* side : {"TARGET", "BUILD"}) {
    const std::string prefix = side;
    arguments[prefix + "PLATFORM"] = fmt::format("linux/{}", architecture);
    arguments[prefix + "OS"] = "linux";
    arguments[prefix + "ARCH"] = architecture;
    arguments[prefix + "VARIANT"] = "";
  }
  return arguments;
}

namespace {

class Planner {
 public:
  Planner(const Dockerfile& file, const StageRequest& request) : file_(file), request_(request) {
    graph_.automatic = platform_arguments();
    graph_.automatic["TARGETSTAGE"] = target_stage();
    graph_.global = Arguments(request.arguments, graph_.automatic);
    for (const auto& [name, value] : graph_.automatic)
      graph_.global.declare(name, std::nullopt, nullptr);
  }

  BuildGraph plan() {
    for (const Instruction& each : file_.instructions) {
      if (each.name == "FROM") {
        begin_stage(each);
      } else if (graph_.stages.empty()) {
        declare_global(each);
      } else {
        graph_.stages.back().steps.push_back(each);
      }
    }
    graph_.target = find_target();
    visit(graph_.target);
    return std::move(graph_);
  }

 private:
  std::string target_stage() const {
    if (!request_.target.empty()) return request_.target;
    std::string name;
    for (const Instruction& each : file_.instructions)
      if (each.name == "FROM") name = each.words.size() == 3 ? each.words[2] : "";
    return name.empty() ? "default" : name;
  }

  std::string expand(const Instruction& at, const std::string& text) const {
    const Lookup lookup = [&](const std::string& name) { return graph_.global.find(name); };
    try {
      return expand_word(text, lookup, file_.escape);
    } catch (const Error& error) {
      throw_at(file_.name, at.at, error.what());
    }
  }

  void declare_global(const Instruction& each) {
    for (std::size_t i = 0; i + 1 < each.words.size(); i += 2) {
      std::optional<std::string> value;
      if (!each.words[i + 1].empty()) value = expand(each, each.words[i + 1].substr(1));
      graph_.global.declare(each.words[i], value, nullptr);
    }
  }

  void begin_stage(const Instruction& from) {
    Stage stage;
    stage.number = static_cast<int>(graph_.stages.size());
    stage.at = from.at;
    if (from.words.size() == 3) stage.name = to_lower(from.words[2]);
    stage.base_text = expand(from, from.words.front());
    if (stage.base_text.empty())
      throw_at(file_.name, from.at,
               fmt::format("base name ({}) should not be blank", from.words.front()),
               "give its ARG a default, or --build-arg a value");
    check_platform(from);
    stage.base = stage.base_text == "scratch"
                     ? Origin{}
                     : find_origin(graph_.stages, stage.number, stage.base_text, request_.contexts);
    graph_.stages.push_back(std::move(stage));
  }

  void check_platform(const Instruction& from) const {
    const InstructionFlag* flag = from.flag("platform");
    if (flag == nullptr) return;
    const std::string platform = expand(from, flag->value);
    if (!is_own_platform(platform))
      throw_at(file_.name, flag->at,
               fmt::format("platform {} is not this machine's", stack::quoted(platform)),
               fmt::format("only linux/{} can be built here", image::oci_architecture()));
  }

  void find_needs(Stage& stage) {
    if (stage.base.kind == OriginKind::stage) stage.needs.insert(stage.base.stage);
    for (const Instruction& trigger : triggers_of(stage.base))
      for (const auto& [name, at] : origins_of(trigger)) add_need(stage, name, stage.at);
    for (const Instruction& step : stage.steps)
      for (const auto& [name, at] : origins_of(step)) add_need(stage, name, at);
  }

  /// What ONBUILD of the base will add to a stage: it may take from earlier stages, too.
  std::vector<Instruction> triggers_of(const Origin& base) const {
    std::vector<Instruction> triggers;
    if (base.kind == OriginKind::stage) {
      for (const Instruction& step : graph_.stages[static_cast<std::size_t>(base.stage)].steps)
        if (step.name == "ONBUILD") triggers.push_back(step.trigger.front());
    } else if (base.kind != OriginKind::scratch && request_.triggers) {
      try {
        for (const std::string& text : request_.triggers(base))
          triggers.push_back(parse_instruction(base.name, text));
      } catch (const Error&) {
        // The stage fails of the same, and says so with its place.
      }
    }
    return triggers;
  }

  /// What a step names as the source of files, with its place.
  static std::vector<std::pair<std::string, Position>> origins_of(const Instruction& step) {
    std::vector<std::pair<std::string, Position>> names;
    for (const InstructionFlag& flag : step.flags) {
      if (step.name == "COPY" && flag.name == "from") names.emplace_back(flag.value, flag.at);
      if (step.name != "RUN" || flag.name != "mount") continue;
      // Variables are not known yet; what is wrong is told when the step is run.
      for (const std::string& field : split(flag.value, ','))
        if (field.starts_with("from=")) names.emplace_back(field.substr(5), flag.at);
    }
    return names;
  }

  void add_need(Stage& stage, const std::string& name, Position at) {
    const Origin origin = find_origin(graph_.stages, stage.number, name, request_.contexts);
    if (origin.kind == OriginKind::stage) {
      stage.needs.insert(origin.stage);
      return;
    }
    const bool later = std::any_of(graph_.stages.begin(), graph_.stages.end(), [&](const Stage& s) {
      return s.number >= stage.number && !s.name.empty() && s.name == to_lower(name);
    });
    const auto number = parse_integer<int>(name);
    if (later || (number && origin.kind == OriginKind::image))
      throw_at(file_.name, at, fmt::format("{} is no stage before this one", stack::quoted(name)),
               "a stage takes files from earlier stages");
  }

  int find_target() const {
    if (request_.target.empty()) return static_cast<int>(graph_.stages.size()) - 1;
    const std::string wanted = to_lower(request_.target);
    std::vector<std::string> names;
    // Of two of one name the later one.
    for (auto stage = graph_.stages.rbegin(); stage != graph_.stages.rend(); ++stage) {
      if (stage->name == wanted || std::to_string(stage->number) == wanted) return stage->number;
      if (!stage->name.empty()) names.push_back(stage->name);
    }
    const auto near = nearest(wanted, names);
    throw Error(fmt::format("{}: target stage {} could not be found{}", file_.name,
                            stack::quoted(request_.target),
                            near ? fmt::format("; did you mean {}?", *near) : ""))
        .with_exit_code(ExitCode::invalid_file);
  }

  /// A stage needs earlier ones only, so there is no cycle.
  void visit(int number) {
    if (std::find(graph_.order.begin(), graph_.order.end(), number) != graph_.order.end()) return;
    // What others need may be wrong: nobody builds it.
    find_needs(graph_.stages[static_cast<std::size_t>(number)]);
    const std::set<int> needs = graph_.stages[static_cast<std::size_t>(number)].needs;
    for (const int need : needs) visit(need);
    graph_.order.push_back(number);
  }

  const Dockerfile& file_;
  const StageRequest& request_;
  BuildGraph graph_;
};

}  // namespace

BuildGraph plan_stages(const Dockerfile& file, const StageRequest& request) {
  return Planner(file, request).plan();
}

Origin find_origin(const std::vector<Stage>& stages, int stage, const std::string& name,
                   const std::set<std::string>& contexts) {
  if (contexts.contains(name)) return {OriginKind::context, -1, name};
  const std::string wanted = to_lower(name);
  const auto number = parse_integer<int>(name);
  for (auto each = stages.rbegin(); each != stages.rend(); ++each) {
    if (each->number >= stage) continue;
    if ((!each->name.empty() && each->name == wanted) || (number && *number == each->number))
      return {OriginKind::stage, each->number, ""};
  }
  if (name == "scratch") return {};
  return {OriginKind::image, -1, name};
}

bool is_own_platform(const std::string& platform) {
  const std::string architecture = image::oci_architecture();
  const std::string wanted = to_lower(platform);
  if (wanted.empty() || wanted == "linux" || wanted == architecture) return true;
  if (architecture == "amd64" && (wanted == "x86_64" || wanted == "linux/x86_64")) return true;
  if (architecture == "arm64" && (wanted == "linux/aarch64" || wanted == "linux/arm64/v8"))
    return true;
  return wanted == fmt::format("linux/{}", architecture);
}

std::string shown_name(const Stage& stage) {
  return stage.name.empty() ? fmt::format("stage-{}", stage.number) : stage.name;
}

}  // namespace stack::build
