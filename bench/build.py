#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""How long builds take: ten steps that do nothing, a context of many small files, and both from the
cache; and beside it docker's BuildKit, where bench/peers.sh has fetched it.

    [STACK_PEERS=DIR] bench/build.py [--stack PROGRAM] [--files 10000] [--rounds 5]

Needs root. Runs in one private world (tests/system/world.py) on tmpfs, so that no disk decides. The builders
take turns, round by round, and no step has a network. Printed is a markdown table of medians and fastest
runs in milliseconds, with what the machine needs at least: a stat of all files, and reading all of them.
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
import docker_daemon  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402


def make_context(folder):
    folder.mkdir(parents=True)
    for number in range(ARGUMENTS.files):
        place = folder / f"files/{number // 100}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text(f"file {number}\n" * (number % 60 + 1))


def milliseconds(work):
    began = time.monotonic()
    work()
    return (time.monotonic() - began) * 1000


class Stack:
    name = "stack"

    def build(self, folder, *arguments):
        subprocess.run([ARGUMENTS.stack, "image", "build", "-q", "--network", "none", "-t", "made:1", *arguments, "."],
                       cwd=folder, check=True, stdout=subprocess.DEVNULL)


class BuildKit:
    """Within a docker daemon of our own, by `docker buildx build`."""
    name = "BuildKit"

    def __init__(self):
        self.docker = docker_daemon.Docker(world.HOME / "docker")
        archive = world.HOME / "box.tar"
        stacktest.run_stack("image", "save", "-o", str(archive), stacktest.IMAGE)
        self.docker.load(archive)

    def build(self, folder, *arguments):
        subprocess.run(["docker", "buildx", "build", "-q", "--network", "none", "--provenance=false", "-t", "made:1",
                        *arguments, "."], cwd=folder, env=self.docker.environment, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def stat_all(folder):
    for place, _, files in os.walk(folder):
        for name in files:
            os.lstat(f"{place}/{name}")


def read_all(folder):
    for place, _, files in os.walk(folder):
        for name in files:
            Path(f"{place}/{name}").read_bytes()


def make_folders():
    """Name of what is measured -> the folder to build."""
    steps = "".join(f"RUN true {number}\n" for number in range(10))
    copy = "COPY files /files\n"
    folders = {}
    for name, text, has_files in (("10 RUN true", steps, False), (f"COPY of {ARGUMENTS.files} files", copy, True),
                                  ("both", steps + copy, True)):
        folders[name] = world.HOME / f"context-{len(folders)}"
        if has_files:
            make_context(folders[name])
        folders[name].mkdir(exist_ok=True)
        (folders[name] / "Dockerfile").write_text(f"FROM {stacktest.IMAGE}\n{text}")
    return folders


def take_turns(builders, folder, *arguments):
    """The times of each builder."""
    times = [[] for _ in builders]
    for _ in range(ARGUMENTS.rounds):
        for builder, own in zip(builders, times):
            own.append(milliseconds(lambda builder=builder: builder.build(folder, *arguments)))
    return times


def row(what, *times):
    cells = [f"{statistics.median(each):.0f} ({min(each):.0f})" for each in times]
    if len(times) > 1:
        cells.append(f"{statistics.median(times[1]) / statistics.median(times[0]):.1f}")
    return f"| {what} | {' | '.join(cells)} |"


def measure():
    stacktest.import_box()
    builders = [Stack()] + ([BuildKit()] if docker_daemon.is_there() else [])
    names = [builder.name for builder in builders] + ["ratio"][:len(builders) - 1]
    print(f"| {ARGUMENTS.rounds} rounds, median (fastest) ms | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for what, folder in make_folders().items():
        print(row(what, *take_turns(builders, folder, "--no-cache")), flush=True)
        print(row(what + ", cached", *take_turns(builders, folder)), flush=True)
    for what, work in (("a stat of all files", stat_all), ("reading all files", read_all)):
        times = [milliseconds(lambda work=work: work(folder)) for _ in range(ARGUMENTS.rounds)]
        print(row(f"floor: {what} (Python)", times), flush=True)
    if len(builders) > 1:
        builders[1].docker.end()
    return 0


if __name__ == "__main__":
    world.enter(measure)
