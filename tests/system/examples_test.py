# SPDX-License-Identifier: Apache-2.0
"""Every folder of examples/ runs, does what its README says, and leaves nothing but its data."""

import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import inventory
import stacktest
import world

EXAMPLES = stacktest.PROJECT_ROOT / "examples"
CACHE = Path(os.environ.get("STACK_TEST_CACHE", "/var/tmp/stack-system-tests"))
TOOL = stacktest.PROJECT_ROOT.parent / "shared/tools/inventory.sh"


def prepare_outside():
    """The image of Debian's packages: made where the package registry is reached, kept for the next
    run. Its world finds it because STACK_ROOT is this folder."""
    os.environ["STACK_TEST_ROOT"] = str(CACHE / "root")
    for leftover in ("stacks", "volumes"):  # of a run that was killed
        shutil.rmtree(CACHE / "root" / leftover, ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    done = stacktest.run_stack("image", "debian", "postgres-data:15", "--packages",
                               "postgresql-15,busybox", timeout=550,
                               environment={"STACK_ROOT": os.environ["STACK_TEST_ROOT"],
                                            "STACK_RUN": str(CACHE / "run")})
    if done.code != 0:
        print(f"stack image debian: {done}")
        sys.exit(1)


class Example(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        # A copy: an example may write into its folder, and its folder is not ours.
        shutil.rmtree(self.directory)
        shutil.copytree(EXAMPLES / self.name, self.directory)

    def snapshot(self):
        """The shared inventory tool's view, where it is there; else our own."""
        folders = [str(folder) for folder in self.state_folders()]
        if not TOOL.exists():
            return None
        return subprocess.run([TOOL, "snap", *folders], capture_output=True, text=True, check=True,
                              env={**os.environ, "INV_SKIP": "key"}).stdout.splitlines()

    def up_and_down_leaves_only(self, allowed):
        """Residue by both inventories: `allowed` picks the lines that are data."""
        before = self.snapshot()
        self.stack("up", "-d")
        self.stack("down")
        stacktest.eventually(lambda: not [l for l in self.residue() if not allowed(l)],
                             "nothing but data is left", deadline=5)
        if before is None:
            print(f"{TOOL} is not there: our own inventory only", file=sys.stderr)
            return
        left = []
        def clean():
            left[:] = [line for line in inventory.difference(before, self.snapshot())
                       if not allowed(line) and not is_lasting(line)]
            return not left
        try:
            stacktest.eventually(clean, "the shared inventory is clean", deadline=5)
        except AssertionError:
            self.fail("left:\n" + "\n".join(left))


def is_lasting(line):
    data, run = os.environ["STACK_ROOT"], os.environ["STACK_RUN"]
    return any(line.rstrip().endswith(path) for path in
               (f"{data}/stacks", f"{data}/volumes", f"{run}/stacks", f" {run}")) or (
        line.startswith("- file absent")) or (f" {run}/" in line and line.endswith("lock"))


class Hello(Example):
    name = "hello"

    def test_hello_answers(self):
        self.stack("up", "-d")
        self.await_page("http://127.0.0.1:8000/", "Hello from a container.\n")

    def test_hello_leaves_nothing(self):
        self.up_and_down_leaves_only(lambda line: False)


class PostgresData(Example):
    name = "postgres-data"

    def rows(self, **options):
        code, page = self.fetch(f"http://127.0.0.1:8080/", **options)
        return [line for line in page.splitlines() if "seed job" in line] if code == 0 else []

    def test_postgres_rows_live_as_long_as_they_should(self):
        self.stack("up", "-d")
        stacktest.eventually(lambda: len(self.rows()) == 1, "the row that the seed job wrote")
        code, page = self.fetch(f"http://{world.HOST_ADDRESS}:8080/")
        self.assertIn("1 | ", page)
        self.assertIn("1 | ", self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)[1])

        again = self.stack("up", "-d")
        self.assertRegex(again.err, "(?i)nothing (had )?to (change|do)|up to date")
        self.assertEqual(len(self.rows()), 1)

        self.stack("down")
        self.stack("up", "-d")
        stacktest.eventually(lambda: len(self.rows()) == 2, "the old row and a new one")

        before = self.ps()
        plan = self.stack("plan", environment={"LOG_STATEMENT": "ddl"}).out
        self.assertRegex(plan, r"command.*none.*ddl.*stack.yaml:\d+")
        self.stack("up", "-d", environment={"LOG_STATEMENT": "ddl"})
        self.assertNotEqual(self.ps()["db"]["ID"], before["db"]["ID"])
        self.assertEqual(self.ps()["dbdata"]["ID"], before["dbdata"]["ID"])
        stacktest.eventually(lambda: len(self.rows()) >= 2, "the rows after a recreate of db")

        self.stack("down", "-v")
        self.stack("up", "-d")
        stacktest.eventually(lambda: len(self.rows()) == 1, "a fresh database after down -v")

    def test_postgres_leaves_only_its_volume(self):
        volumes = str(Path(os.environ["STACK_ROOT"]) / "volumes")
        self.up_and_down_leaves_only(lambda line: volumes in line)
        self.stack("down", "-v")


def import_images():
    folder = world.HOME / "box"
    if "hello" not in stacktest.run_stack("image", "ls").out:
        stacktest.make_box(folder)
        done = stacktest.run_stack("image", "import", str(folder), "hello")
        assert done.code == 0, done


def setUpModule():
    import_images()





if __name__ == "__main__":
    stacktest.main(prepare_outside, image=False)
