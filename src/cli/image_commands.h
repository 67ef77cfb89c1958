// SPDX-License-Identifier: Apache-2.0
// The rows of the command table for images and registries.
#pragma once

#include "cli/command.h"

namespace stack::cli {

Command image_list_command();
Command image_pull_command();
Command image_push_command();
Command image_tag_command();
Command image_remove_command();
Command image_inspect_command();
Command image_history_command();
Command image_save_command();
Command image_load_command();
Command image_import_command();
Command image_debian_command();
Command image_prune_command();
Command pull_command();
Command push_command();
Command images_command();
Command login_command();
Command logout_command();

}  // namespace stack::cli
