#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Loading an image from an archive: stack, docker, podman, and tar alone.

    bench/image.py [--stack PROGRAM] [--files 29900] [--megabytes 364] [--rounds 3] [--no-peers]

Needs root, and four times the image's size in memory: everything is on tmpfs, so that no disk decides. Runs
in one private world (tests/system/world.py) with an own docker daemon; what peers.sh unpacked is used. The
archive is what `stack image save` gives, as it is, and compressed by gzip -6 and zstd -3. In every round all
tools load the same archive in turn, after their image was removed. Printed is a markdown table of medians
and fastest runs in milliseconds, and the most memory that stack had.
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

ARCHIVES = {"plain": "image.tar", "gzip": "image.tar.gz", "zstd": "image.tar.zst"}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default=str(HERE.parent / "build/release/stack"))
    parser.add_argument("--cache", default=str(HERE.parent / "build/bench"))
    parser.add_argument("--suite", default="sid", help="Debian release that the peers are taken from")
    parser.add_argument("--files", type=int, default=29900)
    parser.add_argument("--megabytes", type=int, default=364)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true", help="stack and tar alone")
    return parser.parse_args()


def make_tree(folder, files, megabytes):
    """Files of many sizes, of which compressors make a third, as of a usual root file system."""
    dice = random.Random(1)
    words = [dice.randbytes(dice.randint(4, 12)) for _ in range(4096)]
    # Larger than what compressors remember: what they find is words, not whole pieces.
    pool = b"".join(dice.choices(words, k=6_000_000)) + dice.randbytes(6_000_000)
    mean = megabytes * 1_000_000 / files
    for number in range(files):
        place = folder / f"usr/{number // 1000}/{number // 20 % 50}"
        place.mkdir(parents=True, exist_ok=True)
        size = int(dice.expovariate(1 / mean))
        content = bytearray()
        while len(content) < size:
            begin = dice.randrange(len(pool))
            content += pool[begin:begin + min(size - len(content), dice.randrange(200, 4000))]
        (place / f"file{number}").write_bytes(content)


def make_archives(options, folder):
    tree = folder / "tree"
    make_tree(tree, options.files, options.megabytes)
    plain = folder / ARCHIVES["plain"]
    subprocess.run([options.stack, "image", "import", str(tree), "big:1"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([options.stack, "image", "save", "-o", str(plain), "big:1"], check=True)
    subprocess.run([options.stack, "image", "rm", "big:1"], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    subprocess.run(["gzip", "-6", "-k", "-n", str(plain)], check=True)
    subprocess.run(["zstd", "-q", "-3", str(plain)], check=True)


class Stack:
    name = "stack"

    def __init__(self, options):
        self.program = options.stack

    def load(self, archive):
        return peers.timed([self.program, "image", "load", "-q", "-i", str(archive)], dict(os.environ))

    def memory(self, archive):
        """The most that it had at once, in MiB; by a small parent, because a child begins as a copy."""
        done = subprocess.run(["busybox", "time", "-v", self.program, "image", "load", "-q", "-i", str(archive)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
        self.remove()
        # busybox takes the kernel's KiB for pages (getrusage(2): ru_maxrss).
        pages_of_4 = int(done.stderr.split("Maximum resident set size (kbytes): ")[1].split()[0])
        return pages_of_4 / (os.sysconf("SC_PAGE_SIZE") / 1024) / 1024

    def remove(self):
        subprocess.run([self.program, "image", "rm", "big:1"], check=True, stdout=subprocess.DEVNULL)


class Tar:
    """The layer alone, unpacked by GNU tar: the floor."""
    name = "tar x"

    def __init__(self, folder):
        self.folder = folder
        layers = subprocess.check_output(["tar", "tf", str(folder / ARCHIVES["plain"])], text=True).split()
        blobs = [line for line in layers if line.startswith("blobs/") and not line.endswith("/")]
        subprocess.run(["tar", "-C", str(folder), "-xf", str(folder / ARCHIVES["plain"]), *blobs], check=True)
        biggest = max((folder / name for name in blobs), key=lambda path: path.stat().st_size)
        os.rename(biggest, folder / "layer.tar")
        os.utime(folder / "layer.tar")
        subprocess.run(["gzip", "-6", "-k", "-n", str(folder / "layer.tar")], check=True)
        subprocess.run(["zstd", "-q", "-3", str(folder / "layer.tar")], check=True)

    def load(self, archive):
        into = self.folder / "unpacked"
        into.mkdir()
        layer = str(archive).replace("image.tar", "layer.tar")
        return peers.timed(["/usr/bin/tar", "-C", str(into), "-xf", layer], dict(os.environ))

    def remove(self):
        shutil.rmtree(self.folder / "unpacked")


class Podman:
    name = "podman"

    def __init__(self, whole):
        self.whole = whole

    def load(self, archive):
        return self.whole.timed("/usr/bin/podman", "load", "-q", "-i", f"/archives/{archive.name}")

    def remove(self):
        self.whole.run("podman", "rmi", "-f", "-a")


class DockerLoad:
    name = "docker"

    def __init__(self, docker, cache):
        self.docker, self.program = docker, f"{cache}/root/usr/bin/docker"

    def load(self, archive):
        return peers.timed([self.program, "load", "-q", "-i", str(archive)], self.docker.environment)

    def remove(self):
        if self.docker.run(self.program, "rmi", "-f", "big:1").returncode != 0:
            raise SystemExit("docker rmi failed")


def measure(tools, options, folder):
    times = {}
    for number in range(options.rounds):
        for kind, archive in ARCHIVES.items():
            for tool in tools if number % 2 else reversed(tools):
                times.setdefault((tool.name, kind), []).append(tool.load(folder / archive))
                tool.remove()
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return times


def table(times, tools):
    yield "| ms: median (fastest) | " + " | ".join(ARCHIVES) + " |"
    yield "|--|" + "--|" * len(ARCHIVES)
    for tool in tools:
        cells = [f"{statistics.median(times[tool.name, kind]):.0f} ({min(times[tool.name, kind]):.0f})"
                 for kind in ARCHIVES]
        yield f"| {tool.name} | " + " | ".join(cells) + " |"
    for tool in tools:
        if tool.name == "stack":
            continue
        ratios = [statistics.median(times[tool.name, kind]) / statistics.median(times["stack", kind])
                  for kind in ARCHIVES]
        yield f"| {tool.name} to stack | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |"


def compare(options, folder, tools):
    times = measure(tools, options, folder)
    print("\n".join(table(times, tools)))
    sizes = ", ".join(f"{kind} {(folder / name).stat().st_size / 1e6:.0f} MB" for kind, name in ARCHIVES.items())
    print(f"\n{options.files} files, {sizes}; {options.rounds} rounds, kernel {os.uname().release}, "
          f"{os.cpu_count()} cores, load at the end {os.getloadavg()[0]:.1f}; "
          "most memory of stack: " +
          ", ".join(f"{tools[0].memory(folder / name):.0f} MiB ({kind})" for kind, name in ARCHIVES.items()))


def bench(options):
    peers.come_first()
    folder = world.HOME / "images"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90%", "tmpfs", str(folder)], check=True)
    os.environ["STACK_ROOT"] = str(folder / "stack")
    stacktest.STACK = options.stack
    make_archives(options, folder)
    tools = [Stack(options), Tar(folder)]
    if options.no_peers:
        compare(options, folder, tools)
        return 0
    whole = peers.Whole(f"{options.cache}/whole", str(folder / "podman-state"))
    for source, target in ((folder, "archives"), (folder / "podman", "var/lib/containers")):
        source.mkdir(exist_ok=True)
        (whole.root / target).mkdir(exist_ok=True)
        subprocess.run(["mount", "--bind", str(source), str(whole.root / target)], check=True)
    with peers.Docker(f"{options.cache}/root", str(folder / "docker")) as docker:
        compare(options, folder, [*tools, Podman(whole), DockerLoad(docker, options.cache)])
    return 0


if __name__ == "__main__":
    options = parse_arguments()
    fetch = (lambda: None) if options.no_peers else (lambda: peers.fetch(options.cache, options.suite))
    sys.exit(world.enter(lambda: bench(options), fetch))
