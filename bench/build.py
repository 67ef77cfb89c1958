#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""How long builds take: ten steps that do nothing, a context of many small files, and both from the
cache.

    bench/build.py [--stack PROGRAM] [--files 10000] [--rounds 5]

Needs root. Runs in one private world (tests/system/world.py) on tmpfs, so that no disk decides. Printed is a
markdown table of medians and fastest runs in milliseconds, with what the machine needs at least: a stat of
all files, and reading all of them.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/system"))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


ARGUMENTS = parse_arguments()
os.environ["STACK"] = ARGUMENTS.stack
import stacktest  # noqa: E402
import world  # noqa: E402


def make_context(folder):
    folder.mkdir(parents=True)
    for number in range(ARGUMENTS.files):
        place = folder / f"files/{number // 100}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text(f"file {number}\n" * (number % 60 + 1))


def milliseconds(work, before=lambda: None):
    times = []
    for _ in range(ARGUMENTS.rounds):
        before()
        began = time.monotonic()
        work()
        times.append((time.monotonic() - began) * 1000)
    return times


def build(folder, *arguments):
    subprocess.run([ARGUMENTS.stack, "image", "build", "-q", "-t", "made:1", *arguments, "."], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)


def stat_all(folder):
    for place, _, files in os.walk(folder):
        for name in files:
            os.lstat(f"{place}/{name}")


def read_all(folder):
    for place, _, files in os.walk(folder):
        for name in files:
            Path(f"{place}/{name}").read_bytes()


def measure():
    stacktest.import_box()
    steps = world.HOME / "steps"
    steps.mkdir()
    (steps / "Dockerfile").write_text("FROM box:1\n" + "".join(f"RUN true {n}\n" for n in range(10)))
    files = world.HOME / "files"
    make_context(files)
    (files / "Dockerfile").write_text("FROM box:1\nCOPY files /files\n")
    both = f"FROM box:1\n{''.join(f'RUN true {n}{chr(10)}' for n in range(10))}COPY files /files\n"
    rows = [
        ("10 RUN true", milliseconds(lambda: build(steps, "--no-cache"))),
        ("the same, cached", milliseconds(lambda: build(steps))),
        (f"COPY of {ARGUMENTS.files} files", milliseconds(lambda: build(files, "--no-cache"))),
        ("the same, cached", milliseconds(lambda: build(files)))]
    (files / "Dockerfile").write_text(both)
    rows += [
        ("both", milliseconds(lambda: build(files, "--no-cache"))),
        ("both, cached", milliseconds(lambda: build(files))),
        ("floor: a stat of all files (Python)", milliseconds(lambda: stat_all(files))),
        ("floor: reading all files (Python)", milliseconds(lambda: read_all(files)))]
    print(f"| {ARGUMENTS.rounds} rounds | median ms | fastest ms |\n|---|---|---|")
    for name, times in rows:
        print(f"| {name} | {statistics.median(times):.0f} | {min(times):.0f} |")
    return 0


if __name__ == "__main__":
    world.enter(measure)
