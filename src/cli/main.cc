// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <set>
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
#include "cli/unknown_service.h"

namespace {

/// What only reads Dockerfiles makes nothing.
bool needs_root(const stack::cli::Command& command, const stack::cli::Options& options) {
  return command.needs_root && !options.print && !options.check;
}

/// Said at once and in the same words, instead of by whatever fails first.
void require_root(const stack::cli::Command& command) {
  if (::geteuid() == 0) return;
  throw stack::Error(fmt::format("`stack {}` must be run by root", command.name))
      .with_hint(fmt::format("sudo stack {} (running without root comes later)", command.name));
}

/// docker compose tells such mistakes with 1.
int compose_exit_code(int code) {
  const bool is_ours = code == static_cast<int>(stack::ExitCode::usage) ||
                       code == static_cast<int>(stack::ExitCode::invalid_file) ||
                       code == static_cast<int>(stack::ExitCode::not_ready);
  return is_ours ? static_cast<int>(stack::ExitCode::failure) : code;
}

/// Whether what the command returns may be the code of a program in a container.
bool passes_codes_on(const stack::cli::Parsed& parsed) {
  static const std::set<std::string_view> names{"exec", "run", "wait", "attach"};
  const stack::cli::Options& options = parsed.options;
  return names.contains(parsed.command->name) || options.abort_on_exit ||
         options.abort_on_failure || !options.exit_code_from.empty();
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
    stack::cli::check_numbers(parsed.options);
    const auto paths = stack::HostPaths::from_environment();
    if (needs_root(*parsed.command, parsed.options)) {
      require_root(*parsed.command);
      paths.require_own();
      stack::arm_fail_points(paths.run);
    }
    const int code = parsed.command->run(parsed.options);
    return passes_codes_on(parsed) ? code : code_of(code);
  } catch (const stack::orchestrator::NoSuchService& error) {
    stack::cli::tell_error(stack::cli::with_advice(error, *parsed.command));
    return code_of(static_cast<int>(error.exit_code()));
  } catch (const stack::Error& error) {
    stack::cli::tell_error(error);
    return code_of(static_cast<int>(error.exit_code()));
  } catch (const std::exception& error) {
    std::cerr << "stack: internal error: " << error.what() << '\n';
    return static_cast<int>(stack::ExitCode::failure);
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// Called before all constructors (System V ABI): the heap is placed before anything is in it, and
/// libstdc++ and others allocate before main(). Sanitizers have a heap of their own, which is not
/// ready then.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const before_all)() = stack::begin_heap_on_large_pages;
#endif

/// Where we were given none (`>&-`) something that is opened later would become one.
void fill_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    [[maybe_unused]] const int lowest = ::open("/dev/null", O_RDWR);  // which is `stream`
  }
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_streams();
  stack::hear_of_children_and_signals();
  // What std::cout writes goes through this buffer: it has none of its own before anybody asks for
  // one, which would be six, of 120 KiB together.
  std::setvbuf(stdout, nullptr, _IOFBF, 1 << 16);
  auto parsed = stack::cli::parse({argv + 1, argv + argc});
  const int code = run(parsed, called_as(argc, argv));
  std::cout.flush();
  return code;
}
