#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Name look-ups inside a container: stack's resolver against docker's and podman's.

    bench/dns.py [--stack PROGRAM] [--load PROGRAM] [--rounds 5] [--seconds 3] [--no-docker] [--realtime]

Needs root; everything runs in one private world, as in compose.py, the tools in turn, in another
order each round. A container asks for the name of another one that has three replicas: as fast as
answers come, with 64 questions out at a time, and then evenly at RATE a second, for the latency.
The processor time is that of the process that answers, its system calls included, so that answers
per second of it tell what one core can do however busy the machine is. "bare" is a program that
sends each question back, one at a time: what kernel and machine alone do. podman's aardvark-dns is run
by itself, with a configuration as netavark writes it. Printed is a markdown table of medians.
"""

import argparse
import json
import os
import random
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

COMMAND = "sleep 1001"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--load", default=str(HERE.parent / "build/release/bench/bench_dns"))
    parser.add_argument("--cache", default=str(HERE.parent / "build/bench"))
    parser.add_argument("--suite", default="sid", help="Debian release that docker and podman are of")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--no-docker", action="store_true")
    parser.add_argument("--realtime", action="store_true", help="before all else that the machine does")
    parser.add_argument("--no-fetch", action="store_true", help="measure with what is unpacked")
    return parser.parse_args()


def process_running(command):
    def found():
        return next((pid for pid, _ in inventory.processes()
                     if command in Path(f"/proc/{pid}/cmdline").read_bytes()
                     .replace(b"\0", b" ").decode(errors="replace").strip()[:len(command)]), None)
    return stacktest.eventually(found, command)


def processes_named(name):
    return [pid for pid, comm in inventory.processes() if comm == name]


def cpu_seconds(pids):
    """Of the processes, to a nanosecond where the scheduler counts so."""
    total = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


class Stack:
    address, name, helper = "127.0.0.11", "db", "stack-superviso"

    def start(self, folder):
        (folder / "stack.yaml").write_text(f"""
name: bench
services:
  db: {{image: "box:1", command: sleep 1002, scale: 3, stop_signal: SIGKILL}}
  web: {{image: "box:1", command: {COMMAND}, stop_signal: SIGKILL}}
""")
        done = stacktest.run_stack("-f", str(folder / "stack.yaml"), "up", "-d")
        if done.code != 0:
            raise SystemExit(str(done))
        return f"/proc/{process_running(COMMAND)}/ns/net"

    def stop(self):
        stacktest.run_stack("-p", "bench", "down")


class Docker:
    address, name, helper = "127.0.0.11", "db", "dockerd"

    def __init__(self, docker):
        self.docker = docker

    def run(self, *command):
        done = self.docker.run("docker", *command)
        if done.returncode != 0:
            raise SystemExit(done.stderr.decode())

    def start(self, _):
        self.run("network", "create", "bench")
        for i in range(3):
            self.run("run", "-d", "--name", f"db{i}", "--network", "bench", "--network-alias", "db",
                     "box:1", "sleep", "1002")
        self.run("run", "-d", "--name", "web", "--network", "bench", "box:1", *COMMAND.split())
        return f"/proc/{process_running(COMMAND)}/ns/net"

    def stop(self):
        self.run("rm", "-f", "web", "db0", "db1", "db2")
        self.run("network", "rm", "bench")


class Aardvark:
    """podman's name server by itself, on a bridge's address in a namespace of its own, and a client
    in that namespace: what its containers see but for the way over the bridge."""

    address, name, helper = "10.89.0.1", "db", "aardvark-dns"

    def __init__(self, program):
        self.program = program

    def start(self, folder):
        config = folder / "aardvark"
        shutil.rmtree(config, ignore_errors=True)
        config.mkdir()
        lines = [f"{i:064x} 10.89.0.{i + 2}  db,{i:012x}" for i in range(3)]
        (config / "bench").write_text("\n".join([self.address, *lines]) + "\n")
        world.run("ip", "netns", "add", "aardvark")
        in_it = ("ip", "-n", "aardvark")
        world.run(*in_it, "link", "set", "lo", "up")
        world.run(*in_it, "link", "add", "bench0", "type", "bridge")
        world.run(*in_it, "address", "add", f"{self.address}/24", "dev", "bench0")
        world.run(*in_it, "link", "set", "bench0", "up")
        self.server = subprocess.Popen(
            ["ip", "netns", "exec", "aardvark", self.program, "--config", str(config), "--port", "53",
             "run"], stdin=subprocess.DEVNULL)
        stacktest.eventually(lambda: processes_named(self.helper), "aardvark-dns")
        return "/run/netns/aardvark"

    def stop(self):
        for pid in processes_named(self.helper):
            os.kill(int(pid), 15)
        self.server.wait()
        world.run("ip", "netns", "del", "aardvark")


def go_first(options, pids):
    if options.realtime:
        peers.real_time(pids)
        return
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.setpriority(os.PRIO_PROCESS, int(thread), -20)


class Bare:
    """Sends back what comes, with a sign that it is an answer."""

    address, name, helper = "127.0.0.11", "db", "bench_dns"

    def __init__(self, program):
        self.program = program

    def start(self, _):
        world.run("ip", "netns", "add", "bare")
        world.run("ip", "-n", "bare", "link", "set", "lo", "up")
        self.server = subprocess.Popen([self.program, "/run/netns/bare", self.address],
                                       stdout=subprocess.PIPE)
        self.server.stdout.readline()  # it listens
        return "/run/netns/bare"

    def stop(self):
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()
        world.run("ip", "netns", "del", "bare")


def ask(options, tool, namespace, rate):
    """The load's own words, and the processor seconds of who answered."""
    pids = processes_named(tool.helper)
    go_first(options, pids)
    before = cpu_seconds(pids)
    done = subprocess.run([options.load, namespace, tool.address, tool.name, str(options.seconds),
                           str(rate)], capture_output=True, text=True, check=False,
                          preexec_fn=lambda: go_first(options, [os.getpid()]))
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout), cpu_seconds(pids) - before


def measure_once(options, tool, folder, rows, name):
    namespace = tool.start(folder)
    ask(options, tool, namespace, 1000)  # warm
    most, cpu = ask(options, tool, namespace, 0)
    paced, paced_cpu = ask(options, tool, namespace, options.rate)
    tool.stop()
    for what, value in (
            ("answers/s", most["answered"] / most["seconds"]),
            ("answers/s of its CPU", most["answered"] / max(cpu, 1e-9)),
            ("CPU per answer, us", cpu * 1e6 / max(most["answered"], 1)),
            ("lost of 1000", 1000 * (1 - most["answered"] / max(most["asked"], 1))),
            (f"at {options.rate}/s: p50, us", paced["p50"]),
            (f"at {options.rate}/s: p99, us", paced["p99"]),
            (f"at {options.rate}/s: CPU per answer, us",
             paced_cpu * 1e6 / max(paced["answered"], 1))):
        rows.setdefault(what, {}).setdefault(name, []).append(value)


def print_table(rows, names):
    print("| | " + " | ".join(names) + " |\n|--|" + "--|" * len(names))
    for what, values in rows.items():
        cells = [f"{statistics.median(values[name]):.1f} ({min(values[name]):.1f} to "
                 f"{max(values[name]):.1f})" for name in names]
        print(f"| {what} | " + " | ".join(cells) + " |")


def measure(options, tools, folder):
    rows = {}
    for number in range(options.rounds):
        order = list(tools.items())
        random.shuffle(order)
        for name, tool in order:
            measure_once(options, tool, folder, rows, name)
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    print_table(rows, list(tools))


def bench(options):
    peers.come_first()
    if options.realtime:
        peers.allow_realtime()
    state = Path(options.cache) / "state-dns"
    shutil.rmtree(state, ignore_errors=True)
    folder = state / "bench"
    folder.mkdir(parents=True)
    os.environ["STACK_ROOT"] = str(state / "stack")
    stacktest.STACK = options.stack
    stacktest.import_box()
    tools = {"stack": Stack(), "bare": Bare(options.load)}
    aardvark = Path(options.cache) / "whole/usr/lib/podman/aardvark-dns"
    if aardvark.exists():
        tools["aardvark-dns"] = Aardvark(str(aardvark))
    else:
        print(f"no {aardvark}: podman's is left out", file=sys.stderr)
    if options.no_docker:
        measure(options, tools, folder)
        return 0
    with peers.Docker(f"{options.cache}/root", str(state / "docker")) as docker:
        box = folder / "box"
        stacktest.make_box(box)
        archive = folder / "box.tar"
        world.run("tar", "-C", str(box), "-cf", str(archive), ".")
        docker.import_image(str(archive))
        measure(options, {**tools, "docker": Docker(docker)}, folder)
    return 0


def main():
    options = parse_arguments()
    os.environ.setdefault("STACK_TEST_CACHE", options.cache)

    def fetch_peers():
        if not options.no_docker and not options.no_fetch:
            peers.fetch(options.cache, options.suite)

    world.enter(lambda: bench(options), fetch_peers)


if __name__ == "__main__":
    main()
