#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What keeper and supervisor of a stack weigh: PSS with 1, 50 and 100 containers.

    STACK=build/release/stack bench/memory.py

Needs root and a release build. The goal: 10 MiB, and 30 KiB for each container.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/system"))
import stacktest  # noqa: E402

HELPERS = ("stack-keeper", "stack-superviso")  # comm holds 15 characters
REST = 2  # seconds until sockets that are closed late are closed


def kibibytes(pid):
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


class Memory(stacktest.StackTest):
    def test_helpers(self):
        print("\n| containers | keeper KiB | supervisor KiB | together | goal |\n|--|--|--|--|--|")
        for count in (1, 50, 100):
            self.up("services:\n  web: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL, "
                    f"scale: {count}}}\n")
            time.sleep(REST)
            sizes = [sum(kibibytes(pid) for pid in self.pids_named(name)) for name in HELPERS]
            print(f"| {count} | {sizes[0]} | {sizes[1]} | {sum(sizes)} | {10240 + 30 * count} |")


if __name__ == "__main__":
    stacktest.main()
