// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/output.h"
#include "spec/json_schema.h"

namespace stack::cli {

int run_schema(const Options& options) {
  write_output(spec::json_schema(), options.output);
  return 0;
}

}  // namespace stack::cli
