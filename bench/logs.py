#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Logs of stack against those of docker (json-file): the same container, the same machine, in turn.

    bench/logs.py [--stack PROGRAM] [--rounds 5] [--lines 1000000] [--no-docker]

Needs root; both run in one private world, as in compose.py. A container waits at a FIFO, prints LINES
lines of 67 bytes, once in large pieces and once line by line, and stays. Measured are the time that
its printing took it, the processor time of the helpers until they have nothing more to do, and the
time to read all of it back to /dev/null. Then it prints 50,000 lines a second for some seconds, each
with the time in it: the latency to a reader of `logs -f`. Printed is a markdown table of medians.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/system"))
sys.path.insert(0, str(HERE))
import inventory  # noqa: E402
import peers  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402

HELPERS = {"stack": ("stack-keeper", "stack-superviso"), "docker": ("dockerd",)}
LINE = "x" * 66
PRINTERS = {
    "large pieces": "cat /bench/lines",
    "line by line": "awk 'BEGIN { while ((getline line < \"/bench/lines\") > 0) "
                    "{ print line; fflush() } }'",
}
# Stamps are taken line by line; a thousand times a second, as many as are due.
STAMPER = """
import os, time
begin, printed = time.monotonic(), 0
while printed < {rate} * {seconds}:
    due = int((time.monotonic() - begin) * {rate})
    while printed < due:
        os.write(1, b"%d\\n" % time.time_ns())
        printed += 1
    time.sleep(0.001)
"""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--cache", default=str(HERE.parent / "build/bench"))
    parser.add_argument("--state", help="where both keep their state; default: below --cache")
    parser.add_argument("--suite", default="sid", help="Debian release that docker is taken from")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=50_000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--no-docker", action="store_true")
    return parser.parse_args()


class Stack:
    def __init__(self, program):
        self.program = program

    def start(self, folder, command):
        (folder / "stack.yaml").write_text(f"""
name: bench
services:
  printer:
    image: box:1
    command: ["sh", "-c", {json.dumps(command)}]
    stop_signal: SIGKILL
    volumes: ["{folder}:/bench", "/usr:/usr:ro", "/lib:/lib:ro", "/lib64:/lib64:ro"]
""")
        self.run("-f", str(folder / "stack.yaml"), "up", "-d")

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments], stdin=subprocess.DEVNULL, check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)

    def logs(self, *arguments):
        return [self.program, "-p", "bench", "logs", "--no-log-prefix", *arguments, "printer"]

    def environment(self):
        return dict(os.environ)

    def stop(self):
        self.run("-p", "bench", "down")


class Docker:
    def __init__(self, docker):
        self.docker = docker

    def start(self, folder, command):
        done = self.docker.run(
            "docker", "run", "-d", "--name", "printer", "-v", f"{folder}:/bench", "-v", "/usr:/usr:ro",
            "-v", "/lib:/lib:ro", "-v", "/lib64:/lib64:ro", "box:1", "/bin/sh", "-c", command)
        if done.returncode != 0:
            raise SystemExit(done.stderr.decode())

    def logs(self, *arguments):
        program = shutil.which("docker", path=self.docker.environment["PATH"])
        return [program, "logs", *arguments, "printer"]

    def environment(self):
        return self.docker.environment

    def stop(self):
        self.docker.run("docker", "rm", "-f", "printer")


def run_time(thread):
    """Nanoseconds on a processor (proc(5), schedstat): a clock's ticks would mistake who wakes by timers."""
    try:
        return int((thread / "schedstat").read_text().split()[0])
    except OSError:
        return 0  # it ended


def cpu_milliseconds(names):
    return sum(run_time(thread) for pid, comm in inventory.processes() if comm in names
               for thread in Path(f"/proc/{pid}/task").glob("*")) / 1e6


def settled_cpu(names):
    """When they have used none for a while."""
    last, since = cpu_milliseconds(names), time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.05)
        now = cpu_milliseconds(names)
        if now != last:
            last, since = now, time.monotonic()
    return last


def prepare(folder, command):
    for name in ("go", "done"):
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
    return f"read word < /bench/go; {command}; echo > /bench/done; exec sleep 1000"


def go(folder):
    (folder / "go").write_text("go\n")


def print_and_read(name, tool, folder, command, lines):
    """(ms of printing, ms of the helpers' CPU, ms of reading back)."""
    tool.start(folder, prepare(folder, command))
    before = settled_cpu(HELPERS[name])
    begin = time.monotonic()
    go(folder)
    (folder / "done").read_text()
    wall = (time.monotonic() - begin) * 1000
    cpu = settled_cpu(HELPERS[name]) - before
    read_back = peers.timed(tool.logs(), tool.environment())
    count = subprocess.run(tool.logs(), env=tool.environment(), stdin=subprocess.DEVNULL,
                           capture_output=True, check=True).stdout.count(b"\n")
    if count != lines:
        raise SystemExit(f"{name}: {count} of {lines} lines are in the log")
    tool.stop()
    return wall, cpu, read_back


def follow(tool, folder, rate, seconds):
    """Latencies in ms, of every line, and the CPU that the reader used."""
    (folder / "stamper.py").write_text(STAMPER.format(rate=rate, seconds=seconds))
    tool.start(folder, prepare(folder, "/usr/bin/python3 -S -E /bench/stamper.py"))
    chunks, expected, got = [], rate * seconds, 0
    with subprocess.Popen(tool.logs("-f"), env=tool.environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as reader:
        go(folder)
        while got < expected:
            chunk = os.read(reader.stdout.fileno(), 1 << 20)
            chunks.append((time.time_ns(), chunk))
            got += chunk.count(b"\n")
        fields = Path(f"/proc/{reader.pid}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
        reader.kill()
    tool.stop()
    latencies, rest = [], b""
    for arrived, chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        latencies += [(arrived - int(line)) / 1e6 for line in lines]
    return sorted(latencies), used


def shown(values):
    return f"{statistics.median(values):.0f} ({min(values):.0f})"


def measure(tools, folder, options):
    """Rows of the table: what -> tool -> values of the rounds."""
    rows = {}
    for round_number in range(options.rounds):
        order = list(tools.items())
        for name, tool in order if round_number % 2 else reversed(order):
            for printer, command in PRINTERS.items():
                results = print_and_read(name, tool, folder, command, options.lines)
                for what, value in zip(("printing, ms", "helpers' CPU, ms", "reading back, ms"), results):
                    rows.setdefault(f"{printer}: {what}", {}).setdefault(name, []).append(value)
            latencies, used = follow(tool, folder, options.rate, options.seconds)
            at = lambda part, of=latencies: of[int(part * (len(of) - 1))]
            for what, value in (("p50", at(0.5)), ("p99", at(0.99)), ("longest", at(1))):
                rows.setdefault(f"logs -f: {what}, ms", {}).setdefault(name, []).append(value)
            rows.setdefault("logs -f: its CPU, ms", {}).setdefault(name, []).append(used)
        print(f"round {round_number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return rows


def print_table(rows, names):
    print("| | " + " | ".join(names) + " | ratio |\n|--|" + "--|" * (len(names) + 1))
    for what, values in rows.items():
        medians = [statistics.median(values[name]) for name in names]
        ratio = f"{medians[0] / max(medians[-1], 0.001):.1f}x" if len(names) > 1 else ""
        print(f"| {what} | " + " | ".join(shown(values[name]) for name in names) + f" | {ratio} |")


def bench(options):
    state = Path(options.state or f"{options.cache}/state")
    shutil.rmtree(state, ignore_errors=True)
    os.environ["STACK_ROOT"] = str(state / "stack")
    stacktest.STACK = options.stack
    stacktest.import_box()
    folder = state / "bench"
    folder.mkdir(parents=True)
    (folder / "lines").write_text((LINE + "\n") * options.lines)
    tools = {"stack": Stack(options.stack)}
    if options.no_docker:
        rows = measure(tools, folder, options)
    else:
        box = world.HOME / "box"
        stacktest.make_box(box)
        subprocess.run(["tar", "-C", str(box), "-cf", str(world.HOME / "box.tar"), "."], check=True)
        with peers.Docker(f"{options.cache}/root", f"{state}/docker") as docker:
            docker.import_image(str(world.HOME / "box.tar"))
            tools["docker"] = Docker(docker)
            rows = measure(tools, folder, options)
    print_table(rows, [name for name in ("docker", "stack") if name in tools])
    print(f"\n{options.rounds} rounds, medians (least), kernel {os.uname().release}, "
          f"{os.cpu_count()} cores, load at the end {os.getloadavg()[0]:.1f}")
    shutil.rmtree(state, ignore_errors=True)
    return 0


def main():
    options = parse_arguments()

    def fetch_peers():
        if not options.no_docker:
            subprocess.run([str(HERE / "peers.sh"), options.cache, options.suite], check=True)

    world.enter(lambda: bench(options), fetch_peers)


if __name__ == "__main__":
    main()
