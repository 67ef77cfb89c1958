# SPDX-License-Identifier: Apache-2.0
"""`storage_opt.size`: a container's own files have a limit, where the file system can keep one."""

import ctypes
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

import stacktest
import world

WEB = """
services:
  web:
    image: box:1
    command: sleep 1000
    stop_signal: SIGKILL
    volumes: [/data]
    storage_opt: {size: 8m}
"""
FIRST_PROJECT = 0x73000000
QUOTACTL_FD = 443  # system call
Q_GETQUOTA, PRJQUOTA = 0x800007, 2


class Refused(stacktest.StackTest):
    def test_where_the_file_system_has_no_quotas_it_is_told_before_anything_is_made(self):
        self.write_stack(WEB)
        self.assertRegex(self.stack("up", "-d", expect=1).err,
                         r'stack.yaml:7:25: error: service "web": the size of its root cannot be limited: '
                         r"\S+ lies where its file system keeps no quotas of projects\n"
                         r"  hint: give stack's data a file system of its own: ext4 \(mkfs -O quota,project\)")
        self.assertEqual(self.stack("ps", "-a", "--format", "json").out, "")


class OnOverlayfs(stacktest.StackTest):
    """Where a container's own root is one, and stack keeps its files there."""

    def test_it_is_told_where_else_to_keep_its_files(self):
        home = world.HOME / "overlay"
        for name in ("lower", "upper", "work", "merged"):
            (home / name).mkdir(parents=True)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={home}/lower,upperdir={home}/upper,workdir={home}/work", str(home / "merged")],
                       check=True)
        self.addCleanup(shutil.rmtree, home)
        self.addCleanup(subprocess.run, ["umount", str(home / "merged")], check=True)
        there = {"STACK_ROOT": str(home / "merged/data"), "STACK_RUN": str(home / "run")}
        rows = {row["name"]: row for row in
                json.loads(self.stack("doctor", "--format", "json", expect=None, environment=there).out)}
        self.assertEqual(rows["writable layers"]["state"], "missing")
        stacktest.make_box(home / "box")
        self.stack("image", "import", str(home / "box"), "there:1", environment=there)
        self.write_stack("services: {web: {image: 'there:1', command: sleep 1001}}")
        said = self.stack("up", "-d", expect=None, environment=there)
        self.assertIn("overlayfs writes to no overlayfs, NFS or FUSE", said.err)
        self.stack("down", environment=there)


class Limited(stacktest.StackTest):
    """With stack's data on a file system of its own."""

    @classmethod
    def setUpClass(cls):
        image, cls.place = world.HOME / "disk", world.HOME / "limited"
        with open(image, "wb") as disk:
            disk.truncate(256 << 20)
        if not shutil.which("mkfs.ext4"):
            raise unittest.SkipTest("mkfs.ext4 is not installed")
        subprocess.run(["mkfs.ext4", "-q", "-O", "quota,project", image], check=True)
        cls.place.mkdir()
        done = subprocess.run(["mount", "-o", "loop,prjquota", image, cls.place], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise unittest.SkipTest("this kernel mounts no ext4 with project quotas: " + done.stderr.strip())
        cls.usual = os.environ["STACK_ROOT"]
        os.environ["STACK_ROOT"] = str(cls.place / "data")
        stacktest.import_box()

    @classmethod
    def tearDownClass(cls):
        os.environ["STACK_ROOT"] = cls.usual
        subprocess.run(["umount", cls.place], check=True)

    def write_megabytes(self, path, count, **options):
        return self.stack("exec", "-T", "web", "dd", "if=/dev/zero", f"of={path}", "bs=1M", f"count={count}",
                          **options)

    def projects(self):
        """Project -> limit in KiB, of those that have one."""
        limits = {}
        place = os.open(self.place, os.O_RDONLY)
        for project in range(FIRST_PROJECT, FIRST_PROJECT + 4):
            quota = (ctypes.c_uint64 * 9)()  # struct if_dqblk, of which the first is the hard limit
            if world.LIBC.syscall(QUOTACTL_FD, place, (Q_GETQUOTA << 8) | PRJQUOTA, project, quota) == 0 and quota[0]:
                limits[project] = quota[0]
        os.close(place)
        return limits

    def test_the_root_has_a_limit_and_volumes_have_none(self):
        self.up(WEB)
        self.write_megabytes("/small", 4)
        self.assertRegex(self.write_megabytes("/large", 20, expect=1).err, "Disk quota exceeded|No space left")
        self.stack("exec", "-T", "web", "rm", "/small", "/large")
        self.write_megabytes("/again", 4)
        self.write_megabytes("/data/volume", 20)

    def test_each_has_a_project_of_its_own_and_gives_it_back(self):
        self.up(WEB + "    scale: 2\n")
        self.assertEqual(self.projects(), {FIRST_PROJECT: 8 << 10, FIRST_PROJECT + 1: 8 << 10})
        self.stack("down", "-t", "0")
        self.assertEqual(self.projects(), {})

    def test_another_size_makes_another_container(self):
        self.up(WEB)
        self.write_stack(WEB.replace("8m", "16m"))
        self.assertRegex(self.stack("plan").out, r"storage_opt.size: 8388608 -> 16777216 \(stack.yaml:7:\d+\)")
        self.up()
        self.write_megabytes("/larger", 12)


if __name__ == "__main__":
    stacktest.main()
