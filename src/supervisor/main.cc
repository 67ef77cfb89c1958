// SPDX-License-Identifier: Apache-2.0
// The program stack-keeper: keeper and, as a fork of it that goes on, supervisor. `stack` carries
// it (keeper_program.s) and starts it from a copy in memory; it is no file on anybody's disk.
#include "supervisor/entry_points.h"

int main(int argc, char** argv) {
  stack::supervisor::keeper_main(argc, argv);
}
