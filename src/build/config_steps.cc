// SPDX-License-Identifier: Apache-2.0
#include "build/config_steps.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "build/run_mounts.h"
#include "image/changes.h"
#include "runtime/signals.h"

namespace stack::build {
namespace {

using Strings = std::vector<std::string>;

void add_once(Strings& list, const std::string& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

class ConfigStep {
 public:
  ConfigStep(StageState& state, const Instruction& step, const Arguments& global, char escape)
      : state_(state),
        config_(state.config),
        step_(step),
        global_(global),
        escape_(escape),
        before_(state),
        lookup_(variables_of(before_)) {}

  void apply() {
    const std::string& name = step_.name;
    if (name == "ARG") return declare();
    if (name == "CMD") return set_command();
    if (name == "ENTRYPOINT") return set_entrypoint();
    if (name == "ENV") return set_environment();
    if (name == "EXPOSE") return set_ports();
    if (name == "HEALTHCHECK") return set_healthcheck();
    if (name == "LABEL") return set_labels();
    if (name == "MAINTAINER") return set_author();
    if (name == "ONBUILD") return add_trigger();
    if (name == "SHELL") return set_shell();
    if (name == "STOPSIGNAL") return set_stop_signal();
    if (name == "USER") return set_user();
    if (name == "VOLUME") return set_volumes();
    fail("{} changes files", name);
  }

 private:
  std::string expand(const std::string& word) const { return expand_word(word, lookup_, escape_); }
  void note(const std::string& text) { note_history(state_, text, true); }

  void declare() {
    for (std::size_t i = 0; i + 1 < step_.words.size(); i += 2) {
      std::optional<std::string> value;
      if (!step_.words[i + 1].empty()) value = expand(step_.words[i + 1].substr(1));
      if (state_.arguments.declare(step_.words[i], value, &global_))
        state_.arguments_over_environment.insert(step_.words[i]);
      before_.arguments = state_.arguments;
      before_.arguments_over_environment = state_.arguments_over_environment;
      const auto set = state_.arguments.find(step_.words[i]);
      note(set ? fmt::format("ARG {}={}", step_.words[i], *set)
               : fmt::format("ARG {}", step_.words[i]));
    }
  }

  void set_command() {
    config_.command = command_line(state_, step_);
    state_.has_own_command = true;
    note(fmt::format("CMD {}", shown(config_.command)));
  }
  void set_entrypoint() {
    config_.entrypoint = command_line(state_, step_);
    // The inherited CMD was meant for another program.
    if (!state_.has_own_command) config_.command.clear();
    note(fmt::format("ENTRYPOINT {}", shown(config_.entrypoint)));
  }
  static std::string shown(const Strings& words) {
    Strings quoted_words;
    for (const std::string& word : words) quoted_words.push_back(stack::quoted(word));
    return fmt::format("[{}]", join(quoted_words, " "));
  }

  void set_environment() {
    Environment environment(config_.environment);
    std::string text = "ENV";
    for (std::size_t i = 0; i + 1 < step_.words.size(); i += 2) {
      const std::string name = expand(step_.words[i]);
      const std::string value = expand(step_.words[i + 1]);
      if (name.empty()) fail("ENV names can not be blank");
      environment.set(name, value);
      state_.arguments_over_environment.erase(name);
      text += fmt::format(" {}={}", name, value);
    }
    config_.environment = environment.pairs();
    note(text);
  }

  void set_labels() {
    std::string text = "LABEL";
    for (std::size_t i = 0; i + 1 < step_.words.size(); i += 2) {
      const std::string name = expand(step_.words[i]);
      const std::string value = expand(step_.words[i + 1]);
      if (name.empty()) fail("LABEL names can not be blank");
      config_.labels[name] = value;
      text += fmt::format(" {}={}", name, value);
    }
    note(text);
  }

  void set_ports() {
    Strings ports;
    for (const std::string& word : expand_words(step_.text, lookup_, escape_)) {
      if (word.empty()) continue;
      if (word.find_first_of(" \t$") != std::string::npos)
        fail("invalid containerPort: {}", stack::quoted(word));
      ports.push_back(to_lower(word.substr(word.rfind(':') + 1)));
    }
    // Variables without a value may have been all that there was.
    if (ports.empty()) return note("EXPOSE");
    image::apply_change(config_, fmt::format("EXPOSE {}", join(ports, " ")));
    note(fmt::format("EXPOSE {}", join(ports, " ")));
  }

  void set_healthcheck() {
    image::apply_change(config_, step_.source);
    if (config_.healthcheck && config_.healthcheck->test.size() > 1 &&
        config_.healthcheck->test.front() == "CMD-SHELL" && !step_.exec)
      config_.healthcheck->test = {"CMD-SHELL", step_.words.back()};
    note(step_.source);
  }

  void set_author() {
    state_.author = step_.text;  // word for word, quotes and all
    note(fmt::format("MAINTAINER {}", state_.author));
  }

  void add_trigger() {
    std::string text = step_.trigger.front().source;
    for (const Heredoc& document : step_.heredocs)
      text += fmt::format("\n{}{}", document.content, document.name);
    config_.on_build.push_back(text);
    note(fmt::format("ONBUILD {}", text));
  }

  void set_shell() {
    config_.shell = step_.words;
    note(fmt::format("SHELL [{}]", join(step_.words, " ")));
  }

  void set_stop_signal() {
    const std::string signal = expand(step_.text);
    if (!runtime::signal_number(signal) && !parse_integer<unsigned>(signal).value_or(0))
      throw Error(fmt::format("invalid stop signal {}", stack::quoted(signal)))
          .with_hint("a name like SIGQUIT or RTMIN+3, or a number");
    image::apply_change(config_, fmt::format("STOPSIGNAL {}", signal));
    note(fmt::format("STOPSIGNAL {}", signal));
  }

  void set_user() {
    config_.user = expand(step_.text);
    note(fmt::format("USER {}", config_.user));
  }

  void set_volumes() {
    Strings paths;
    for (const std::string& word : step_.words) {
      const std::string path = expand(word);
      if (path.empty()) fail("VOLUME specified can not be an empty string");
      if (absolute_inside("/", path) == "/") fail("VOLUME / would be the whole image");
      // Word for word, as docker has it: whoever mounts it sees to the rest.
      paths.push_back(path);
      add_once(config_.volumes, path);
    }
    note(fmt::format("VOLUME [{}]", join(paths, " ")));
  }

  StageState& state_;
  image::ImageConfig& config_;
  const Instruction& step_;
  const Arguments& global_;
  char escape_;
  StageState before_;  ///< all of one instruction sees the values before it
  Lookup lookup_;
};

}  // namespace

Lookup variables_of(const StageState& state) {
  return [&state](const std::string& name) -> std::optional<std::string> {
    if (state.arguments_over_environment.contains(name)) return state.arguments.find(name);
    const Environment environment(state.config.environment);
    if (auto value = environment.find(name)) return value;
    return state.arguments.find(name);
  };
}

void apply_to_config(StageState& state, const Instruction& instruction, const Arguments& global,
                     char escape) {
  ConfigStep(state, instruction, global, escape).apply();
}

std::vector<std::string> command_line(const StageState& state, const Instruction& instruction) {
  if (instruction.exec) return instruction.words;
  Strings words = state.config.shell.empty() ? Strings{"/bin/sh", "-c"} : state.config.shell;
  words.push_back(instruction.text);
  return words;
}

std::string working_directory(const StageState& state, const Instruction& instruction,
                              char escape) {
  const std::string path = expand_word(instruction.text, variables_of(state), escape);
  if (path.empty()) fail("WORKDIR requires a directory");
  const std::string before = state.config.working_dir.empty() ? "/" : state.config.working_dir;
  // An absolute one is kept word for word, as docker has it.
  return path.starts_with('/') ? path : absolute_inside(before, path);
}

void note_history(StageState& state, const std::string& created_by, bool empty_layer) {
  state.history.push_back({.created = image::to_rfc3339(state.created),
                           .created_by = created_by,
                           .author = state.author,
                           .comment = "",
                           .empty_layer = empty_layer});
}

}  // namespace stack::build
