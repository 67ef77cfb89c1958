// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/spawned_program.h"

#include <signal.h>
#include <spawn.h>

#include "base/error.h"
#include "base/inquiry.h"

namespace stack::orchestrator {
namespace {

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  void duplicate(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> found;
  for (std::string& word : words) found.push_back(word.data());
  found.push_back(nullptr);
  return found;
}

}  // namespace

pid_t spawn_program(const Program& program, const std::array<int, 3>& streams) {
  void_inquiry();
  FileActions actions;
  for (int number = 0; number < 3; ++number)
    actions.duplicate(streams[static_cast<std::size_t>(number)], number);
  const Attributes attributes;
  std::vector<std::string> arguments{program.file.native()};
  arguments.insert(arguments.end(), program.arguments.begin(), program.arguments.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : program.environment) variables.push_back(name + "=" + value);
  pid_t child = -1;
  const int problem = ::posix_spawn(&child, program.file.c_str(), actions.get(), attributes.get(),
                                    pointers(arguments).data(), pointers(variables).data());
  if (problem != 0) throw Error("execute " + program.file.native(), problem);
  return child;
}

}  // namespace stack::orchestrator
