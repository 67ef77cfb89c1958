# SPDX-License-Identifier: Apache-2.0
"""A data container under random sequences of all that a person, or a machine, does to a stack: the canary in
its volumes is always there and right. STACK_TEST_ROUNDS says how many sequences (the whole: 1000),
STACK_TEST_SEED repeats one run."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import inventory
import stacktest
import world
from stacktest import kill_if_there

SEQUENCES = int(os.environ.get("STACK_TEST_ROUNDS", "12"))
STEPS = 8
PLACES = ("/srv/data", "/store")  # one that the image fills, one that it does not have
HELPERS = ("stack-keeper", "stack-superviso")  # comm holds 15 characters

STACK_FILE = """
    services:
      data:
        image: box:{data_image}
        command: ["true"]
        environment: {{MADE: "{made}"}}
        volumes: [/srv/data, /store]
      db:
        image: box:{image}
        command: sleep 1001
        stop_signal: SIGKILL
        environment: {{COLOUR: "{colour}"}}
        volumes_from: [data]
        scale: {scale}
      reader:
        image: box:1
        command: sleep 1002
        stop_signal: SIGKILL
        environment: {{COLOUR: "{reader}"}}
        volumes_from: ["data:ro"]
        depends_on: [db]
"""


class Torture(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        folder = world.HOME / "box2"
        stacktest.make_box(folder)
        (folder / "srv/data/from-image").write_text("another image's\n")
        (folder / "store").mkdir()
        (folder / "store/of-the-image").write_text("not for a volume that is in use\n")
        self.stack("image", "import", str(folder), "box:2", "--change", 'CMD ["sh"]')
        self.addCleanup(self.stack, "image", "rm", "-f", "box:2", directory="/")
        shutil.rmtree(folder)

    # --- one sequence

    def begin(self, dice):
        self.dice = dice
        self.wish = {"data_image": 1, "made": 0, "image": 1, "colour": 0, "scale": 1, "reader": 0}
        self.done = []
        self.write_wish()
        self.stack("up", "-d")
        self.plant()

    def write_wish(self):
        self.write_stack(STACK_FILE.format(**self.wish))

    def plant(self):
        """Another word in both places, by way of whoever runs."""
        self.canary = f"precious {self.dice.randrange(1 << 32)}\n"
        self.inside("db", "sh", "-c", "; ".join(f"echo '{self.canary.strip()}' > {place}/canary" for place in PLACES))

    def on_disk(self):
        volumes = Path(os.environ["STACK_ROOT"]) / "volumes"
        return sorted(path.read_text() for path in volumes.glob("*/_data/canary"))

    def check(self):
        self.assertEqual(self.on_disk(), [self.canary] * 2, f"after {self.done}")

    def running(self):
        return [service for service in ("db", "reader") if self.state_of(service) == "running"]

    def check_from_inside(self):
        running = self.running()
        for service in running:
            found = [self.inside(service, "cat", f"{place}/canary") for place in PLACES]
            self.assertEqual(found, [self.canary] * 2, f"in {service} after {self.done}")
        for service in running:
            self.assertEqual(self.inside(service, "cat", "/srv/data/from-image"), "hello from the image\n")
            self.stack("exec", "-T", service, "test", "-e", "/store/of-the-image", expect=1)

    # --- what may happen

    def up(self, *flags, services=()):
        self.write_wish()
        self.stack("up", "-d", *flags, *services)
        if not services:
            self.assertEqual(self.running(), ["db", "reader"], f"after {self.done}")
        self.check_from_inside()
        if "db" in self.running() and self.dice.random() < 0.3:
            self.plant()

    def recreate(self):
        self.up("--force-recreate", services=self.dice.choice(([], ["data"], ["db"], ["reader"])))

    def change(self):
        """Of containers, so that they are made anew: any of them, or several at once."""
        for what in self.dice.sample(("made", "colour", "reader"), self.dice.randint(1, 3)):
            self.wish[what] += 1
        self.up(*self.dice.choice(([], ["--atomic"], ["--always-recreate-deps"])),
                services=self.dice.choice(([], ["db"], ["data"])))

    def change_image(self):
        what = self.dice.choice(("data_image", "image"))
        self.wish[what] = 3 - self.wish[what]
        self.up()

    def scale(self):
        self.wish["scale"] = self.dice.randint(1, 3)
        self.up()

    def down(self):
        self.stack("down", *self.dice.choice(([], ["--remove-orphans"], ["-t", "0"])))
        if self.dice.random() < 0.7:
            self.check()
            self.up()

    def stop_and_start(self):
        self.stack("stop", *self.dice.choice(([], ["db"], ["data", "reader"])))
        self.check()
        started = self.stack("start", expect=None)
        if started.code != 0:  # as docker compose has it, which lacks a container after `rm`
            self.assertIn("has no container to start", started.err)
            self.up()

    def restart(self):
        self.stack("restart", *self.dice.choice(([], ["db"])), expect=None)

    def remove(self):
        self.stack("rm", "-f", "-s", *self.dice.choice(([], ["data"], ["db"], ["reader"], ["-v", "reader"])))

    @staticmethod
    def kill(pids):
        """Who comes while they die would see them alive, and have nothing to do."""
        for pid in pids:
            kill_if_there(pid, signal.SIGKILL)
        stacktest.eventually(lambda: not set(pids) & {pid for pid, _ in inventory.processes()}, "they are gone")

    def kill_helpers(self):
        for name in self.dice.choice((HELPERS, HELPERS[:1], HELPERS[1:])):
            self.kill(self.pids_named(name))

    def kill_a_command(self):
        """At any moment of it, with the helpers or without."""
        command = self.dice.choice((["up", "-d"], ["up", "-d", "--force-recreate"], ["down", "-t", "0"], ["stop"]))
        self.write_wish()
        with subprocess.Popen([stacktest.STACK, *command], cwd=self.directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            end = time.monotonic() + self.dice.uniform(0, 0.25)
            while time.monotonic() < end and process.poll() is None:
                time.sleep(0.001)  # the moment is the dice's
            process.kill()
        if self.dice.random() < 0.5:
            self.kill_helpers()

    def kill_containers(self):
        """Until none runs: what a killed command had begun goes on."""
        self.kill(self.pids_running("sleep 100"))
        if all(self.pids_named(name) for name in HELPERS):  # then somebody hears of it
            stacktest.eventually(self.have_ended, "their ends are known")

    def have_ended(self):
        self.kill(self.pids_running("sleep 100"))
        return not self.running()

    HAPPENINGS = (up, recreate, change, change_image, scale, down, stop_and_start, restart, remove, kill_helpers,
                  kill_a_command, kill_containers)

    def sequence(self, dice):
        self.begin(dice)
        for _ in range(STEPS):
            happening = dice.choice(self.HAPPENINGS)
            self.done.append(happening.__name__)
            happening(self)
            self.check()
        self.done.append("the last up")
        self.up()
        self.check()
        self.stack("down", "-v", "--now", "-t", "0")
        self.assertEqual(self.on_disk(), [])
        # The keeper has ended when `down` has; whoever is process 1 here has yet to reap it.
        stacktest.eventually(lambda: not inventory.processes(), lambda: f"left: {inventory.processes()}", deadline=2)

    def test_the_canary_is_always_there_and_right(self):
        seed = int(os.environ.get("STACK_TEST_SEED", random.randrange(1 << 32)))
        print(f"STACK_TEST_SEED={seed}", file=sys.stderr)
        for number in range(SEQUENCES):
            with self.subTest(sequence=number):
                try:
                    self.sequence(random.Random(f"{seed} {number}"))
                finally:
                    self.stack("down", "-v", "--now", "-t", "0", expect=None)


if __name__ == "__main__":
    stacktest.main()
