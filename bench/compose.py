#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""stack against docker compose: the same file, the same machine, the same minutes.

    bench/compose.py [--stack PROGRAM] [--compose PROGRAM] [--services 1,10,50] [--rounds 7]

Needs root. Both run in one private world (tests/system/world.py): an own docker daemon in there,
unpacked by peers.sh, is started and ended again, and the machine's firewall, links and docker are
never touched. In every round both tools do the same in turn, the order changing from round to round,
so that what else the machine does hits both. Printed is a markdown table of medians, fastest runs
and ratios of medians, for docs/performance.md.
"""

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/system"))
import inventory  # noqa: E402
import peers  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402

HELPERS = {"stack": ("stack-keeper", "stack-superviso"),
           "docker compose": ("dockerd", "containerd", "containerd-shim", "docker-proxy")}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--compose", help="docker compose, when not the one that peers.sh fetches")
    parser.add_argument("--cache", default=str(HERE.parent / "build/bench"))
    parser.add_argument("--suite", default="sid", help="Debian release that docker is taken from")
    parser.add_argument("--services", default="1,10,50")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def stack_file(count):
    services = "".join(f"""
  s{number}:
    image: box:1
    command: sleep 1000
    stop_signal: SIGKILL""" for number in range(1, count + 1))
    return f"name: bench{count}\nservices:{services}\n"


def helper_memory(names):
    """Proportional set size of the helper processes in KiB."""
    total = 0
    for pid, comm in inventory.processes():
        if any(comm == name[:15] or comm.startswith(name) for name in names):
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(rollup.split("\nPss:")[1].split()[0])
    return total


def running():
    """How many of the bench's services run, whoever started them."""
    count = 0
    for pid, comm in inventory.processes():
        with contextlib.suppress(OSError):
            count += Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x001000\x00"
    return count


def measure(tools, counts, rounds, folder):
    times, memory = {}, {}
    for round_number in range(rounds):
        for count in counts:
            (folder / "compose.yaml").write_text(stack_file(count))
            order = list(tools.items())
            for name, (command, environment) in order if round_number % 2 else reversed(order):
                for step, arguments in (("up", ["up", "-d"]), ("up again", ["up", "-d"]),
                                        ("down", ["down"])):
                    took = peers.timed([*command, "-f", str(folder / "compose.yaml"), *arguments], environment)
                    times.setdefault((step, count, name), []).append(took)
                    expected = 0 if step == "down" else count
                    if running() != expected:
                        raise SystemExit(f"{name} {step}: {running()} of {expected} services run")
                    if step == "up again":
                        memory[count, name] = max(memory.get((count, name), 0),
                                                  helper_memory(HELPERS[name]))
        print(f"round {round_number + 1} of {rounds} done", file=sys.stderr, flush=True)
    return times, memory


def table(times, memory, counts):
    yield "| | services | docker compose ms (min) | stack ms (min) | ratio |"
    yield "|--|--|--|--|--|"
    for step in ("up", "up again", "down"):
        for count in counts:
            ours, theirs = times[step, count, "stack"], times[step, count, "docker compose"]
            yield (f"| {step} | {count} | {shown(theirs)} | {shown(ours)} | "
                   f"{statistics.median(theirs) / statistics.median(ours):.1f}x |")
    for count in counts:
        ours, theirs = memory[count, "stack"], memory[count, "docker compose"]
        yield (f"| helpers' memory, MiB | {count} | {theirs / 1024:.1f} | {ours / 1024:.1f} | "
               f"{theirs / ours:.1f}x |")


def shown(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f})"


def bench(options):
    peers.come_first()
    cache = Path(options.cache)
    shutil.rmtree(cache / "state", ignore_errors=True)
    os.environ["STACK_ROOT"] = str(cache / "state/stack")
    stacktest.STACK = options.stack
    stacktest.import_box()
    box = world.HOME / "box"
    stacktest.make_box(box)
    subprocess.run(["tar", "-C", str(box), "-cf", str(world.HOME / "box.tar"), "."], check=True)
    folder = world.HOME / "bench"
    folder.mkdir()
    counts = [int(count) for count in options.services.split(",")]
    compose = options.compose or f"{cache}/root/usr/libexec/docker/cli-plugins/docker-compose"
    with peers.Docker(f"{cache}/root", f"{cache}/state/docker") as docker:
        docker.import_image(str(world.HOME / "box.tar"))
        tools = {"stack": ([options.stack], dict(os.environ)),
                 "docker compose": ([compose], docker.environment)}
        times, memory = measure(tools, counts, options.rounds, folder)
        print("\n".join(table(times, memory, counts)))
        version = subprocess.run([compose, "version", "--short"], capture_output=True, text=True,
                                 env=docker.environment, check=True).stdout.strip()
    print(f"\ndocker compose {version}, {options.rounds} rounds, kernel {os.uname().release}, "
          f"{os.cpu_count()} cores, load at the end {os.getloadavg()[0]:.1f}")
    shutil.rmtree(cache / "state", ignore_errors=True)
    return 0


def main():
    options = parse_arguments()

    world.enter(lambda: bench(options), lambda: peers.fetch(options.cache, options.suite))


if __name__ == "__main__":
    main()
