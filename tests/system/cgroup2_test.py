# SPDX-License-Identifier: Apache-2.0
"""The same tests on a machine with cgroup v2 only: a virtual machine that shares this one's files.
It is emulated where there is no usable KVM, so only what cgroups matter to is run in it."""

import os
import subprocess
import sys
from pathlib import Path

import world

RUNNER = Path(__file__).parents[1] / "vm/run"
SUBJECTS = os.environ.get("STACK_TEST_VM_SUBJECTS", "lifecycle containers attributes").split()


def main():
    world.require(os.geteuid() == 0, "starting the virtual machine needs root")
    here = Path(__file__).parent
    commands = [f"/usr/bin/python3 -B {here}/{subject}_test.py" for subject in SUBJECTS]
    script = "rc=0; " + "; ".join(f"{command} || rc=1" for command in commands) + "; exit $rc"
    # No tmpfs over /tmp or /run/stack-test on the machine's side: the VM has its own /run.
    done = subprocess.run([str(RUNNER), "--memory", "2048", "--timeout", "1700", "--directory", str(here), "--",
                           "bash", "-c", script], stdin=subprocess.DEVNULL, check=False)
    sys.exit(done.returncode)


main()
