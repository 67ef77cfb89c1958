// SPDX-License-Identifier: Apache-2.0
#include "build/git_program.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/search_path.h"
#include "base/text.h"
#include "image/tool.h"

namespace stack::build {
namespace {

/// Where somebody has said so, connections go through a proxy and trust other authorities.
constexpr std::array<const char*, 10> inherited = {
    "HTTP_PROXY",  "HTTPS_PROXY", "NO_PROXY",  "ALL_PROXY",      "http_proxy",
    "https_proxy", "no_proxy",    "all_proxy", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"};

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Where the person's ssh keeps the servers that it knows; empty when a shell could misread it.
std::string known_hosts() {
  const std::string home = variable("HOME");
  const bool is_plain = std::all_of(home.begin(), home.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-").find(c) != std::string_view::npos;
  });
  return home.starts_with('/') && is_plain ? " " + home + "/.ssh/known_hosts" : "";
}

/// Nobody is asked anything. A server that the person knows must be who it was; others are
/// believed, and written down nowhere: that is what the first file is for. Without an agent no key
/// is offered, not even the person's own.
std::string ssh_command(const GitAccess& access) {
  return fmt::format(
      "ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15"
      " -o StrictHostKeyChecking=accept-new -o 'UserKnownHostsFile=/dev/null{}'"
      " -o IdentityFile=none -o IdentityAgent={}",
      known_hosts(), access.agent.empty() ? "none" : "SSH_AUTH_SOCK");
}

std::vector<std::string> environment_for(const GitAccess& access) {
  const std::string path = variable("PATH");
  std::vector<std::string> result = {
      fmt::format("PATH={}", path.empty() ? std::string(default_search_path) : path),
      "HOME=/dev/null", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
      "GIT_TERMINAL_PROMPT=0", "GIT_TEMPLATE_DIR=",
      // Or git asks the name server for the name of this machine, whoever answers it or does not.
      "GIT_COMMITTER_NAME=stack", "GIT_COMMITTER_EMAIL=stack@localhost",
      // The repository of a stranger names no file of this machine as its submodule.
      "GIT_ALLOW_PROTOCOL=http:https:ssh:git", "GIT_SSH_VARIANT=ssh",
      fmt::format("GIT_SSH_COMMAND={}", ssh_command(access))};
  for (const char* name : inherited)
    if (const std::string value = variable(name); !value.empty())
      result.push_back(fmt::format("{}={}", name, value));
  if (!access.agent.empty()) result.push_back(fmt::format("SSH_AUTH_SOCK={}", access.agent));
  if (!access.authorization.empty()) {
    // In the environment, which others cannot read as they can arguments.
    result.push_back("GIT_CONFIG_COUNT=1");
    result.push_back(fmt::format("GIT_CONFIG_KEY_0=http.{}.extraheader", access.scope));
    result.push_back(fmt::format("GIT_CONFIG_VALUE_0=Authorization: {}", access.authorization));
  }
  return result;
}

/// Progress is written over itself.
std::string last_words(const std::string& line) {
  const std::string_view text = trim(line);
  return std::string(text.substr(text.rfind('\r') + 1));
}

std::string without_secret(std::string text, const std::string& secret) {
  if (secret.empty()) return text;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret))
    text.replace(at, secret.size(), "xxxxx");
  return text;
}

}  // namespace

GitProgram::GitProgram(GitAccess access, std::chrono::milliseconds patience, std::string secret)
    : program_(image::needed_program("git", "git")),
      environment_(environment_for(access)),
      patience_(patience),
      secret_(std::move(secret)) {}

GitProgram::Result GitProgram::attempt(const std::filesystem::path& directory,
                                       const std::vector<std::string>& arguments) const {
  image::Tool tool;
  tool.program = program_;
  tool.arguments = {"-C", directory.native()};
  tool.arguments.insert(tool.arguments.end(), arguments.begin(), arguments.end());
  tool.environment = environment_;
  // A repository that the directory happens to lie in has no say.
  tool.environment.push_back(
      fmt::format("GIT_CEILING_DIRECTORIES={}", directory.parent_path().native()));
  tool.inherits = image::Inherits::nothing;
  tool.patience = patience_;
  Result result{0, {}};
  result.code = during(fmt::format("git {}", arguments.front()), [&] {
    return image::run_tool(tool, [&](const std::string& line) {
      result.lines.push_back(without_secret(last_words(line), secret_));
    });
  });
  return result;
}

std::vector<std::string> GitProgram::run(const std::filesystem::path& directory,
                                         const std::vector<std::string>& arguments) const {
  Result result = attempt(directory, arguments);
  if (result.code != 0) fail(arguments, result);
  return std::move(result.lines);
}

void GitProgram::fail(const std::vector<std::string>& arguments, const Result& result) const {
  const std::string complaint = git_complaint(result.lines);
  throw Error(fmt::format("git {}: {}", arguments.front(),
                          complaint.empty() ? fmt::format("exit code {}", result.code)
                                            : printable(complaint)))
      .with_hint(git_cure(complaint));
}

std::string git_complaint(const std::vector<std::string>& lines) {
  static constexpr std::array<std::string_view, 3> marks = {"fatal: ", "error: ", "remote: "};
  std::vector<std::string> errors;
  std::vector<std::string> all;
  for (const std::string& line : lines) {
    if (line.empty() || line.starts_with("hint:") || to_lower(line).starts_with("warning:"))
      continue;
    all.push_back(line);
    for (const auto mark : {marks[0], marks[1]})
      if (line.starts_with(mark)) errors.push_back(line.substr(mark.size()));
  }
  constexpr std::size_t most = 8;
  std::vector<std::string>& told = all.size() <= most || errors.empty() ? all : errors;
  if (told.size() > most) told.erase(told.begin(), told.end() - most);
  for (std::string& line : told)
    if (starts_with_any(line, marks)) line.erase(0, line.find(' ') + 1);
  return join(told, "; ");
}

std::string git_cure(const std::string& complaint) {
  const auto says = [&](std::string_view words) {
    return complaint.find(words) != std::string::npos;
  };
  if (says("cannot run ssh")) return "install ssh: apt install openssh-client";
  if (says("Permission denied (publickey") || says("Permission denied, please try again"))
    return "give an agent or a key that the server knows: --ssh default";
  if (says("terminal prompts disabled") || says("Authentication failed") ||
      says("could not read Username"))
    return "it may be private: --secret id=GIT_AUTH_TOKEN,env=VARIABLE, or its ssh address with "
           "--ssh default";
  if (says("transport 'file' not allowed") || says("transport 'ext' not allowed"))
    return "submodules come from http, https, ssh or git addresses; leave them out with "
           "?submodules=false";
  return "";
}

}  // namespace stack::build
