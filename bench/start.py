#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The start of one container, and of many at once: our runtime, the kernel's floor, and the peers.

    bench/start.py [--build DIRECTORY] [--rounds 15] [--pause 0.2] [--many 50] [--only NAME,...]

Needs root and a build with -DSTACK_BENCH=ON. Each program runs `true` from a cold process and takes
everything away again; in every round all take turns, in an order that changes from round to round,
each after the links of the one before are gone: the kernel takes them down long after their process
has ended, under the lock that the next one wants.
`stack` (bench/start) and `floor` (bench/floor) make a veth pair to a bridge that is there already;
crun and runc make no network at all; podman and docker use their default networks. Printed is a
markdown table for docs/performance.md.
"""

import argparse
import os
import random
import shutil
import statistics
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/system"))
import peers  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(HERE.parent / "build/release"))
    parser.add_argument("--cache", default=str(HERE.parent / "build/bench"))
    parser.add_argument("--suite", default="sid", help="Debian release that the peers are taken from")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--pause", type=float, default=0.2, help="seconds of rest before each run")
    parser.add_argument("--many", type=int, default=50, help="containers at once, stack and floor")
    parser.add_argument("--only", help="stack,floor,crun,runc,podman,docker; the default is all")
    return parser.parse_args()


class Bench:
    """The machine as both our programs want it, and what can be run on it: name -> () -> ms."""

    def __init__(self, options):
        self.options = options
        self.state = Path(options.cache) / "state"
        shutil.rmtree(self.state, ignore_errors=True)
        self.box = self.state / "box"
        self.state.mkdir(parents=True)
        stacktest.make_box(self.box)
        self.make_bridge()
        self.make_cgroups()
        self.runs, self.missing = {}, {}
        self.add_own()

    @staticmethod
    def make_bridge():
        world.run("ip", "link", "add", "bench0", "type", "bridge")
        world.run("ip", "address", "add", "10.211.0.1/16", "dev", "bench0")
        world.run("ip", "link", "set", "bench0", "up")
        # What a stack has when a container starts in it: the sets of who may send by which port.
        world.run("nft", "table bridge stack { set senders { type ifname . ether_addr . ipv4_addr; }; "
                  "set senders6 { type ifname . ether_addr . ipv6_addr; }; "
                  "set neighbours6 { typeof iifname . ether saddr . @th,64,128; }; }")

    @staticmethod
    def make_cgroups():
        for mount, _, _ in world.cgroup_mounts():
            # `kept` keeps it: an empty parent goes with its last container.
            (Path(mount) / "bench/kept").mkdir(parents=True)

    def add_own(self):
        build = Path(self.options.build) / "bench"
        places = [str(self.box), str(self.state / "containers"), "/run/bench", "bench", "bench0"]
        for place in places[1:3]:
            Path(place).mkdir()
        cache, filter_file = str(self.state / "cache"), str(self.state / "filter")
        start = str(build / "bench_start")
        world.run(start, cache, "--filter", filter_file)
        many = self.options.many
        for name, command in (("stack", [start, cache, *places]),
                              ("floor", [str(build / "bench_floor"), filter_file, *places])):
            self.runs[name] = lambda it=command: peers.timed([*it, "1"], dict(os.environ))
            self.runs[f"{name} {many}"] = lambda it=command: peers.timed([*it, str(many)], dict(os.environ))

    def add(self, name, prepare):
        """What cannot run here is said, and no reason not to measure the others."""
        if self.options.only and name not in self.options.only.split(","):
            return
        try:
            run = prepare()
            run()
            self.runs[name] = run
        except (RuntimeError, SystemExit, OSError) as reason:
            self.missing[name] = str(reason).strip()

    def add_bundled(self, whole):
        for name, flags in (("crun", ["--cgroup-manager=cgroupfs"]), ("runc", [])):
            def prepare(name=name, flags=flags):
                bundle = peers.write_bundle(whole, name, self.box)
                return lambda: whole.timed(f"/usr/bin/{name}", *flags, "run", "--bundle", bundle, "bench")
            self.add(name, prepare)

    def add_podman(self, whole):
        podman = ["/usr/bin/podman", "--cgroup-manager=cgroupfs", "--events-backend=none",
                  "--root=/state/podman", "--runroot=/run/podman"]

        def prepare():
            whole.run(*podman, "import", "/state/box.tar", "box:1")
            return lambda: whole.timed(*podman, "run", "--rm", "box:1", "true")
        self.add("podman", prepare)

    def add_docker(self, docker):
        def prepare():
            docker.import_image(str(self.state / "box.tar"))
            program = shutil.which("docker", path=docker.environment["PATH"])
            return lambda: peers.timed([program, "run", "--rm", "box:1", "true"], docker.environment)
        self.add("docker", prepare)

    def settle(self):
        def no_ports():
            return not os.listdir("/sys/class/net/bench0/brif")
        stacktest.eventually(no_ports, "links of the last run are gone", deadline=60)
        time.sleep(self.options.pause)

    def measure(self):
        """One container first, then many: 50 dying ones are no neighbours for one that starts."""
        alone = [name for name in self.runs if " " not in name]
        times = {name: [] for name in self.runs}
        for names in (alone, [name for name in self.runs if name not in alone]):
            for round_number in range(self.options.rounds):
                # Shuffled, not rotated: whoever always followed the same neighbour would always find
                # the same grace periods paid and the same links dying.
                for name in random.Random(round_number).sample(names, len(names)):
                    self.settle()
                    times[name].append(self.runs[name]())
        return times

    def table(self, times):
        many = self.options.many
        middle = {name: statistics.median(values) for name, values in times.items()}
        yield "| | ms, median (fastest) | of the floor | of crun |"
        yield "|--|--|--|--|"
        for name, values in times.items():
            alone = " " not in name
            floor = middle["floor" if alone else f"floor {many}"]
            crun = f"{middle[name] / middle['crun']:.2f}" if alone and "crun" in middle else ""
            yield (f"| {name} | {middle[name]:.1f} ({min(values):.1f}) | {middle[name] / floor:.2f} | "
                   f"{crun} |")
        for name, reason in self.missing.items():
            yield f"| {name} | cannot run here: {reason.splitlines()[-1]} | | |"


def bench(options):
    peers.come_first()
    it = Bench(options)
    world.run("tar", "-C", str(it.box), "-cf", str(it.state / "box.tar"), ".")
    only = options.only.split(",") if options.only else ["crun", "runc", "podman", "docker"]
    if {"crun", "runc", "podman"} & set(only):
        whole = peers.Whole(f"{options.cache}/whole", str(it.state))
        it.add_bundled(whole)
        it.add_podman(whole)
    if "docker" in only:
        with peers.Docker(f"{options.cache}/root", str(it.state / "docker")) as docker:
            it.add_docker(docker)
            times = it.measure()
    else:
        times = it.measure()
    print("\n".join(it.table(times)))
    print(f"\n{options.rounds} rounds, pause {options.pause} s, kernel {os.uname().release}, "
          f"{os.cpu_count()} cores, load at the end {os.getloadavg()[0]:.1f}")
    shutil.rmtree(it.state, ignore_errors=True)
    return 0


def main():
    options = parse_arguments()
    world.enter(lambda: bench(options), lambda: peers.fetch(options.cache, options.suite))


main()
