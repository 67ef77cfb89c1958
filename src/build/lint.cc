// SPDX-License-Identifier: Apache-2.0
#include "build/lint.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "build/expand.h"
#include "build/stages.h"
#include "image/reference.h"

namespace stack::build {
namespace {

constexpr std::string_view no_image = "scratch";

bool is_lower(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}
bool is_upper(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

/// The instruction's name as it was written.
std::string_view written_name(const Instruction& instruction) {
  return std::string_view(instruction.source).substr(0, instruction.name.size());
}

/// Of NAME=VALUE pairs, or of an ARG: the names.
std::vector<std::string> names_of(const Instruction& instruction) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < instruction.words.size(); i += 2)
    names.push_back(instruction.words[i]);
  return names;
}

/// Parts of a name between "_", in lower case: "db", "password".
std::vector<std::string> parts_of(const std::string& name) {
  return split(to_lower(name), '_');
}

bool looks_secret(const std::string& name) {
  static const std::set<std::string> secret{"apikey", "auth",     "credential", "credentials",
                                            "key",    "password", "pword",      "passwd",
                                            "secret", "token"};
  static const std::set<std::string> harmless{"public", "file", "version"};
  const auto parts = parts_of(name);
  const auto any_in = [&](const std::set<std::string>& words) {
    return std::ranges::any_of(parts, [&](const auto& part) { return words.contains(part); });
  };
  return any_in(secret) && !any_in(harmless);
}

/// The names of variables in a word.
std::vector<std::string> variables_in(const std::string& word, char escape) {
  std::vector<std::string> names;
  const auto note = [&](const std::string& name) -> std::optional<std::string> {
    names.push_back(name);
    return "x";
  };
  try {
    expand_word(word, note, escape);
  } catch (const Error&) {
    // Told by whoever expands it in earnest.
  }
  return names;
}

class Linter {
 public:
  explicit Linter(const Dockerfile& file) : file_(file) {}

  std::vector<Problem> run() {
    check_casing();
    for (const Instruction& each : file_.instructions) check(each);
    std::ranges::stable_sort(found_, {}, [](const Problem& each) { return each.at.line; });
    return std::move(found_);
  }

 private:
  void add(const char* rule, Position at, std::string text, std::string hint) {
    found_.push_back({at, std::move(text), std::move(hint), rule});
  }

  /// All instructions as most are: in upper case, unless more are in lower case.
  void check_casing() {
    int lower = 0, upper = 0;
    for (const Instruction& each : file_.instructions) {
      if (is_lower(written_name(each))) ++lower;
      if (is_upper(written_name(each))) ++upper;
    }
    const bool should_be_lower = lower > upper;
    for (const Instruction& each : file_.instructions) {
      const auto name = written_name(each);
      if (should_be_lower ? is_lower(name) : is_upper(name)) continue;
      add("ConsistentInstructionCasing", each.at,
          fmt::format("{} is not in {} case, as most instructions are", name,
                      should_be_lower ? "lower" : "upper"),
          "write all in the same case");
    }
  }

  void check(const Instruction& each) {
    if (each.name == "FROM") return check_from(each);
    if (each.name == "ARG") check_argument(each);
    if (each.name == "ENV") check_secrets(each);
    if (each.name == "EXPOSE") check_ports(each);
    if (each.name == "WORKDIR") check_directory(each);
    if (each.name == "SHELL") has_shell_ = true;
    if (each.name == "CMD" || each.name == "ENTRYPOINT") check_program(each);
    if (each.name == "CMD" || each.name == "ENTRYPOINT" || each.name == "HEALTHCHECK")
      check_only(each);
    if (each.name == "MAINTAINER")
      add("MaintainerDeprecated", each.at, "MAINTAINER is out of use",
          "say LABEL org.opencontainers.image.authors=");
  }

  // --- FROM

  void check_from(const Instruction& from) {
    last_of_.clear();
    has_shell_ = has_directory_ = false;
    is_in_stage_ = true;
    const std::string name = from.words.size() == 3 ? from.words[2] : "";
    if (!name.empty()) check_stage_name(from, name);
    check_base(from);
    if (const InstructionFlag* platform = from.flag("platform"))
      check_platform(*platform, to_lower(name));
  }

  void check_stage_name(const Instruction& from, const std::string& name) {
    if (!is_lower(name))
      add("StageNameCasing", from.at,
          fmt::format("the name of stage {} is not in lower case", stack::quoted(name)),
          fmt::format("COPY --from={} finds it anyway", to_lower(name)));
    const std::string& as = from.words[1];
    const auto keyword = written_name(from);
    if ((is_lower(as) != is_lower(keyword)) || (is_upper(as) != is_upper(keyword)))
      add("FromAsCasing", from.at, fmt::format("{} and {} differ in their case", keyword, as),
          "write both in the same case");
    const std::string lower = to_lower(name);
    if (lower == "context" || lower == no_image)
      add("ReservedStageName", from.at,
          fmt::format("{} as the name of a stage stands for something else", stack::quoted(lower)),
          "call it otherwise");
    if (!stages_.insert(lower).second)
      add("DuplicateStageName", from.at,
          fmt::format("an earlier stage is called {}, too", stack::quoted(lower)),
          "give each its own name");
  }

  void check_base(const Instruction& from) {
    const auto names = variables_in(from.words[0], file_.escape);
    bool all_known = true;
    for (const std::string& name : names) {
      if (defaults_.contains(name) || is_automatic(name)) continue;
      all_known = false;
      add("UndefinedArgInFrom", from.at,
          fmt::format("no ARG before the first FROM declares {}", name),
          fmt::format("say ARG {} there", name));
    }
    if (!names.empty() && all_known) check_default_base(from);
  }

  /// With no argument given: is it a name of an image then?
  void check_default_base(const Instruction& from) {
    const auto value = [&](const std::string& name) -> std::optional<std::string> {
      return is_automatic(name) ? "linux" : default_value(name);
    };
    try {
      const std::string base = expand_word(from.words[0], value, file_.escape);
      if (base == no_image) return;
      image::parse_reference(base);
    } catch (const Error&) {
      add("InvalidDefaultArgInFrom", from.at,
          fmt::format("{} is no name of an image unless an argument is given", from.words[0]),
          "give its ARG a default");
    }
  }

  void check_platform(const InstructionFlag& flag, const std::string& stage) {
    if (flag.value == "$TARGETPLATFORM" || flag.value == "${TARGETPLATFORM}")
      add("RedundantTargetPlatform", flag.at,
          fmt::format("{} is what is built for anyway", flag.value), "leave --platform out");
    if (flag.value.find('$') != std::string::npos) return;
    const auto parts = split(flag.value, '/');
    const bool is_in_name = std::ranges::any_of(
        parts, [&](const std::string& part) { return stage.find(part) != std::string::npos; });
    if (!is_in_name)
      add("FromPlatformFlagConstDisallowed", flag.at,
          fmt::format("the stage is for {} whatever is built for", flag.value),
          "use $BUILDPLATFORM, or a name of the stage that says it");
  }

  bool is_automatic(const std::string& name) const {
    return platform_.contains(name) || is_predefined_argument(name);
  }

  /// What an ARG before the first FROM gives when nobody else does.
  std::optional<std::string> default_value(const std::string& name) const {
    const auto found = defaults_.find(name);
    return found == defaults_.end() ? std::nullopt : found->second;
  }

  // --- the others

  void check_argument(const Instruction& argument) {
    check_secrets(argument);
    if (is_in_stage_) return;
    for (std::size_t i = 0; i + 1 < argument.words.size(); i += 2) {
      const std::string& value = argument.words[i + 1];  // empty, or "=" and the default
      defaults_[argument.words[i]] =
          value.empty() ? std::nullopt : std::optional(default_of(value.substr(1)));
    }
  }

  std::string default_of(const std::string& word) const {
    try {
      return expand_word(
          word, [this](const std::string& name) { return default_value(name); }, file_.escape);
    } catch (const Error&) {
      return word;
    }
  }

  void check_secrets(const Instruction& each) {
    for (const std::string& name : names_of(each))
      if (looks_secret(name))
        add("SecretsUsedInArgOrEnv", each.at,
            fmt::format("{} {} looks like a secret, which would be part of the image", each.name,
                        stack::quoted(name)),
            "use RUN --mount=type=secret");
  }

  void check_ports(const Instruction& expose) {
    for (const std::string& port : expose.words) {
      const std::size_t slash = port.find('/');
      if (slash != std::string::npos && port.find('$') == std::string::npos &&
          !is_lower(port.substr(slash)))
        add("ExposeProtoCasing", expose.at,
            fmt::format("the protocol of {} is not in lower case", port), to_lower(port));
      if (port.find(':') != std::string::npos && port.find('$') == std::string::npos)
        add("ExposeInvalidFormat", expose.at, "EXPOSE knows ports of the container alone",
            "what stands before the : has no effect; publish it at the start");
    }
  }

  void check_directory(const Instruction& workdir) {
    const bool is_first = !std::exchange(has_directory_, true);
    const std::string& path = workdir.text;
    if (is_first && !path.starts_with('/') && !path.starts_with('$') && !path.starts_with('"'))
      add("WorkdirRelativePath", workdir.at,
          fmt::format("where {} is depends on the WORKDIR of the base image", stack::quoted(path)),
          "begin with an absolute path");
  }

  void check_program(const Instruction& each) {
    if (!each.exec && !has_shell_)
      add("JSONArgsRecommended", each.at,
          fmt::format("this {} runs below a shell, which keeps signals from it", each.name),
          fmt::format("{} [\"PROGRAM\", \"ARGUMENT\"]", each.name));
  }

  /// Of these a stage has one: the last.
  void check_only(const Instruction& each) {
    const auto [before, is_first] = last_of_.try_emplace(each.name, each.at);
    if (is_first) return;
    add("MultipleInstructionsDisallowed", before->second,
        fmt::format("{} has no effect: that of line {} replaces it", each.name, each.at.line),
        "a stage has one of them");
    before->second = each.at;
  }

  const Dockerfile& file_;
  const std::map<std::string, std::string> platform_ = platform_arguments();
  std::vector<Problem> found_;
  std::map<std::string, std::optional<std::string>> defaults_;  ///< of ARGs before the first FROM
  std::set<std::string> stages_;
  // Of the stage:
  std::map<std::string, Position> last_of_;
  bool has_shell_ = false;
  bool has_directory_ = false;
  bool is_in_stage_ = false;
};

void read_option(LintOptions& options, const std::string& key, const std::string& value) {
  if (key == "error" && (value == "true" || value == "1")) {
    options.is_error = true;
  } else if (key == "skip" && value == "all") {
    options.skips_all = true;
  } else if (key == "skip") {
    for (const std::string& rule : split(value, ',')) options.skipped.emplace(trim(rule));
  } else if (key != "experimental" && !(key == "error" && (value == "false" || value == "0"))) {
    fail("{}={} is no option of checks", key, value);
  }
}

}  // namespace

LintOptions parse_lint_options(const std::string& text) {
  LintOptions options;
  for (const std::string& part : split(text, ';')) {
    if (trim(part).empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) fail("{} is no option of checks", stack::quoted(part));
    read_option(options, std::string(trim(part.substr(0, equals))),
                std::string(trim(part.substr(equals + 1))));
  }
  return options;
}

std::vector<Problem> lint(const Dockerfile& file) {
  return Linter(file).run();
}

}  // namespace stack::build
