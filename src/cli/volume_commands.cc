// SPDX-License-Identifier: Apache-2.0
#include "cli/volume_commands.h"

namespace stack::cli {
namespace {

Flag filter_flag(const char* help) {
  return {"--filter", &Options::filters, help, "KEY=VALUE"};
}
Flag short_filter_flag(const char* help) {
  return {"-f,--filter", &Options::filters, help, "KEY=VALUE"};
}
Flag now_flag() {
  return {"--now", &Options::now, "Delete what they hold at once, instead of in 7 days"};
}

}  // namespace

Command volume_list_command() {
  return {"volume ls",
          "List the volumes of all stacks, and those of none",
          "stack volume ls --removed",
          Positional::none,
          "",
          {{"-q,--quiet", &Options::quiet, "Print names only"},
           {"--removed", &Options::removed, "Those that were removed and can be restored"},
           short_filter_flag("dangling, driver, label or name"),
           {"--format", &Options::format,
            "table, 'table TEMPLATE', json, or a template of {{.Name}} and the like", "FORMAT"}},
          run_volume_list};
}

Command volume_create_command() {
  return {"volume create",
          "Make a volume that belongs to no stack, for `external: true`; without a name of its "
          "own, too",
          "stack volume create shared",
          Positional::any,
          "VOLUME",
          {{"-d,--driver", &Options::driver, "There is only \"local\"", "NAME"},
           {"--label", &Options::labels, "Something to be found by", "KEY=VALUE"},
           {"--name", &Options::name, hidden, "NAME"},
           {"-o,--opt", &Options::driver_options, "What is mounted: type, device, o", "KEY=VALUE"}},
          run_volume_create};
}

Command volume_inspect_command() {
  return {"volume inspect",
          "Show all that is known of volumes, as JSON",
          "stack volume inspect shop_data",
          Positional::at_least_one,
          "VOLUME",
          {{"-f,--format", &Options::format, "json, or a template of {{.Name}} and the like",
            "FORMAT"}},
          run_volume_inspect};
}

Command volume_remove_command() {
  return {"volume rm",
          "Remove volumes that no container has; for 7 days they can be restored",
          "stack volume rm shop_data",
          Positional::at_least_one,
          "VOLUME",
          {{"-f,--force", &Options::force, "Do not mind those that do not exist"}, now_flag()},
          run_volume_remove};
}

Command volume_restore_command() {
  return {"volume restore",
          "Bring volumes back that were removed, with what they held",
          "stack volume restore shop_data",
          Positional::at_least_one,
          "VOLUME",
          {},
          run_volume_restore};
}

Command volume_prune_command() {
  return {"volume prune",
          "Remove volumes without a name of their own that no container has",
          "stack volume prune --all",
          Positional::none,
          "",
          {{"-a,--all", &Options::all, "Those with names too"},
           {"-f,--force", &Options::force, "Do not ask"},
           {"--removed", &Options::removed, "Delete those that were removed and are kept"},
           filter_flag("label=KEY[=VALUE] or label!=KEY[=VALUE]"),
           now_flag()},
          run_volume_prune};
}

}  // namespace stack::cli
