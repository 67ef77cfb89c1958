#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""A chain of services, each of which waits until the one before is healthy or ready.

    bench/chain.py [--stack PROGRAM] [--compose PROGRAM] [--length 10] [--rounds 7]

Needs root. `stack up -d` of the chain is timed for each way to tell that a service is ready, in turn;
beside them a chain that only waits for starts, which is what the conditions come on top of. With
--compose (and peers.sh's docker) docker compose runs the chain of health checks too. Then: what it costs
the supervisor to wait for ports that nobody listens on. Printed are markdown tables for
docs/performance.md.
"""

import argparse
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/system"))
import inventory  # noqa: E402
import peers  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402

HEALTHY = "service_healthy"
# Name: (command, further keys, condition).
WAYS = {
    "started only": ("sleep 1000", "", "service_started"),
    "health check (true)": ("sleep 1000", "healthcheck: {test: [CMD, 'true']}", HEALTHY),
    "ready: auto": ("httpd -f -p 80", "x-stack: {ready: auto}", HEALTHY),
    "ready: http": ("httpd -f -p 80 -h /srv/data", "x-stack: {ready: {http: {port: 80, path: "
                    "/from-image}}}", HEALTHY),
    "ready: log": ("sh -c 'echo up; exec sleep 1000'", "x-stack: {ready: {log: up}}", HEALTHY),
    "ready: file": ("sh -c 'touch /ready; exec sleep 1000'", "x-stack: {ready: {file: /ready}}",
                    HEALTHY),
    "ready: exec": ("sleep 1000", "x-stack: {ready: {exec: [\"true\"]}}", HEALTHY),
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--compose", help="docker compose, to be measured too")
    parser.add_argument("--cache", default=str(HERE.parent / "build/bench"))
    parser.add_argument("--suite", default="sid", help="Debian release that docker is taken from")
    parser.add_argument("--length", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def chain(way, length):
    command, keys, condition = WAYS[way]
    text = "name: chain\nservices:\n"
    for number in range(length):
        text += f"  s{number}:\n    image: box:1\n    command: {command}\n    stop_signal: SIGKILL\n"
        text += f"    {keys}\n" if keys else ""
        if number > 0:
            text += f"    depends_on: {{s{number - 1}: {{condition: {condition}}}}}\n"
    return text


def up_and_down(program, file, environment):
    took = peers.timed([*program, "-f", str(file), "up", "-d"], environment)
    peers.timed([*program, "-f", str(file), "down"], environment)
    return took


def supervisor():
    [pid] = [pid for pid, comm in inventory.processes() if comm == "stack-superviso"]
    return pid


def processor_time(pid):
    """Nanoseconds."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def cost_of_waiting(program, file, count, seconds=10):
    """Microseconds of CPU a second for each container of which nobody listens."""
    services = "".join(f"  s{n}: {{image: 'box:1', command: sleep 1000, stop_signal: SIGKILL, "
                       "x-stack: {ready: {tcp: 80, timeout: 0s}}}\n" for n in range(count))
    file.write_text("name: chain\nservices:\n" + services)
    peers.timed([program, "-f", str(file), "up", "-d"], dict(os.environ))
    time.sleep(1)
    pid = supervisor()
    begin, cpu = time.monotonic(), processor_time(pid)
    time.sleep(seconds)
    used = (processor_time(pid) - cpu) / 1000 / (time.monotonic() - begin) / count
    peers.timed([program, "-f", str(file), "down"], dict(os.environ))
    return used


def measure(options, file, tools):
    times = {}
    for round_number in range(options.rounds):
        for name, way, program, environment in tools:
            file.write_text(chain(way, options.length))
            times.setdefault(name, []).append(up_and_down(program, file, environment))
        print(f"round {round_number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return times


def table(times, length):
    floor = statistics.median(times["started only"])
    yield f"| chain of {length} | ms (min) | beyond starts, ms a link |"
    yield "|--|--|--|"
    for name, values in times.items():
        middle = statistics.median(values)
        yield f"| {name} | {middle:.1f} ({min(values):.1f}) | {(middle - floor) / (length - 1):.1f} |"


def bench_with(options, folder, docker=None):
    tools = [(way, way, [options.stack], dict(os.environ)) for way in WAYS]
    if docker is not None:
        tools.append(("docker compose, health check (true)", "health check (true)",
                      [options.compose], docker.environment))
    times = measure(options, folder / "compose.yaml", tools)
    print("\n".join(table(times, options.length)))
    for count in (1, 10):
        cost = cost_of_waiting(options.stack, folder / "compose.yaml", count)
        print(f"\nwaiting for {count} x a port: {cost:.0f} us of CPU a second for each")
    print(f"\n{options.rounds} rounds, kernel {os.uname().release}, {os.cpu_count()} cores, load at "
          f"the end {os.getloadavg()[0]:.1f}")


def bench(options):
    peers.come_first()
    state = Path(options.cache) / "state"
    shutil.rmtree(state, ignore_errors=True)
    os.environ["STACK_ROOT"] = str(state / "stack")
    stacktest.STACK = options.stack
    stacktest.import_box()
    folder = world.HOME / "bench"
    folder.mkdir()
    if options.compose:
        box = world.HOME / "box"
        stacktest.make_box(box)
        world.run("tar", "-C", str(box), "-cf", str(world.HOME / "box.tar"), ".")
        with peers.Docker(f"{options.cache}/root", str(state / "docker")) as docker:
            docker.import_image(str(world.HOME / "box.tar"))
            bench_with(options, folder, docker)
    else:
        bench_with(options, folder)
    shutil.rmtree(state, ignore_errors=True)
    return 0


def main():
    options = parse_arguments()

    def prepare():
        if options.compose:
            peers.fetch(options.cache, options.suite)
    world.enter(lambda: bench(options), prepare)


if __name__ == "__main__":
    main()
