// SPDX-License-Identifier: Apache-2.0
#include "cli/boot_commands.h"

namespace stack::cli {
namespace {

Flag unit_directory_flag() {
  return {"--unit-directory", &Options::unit_directory,
          "Where the unit is, instead of /etc/systemd/system", "DIRECTORY"};
}

}  // namespace

Command boot_command() {
  return {
      "boot",       "Start what restart policies want after the machine has started, in all stacks",
      "stack boot", Positional::none,
      "",           {},
      run_boot};
}

Command enable_command() {
  return {"enable",
          "Have systemd run `stack boot` at the machine's start",
          "stack enable",
          Positional::none,
          "",
          {unit_directory_flag()},
          run_enable};
}

Command disable_command() {
  return {"disable",
          "Take back what `stack enable` did",
          "stack disable",
          Positional::none,
          "",
          {unit_directory_flag()},
          run_disable};
}

}  // namespace stack::cli
