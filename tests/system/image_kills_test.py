# SPDX-License-Identifier: Apache-2.0
"""kill -9 of what adds images and of what removes them, at each of its fail points and at any moment: the
store is whole, the next command goes on, and what was half done is gone."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import failpoints
import stacktest
from fake_registry import FakeRegistry, layer_of

ROUNDS = int(os.environ.get("STACK_TEST_KILLS", "4"))
DOCKERFILE = """
    FROM box:1
    RUN --mount=type=cache,target=/kept for i in $(seq 9); do echo $i > /kept/$i; echo $i > /home/$i; done
    RUN rm -r /srv/data; for i in $(seq 9); do mkdir -p /new/$i/d; done
"""


def root():
    return Path(os.environ["STACK_ROOT"])


class ImageKills(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.environment = {"HOME": str(self.directory), "CONTAINERS_REGISTRIES_CONF": "/dev/null"}
        self.fake = FakeRegistry()
        self.addCleanup(self.fake.close)
        # A layer that lacks a file must not be taken for whole: so there are many, in directories.
        self.fake.add_image([layer_of({f"{number}/{i}/{j}": bytes([i]) * 100 for i in range(3) for j in range(3)})
                             for number in "ab"], "1")
        self.name = f"{self.fake.host}/a:1"
        self.archive = self.directory / "saved.tar"
        self.stack("image", "pull", self.name)
        self.stack("image", "save", "-o", str(self.archive), self.name)
        self.stack("image", "rm", self.name)
        self.forget()
        self.empty = self.files_of_store()
        self.addCleanup(self.forget)

    def stack(self, *arguments, **options):
        options.setdefault("environment", self.environment)
        return super().stack(*arguments, **options)

    def forget(self):
        stacktest.run_stack("image", "rm", "-f", self.name, "made:1")
        stacktest.run_stack("system", "prune", "-f")

    @staticmethod
    def files_of_store():
        """All but what is in layers and caches."""
        places = ("images", "images/layers", "images/blobs/sha256", "images/unfinished", "images/build/layers",
                  "images/build/steps")
        found = [path.relative_to(root()) for place in places for path in (root() / place).glob("*")]
        unfinished = [path.relative_to(root()) for path in (root() / "cache").glob(".tmp.*")]
        return sorted(str(path) for path in found + unfinished if not any(
            place.startswith(str(path)) for place in places))

    # --- states

    def nothing(self):
        pass

    def pull(self):
        self.stack("image", "pull", self.name)

    def pull_and_take_the_name_away(self):
        self.pull()
        self.stack("image", "tag", "box:1", self.name)

    def build(self):
        self.write("Dockerfile", DOCKERFILE)
        self.stack("image", "build", "-q", "-t", "made:1", ".")

    def build_and_remove(self):
        self.build()
        self.stack("image", "rm", "-f", "made:1")

    # --- what must hold

    def expect_whole(self):
        """`image save` hashes every file of an image."""
        for name in self.stack("image", "ls", "-q").lines:
            self.stack("image", "save", "-o", "/dev/null", name)

    def expect_it_goes_on(self, *command):
        """Whatever was left of its layers: the image can be had, whole, and all of it can go again."""
        for again in (self.pull, self.build, lambda: self.stack("image", "load", "-i", str(self.archive))):
            again()
            self.expect_whole()
        self.stack(*command, expect=None)
        self.forget()
        self.assertEqual(self.files_of_store(), self.empty)

    def expect_prune_is_enough(self, *command):
        """What was being removed is gone when the same is asked for again."""
        done = self.stack(*command, expect=None)
        if command[1] == "rm":  # the name may be gone, what it led to goes with anything that is removed
            self.stack("image", "prune", "-f")
        else:
            self.assertEqual(done.code, 0, done)
        kept = [line for line in self.files_of_store() if not line.startswith("images/build/")]
        self.assertEqual(kept, [line for line in self.empty if not line.startswith("images/build/")])

    # --- kills

    def passages(self, prepare, *command):
        """(fail point, passage) at which it can be killed: of each point the first, the last, some between."""
        prepare()
        self.points.disarm()
        self.stack(*command)
        return [(name, number) for name, count in self.points.passages().items()
                for number in sorted({1, 2, count // 3, count // 2, count} & set(range(1, count + 1)))]

    def kill_everywhere(self, prepare, *command, check=lambda *command: None):
        self.points = failpoints.FailPoints()
        self.addCleanup(self.points.close)
        where = self.passages(prepare, *command)
        self.points.disarm()
        self.forget()
        self.assertGreater(len(where), 5)
        for name, number in where:
            with self.subTest(point=name, passage=number):
                prepare()
                self.points.arm(name, failpoints.KILL, first=number, last=number)
                killed = self.stack(*command, expect=None)
                self.points.disarm()
                self.assertEqual(killed.code, -signal.SIGKILL, killed)
                self.expect_whole()
                check(*command)
                self.expect_it_goes_on(*command)

    def kill_at_any_time(self, prepare, *command):
        prepare()
        began = time.monotonic()
        self.stack(*command)
        whole = time.monotonic() - began
        seed = int(os.environ.get("STACK_TEST_SEED", random.randrange(1 << 32)))
        print(f"STACK_TEST_SEED={seed}", file=sys.stderr)
        chance = random.Random(seed)
        for _ in range(ROUNDS):
            prepare()
            process = subprocess.Popen([stacktest.STACK, *command], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=os.environ | self.environment)
            try:
                process.wait(chance.uniform(0, whole))  # the moment is what is being tried
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.expect_whole()
            self.expect_it_goes_on(*command)

    def kill(self, prepare, *command, check=lambda *command: None):
        self.kill_everywhere(prepare, *command, check=check)
        self.kill_at_any_time(prepare, *command)

    # --- the tests

    def test_image_rm(self):
        self.kill(self.pull, "image", "rm", self.name)

    def test_image_rm_and_then_prune(self):
        self.kill_everywhere(self.pull, "image", "rm", self.name, check=self.expect_prune_is_enough)

    def test_image_prune(self):
        self.kill(self.pull_and_take_the_name_away, "image", "prune", "-f", check=self.expect_prune_is_enough)

    def test_system_prune(self):
        self.kill(self.build_and_remove, "system", "prune", "-f", check=self.expect_prune_is_enough)

    def test_builder_prune(self):
        self.kill(self.build, "builder", "prune", "-f")

    def test_image_pull(self):
        self.kill_everywhere(self.nothing, "image", "pull", self.name)

    def test_image_load(self):
        self.kill_everywhere(self.nothing, "image", "load", "-i", str(self.archive))

    def test_image_import(self):
        folder = self.directory / "folder"
        for number in range(9):
            (folder / str(number)).mkdir(parents=True)
            (folder / str(number) / "file").write_text(str(number))
        self.kill(self.nothing, "image", "import", str(folder), "made:1")


if __name__ == "__main__":
    stacktest.main()
