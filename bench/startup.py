#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""How long a command takes that has nothing to do but to answer: the program's start.

    bench/startup.py [--stack PROGRAM] [--cache DIR] [--containers 100] [--rounds 30] [--realtime]

Needs root: everything runs in one private world, as in compose.py. Measured are `version`, what a
shell asks at a Tab, and `ps` with many containers; beside them /bin/true, which is what the machine
takes for any process. With --cache docker compose does the same, as peers.sh unpacks it into DIR,
its daemon with as many containers. In every round all do all in turn, in another order. Printed is a
markdown table for docs/performance.md: medians, fastest runs, page faults, and the ratio of medians.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/system"))
import peers  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402

COMPOSE = "root/usr/libexec/docker/cli-plugins/docker-compose"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--cache", help="where docker compose is, or is to be unpacked")
    parser.add_argument("--suite", default="sid", help="Debian release that docker is taken from")
    parser.add_argument("--containers", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--realtime", action="store_true", help="before all else that the machine does")
    return parser.parse_args()


def stack_file(count):
    services = "".join(f"\n  s{number}: {{image: 'box:1', command: sleep 1000, stop_signal: SIGKILL}}"
                       for number in range(1, count + 1))
    return f"name: bench\nservices:{services}\n"


def questions(file):
    """Name -> what is asked."""
    return {"version": ["version"],
            "completion of a flag": ["__complete", "up", "--"],
            "completion of a service": ["__complete", "-f", file, "logs", "s"],
            "ps": ["-f", file, "ps"],
            "ps -q": ["-f", file, "ps", "-q"]}


def page_faults(command, environment):
    """Minor ones, by GNU time."""
    done = subprocess.run(["/usr/bin/time", "-f", "%R", *command], env=environment, check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(done.stderr.split()[-1])


def measure(tools, file, rounds):
    runs = {("/bin/true", "the process alone"): (["/bin/true"], dict(os.environ))}
    for tool, (program, environment) in tools.items():
        for name, arguments in questions(file).items():
            runs[tool, name] = ([program, *arguments], environment)
    times = {key: [] for key in runs}
    for number in range(rounds):
        for key in random.Random(number).sample(list(runs), len(runs)):
            times[key].append(peers.timed(*runs[key]))
    faults = {key: page_faults(*run) for key, run in runs.items()}
    return times, faults


def shown(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f})"


def table(times, faults, names, tools):
    theirs = "docker compose" in tools
    yield "| | stack ms (min) | page faults |" + (" docker compose ms (min) | page faults | ratio |" if theirs else "")
    yield "|--|--|--|" + ("--|--|--|" if theirs else "")
    floor = "/bin/true", "the process alone"
    yield f"| `/bin/true` | {shown(times[floor])} | {faults[floor]} |" + (" | | |" if theirs else "")
    for name in names:
        ours = "stack", name
        row = f"| {name} | {shown(times[ours])} | {faults[ours]} |"
        if theirs:
            other = "docker compose", name
            ratio = statistics.median(times[other]) / statistics.median(times[ours])
            row += f" {shown(times[other])} | {faults[other]} | {ratio:.1f}x |"
        yield row


def bench_with(tools, options, folder):
    file = str(folder / "compose.yaml")
    for program, environment in tools.values():
        subprocess.run([program, "-f", file, "up", "-d"], env=environment, check=True, capture_output=True,
                       stdin=subprocess.DEVNULL, timeout=550)
    if options.realtime:
        peers.real_time([os.getpid()])
    times, faults = measure(tools, file, options.rounds)
    print("\n".join(table(times, faults, questions(file), tools)))
    return 0


def bench(options):
    peers.come_first()
    if options.realtime:
        peers.allow_realtime()
    stacktest.STACK = options.stack
    stacktest.import_box()
    folder = world.HOME / "bench"
    folder.mkdir()
    (folder / "compose.yaml").write_text(stack_file(options.containers))
    tools = {"stack": (options.stack, dict(os.environ))}
    if options.cache is None:
        bench_with(tools, options, folder)
        print("\ndocker compose: left out, there is no --cache", end="")
    else:
        bench_beside_docker(tools, options, folder)
    print(f"\n{options.containers} containers, {options.rounds} rounds, kernel {os.uname().release}, "
          f"{os.cpu_count()} cores, load at the end {os.getloadavg()[0]:.1f}")
    return 0


def bench_beside_docker(tools, options, folder):
    box, state = world.HOME / "box", Path(options.cache) / "startup"
    stacktest.make_box(box)
    subprocess.run(["tar", "-C", str(box), "-cf", str(world.HOME / "box.tar"), "."], check=True)
    shutil.rmtree(state, ignore_errors=True)
    with peers.Docker(f"{options.cache}/root", str(state)) as docker:
        docker.import_image(str(world.HOME / "box.tar"))
        tools["docker compose"] = (f"{options.cache}/{COMPOSE}", docker.environment)
        bench_with(tools, options, folder)
        version = subprocess.run([tools["docker compose"][0], "version", "--short"], capture_output=True,
                                 text=True, env=docker.environment, check=True).stdout.strip()
        docker.run("sh", "-c", "docker kill $(docker ps -q)")
    shutil.rmtree(state, ignore_errors=True)
    print(f"\ndocker compose {version}, ", end="")


def prepare_outside(options):
    if options.cache is not None:
        peers.fetch(options.cache, options.suite)


def main():
    options = parse_arguments()
    world.enter(lambda: bench(options), lambda: prepare_outside(options))


if __name__ == "__main__":
    main()
