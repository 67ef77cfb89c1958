// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/command_table.h"
#include "cli/help.h"
#include "cli/parse.h"

namespace stack::cli {
namespace {

using Words = std::vector<std::string>;

/// What some flags take, and no list of names has.
struct Choice {
  std::string_view flag;
  std::string_view values;
};
constexpr std::array choices{
    Choice{"--progress", "auto tty plain json quiet"},
    Choice{"--ansi", "auto always never"},
    Choice{"--pull", "always missing never"},
    Choice{"--policy", "always missing"},
    Choice{"--rmi", "local all"},
    Choice{"--protocol", "tcp udp sctp"},
    Choice{"--status", "created running paused restarting exited dead data"},
    Choice{"--signal", "SIGHUP SIGINT SIGQUIT SIGKILL SIGUSR1 SIGUSR2 SIGTERM SIGCONT SIGSTOP"},
    Choice{"--driver", "bridge macvlan ipvlan"},
    Choice{"--shell", "bash zsh fish"},
};

bool takes_value(const Flag& flag) {
  return !std::holds_alternative<bool Options::*>(flag.value);
}

const Flag* find_flag(const std::vector<Flag>& flags, std::string_view name) {
  for (const Flag& flag : flags) {
    const auto names = split(flag.names, ',');
    if (std::ranges::find(names, name) != names.end()) return &flag;
  }
  return nullptr;
}

void keep(const Flag& flag, const std::string& value, Options& options) {
  if (const auto* const one = std::get_if<std::string Options::*>(&flag.value))
    options.*(*one) = value;
  if (const auto* const many = std::get_if<std::vector<std::string> Options::*>(&flag.value))
    (options.*(*many)).push_back(value);
}

/// What has been typed before the word in question.
struct Typed {
  std::string group;
  const Command* command = nullptr;
  const Flag* open = nullptr;  ///< whose value comes next
  Words positionals;
  Options options;                ///< global ones
  bool only_positionals = false;  ///< after "--", or in what belongs to another program
};

void take_flag(const std::string& word, Typed& typed) {
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const Flag* flag = typed.command == nullptr ? nullptr : find_flag(typed.command->flags, name);
  const Flag* const global = find_flag(global_flags(), name);
  const bool own = flag != nullptr;
  if (!own) flag = global;
  if (flag == nullptr || !takes_value(*flag)) return;
  if (equals == std::string::npos) {
    typed.open = flag;
  } else if (!own) {
    keep(*flag, word.substr(equals + 1), typed.options);
  }
}

void take(const std::string& word, Typed& typed) {
  if (typed.open != nullptr) {
    if (find_flag(global_flags(), split(typed.open->names, ',').back()) == typed.open)
      keep(*typed.open, word, typed.options);
    typed.open = nullptr;
  } else if (typed.only_positionals) {
    typed.positionals.push_back(word);
  } else if (word == "--") {
    typed.only_positionals = true;
  } else if (word.starts_with('-') && word != "-") {
    take_flag(word, typed);
  } else if (typed.command != nullptr) {
    typed.positionals.push_back(word);
    typed.only_positionals = takes_words(*typed.command);
  } else if (typed.group.empty() && is_group(word)) {
    typed.group = word;
  } else {
    typed.command = find_command(typed.group.empty() ? word : typed.group + " " + word);
  }
}

class Completer {
 public:
  Completer(const Typed& typed, const std::string& word, const LiveNames& live)
      : typed_(typed), word_(word), live_(live) {}

  Completion run() {
    if (typed_.open != nullptr) {
      value_of(*typed_.open, "");
    } else if (!typed_.only_positionals && word_.starts_with("--") &&
               word_.find('=') != Words::value_type::npos) {
      value_after_equals();
    } else if (!typed_.only_positionals && word_.starts_with('-')) {
      flags();
    } else if (typed_.command != nullptr) {
      positional();
    } else {
      verbs();
    }
    std::erase_if(result_.candidates,
                  [&](const Candidate& each) { return !each.word.starts_with(word_); });
    return std::move(result_);
  }

 private:
  void add(std::string word, std::string_view about = "") {
    result_.candidates.push_back({std::move(word), std::string(about)});
  }

  void add_all(const Words& words, const std::string& before, const char* after = "") {
    for (const auto& word : words) add(before + word + after);
  }

  void verbs() {
    std::set<std::string_view> told;
    for (const Command& command : commands()) {
      const std::string_view group = group_of(command);
      if (command.help == hidden) continue;
      if (group == typed_.group) {
        add(std::string(group.empty() ? command.name : command.name.substr(group.size() + 1)),
            command.help);
      } else if (typed_.group.empty() && told.insert(group).second) {
        add(std::string(group), group_summary(group));
      }
    }
  }

  void flags() {
    std::set<std::string> own;
    const auto list = [&](const std::vector<Flag>& flags) {
      for (const Flag& flag : flags) {
        if (flag.help == hidden) continue;
        for (const auto& name : split(flag.names, ','))
          if (own.insert(name).second) add(name, flag.help);
      }
    };
    if (typed_.command != nullptr) list(typed_.command->flags);
    list(global_flags());
    add("--help", "Explain the command");
  }

  void value_after_equals() {
    const std::size_t equals = word_.find('=');
    const std::string name = word_.substr(0, equals);
    const Flag* flag = typed_.command == nullptr ? nullptr : find_flag(typed_.command->flags, name);
    if (flag == nullptr) flag = find_flag(global_flags(), name);
    if (flag != nullptr && takes_value(*flag)) value_of(*flag, word_.substr(0, equals + 1));
  }

  void value_of(const Flag& flag, const std::string& before) {
    const auto names = split(flag.names, ',');
    for (const Choice& choice : choices) {
      if (std::ranges::find(names, choice.flag) == names.end()) continue;
      return add_all(split(choice.values, ' '), before);
    }
    const auto has = [&](const char* name) {
      return std::ranges::find(names, name) != names.end();
    };
    if (has("--format")) return formats(flag, before);
    if (has("--project-name")) return add_all(live_.projects(typed_.options), before);
    if (has("--profile")) return add_all(live_.profiles(typed_.options), before);
    things(flag.value_name, before);
  }

  /// Those that the help names: "table, 'table TEMPLATE', json, or a template".
  void formats(const Flag& flag, const std::string& before) {
    for (const char* name :
         {"table", "json", "text", "yaml", "graph", "tree", "dot", "mermaid", "svg"})
      if (flag.help.find(name) != std::string_view::npos) add(before + name);
  }

  void positional() {
    const Command& command = *typed_.command;
    const std::size_t place = typed_.positionals.size();
    if (command.positional == Positional::none) return;
    if (command.positional == Positional::one && place > 0) return;
    if (takes_words(command) && place > 0) {
      result_.files = true;
      return;
    }
    if (command.name == "help") return topics();
    if (command.name == "completion") return add_all({"bash", "zsh", "fish"}, "");
    const auto things_taken = split(command.positional_name, ' ');
    const std::size_t which = std::min(place, things_taken.size() - 1);
    things(things_taken[which], "");
    for (std::size_t at = which; at < place; ++at) leave_out(typed_.positionals[at]);
  }

  /// What is there already: "web", or "web=3", of which "web=" is offered.
  void leave_out(const std::string& given) {
    std::erase_if(result_.candidates, [&](const Candidate& each) {
      return each.word == given || (each.word.ends_with('=') && given.starts_with(each.word));
    });
  }

  void topics() {
    add("exit-codes", "How commands end");
    verbs();
  }

  void things(std::string_view kind, const std::string& before) {
    const auto is = [&](std::string_view name) {
      return kind.find(name) != std::string_view::npos;
    };
    if (is("SERVICE")) {
      const char* const after = is("SERVICE=") ? "=" : is("SERVICE:") ? ":" : "";
      add_all(live_.services(typed_.options), before, after);
    } else if (is("CONTAINER")) {
      add_all(live_.containers(typed_.options), before);
    } else if (is("IMAGE") || kind == "NAME[:TAG]") {
      add_all(live_.images(typed_.options), before);
    } else if (is("NETWORK")) {
      add_all(live_.networks(typed_.options), before);
    } else if (is("VOLUME")) {
      add_all(live_.volumes(typed_.options), before);
    }
    result_.files = result_.files || is("FILE") || is("DIRECTORY") || is("PATH");
  }

  const Typed& typed_;
  const std::string& word_;
  const LiveNames& live_;
  Completion result_;
};

}  // namespace

Completion complete(const std::vector<std::string>& words, const LiveNames& live) {
  Typed typed;
  for (std::size_t at = 0; at + 1 < words.size(); ++at) take(words[at], typed);
  const std::string last = words.empty() ? "" : words.back();
  return Completer(typed, last, live).run();
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash")
    return R"(# Completion of stack for bash. To have it: source <(stack completion bash)
_stack() {
  local line=${COMP_LINE:0:COMP_POINT} words answer word candidate file
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=${words[-1]}
  COMPREPLY=()
  while IFS= read -r answer; do
    if [[ $answer == :files ]]; then
      # With "filenames" readline would quote the : of web: too, so beside names it is done here.
      ((${#COMPREPLY[@]})) || compopt -o filenames 2>/dev/null
      local beside=${#COMPREPLY[@]} path=$word
      [[ $word == --*=* ]] && path=${word#*=}
      while IFS= read -r file; do
        if ((beside)); then
          [[ -d $file ]] && file+=/
          printf -v file %q "$file"
        fi
        COMPREPLY+=("$file")
      done < <(compgen -f -- "$path")
    elif [[ $answer != :* ]]; then
      candidate=${answer%%$'\t'*}
      [[ $candidate == *[=:] ]] && compopt -o nospace 2>/dev/null
      COMPREPLY+=("$candidate")
    fi
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  # bash replaces only what comes after the last = or :
  if [[ $word == *[=:]* ]]; then
    local before=${word%"${word##*[=:]}"} at
    for at in "${!COMPREPLY[@]}"; do COMPREPLY[at]=${COMPREPLY[at]#"$before"}; done
  fi
}
complete -F _stack stack docker-compose
)";
  if (shell == "zsh")
    return R"(#compdef stack docker-compose
# Completion of stack for zsh. To have it: source <(stack completion zsh), after compinit.
_stack() {
  local answer files=0
  local -a candidates
  for answer in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $answer == :files ]]; then
      files=1
    elif [[ -n $answer && $answer != :* ]]; then
      local name=${answer%%$'\t'*} about=""
      [[ $answer == *$'\t'* ]] && about=${answer#*$'\t'}
      candidates+=("${name//:/\\:}${about:+:$about}")
    fi
  done
  _describe -V 'stack' candidates
  (( files )) || return
  [[ $PREFIX == --*=* ]] && compset -P '*='
  _files
}
if [[ $funcstack[1] == _stack ]]; then _stack "$@"; else compdef _stack stack docker-compose; fi
)";
  if (shell == "fish")
    return R"(# Completion of stack for fish. To have it: stack completion fish | source
function __stack_complete
  set -l words (commandline -opc) (commandline -ct)
  for answer in ($words[1] __complete $words[2..-1] 2>/dev/null)
    if test "$answer" = ":files"
      set -l word (commandline -ct)
      set -l before (string match -r '^--[^=]*=' -- $word)
      for path in (__fish_complete_path (string replace -- "$before" '' $word))
        echo "$before$path"
      end
    else if not string match -q ':*' -- $answer
      echo $answer
    end
  end
end
complete -c stack -f -k -a '(__stack_complete)'
complete -c docker-compose -f -k -a '(__stack_complete)'
)";
  return "";
}

}  // namespace stack::cli
