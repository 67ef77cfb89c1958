// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/format.h"
#include "base/heap.h"
#include "base/host_paths.h"
#include "base/signal_mask.h"
#include "cli/change.h"
#include "cli/parse.h"
#include "cli/settings.h"
#include "supervisor/entry_points.h"

namespace {

/// The program is its own keeper and supervisor, known by the name that it was started under (see
/// supervisor/entry_points.h).
bool started_as(std::string_view name, int argc, char** argv) {
  return argc > 0 && argv[0] == name;
}

/// Said at once and in the same words, instead of by whatever fails first.
void require_root(const stack::cli::Command& command) {
  if (!command.needs_root || ::geteuid() == 0) return;
  throw stack::Error(fmt::format("`stack {}` must be run by root", command.name))
      .with_hint(fmt::format("sudo stack {} (running without root comes later)", command.name));
}

/// docker compose tells such mistakes with 1.
int compose_exit_code(int code) {
  const bool is_ours = code == static_cast<int>(stack::ExitCode::usage) ||
                       code == static_cast<int>(stack::ExitCode::invalid_file);
  return is_ours ? static_cast<int>(stack::ExitCode::failure) : code;
}

enum class CalledAs { stack, docker_compose };

CalledAs called_as(int argc, char** argv) {
  const std::string_view path = argc > 0 ? argv[0] : "";
  return path.substr(path.find_last_of('/') + 1) == "docker-compose" ? CalledAs::docker_compose
                                                                     : CalledAs::stack;
}

int run(stack::cli::Parsed& parsed, CalledAs name) {
  const auto code_of = [name](int code) {
    return name == CalledAs::docker_compose ? compose_exit_code(code) : code;
  };
  if (parsed.command == nullptr) return code_of(parsed.exit_code);
  try {
    stack::cli::apply_settings(parsed.options);
    require_root(*parsed.command);
    const auto paths = stack::HostPaths::from_environment();
    if (parsed.command->needs_root) {
      paths.require_own();
      stack::arm_fail_points(paths.run);
    }
    return parsed.command->run(parsed.options);
  } catch (const stack::Error& error) {
    stack::cli::tell_error(error);
    return code_of(static_cast<int>(error.exit_code()));
  } catch (const std::exception& error) {
    std::cerr << "stack: internal error: " << error.what() << '\n';
    return static_cast<int>(stack::ExitCode::failure);
  }
}

/// The heap of a command is placed before anything is in it: libstdc++ and others allocate before
/// main(). The keeper's stays small.
void place_heap(int argc, char** argv, char**) {
  if (!started_as("stack-keeper", argc, argv)) stack::begin_heap_on_large_pages();
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// Called before all constructors (System V ABI; glibc passes main()'s arguments). Sanitizers have
/// a heap of their own, which is not ready then.
[[gnu::section(".preinit_array"), gnu::used]] void (*const before_all)(int, char**,
                                                                       char**) = place_heap;
#endif

}  // namespace

int main(int argc, char** argv) {
  if (started_as("stack-keeper", argc, argv)) stack::supervisor::keeper_main(argc, argv);
  stack::hear_of_children_and_signals();
  // What std::cout writes goes through this buffer: it has none of its own before anybody asks for
  // one, which would be six, of 120 KiB together.
  std::setvbuf(stdout, nullptr, _IOFBF, 1 << 16);
  auto parsed = stack::cli::parse({argv + 1, argv + argc});
  const int code = run(parsed, called_as(argc, argv));
  std::cout.flush();
  return code;
}
