#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""stack against docker compose: how long `config -q` takes on ever larger files.

    bench/config.py [--stack PROGRAM] [--compose PROGRAM] [--services 1,100,1000,5000] [--rounds 7]

Needs neither root nor a daemon, but the package `time`. In every round both read the same file in turn, the order changing
from round to round. Printed is a markdown table for docs/performance.md: medians and fastest runs, the
ratio of medians, peak memory, and the time for each service beyond the smallest file.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMPOSE = "root/usr/libexec/docker/cli-plugins/docker-compose"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--compose", help="docker compose, when not the one that peers.sh fetches")
    parser.add_argument("--cache", default=str(HERE.parent / "build/bench"))
    parser.add_argument("--suite", default="sid", help="Debian release that docker is taken from")
    parser.add_argument("--services", default="1,100,1000,5000")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def stack_file(count):
    """Services as people write them: an image, variables, a port, volumes, dependencies, a check."""
    services = "".join(f"""
  s{number}:
    image: registry.example.org/team/app:${{TAG:-1.{number}}}
    command: serve --port 80 --name "s{number}"
    environment:
      NAME: s{number}
      DATABASE_URL: postgres://db/s{number}
      LEVEL: ${{LEVEL:-info}}
    ports:
      - "{10000 + number}:80"
    volumes:
      - data{number % 10}:/data
      - ./conf/s{number}:/etc/app:ro
    networks: [front, back]
    depends_on: [{f"s{number - 1}" if number % 10 > 1 else ""}]
    restart: unless-stopped
    labels:
      - team=a
      - number={number}
    healthcheck:
      test: [CMD, curl, "-f", http://localhost/]
      interval: 30s""" for number in range(1, count + 1))
    volumes = "".join(f"\n  data{number}: {{}}" for number in range(10))
    return f"name: bench\nservices:{services}\nnetworks:\n  front: {{}}\n  back: {{}}\nvolumes:{volumes}\n"


def timed(command, environment):
    """Milliseconds from the start of the process until it was reaped, without Python's own fork."""
    streams = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
               (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)]
    begin = time.monotonic()
    process = os.posix_spawn(command[0], command, environment, file_actions=streams)
    status = os.waitpid(process, 0)[1]
    milliseconds = (time.monotonic() - begin) * 1000
    if status != 0:
        raise SystemExit(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}")
    return milliseconds


def peak_memory(command, environment):
    """MiB, by GNU time: a child of Python itself would begin with Python's own peak, even after exec."""
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *command], env=environment, check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(done.stderr.split()[-1]) / 1024


def measure(tools, counts, rounds, folder):
    times, memory = {}, {}
    for count in counts:
        (folder / f"{count}.yaml").write_text(stack_file(count))
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    for number in range(rounds):
        for count in counts:
            order = list(tools.items())
            for name, program in order if number % 2 else reversed(order):
                command = [program, "-f", str(folder / f"{count}.yaml"), "config", "-q"]
                times.setdefault((count, name), []).append(timed(command, environment))
                if number == 0:
                    memory[count, name] = peak_memory(command, environment)
        print(f"round {number + 1} of {rounds} done", file=sys.stderr, flush=True)
    return times, memory


def shown(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f})"


def per_service(times, counts, count, name):
    """Microseconds for each service beyond those of the smallest file."""
    if count == counts[0]:
        return "-"
    more = statistics.median(times[count, name]) - statistics.median(times[counts[0], name])
    return f"{more * 1000 / (count - counts[0]):.0f}"


def table(times, memory, counts):
    yield ("| services | docker compose ms (min) | stack ms (min) | ratio | docker compose MiB | "
           "stack MiB | ratio | stack, µs a service |")
    yield "|--|--|--|--|--|--|--|--|"
    for count in counts:
        ours, theirs = times[count, "stack"], times[count, "docker compose"]
        our_peak, their_peak = memory[count, "stack"], memory[count, "docker compose"]
        yield (f"| {count} | {shown(theirs)} | {shown(ours)} | "
               f"{statistics.median(theirs) / statistics.median(ours):.1f}x | {their_peak:.0f} | "
               f"{our_peak:.0f} | {their_peak / our_peak:.1f}x | "
               f"{per_service(times, counts, count, 'stack')} |")


def main():
    options = parse_arguments()
    compose = options.compose
    if compose is None:
        subprocess.run([str(HERE / "peers.sh"), options.cache, options.suite], check=True)
        compose = f"{options.cache}/{COMPOSE}"
    counts = [int(count) for count in options.services.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        times, memory = measure({"stack": options.stack, "docker compose": compose}, counts,
                                options.rounds, Path(folder))
    print("\n".join(table(times, memory, counts)))
    version = subprocess.run([compose, "version", "--short"], capture_output=True, text=True,
                             check=True).stdout.strip()
    print(f"\ndocker compose {version}, {options.rounds} rounds, kernel {os.uname().release}, "
          f"{os.cpu_count()} cores, load at the end {os.getloadavg()[0]:.1f}")


main()
