# SPDX-License-Identifier: Apache-2.0
"""Volumes with `driver_opts`: what they hold is behind a device, is mounted for containers alone, and
outlives whatever is removed here."""

import json
import os
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

import stacktest
import volumetest
import world
from stacktest import kill_if_there

SLEEP = "command: sleep 1001\n        stop_signal: SIGKILL"


class WithOptions(volumetest.VolumeTest):
    def shop(self, options, mount="data:/data"):
        return f"""
    services:
      one:
        image: box:1
        {SLEEP}
        volumes: ["{mount}"]
      two:
        image: box:1
        {SLEEP}
        volumes: [data:/elsewhere]
    volumes:
      data:
        driver: local
        driver_opts: {options}
"""

    def mounts_here(self):
        return [line for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
                if self.volume in line or "_data" in line]

    def refused(self, text, pattern):
        self.write_stack(text)
        told = self.stack("up", "-d", expect=1).err
        self.assertRegex(told, pattern)
        self.assertEqual(self.stack("ps", "-a", "--format", "json").out, "")
        self.assertEqual(self.stack("volume", "ls", "-q").out, "")
        return told


class Bind(WithOptions):
    def setUp(self):
        super().setUp()
        self.behind = self.directory / "behind"
        self.behind.mkdir()
        self.options = "{type: none, o: bind, device: ./behind}"

    def test_it_is_the_directory_and_stays_whatever_is_removed(self):
        (self.behind / "row").write_text("1\n", encoding="utf-8")
        self.up(self.shop(self.options))
        self.assertEqual(self.inside("one", "cat", "/data/row"), "1\n")
        self.inside("one", "sh", "-c", "echo 2 > /data/new")
        self.assertEqual((self.behind / "new").read_text(encoding="utf-8"), "2\n")
        shown, = json.loads(self.stack("volume", "inspect", self.volume).out)
        self.assertEqual(shown["Options"], {"type": "none", "o": "bind", "device": str(self.behind)})
        self.assertEqual(shown["UsedBy"], [f"{self.project}-one-1", f"{self.project}-two-1"])
        self.assertEqual(os.listdir(shown["Mountpoint"]), [])
        container, = json.loads(self.stack("inspect", f"{self.project}-one-1").out)
        mount, = container["Mounts"]
        self.assertEqual((mount["Type"], mount["Name"], mount["Source"]),
                         ("volume", self.volume, shown["Mountpoint"]))
        self.assertEqual(self.mounts_here(), [])
        self.assertEqual(self.up().err.count("Creat"), 0)
        self.stack("volume", "rm", self.volume, expect=1)
        told = self.stack("down", "-v").err
        self.assertIn(f"{self.volume} (not what is behind its device)", told)
        self.assertEqual(sorted(os.listdir(self.behind)), ["new", "row"])
        self.stack("volume", "restore", self.volume)
        shown, = json.loads(self.stack("volume", "inspect", self.volume).out)
        self.assertEqual(shown["Options"]["device"], str(self.behind))
        self.stack("volume", "rm", "--now", self.volume)
        self.assertEqual(sorted(os.listdir(self.behind)), ["new", "row"])

    def test_an_empty_one_is_filled_from_the_image(self):
        self.up(self.shop(self.options, mount="data:/srv/data"))
        self.assertEqual((self.behind / "from-image").read_text(encoding="utf-8"), "hello from the image\n")
        info = self.behind.stat()
        self.assertEqual((info.st_uid, oct(info.st_mode & 0o7777)), (1000, "0o2750"))
        self.assertEqual([name for name in os.listdir(self.behind) if name.startswith(".fill")], [])

    def test_options_of_the_mount_count(self):
        self.up(self.shop("{type: none, o: 'bind,ro,noexec', device: '%s'}" % self.behind))
        refused = self.stack("exec", "-T", "one", "touch", "/data/x", expect=None)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("Read-only", refused.err)
        self.assertRegex(self.inside("one", "grep", " /data ", "/proc/self/mounts"), r"\bro,.*noexec")

    def test_it_is_there_in_a_container_that_does_not_run(self):
        self.up(self.shop(self.options))
        self.stack("stop")
        self.write("note", "hello")
        self.stack("cp", "note", "one:/data/note")
        self.assertEqual((self.behind / "note").read_text(encoding="utf-8"), "hello")

    def test_one_that_is_not_there_is_told_before_anything_is_made(self):
        self.behind.rmdir()
        self.refused(self.shop(self.options), rf"stack.yaml:\d+:\d+: error: volume {self.volume}: "
                                              rf"there is no device {self.behind}\n  hint: make the directory")
        self.assertFalse(self.behind.exists())

    def test_what_is_no_ones_business_is_refused_as_for_any_bind(self):
        told = self.refused(self.shop("{type: none, o: bind, device: /proc}"), "bind source /proc is refused")
        self.assertIn("--allow-host-paths", told)
        self.stack("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/", "all")
        self.write_stack(f"""
            services: {{one: {{image: "box:1", {SLEEP.split()[0]} sleep 1001, volumes: ["all:/host"]}}}}
            volumes: {{all: {{external: true}}}}
        """)
        self.assertIn("bind source / is refused", self.stack("up", "-d", expect=1).err)

    def test_changed_options_are_told_and_nothing_is_lost(self):
        other = self.directory / "other"
        other.mkdir()
        self.up(self.shop(self.options))
        changed = self.shop("{type: none, o: bind, device: ./other}")
        self.write_stack(changed)
        for command in (["plan"], ["up", "-d"]):
            told = self.stack(*command, expect=1).err
            self.assertRegex(told, rf"stack.yaml:\d+:\d+: error: volume {self.volume} is there with other "
                                   rf"options: device={self.behind}, o=bind, type=none; and now device={other}")
            self.assertIn(f"`stack down` and `stack volume rm {self.volume}`", told)
        self.stack("down")
        self.stack("volume", "rm", self.volume)
        self.up()
        self.inside("one", "touch", "/data/x")
        self.assertEqual(os.listdir(other), ["x"])

    def test_without_options_is_a_change_too(self):
        self.up("""
            services: {one: {image: "box:1", command: sleep 1001, stop_signal: SIGKILL, volumes: ["data:/data"]}}
            volumes: {data: }
        """)
        self.inside("one", "touch", "/data/x")
        self.write_stack(self.shop(self.options))
        told = self.stack("up", "-d", expect=1).err
        self.assertIn("is there with other options: no options; and now", told)
        self.assertIn("restore", told)


class Refused(WithOptions):
    def test_what_there_is_not_is_told_with_its_line(self):
        for options, message in (("{type: none, o: bind}", "missing required option: \"device\""),
                                 ("{o: size=1m}", "missing required option: \"type\""),
                                 ("{typ: tmpfs}", "invalid option: \"typ\""),
                                 ("{size: 1g}", "quotas of volumes are not supported")):
            with self.subTest(options):
                self.refused(self.shop(options), rf"stack.yaml:\d+:\d+: error: volume {self.volume}: .*{message}")

    def test_another_driver_is_told_with_its_line(self):
        self.write_stack(self.shop("{}").replace("driver: local", "driver: rexray"))
        told = self.stack("up", "-d", expect=3).err
        self.assertRegex(told, r'stack.yaml:\d+:\d+: error: volume "data": driver "rexray" is not supported')

    def test_a_file_system_that_there_is_not_is_a_clean_error(self):
        self.write_stack(self.shop("{type: nosuchfs, device: /dev/null}"))
        told = self.stack("up", "-d", expect=1).err
        self.assertRegex(told, rf"mounting volume {self.volume}: nosuchfs of /dev/null: No such device")
        self.assertIn("modprobe nosuchfs", told)
        self.assertEqual(self.pids_running("sleep 1001"), [])
        self.stack("down", "-v")

    def test_a_device_that_is_not_there_is_a_clean_error(self):
        self.write_stack(self.shop("{type: ext4, device: /dev/none-such}"))
        told = self.stack("up", "-d", expect=1).err
        self.assertRegex(told, rf"mounting volume {self.volume}: ext4 of /dev/none-such: ")
        self.stack("down", "-v")

    def test_by_hand_they_are_told_as_well(self):
        create = ("volume", "create")
        self.assertIn("invalid option", self.stack(*create, "-o", "a=b", "x", expect=1).err)
        self.assertIn("no volume driver", self.stack(*create, "-d", "rexray", "x", expect=1).err)
        self.assertEqual(self.stack("volume", "ls", "-q").out, "")


class Memory(WithOptions):
    OPTIONS = "{type: tmpfs, device: tmpfs, o: 'size=1m,uid=1000,mode=750'}"

    def test_those_that_run_share_one_and_it_goes_with_the_last(self):
        self.up(self.shop(self.OPTIONS))
        self.assertEqual(self.inside("one", "stat", "-c", "%u %a", "/data"), "1000 750\n")
        self.inside("one", "sh", "-c", "echo 1 > /data/row")
        self.assertEqual(self.inside("two", "cat", "/elsewhere/row"), "1\n")
        full = self.stack("exec", "-T", "two", "sh", "-c", "head -c 2000000 /dev/zero > /elsewhere/big", expect=None)
        self.assertNotEqual(full.code, 0)
        self.assertLessEqual(int(self.inside("two", "stat", "-c", "%s", "/elsewhere/big")), 1 << 20)
        self.inside("two", "rm", "/elsewhere/big")
        self.stack("restart", "one")
        self.assertEqual(self.inside("one", "cat", "/data/row"), "1\n", "two has kept it")
        self.assertEqual(self.mounts_here(), [])
        self.stack("stop")
        self.stack("start")
        self.inside("one", "test", "!", "-e", "/data/row")
        self.stack("down", "-v")
        self.assert_nothing_left_but_removed()

    def assert_nothing_left_but_removed(self):
        self.stack("volume", "prune", "--removed", "-f")
        self.assert_nothing_left()

    def test_it_is_not_filled_from_the_image(self):
        self.up(self.shop(self.OPTIONS, mount="data:/srv/data"))
        self.assertEqual(self.inside("one", "ls", "/srv/data"), "")

    def test_other_stacks_have_the_same_one(self):
        self.stack("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m", "pool")
        shown, = json.loads(self.stack("volume", "inspect", "pool").out)
        self.assertEqual(shown["Options"], {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"})
        self.write_stack("""
            services: {one: {image: "box:1", command: sleep 1001, stop_signal: SIGKILL, volumes: ["pool:/pool:ro"]}}
            volumes: {pool: {external: true}}
        """)
        self.stack("up", "-d")
        other = self.project + "-other"
        text = (self.directory / "stack.yaml").read_text(encoding="utf-8").replace(":ro", "").replace("1001", "1002")
        self.write("other.yaml", text)
        self.stack("-p", other, "-f", "other.yaml", "up", "-d")
        self.stack("-p", other, "-f", "other.yaml", "exec", "-T", "one", "sh", "-c", "echo 1 > /pool/row")
        self.assertEqual(self.inside("one", "cat", "/pool/row"), "1\n")
        self.assertNotEqual(self.stack("exec", "-T", "one", "touch", "/pool/x", expect=None).code, 0)
        self.stack("-p", other, "-f", "other.yaml", "down")

    def test_many_that_start_at_once_have_one(self):
        self.up(self.shop(self.OPTIONS), "--scale", "one=4", "--scale", "two=4")
        self.inside("one", "sh", "-c", "echo 1 > /data/row")
        for number in range(1, 5):
            for service, path in (("one", "/data/row"), ("two", "/elsewhere/row")):
                self.assertEqual(self.inside("--index", str(number), service, "cat", path), "1\n")

    def test_a_subpath_is_refused(self):
        text = self.shop(self.OPTIONS).replace(
            '["data:/data"]', "[{type: volume, source: data, target: /data, volume: {subpath: a}}]")
        self.refused(text, "in which there is no subpath \"a\" when it is mounted\n  hint: leave subpath out")

    def test_killed_with_all_that_keeps_it_down_leaves_nothing(self):
        self.up(self.shop(self.OPTIONS))
        self.inside("one", "sh", "-c", "echo 1 > /data/row")
        kill_if_there(self.supervisor())
        stacktest.eventually(lambda: self.stack("exec", "-T", "two", "cat", "/elsewhere/row", expect=None).out == "1\n",
                             "it has stayed")
        for name in ("stack-keeper", "stack-superviso"):
            for pid in self.pids_named(name):
                kill_if_there(pid, signal.SIGKILL)
        self.stack("down", "-v")
        self.stack("volume", "prune", "--removed", "-f")
        self.assert_nothing_left()


class Disk(WithOptions):
    """A file system on a device of the host."""

    def setUp(self):
        super().setUp()
        image = self.directory / "disk"
        with open(image, "wb") as disk:
            disk.truncate(16 << 20)
        if not shutil.which("mkfs.ext4"):
            self.skipTest("mkfs.ext4 is not installed")
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        done = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest("there are no loop devices: " + done.stderr.strip())
        self.device = done.stdout.strip()
        self.addCleanup(subprocess.run, ["losetup", "--detach", self.device], check=True)

    def rows_on_disk(self):
        """As a mount of the test's own sees them."""
        place = world.HOME / "disk-place"
        place.mkdir(exist_ok=True)
        subprocess.run(["mount", self.device, place], check=True)
        try:
            return sorted(name for name in os.listdir(place) if name != "lost+found")
        finally:
            subprocess.run(["umount", place], check=True)

    def test_rows_are_on_the_device_and_stay_there(self):
        options = "{type: ext4, device: %s, o: 'noatime,errors=remount-ro'}" % self.device
        self.up(self.shop(options))
        self.inside("one", "sh", "-c", "echo 1 > /data/row; mkdir /data/part; echo 2 > /data/part/row")
        self.assertEqual(self.inside("two", "cat", "/elsewhere/row"), "1\n")
        self.assertRegex(self.inside("one", "grep", " /data ", "/proc/self/mounts"),
                         rf"{self.device} /data ext4 rw,.*noatime")
        self.assertEqual(self.mounts_here(), [])
        self.stack("stop")
        self.assertEqual(self.stack("cp", "one:/data/row", "-").code, 0)
        self.stack("down", "-v")
        self.assertEqual(self.rows_on_disk(), ["part", "row"])
        self.up(self.shop(options).replace(
            '["data:/data"]', "[{type: volume, source: data, target: /data, volume: {subpath: part}}]"))
        self.assertEqual(self.inside("one", "cat", "/data/row"), "2\n")

    def test_of_another_kind_than_its_type_is_a_clean_error(self):
        self.write_stack(self.shop("{type: ext4, device: %s, o: nosuchoption}" % self.device))
        told = self.stack("up", "-d", expect=1).err
        self.assertRegex(told, rf"mounting volume {self.volume}: ext4 of {self.device} with nosuchoption: Invalid")
        self.stack("down", "-v")


if __name__ == "__main__":
    stacktest.main()
