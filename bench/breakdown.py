#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a start goes, by `stack up --trace`.

    bench/breakdown.py [--stack PROGRAM] [--starts 60] [--pause 0.1]

Needs root. One service of `sleep` on one network is started and taken down again, each time by a cold
command and supervisor. Printed are markdown tables for docs/performance.md: the median of each phase of
the supervisor's start, and of each step of the child between clone and exec, which runs beside them.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/system"))
sys.path.insert(0, str(HERE))
import peers  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402

STACK_FILE = """
name: bench
services:
  one: {image: "box:1", command: sleep 1000, stop_signal: SIGKILL}
"""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--starts", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0.1, help="seconds of rest before each start")
    return parser.parse_args()


def spans_of(path):
    """(group, row) -> spans, in the order of time."""
    events = json.loads(path.read_text())["traceEvents"]
    names = {(each["name"], each["pid"], each["tid"]): each["args"]["name"]
             for each in events if each["ph"] == "M"}
    rows = {}
    for each in events:
        if each["ph"] == "X":
            key = (names["process_name", each["pid"], 0],
                   names["thread_name", each["pid"], each["tid"]])
            rows.setdefault(key, []).append(each)
    return rows


def add(times, spans):
    """Of steps that come more than once, the sum. Sources that have a container's id in them differ."""
    sums = {}
    for span in spans:
        name = re.sub(r"^mounting \S+/running/\S+ on ", "binding a file on ", span["name"])
        sums[name] = sums.get(name, 0) + span["dur"]
    for name, value in sums.items():
        times.setdefault(name, []).append(value)


def measure(options, folder):
    rows = {"command": {}, "supervisor": {}, "process 1": {}}
    for _ in range(options.starts):
        time.sleep(options.pause)
        stacktest.run_stack("up", "-d", "--trace", "trace.json", directory=folder)
        found = spans_of(folder / "trace.json")
        subprocess.run([options.stack, "down"], cwd=folder, check=True, capture_output=True)
        add(rows["command"], found["stack up", "command"])
        container = "Container bench-one-1"
        add(rows["supervisor"], found[container, "supervisor"])
        add(rows["process 1"], found[container, "process 1"])
    return rows


def print_table(title, times):
    print(f"\n| {title} | µs, median (least) |\n|--|--|")
    for name, values in times.items():
        print(f"| {name} | {statistics.median(values):.0f} ({min(values):.0f}) |")


def bench(options):
    peers.come_first()
    stacktest.STACK = options.stack
    stacktest.import_box()
    folder = world.HOME / "breakdown"
    folder.mkdir()
    (folder / "stack.yaml").write_text(STACK_FILE)
    for title, times in measure(options, folder).items():
        print_table(title, times)
    print(f"\n{options.starts} starts, kernel {os.uname().release}, {os.cpu_count()} cores, "
          f"load at the end {os.getloadavg()[0]:.1f}")
    return 0


def main():
    options = parse_arguments()
    world.enter(lambda: bench(options))


main()
