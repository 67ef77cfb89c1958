# SPDX-License-Identifier: Apache-2.0
"""State files cut short and with flipped bits: no command falls over, no volume is lost, and who
cannot go on says which file it is and what to do. STACK_TEST_FLIPS is how many flips are tried."""

import os
import random
import sys
from pathlib import Path

import stacktest

FLIPS = int(os.environ.get("STACK_TEST_FLIPS", "120"))
DOWNS = int(os.environ.get("STACK_TEST_DOWNS", "12"))  # times that a stack is taken down and made again
TEXT = """
    services:
      data: {image: "box:1", command: ["true"], volumes: [/srv/data]}
      db: {image: "box:1", command: sleep 1001, volumes_from: [data], volumes: ["store:/store"], networks: [default, back]}
      web: {image: "box:1", command: sleep 1002, ports: ["8080:80"]}
    networks: {back: {internal: true}}
    volumes: {store: {}}
"""


def data():
    return Path(os.environ["STACK_ROOT"])


def run():
    return Path(os.environ["STACK_RUN"])


class StateFiles(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("STACK_TEST_SEED", random.randrange(1 << 32)))
        print(f"STACK_TEST_SEED={self.seed}", file=sys.stderr)
        self.dice = random.Random(self.seed)
        self.up(TEXT)
        for place in ("/store", "/srv/data"):
            self.inside("db", "sh", "-c", f"echo precious > {place}/canary")
        self.tags = (data() / "images/tags.json").read_bytes()
        self.addCleanup(lambda: (data() / "images/tags.json").write_bytes(self.tags))

    def take_down(self):
        self.stack("down", "-v", "--now", "-t", "0", expect=None)
        super().take_down()

    def documents(self):
        """Every file that a command or a supervisor reads."""
        stack = data() / "stacks" / self.project
        found = [*stack.glob("*.json"), *stack.glob("networks/*.json"), *stack.glob("containers/*/*.json"),
                 *data().glob("volumes/*/meta.json"), data() / "images/tags.json"]
        folder = run() / "stacks" / self.project
        return sorted(found) + sorted(path for path in folder.iterdir() if path.is_file())

    # --- what is expected

    def expect_sense(self, path, *arguments):
        """True when the command did what it should."""
        result = self.stack(*arguments, expect=None)
        what = f"{path} damaged, stack {' '.join(arguments)}: {result}"
        self.assertIn(result.code, (0, 1), what)
        for bad in ("internal error", "terminate", "Sanitizer", "json.exception"):
            self.assertNotIn(bad, result.err + result.out, what)
        if result.code == 1:
            self.assertIn(str(path), result.err, what)
            self.assertIn("hint: ", result.err, what)
        return result.code == 0

    def expect_volumes(self):
        found = [path.read_text() for path in data().glob("volumes/*/_data/canary")]
        self.assertEqual(found, ["precious\n", "precious\n"])

    def expect_recovery(self, path, content):
        """`down` works whatever is damaged; then what the hint says, and `up`."""
        self.assertTrue(self.expect_sense(path, "down", "-t", "0"))
        stacktest.eventually(lambda: not self.leftovers(), lambda: f"nothing is left, but: {self.leftovers()}")
        self.expect_volumes()
        if not self.expect_sense(path, "up", "-d"):
            self.assertIn(path.name, ("meta.json", "tags.json"))
            if path.name == "tags.json":
                path.write_bytes(content)
            else:
                path.unlink()
            self.stack("up", "-d")
        self.expect_volumes()
        self.assertEqual(self.inside("db", "cat", "/store/canary", "/srv/data/canary"), "precious\n" * 2)
        states = lambda: {name: row["State"] for name, row in self.ps().items()}
        stacktest.eventually(lambda: states() == {"data": "exited", "db": "running", "web": "running"}, "it runs")

    def leftovers(self):
        return [line for line in self.residue() if "/volumes/" not in line]

    # --- damage

    def flipped(self, content):
        bit = self.dice.randrange(8 * len(content))
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        return bytes(changed)

    def look_at(self, path, damaged):
        """What reads only, and leaves everything as it is."""
        content = path.read_bytes()
        path.write_bytes(damaged)
        for command in (["ps", "-a"], ["plan"]):
            self.expect_sense(path, *command)
        path.write_bytes(content)

    def test_cut_short(self):
        for path in self.documents():
            size = path.stat().st_size
            cuts = {0, 1, size // 2, size - 2, size - 1, *(self.dice.randrange(size) for _ in range(FLIPS // 60) if size)}
            for cut in sorted(cut for cut in cuts if 0 <= cut < size):
                with self.subTest(file=path.name, cut=cut):
                    self.look_at(path, path.read_bytes()[:cut])

    def test_with_a_flipped_bit(self):
        paths = [path for path in self.documents() if path.stat().st_size]
        for number in range(FLIPS):
            path = paths[number % len(paths)]
            with self.subTest(file=path.name, number=number):
                self.look_at(path, self.flipped(path.read_bytes()))

    def test_down_and_up_again(self):
        kinds = ["config.json", "state.json", "project.json", f"{self.project}_default.json", "meta.json",
                 "tags.json", "status.json", "uplink.json", "exits", "keeper.pid"]
        for number in range(DOWNS):
            kind = kinds[number % len(kinds)]
            path = self.dice.choice([path for path in self.documents() if path.name == kind and path.stat().st_size])
            content = path.read_bytes()
            damaged = self.flipped(content) if number // len(kinds) % 2 else content[:len(content) // 2]
            with self.subTest(file=str(path), number=number):
                path.write_bytes(damaged)
                for command in (["ps", "-a"], ["plan"], ["up", "-d"]):
                    self.expect_sense(path, *command)
                self.expect_recovery(path, content)

    def test_a_new_supervisor_goes_on_with_what_can_be_read(self):
        for kind in ("config.json", "state.json", f"{self.project}_default.json", "status.json", "uplink.json"):
            with self.subTest(file=kind):
                path = next(path for path in self.documents() if path.name == kind)
                content = path.read_bytes()
                old = self.supervisor()
                path.write_bytes(content[:-3])
                os.kill(old, 9)
                stacktest.eventually(lambda old=old: self.pids_named("stack-superviso") not in ([], [old]), "a new one")
                self.expect_sense(path, "ps", "-a")
                self.expect_recovery(path, content)


if __name__ == "__main__":
    stacktest.main()
