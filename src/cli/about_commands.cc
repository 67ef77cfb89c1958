// SPDX-License-Identifier: Apache-2.0
#include "cli/about_commands.h"

namespace stack::cli {

Command graph_command() {
  return {
      "graph",
      "Draw what depends on what",
      "stack graph --format svg -o stack.svg",
      Positional::any,
      "SERVICE",
      {{"--format", &Options::format, "tree (the default), dot, mermaid, json or svg", "FORMAT"},
       {"--images", &Options::list_images, "With the images"},
       {"--networks", &Options::list_networks, "With the networks"},
       {"--volumes", &Options::list_volumes, "With the volumes"},
       {"--ports", &Options::ports, "With the published ports"},
       {"-o,--output", &Options::output, "Write to a file", "FILE"}},
      run_graph,
      false};
}

Command init_command() {
  return {"init",
          "Write a stack file to begin with, by what is in the folder",
          "stack init",
          Positional::none,
          "",
          {{"-o,--output", &Options::output, "Its name; stack.yaml when not given", "FILE"},
           {"--force", &Options::force, "Replace the file that is there"}},
          run_init,
          false};
}

Command inspect_command() {
  return {
      "inspect",
      "Show all that is known of containers, images, networks or volumes, as JSON",
      "stack inspect -f '{{.State.Status}}' web",
      Positional::at_least_one,
      "NAME",
      {{"-f,--format", &Options::format, "json, or a template of {{.Id}} and the like", "FORMAT"},
       {"--type", &Options::kind, "container, image, network or volume; any if not given", "TYPE"},
       {"-s,--size", &Options::sizes, "Of containers with SizeRw and SizeRootFs, in bytes"}},
      run_inspect};
}

Command open_command() {
  return {"open",
          "Print the address at which a service answers on this machine",
          "stack open web 80",
          Positional::at_least_one,
          "SERVICE [PORT]",
          {{"--index", &Options::index, "Which container of a scaled service", "NUMBER"}},
          run_open};
}

Command system_df_command() {
  return {"system df",
          "Show what takes how much room",
          "stack system df -v",
          Positional::none,
          "",
          {{"-v,--verbose", &Options::all, "Thing by thing"},
           {"--format", &Options::format,
            "table, 'table TEMPLATE', json, or a template of {{.Type}} and the like", "FORMAT"}},
          run_system_df};
}

Command system_info_command() {
  return {"system info",
          "Show what this machine is, and what stack keeps on it",
          "stack system info --format '{{.CgroupVersion}}'",
          Positional::none,
          "",
          {{"-f,--format", &Options::format, "json, or a template of {{.Containers}} and the like",
            "FORMAT"}},
          run_system_info};
}

Command system_prune_command() {
  return {"system prune",
          "Remove networks and images that nothing uses, and the build cache",
          "stack system prune -f",
          Positional::none,
          "",
          {{"-a,--all", &Options::all, "All images that nothing uses, with a name too"},
           {"--volumes", &Options::volumes, "Anonymous volumes that nothing uses, too"},
           {"-f,--force", &Options::force, "Do not ask"},
           {"--filter", &Options::filters, "label=KEY, label!=KEY or until=TIME", "KEY=VALUE"}},
          run_system_prune};
}

Command builder_prune_command() {
  return {"builder prune",
          "Forget what builds have made: steps, cache mounts and downloads",
          "stack builder prune -f",
          Positional::none,
          "",
          {{"-a,--all", &Options::all, "No difference: all of it goes"},
           {"-f,--force", &Options::force, "Do not ask"}},
          run_builder_prune};
}

Command help_command() {
  return {"help",
          "Explain a command, or how commands end",
          "stack help exit-codes",
          Positional::any,
          "COMMAND",
          {},
          run_help,
          false};
}

Command completion_command() {
  return {"completion",
          "Print a script that completes command lines, for bash, zsh or fish",
          "source <(stack completion bash)",
          Positional::one,
          "SHELL",
          {},
          run_completion,
          false};
}

Command complete_command() {
  return {"__complete", hidden, "stack __complete up --", Positional::any, "WORD", {},
          run_complete, false};
}

Command reference_command() {
  return {"reference",   hidden, "stack reference markdown", Positional::any, "KIND [PATH]", {},
          run_reference, false};
}

}  // namespace stack::cli
