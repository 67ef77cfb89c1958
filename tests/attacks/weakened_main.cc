// SPDX-License-Identifier: Apache-2.0
// So that a keeper can run from the program's own file (Weakness::program_on_disk), as whoever has
// not heard of sealed copies would have it.
#include <string_view>

#include "supervisor/entry_points.h"

// NOLINTBEGIN(bugprone-reserved-identifier): ld(1) chooses these names
extern "C" {
int __real_main(int argc, char** argv);

int __wrap_main(int argc, char** argv) {
  if (argc > 0 && std::string_view(argv[0]) == "stack-keeper")
    stack::supervisor::keeper_main(argc, argv);
  return __real_main(argc, argv);
}
}
// NOLINTEND(bugprone-reserved-identifier)
