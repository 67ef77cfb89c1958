# SPDX-License-Identifier: Apache-2.0
"""The data root on a file system without room, or without inodes: whatever is asked for fails with a
word about it, leaves nothing half-made, and can be taken down while there is still no room.

The file system is ext4 in a file where there are loop devices, and a small tmpfs where not."""

import errno
import os
import shutil
import subprocess
import unittest
from pathlib import Path

import inventory
import stacktest
import world

MEGABYTE = 1 << 20
TEXT = """
    services:
      data: {image: "box:1", command: ["true"], volumes: [/srv/data]}
      db: {image: "box:1", command: sleep 1001, volumes_from: [data], volumes: ["store:/srv/data2"], ports: ["8080:80"]}
      web: {image: "box:1", command: sh -c 'echo hello; exec sleep 1002', environment: {VERSION: "${VERSION:-1}"}}
    volumes: {store: {}}
"""


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def mount_small(place, *, size, inodes):
    """Says which kind it became."""
    place.mkdir()
    image = place.with_suffix(".ext4")
    try:
        with open(image, "wb") as file:
            file.truncate(size)
        # No reserve for root, or it would never be full for us.
        run("mkfs.ext4", "-q", "-m", "0", "-N", str(inodes), "-O", "^has_journal", str(image))
        run("mount", "-o", "loop", str(image), str(place))
        return "ext4"
    except (OSError, subprocess.CalledProcessError):
        image.unlink(missing_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes={inodes},mode=700", "tmpfs", str(place))
        return "tmpfs"


def unmount_small(place):
    stacktest.eventually(lambda: subprocess.run(["umount", str(place)], check=False,
                                                stderr=subprocess.DEVNULL).returncode == 0,
                         "nobody uses the file system any more")
    shutil.rmtree(place, ignore_errors=True)
    place.with_suffix(".ext4").unlink(missing_ok=True)


class SmallDisk(stacktest.StackTest):
    """`filler` is outside the data root, on the same file system."""

    SIZE = 24 * MEGABYTE
    INODES = 2000

    def setUp(self):
        self.disk = world.HOME / f"disk-{self._testMethodName}"
        kind = mount_small(self.disk, size=self.SIZE, inodes=self.INODES)
        print(f"on a small {kind}")
        self.addCleanup(unmount_small, self.disk)
        self.filler = self.disk / "filler"
        self.filler.mkdir()
        root = self.disk / "data"
        root.mkdir(mode=0o700)
        os.environ["STACK_ROOT"] = str(root)
        stacktest.import_box()
        super().setUp()
        self.write_stack(TEXT)

    # --- filling it

    def fill_bytes(self, *, leave=0):
        with open(self.filler / "bytes", "ab", buffering=0) as file:
            before = -1
            while before != file.tell():  # what was set aside for metadata is free once it is written
                before = file.tell()
                for size in (MEGABYTE, 4096):
                    try:
                        while True:
                            file.write(bytes(size))
                    except OSError as error:
                        self.assertEqual(error.errno, errno.ENOSPC)
                os.fsync(file.fileno())
            file.truncate(max(0, file.tell() - leave))

    def fill_inodes(self, *, leave=0):
        names = []
        try:
            while True:
                name = self.filler / f"inode-{len(names)}"
                name.touch()
                names.append(name)
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOSPC)
        for name in names[:leave]:
            name.unlink()

    def make_room(self):
        shutil.rmtree(self.filler)
        self.filler.mkdir()

    def take_down(self):
        """With the volumes, whose owner is known from the file only."""
        self.make_room()
        self.stack("down", "-v", "-t", "0", expect=None)
        super().take_down()

    # --- what is expected

    #: Known before the first change, or told by the kernel.
    NO_ROOM = (r"No space left on device|error: the disk of \S+ is full: |"
               r"error: the file system of \S+ has room for \d+ more files")

    def expect_failure(self, *arguments, **options):
        """It says why, and neither falls over nor hangs."""
        result = self.stack(*arguments, expect=None, **options)
        self.assertIn(result.code, (1, 125), f"stack {' '.join(arguments)}: {result}")
        self.assertRegex(result.err, self.NO_ROOM)
        self.assertNotIn("internal error", result.err)
        return result

    def nothing_is_half_made(self):
        root = Path(os.environ["STACK_ROOT"])
        half = [path for path in (root / "volumes").glob("*") if path.is_dir() and not path.name.startswith(".")
                and not (path / "meta.json").exists()]
        self.assertEqual(half, [], "volumes without a document")
        for path in (root / "volumes").glob("*/_data/from-image"):
            self.assertEqual(path.read_text(), "hello from the image\n")

    def down_works(self, *arguments):
        self.stack("down", "-t", "0", *arguments)
        self.assertEqual(self.stack("ps", "-a", "-q").out, "")
        stacktest.eventually(lambda: not self.leftovers(), lambda: f"nothing is left, but: {self.leftovers()}")

    def leftovers(self):
        return [line for line in self.residue() if "/volumes/" not in line]

    def everything_runs(self):
        self.stack("up", "-d")
        stacktest.eventually(lambda: {name: row["State"] for name, row in self.ps().items()} ==
                             {"data": "exited", "db": "running", "web": "running"}, "all of it runs")
        self.assertEqual(self.inside("db", "cat", "/srv/data/from-image"), "hello from the image\n")

    # --- the tests

    def comes_to_nothing(self, fill, leaves):
        """`up` with ever more room: it fails in ever later places, until there is enough."""
        failures = 0
        for leave in leaves:
            with self.subTest(leave=leave):
                fill(leave=leave)
                result = self.stack("up", "-d", expect=None)
                if result.code == 0:
                    self.everything_runs()
                else:
                    failures += 1
                    self.assertRegex(result.err, self.NO_ROOM, str(result))
                    self.nothing_is_half_made()
                self.down_works()
                self.nothing_is_half_made()
                self.make_room()
                self.everything_runs()
                self.down_works("-v", "--now")
        self.assertGreater(failures, 1)

    def test_up_without_room(self):
        self.comes_to_nothing(self.fill_bytes, [0, 4096, 8192, 16384, 24576, 32768, 49152, 65536, 1 << 20])

    def test_up_without_inodes(self):
        self.comes_to_nothing(self.fill_inodes, [*range(0, 24), 30, 40, 60])

    def test_a_running_stack_without_room(self):
        self.is_used_while_full(self.fill_bytes)

    def test_a_running_stack_without_inodes(self):
        self.is_used_while_full(self.fill_inodes)

    def is_used_while_full(self, fill):
        self.everything_runs()
        self.inside("db", "sh", "-c", "echo precious > /srv/data/row")
        fill()
        self.assertEqual(self.state_of("db"), "running")
        # ext4 sets something aside for directories and short files, that may do.
        result = self.stack("up", "-d", environment={"VERSION": "2"}, expect=None)
        if result.code != 0:
            self.assertRegex(result.err, self.NO_ROOM, str(result))
        self.stack("restart", "-t", "0", "db", expect=None)
        self.assertEqual(self.stack("logs", "--no-log-prefix", "web").out.count("hello"), 1)
        self.down_works()
        self.make_room()
        self.everything_runs()
        self.assertEqual(self.inside("db", "cat", "/srv/data/row"), "precious\n")

    def test_a_flood_of_output_on_a_full_disk_holds_nobody_up(self):
        self.everything_runs()
        self.fill_bytes()
        self.inside("web", "sh", "-c", "seq 200000 > /proc/1/fd/1")
        self.assertEqual(self.state_of("web"), "running")
        self.down_works()

    def test_down_with_volumes_makes_room(self):
        self.everything_runs()
        self.fill_inodes()
        self.down_works("-v", "--now")
        volumes = Path(os.environ["STACK_ROOT"], "volumes")
        self.assertEqual([path.name for path in volumes.glob("*") if path.name != ".lock"], [])

    def test_an_import_fails_whole(self):
        box = world.HOME / "big"
        stacktest.make_box(box)
        self.addCleanup(shutil.rmtree, box)
        (box / "srv/big").write_bytes(os.urandom(self.SIZE))
        listing = "image", "ls", "--format", "{{.ID}} {{.Repository}} {{.Tag}} {{.Size}}"
        before = self.stack(*listing).out
        self.expect_failure("image", "import", str(box), "big:1")
        self.assertEqual(self.stack(*listing).out, before)
        self.everything_runs()
        self.down_works("-v", "--now")


if __name__ == "__main__":
    stacktest.main(image=False)
