// SPDX-License-Identifier: Apache-2.0
// stack image pull, push; stack login, logout.
#include "base/error.h"
#include "cli/command.h"

namespace stack::cli {

int run_image_pull(const Options&) {
  fail("not yet");
}
int run_image_push(const Options&) {
  fail("not yet");
}
int run_login(const Options&) {
  fail("not yet");
}
int run_logout(const Options&) {
  fail("not yet");
}

}  // namespace stack::cli
