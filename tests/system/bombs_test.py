# SPDX-License-Identifier: Apache-2.0
"""Small archives that would become large, on a disk that is small: they are refused, in time and in little
memory, and nothing of them stays. And no other program unpacks them."""

import io
import json
import os
import re
import shutil
import struct
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

import disk_full_test
import registrytest
import stacktest
import world
from fake_registry import MANIFEST, digest_of, layer_of

MEGABYTE = 1 << 20
END = bytes(1024)
MOST_MEMORY = 400 * MEGABYTE  # zstd may use a window of 128 MiB


def head(name, size=0, *, kind=tarfile.REGTYPE):
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def sparse_head(name, size):
    """In GNU's old way: `size` bytes, of which the first 512 are in the archive."""
    block = bytearray(head(name, 512, kind=b"S"))
    block[386:410] = b"00000000000\0" + b"00000001000\0"
    block[483:495] = b"\x80" + bytes(3) + struct.pack(">Q", size)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def compressed(tool, *parts):
    """`parts`: bytes, or how many megabytes of zeros. `tool`: gzip or zstd."""
    with tempfile.TemporaryFile(dir=world.HOME) as file:
        for part in parts:
            if isinstance(part, int):
                file.truncate(file.seek(part * MEGABYTE, os.SEEK_END))
            else:
                file.write(part)
        file.seek(0)
        return subprocess.run([tool, "-1", "-c"], stdin=file, stdout=subprocess.PIPE, check=True).stdout


def zstd_with_window(log):
    """A frame that wants a window of 2^log bytes, and one block of zeros: 128 KiB."""
    block = (128 << 10) << 3 | 1 << 1 | 1  # last, a byte that is repeated
    return b"\x28\xb5\x2f\xfd\x00" + bytes([(log - 10) << 3]) + struct.pack("<I", block)[:3] + b"\0"


class SmallDisk(registrytest.RegistryTest):
    """Of which 256 MiB and 10,000 inodes are to stay free, so that little room is left."""

    def setUp(self):
        self.disk = world.HOME / f"disk-{self._testMethodName}"
        disk_full_test.mount_small(self.disk, size=330 * MEGABYTE, inodes=12000)
        self.addCleanup(disk_full_test.unmount_small, self.disk)
        root = self.disk / "data"
        root.mkdir(mode=0o700)
        before = os.environ["STACK_ROOT"]
        self.addCleanup(os.environ.__setitem__, "STACK_ROOT", before)
        os.environ["STACK_ROOT"] = str(root)
        super().setUp()
        self.fake = self.serve()
        self.fake.add_image([layer_of({"etc/motd": b"hello\n"})], "small")
        self.stack("image", "pull", f"{self.fake.host}/a:small")
        self.stack("image", "rm", f"{self.fake.host}/a:small")
        self.empty = self.inventory()

    @staticmethod
    def inventory():
        """All files; without the notes of pulls that did not end, which a later one may take up."""
        root = Path(os.environ["STACK_ROOT"])
        return sorted(str(path) for path in root.rglob("*") if "unfinished" not in path.parts)

    def image_of(self, layer):
        """A tag for it, at the fake registry; the config says what one cannot know."""
        blob = self.fake.add_blob(layer)
        config = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [digest_of(b"")]}}
        return self.fake.add_manifest({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [blob],
            "config": self.fake.add_blob(json.dumps(config).encode())}, MANIFEST, "1")

    def ways_in(self, layer):
        """Commands that would unpack it."""
        plain, archive = self.directory / "layer", self.directory / "archive.tar"
        plain.write_bytes(layer)
        with tarfile.open(archive, "w") as tar:
            for name, content in (("manifest.json", b'[{"Config":"c.json","Layers":["l/layer.tar"]}]'), ("c.json", b"{}"),
                                  ("l/layer.tar", layer)):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        self.image_of(layer)
        return (["image", "import", str(plain), "made:1"], ["image", "load", "-i", str(archive)],
                ["image", "pull", f"{self.fake.host}/a:1"])

    def expect_refusal(self, words, layer):
        self.assertLess(len(layer), 8 * MEGABYTE)
        for command in self.ways_in(layer):
            with self.subTest(command[1]):
                with subprocess.Popen([stacktest.STACK, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True, env=os.environ | self.environment) as process:
                    said = process.stderr.read()
                    _, status, usage = os.wait4(process.pid, 0)
                    process.returncode = os.waitstatus_to_exitcode(status)
                self.assertEqual(process.returncode, 1, said)
                self.assertRegex(said, words)
                self.assertLess(usage.ru_maxrss << 10, MOST_MEMORY)
                self.stack("image", "prune", "-f")  # and what a pull had begun
                self.assertEqual(self.inventory(), self.empty)

    def test_a_file_that_fills_the_disk(self):
        for tool in ("gzip", "zstd"):
            bomb = compressed(tool, head("zeros", 600 * MEGABYTE), 600, END)
            self.expect_refusal("too little space is left: No space left on device", bomb)

    def test_many_files_that_fill_it(self):
        files = b"".join(head(f"d/{number}") for number in range(20000))
        self.expect_refusal("too little space is left: No space left on device", compressed("gzip", files, END))

    def test_zeros_behind_the_end(self):
        self.expect_refusal("bytes that belong to no file", compressed("zstd", head("a"), END, 1200))

    def test_zeros_that_are_the_content_of_nothing(self):
        bomb = compressed("zstd", head("d/.wh.x", 1200 * MEGABYTE), 1200, head("a"), END)
        self.expect_refusal("bytes that belong to no file", bomb)

    def test_one_within_another(self):
        inner = compressed("gzip", head("zeros", 600 * MEGABYTE), 600, END)
        for tool in ("gzip", "zstd"):
            self.expect_refusal("compressed more than once", compressed(tool, inner))

    def test_a_window_that_is_larger_than_memory(self):
        self.expect_refusal("damaged archive: .*memory", zstd_with_window(31))
        allowed = self.ways_in(zstd_with_window(27))[0][2]  # and zeros are an archive of nothing
        self.stack("image", "import", allowed, "made:1")
        self.stack("image", "rm", "made:1")

    def test_a_file_with_a_hole_of_exbibytes(self):
        """Where the file system takes it, it takes no room; where not, it is said."""
        for size in (1 << 50, (1 << 63) - 1):
            layer = compressed("gzip", sparse_head("big", size), b"x" * 512, END)
            done = self.stack("image", "import", self.ways_in(layer)[0][2], "made:1", expect=None)
            if done.code == 0:
                self.stack("image", "save", "-o", "/dev/null", "made:1")
                self.stack("image", "rm", "made:1")
            else:
                self.assertIn('entry "big": set size', done.err)
            self.assertEqual(self.inventory(), self.empty)


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class NoOtherProgram(registrytest.RegistryTest):
    """What a container or an image brings along is never run, nor is a program of the host."""

    def executed(self, *command, **options):
        """What the command runs, besides itself."""
        log = self.directory / "trace"
        done = subprocess.run(["strace", "-f", "-qq", "-o", str(log), "-e", "trace=execve,execveat", stacktest.STACK,
                               *command], cwd=self.directory, env=os.environ | self.environment, capture_output=True,
                              text=True, check=False, **options)
        if "ptrace" in done.stderr and "not permitted" in done.stderr:
            self.skipTest("strace may not trace here")
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = re.findall(r"exec\w+\(.*", log.read_text())
        self.assertIn(stacktest.STACK, calls[0])
        return calls[1:]

    def test_pull_load_import_and_save(self):
        fake = self.serve()
        fake.add_image([layer_of({"etc/motd": b"hello\n"})], "1")
        name, archive = f"{fake.host}/a:1", self.directory / "saved.tar"
        self.assertEqual(self.executed("image", "pull", name), [])
        self.assertEqual(self.executed("image", "save", "-o", str(archive), name), [])
        for tool in ("gzip", "zstd"):
            subprocess.run([tool, "-kq", archive], check=True)
        for ending in ("", ".gz", ".zst"):
            self.assertEqual(self.executed("image", "load", "-i", f"{archive}{ending}"), [])
            self.assertEqual(self.executed("image", "import", f"{archive}{ending}", "made:1"), [])

    def test_cp(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.write("file", "content")
        self.assertEqual(self.executed("cp", "file", "web:/file"), [])
        self.assertEqual(self.executed("cp", "web:/etc", "copied"), [])
        with tarfile.open(self.directory / "some.tar", "w") as tar:
            tar.add(self.directory / "file", "other")
        with open(self.directory / "some.tar", "rb") as archive:
            self.assertEqual(self.executed("cp", "-", "web:/", stdin=archive), [])
        self.assertEqual(self.inside("web", "cat", "/file", "/other"), "contentcontent")


if __name__ == "__main__":
    stacktest.main()
