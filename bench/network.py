#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Throughput and latency over networks: stack's, docker's, podman's, and those of the kernel alone.

    bench/network.py [--stack PROGRAM] [--load PROGRAM] [--rounds 5] [--seconds 1] [--only NAME,...]

Needs root and a build with -DSTACK_BENCH=ON. Each tool has a host of its own, a network namespace
with a neighbour on its LAN, so that nobody's rules are in anybody's way; all stay up, and in every
round all take turns, in an order that changes. docker runs twice, with its userland-proxy and
without. "plain" is a bridge with two veth pairs and no rule at all: what kernel and machine do.

Client and server (bench/network) run in the containers' network namespaces, outside of everything
else that a container is: what is compared is the network. Three ways to the same server:
    loopback   a client on the host asks 127.0.0.1 at the published port (plain: the server's address)
    neighbour  a client on the LAN asks the host at the published port (plain: by a route)
    container  a client in another container asks the server found by its name (plain: its address)

Latencies are taken with client, server and what is between them on one processor: what a way costs,
without wake-ups between processors, which come by chance. On a machine that does other things too,
--realtime puts all of them before everything else. Printed are markdown tables of medians (least to
most), and of ratios to plain in the same round.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/system"))
sys.path.insert(0, str(HERE))
import inventory  # noqa: E402
import peers  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402

PORT = 7000
WAYS = ("loopback", "neighbour", "container")
FIGURES = {"sent": "Gbit/s in", "received": "Gbit/s out", "trip": "round trip, us",
           "request": "request, us"}
SERVER = "server"
# Who carries bytes between the two, where somebody does.
CARRIERS = ("stack-superviso", "docker-proxy")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--load", default=str(HERE.parent / "build/release/bench/bench_network"))
    parser.add_argument("--cache", default=str(HERE.parent / "build/bench"))
    parser.add_argument("--suite", default="sid", help="Debian release that the peers are taken from")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="for each direction of throughput")
    parser.add_argument("--only", help="stack,docker,docker-no-proxy,podman; the default is all")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--no-fetch", action="store_true", help="measure with what is unpacked")
    return parser.parse_args()


def namespace_of(sleep):
    """The network namespace of the process `sleep N`, as a path, and its process."""
    wanted = f"sleep\0{sleep}\0".encode()

    def found():
        for pid, _ in inventory.processes():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes() == wanted:
                    return pid
        return None
    pid = stacktest.eventually(found, f"sleep {sleep}")
    return f"/proc/{pid}/ns/net", pid


class Host:
    """A network namespace that plays a machine, and another one that plays its neighbour. Both
    containers of a tool sleep, each for a number of seconds of its own, by which it is found."""

    number = 0

    def __init__(self, name):
        self.name = name
        self.inside = f"/run/netns/host-{name}"
        self.lan = f"/run/netns/lan-{name}"
        self.prefix = ["nsenter", f"--net={self.inside}"]
        Host.number += 10
        self.sleeps = {SERVER: str(1000 + Host.number), "client": str(1001 + Host.number)}
        self.connect_neighbour()
        self.target = {"loopback": "127.0.0.1", "neighbour": world.HOST_ADDRESS}
        self.client = {"loopback": self.inside, "neighbour": self.lan}

    def connect_neighbour(self):
        for end in ("host", "lan"):
            world.run("ip", "netns", "add", f"{end}-{self.name}")
            world.run("ip", "-n", f"{end}-{self.name}", "link", "set", "lo", "up")
        here, there = ("ip", "-n", f"host-{self.name}"), ("ip", "-n", f"lan-{self.name}")
        world.run(*here, "link", "add", "lan0", "type", "veth", "peer", "name", "eth0", "netns",
                  f"lan-{self.name}")
        for ip, address, link in ((here, world.HOST_ADDRESS, "lan0"),
                                  (there, world.NEIGHBOUR_ADDRESS, "eth0")):
            world.run(*ip, "address", "add", f"{address}/24", "dev", link)
            world.run(*ip, "link", "set", link, "up")
        world.run(*here, "route", "add", "default", "via", world.NEIGHBOUR_ADDRESS)

    def run(self, *command):
        return world.run(*self.prefix, *command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def find_containers(self):
        self.server, _ = namespace_of(self.sleeps[SERVER])
        self.client["container"], pid = namespace_of(self.sleeps["client"])
        self.target["container"] = self.resolve(pid)

    @staticmethod
    def resolve(pid):
        """The server's address, as the client's container finds it by name."""
        said = subprocess.run(["nsenter", f"--target={pid}", "--net", "--mount", "--root",
                               "/bin/nslookup", SERVER],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False).stdout
        answer = said.partition("\n\n")[2] or said
        found = [line.split()[-1] for line in answer.splitlines() if line.startswith("Address")]
        if not found or ":53" in found[-1]:
            raise RuntimeError(f"{SERVER} is not found by name:\n{said}")
        return found[-1]

    def serve(self, load):
        self.process = subprocess.Popen([load, self.server, str(PORT)], stdout=subprocess.PIPE)
        if not self.process.stdout.readline():
            raise SystemExit("the server does not listen")


def plain(options, _):
    host = Host("plain")
    host.run("sysctl", "-q", "net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=0")
    in_host = ("ip", "-n", "host-plain")
    world.run(*in_host, "link", "add", "bench0", "type", "bridge")
    world.run(*in_host, "address", "add", "10.211.0.1/16", "dev", "bench0")
    world.run(*in_host, "link", "set", "bench0", "up")
    for number, name in enumerate((SERVER, "client"), 2):
        world.run("ip", "netns", "add", name)
        inside = ("ip", "-n", name)
        world.run(*in_host, "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0",
                  "netns", name)
        world.run(*in_host, "link", "set", f"port{number}", "master", "bench0", "up")
        world.run(*inside, "link", "set", "lo", "up")
        world.run(*inside, "address", "add", f"10.211.0.{number}/16", "dev", "eth0")
        world.run(*inside, "link", "set", "eth0", "up")
        world.run(*inside, "route", "add", "default", "via", "10.211.0.1")
    world.run("ip", "-n", "lan-plain", "route", "add", "10.211.0.0/16", "via", world.HOST_ADDRESS)
    host.server, host.client["container"] = f"/run/netns/{SERVER}", "/run/netns/client"
    host.target = dict.fromkeys(WAYS, "10.211.0.2")
    return host


def stack(options, state):
    host = Host("stack")
    os.environ["STACK_ROOT"] = str(state / "stack")
    stacktest.STACK = options.stack
    stacktest.import_box()
    (state / "stack.yaml").write_text(f"""
name: bench
services:
  {SERVER}: {{image: "box:1", command: sleep {host.sleeps[SERVER]}, ports: ["{PORT}:{PORT}"]}}
  client: {{image: "box:1", command: sleep {host.sleeps["client"]}}}
""")
    host.run(options.stack, "-f", str(state / "stack.yaml"), "up", "-d")
    host.find_containers()
    return host


def docker(options, state, name, flags, exits):
    host = Host(name)
    daemon = exits.enter_context(peers.Docker(f"{options.cache}/root", str(state / name), name,
                                              host.prefix, flags))
    daemon.import_image(str(state / "box.tar"))

    def run(*command):
        done = daemon.run("docker", *command)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
    run("network", "create", "bench")
    for service, flags in ((SERVER, ["--publish", f"{PORT}:{PORT}"]), ("client", [])):
        run("run", "-d", "--name", service, "--network", "bench", *flags, "box:1", "sleep",
            host.sleeps[service])
    host.find_containers()
    return host


def podman(options, state):
    host = Host("podman")
    whole = peers.Whole(f"{options.cache}/whole", str(state), host.prefix)
    command = ["/usr/bin/podman", "--cgroup-manager=cgroupfs", "--events-backend=none",
               "--root=/state/podman", "--runroot=/run/podman"]
    whole.run(*command, "import", "/state/box.tar", "box:1")
    whole.run(*command, "network", "create", "--ignore", "bench")
    for service, flags in ((SERVER, ["--publish", f"{PORT}:{PORT}"]), ("client", [])):
        whole.run(*command, "run", "-d", "--name", service, "--network", "bench", *flags, "box:1",
                  "sleep", host.sleeps[service])
    host.find_containers()
    return host


def start_all(options, state, exits):
    """Tool -> its host; what cannot run here is said, and no reason not to measure the others."""
    makers = {"stack": lambda: stack(options, state),
              "docker": lambda: docker(options, state, "docker", [], exits),
              "docker-no-proxy": lambda: docker(options, state, "docker-no-proxy",
                                                ["--userland-proxy=false"], exits),
              "podman": lambda: podman(options, state)}
    hosts = {"plain": plain(options, state)}
    for name, make in makers.items():
        if options.only and name not in options.only.split(","):
            continue
        try:
            hosts[name] = make()
        except (RuntimeError, OSError, subprocess.CalledProcessError) as reason:
            print(f"{name} cannot run here: {reason}", file=sys.stderr)
    for host in hosts.values():
        host.serve(options.load)
    return hosts


def place(options, pids, processors):
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), processors)
    if options.realtime:
        peers.real_time(pids)


def place_others(options, hosts, processors):
    """Everybody who takes part but the client."""
    carriers = [pid for pid, name in inventory.processes() if name in CARRIERS]
    place(options, [*carriers, *(host.process.pid for host in hosts.values())], processors)


def run_load(options, host, way, seconds, processors):
    done = subprocess.run([options.load, host.client[way], str(PORT), host.target[way], str(seconds)],
                          capture_output=True, text=True, check=False,
                          preexec_fn=lambda: place(options, [os.getpid()], processors))
    if done.returncode != 0:
        raise SystemExit(f"{host.name}, {way}: {done.stderr}")
    return json.loads(done.stdout)


def ask(options, hosts, host, way):
    everywhere = os.sched_getaffinity(0)
    bits = run_load(options, host, way, options.seconds, everywhere)
    one = {min(everywhere)}
    place_others(options, hosts, one)
    times = run_load(options, host, way, 0, one)
    place_others(options, hosts, everywhere)
    return {**bits, "trip": times["trip"]["p50"], "request": times["request"]["p50"]}


def measure(options, hosts):
    """(way, tool) -> the figures of each round."""
    rows = {}
    if options.realtime:
        peers.allow_realtime()
    place_others(options, hosts, os.sched_getaffinity(0))
    for number in range(options.rounds):
        for way in options.ways.split(","):
            for name, host in random.sample(list(hosts.items()), len(hosts)):
                rows.setdefault((way, name), []).append(ask(options, hosts, host, way))
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return rows


def cell(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def tables(options, hosts, rows):
    for way in options.ways.split(","):
        yield f"\n| {way} | " + " | ".join(FIGURES.values()) + " |"
        yield "|--|" + "--|" * len(FIGURES)
        for name in hosts:
            rounds, floor = rows[way, name], rows[way, "plain"]
            yield f"| {name} | " + " | ".join(cell([each[key] for each in rounds])
                                             for key in FIGURES) + " |"
            if name == "plain":
                continue
            ratios = [statistics.median(ours[key] / its[key] for ours, its in zip(rounds, floor))
                      for key in FIGURES]
            yield f"| {name} of plain | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |"


def bench(options):
    peers.come_first()
    state = Path(options.cache) / "state-network"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    box = state / "box"
    stacktest.make_box(box)
    world.run("tar", "-C", str(box), "-cf", str(state / "box.tar"), ".")
    with contextlib.ExitStack() as exits:
        hosts = start_all(options, state, exits)
        rows = measure(options, hosts)
        print("\n".join(tables(options, hosts, rows)))
    print(f"\n{options.rounds} rounds, kernel {os.uname().release}, {os.cpu_count()} cores, load at "
          f"the end {os.getloadavg()[0]:.1f}")
    return 0


def main():
    options = parse_arguments()

    def fetch_peers():
        if not options.no_fetch:
            peers.fetch(options.cache, options.suite)

    world.enter(lambda: bench(options), fetch_peers)


if __name__ == "__main__":
    main()
