# SPDX-License-Identifier: Apache-2.0
"""Fail points, as docs/state.md describes them: a private file in the run root, which every process
of a stack maps, says what happens at which of them, and counts how often each was passed."""

import mmap
import os
import struct
from pathlib import Path

import stacktest

HEAD = struct.Struct("8sIIIIiIII")  # FailPointControl in src/base/fail_point.h
NOTHING, FAIL, KILL, HOLD = range(4)


class FailPoints:
    def __init__(self):
        self.names = stacktest.run_stack("fail-points").lines
        path = Path(os.environ["STACK_RUN"], "fail-points")
        path.parent.mkdir(mode=0o700, exist_ok=True)
        size = HEAD.size + 4 * len(self.names)
        with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+b") as file:
            file.truncate(size)
            self.memory = mmap.mmap(file.fileno(), size)
        self.path = path
        self.write(0, 0, 0, NOTHING, 0)
        os.environ["STACK_FAIL_POINTS"] = "1"

    def close(self):
        del os.environ["STACK_FAIL_POINTS"]
        self.memory.close()
        self.path.unlink()

    def write(self, point, first, last, action, error):
        # The action last: until it is there nothing happens.
        HEAD.pack_into(self.memory, 0, b"stackfp1", point, first, last, NOTHING, error, 0, 0, 0)
        self.memory[HEAD.size:] = bytes(4 * len(self.names))
        HEAD.pack_into(self.memory, 0, b"stackfp1", point, first, last, action, error, 0, 0, 0)

    def arm(self, name, action, *, first=1, last=1, error=0):
        """`action` at the passages `first` to `last` of that point, counted from now on."""
        self.write(self.names.index(name), first, last, action, error)

    def disarm(self):
        self.write(0, 0, 0, NOTHING, 0)
        self.let_go()

    def let_go(self):
        """Whoever is held goes on."""
        struct.pack_into("I", self.memory, 28, 1)

    @property
    def happened(self):
        return struct.unpack_from("I", self.memory, 32)[0]

    def passages(self):
        """Name -> how often it was passed since the last arm() or disarm()."""
        counts = struct.unpack_from(f"{len(self.names)}I", self.memory, HEAD.size)
        return dict(zip(self.names, counts))
