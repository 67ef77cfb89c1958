// SPDX-License-Identifier: Apache-2.0
#include "cli/boot_unit.h"

#include <spawn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/child.h"
#include "base/error.h"
#include "base/files.h"
#include "base/process.h"

namespace stack::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view target_directory = "multi-user.target.wants";

/// In double quotes, as systemd.syntax(7) wants it; "%" begins a specifier, "$" a variable.
std::string quoted_for_unit(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '%' || c == '$') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::map<std::string, std::string> environment_of_roots() {
  std::map<std::string, std::string> environment;
  for (const char* name : {"STACK_ROOT", "STACK_RUN"})
    if (const char* value = std::getenv(name); value != nullptr) environment[name] = value;
  return environment;
}

std::string boot_unit(const std::string& program,
                      const std::map<std::string, std::string>& environment) {
  std::string variables;
  for (const auto& [name, value] : environment)
    variables +=
        fmt::format("Environment={}\n", quoted_for_unit(fmt::format("{}={}", name, value)));
  return fmt::format(
      "# Made by `stack enable`; `stack disable` removes it.\n"
      "[Unit]\n"
      "Description=Start the stacks whose restart policy wants it\n"
      "Documentation=man:stack(1)\n"
      "Wants=network-online.target\n"
      "After=network-online.target local-fs.target\n"
      "\n"
      "[Service]\n"
      "Type=oneshot\n"
      "RemainAfterExit=yes\n"
      "KillMode=process\n"
      "Delegate=yes\n"
      "{}"
      "ExecStart={} boot\n"
      "\n"
      "[Install]\n"
      "WantedBy=multi-user.target\n",
      variables, quoted_for_unit(program));
}

void install_boot_unit(const fs::path& directory, const std::string& program,
                       const std::map<std::string, std::string>& environment) {
  const fs::path unit = directory / boot_unit_name;
  write_file_atomically(unit, boot_unit(program, environment), Durability::survives_power_loss,
                        0644);
  const fs::path wants = directory / target_directory;
  make_directories(wants, 0755);
  const fs::path link = wants / boot_unit_name;
  const std::string target = fmt::format("../{}", boot_unit_name);
  if (::symlink(target.c_str(), link.c_str()) != 0 && errno != EEXIST)
    throw_errno("symlink {}", link.native());
}

bool remove_boot_unit(const fs::path& directory) {
  const fs::path link = directory / target_directory / boot_unit_name;
  if (::unlink(link.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
    throw_errno("unlink {}", link.native());
  const fs::path unit = directory / boot_unit_name;
  if (::unlink(unit.c_str()) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) throw_errno("unlink {}", unit.native());
  return false;
}

void reload_systemd() {
  std::string program = "systemctl";
  std::string verb = "daemon-reload";
  char* arguments[] = {program.data(), verb.data(), nullptr};
  pid_t child = 0;
  if (const int error =
          ::posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments, environ))
    throw Error(fmt::format("systemctl: {}", std::strerror(error)));
  const auto status = await_end(child);
  if (!status || exit_code_of(*status) != 0)
    throw Error("`systemctl daemon-reload` failed").with_hint("the unit is in its place");
}

}  // namespace stack::cli
