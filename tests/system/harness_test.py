# SPDX-License-Identifier: Apache-2.0
"""The harness itself: the world is private, and the inventory sees what it must."""

import os
import subprocess
import unittest
from pathlib import Path

import inventory
import stacktest
import transcript
import world


class TheWorld(unittest.TestCase):
    def test_has_processes_of_its_own(self):
        self.assertEqual(inventory.processes(), [])

    def test_has_an_uplink_and_a_neighbour(self):
        subprocess.run(["busybox", "ping", "-c", "1", "-W", "5", world.NEIGHBOUR_ADDRESS], check=True,
                       stdout=subprocess.DEVNULL)

    def test_has_an_empty_run_folder(self):
        self.assertLessEqual(set(os.listdir("/run")), {"mount", "netns", "stack-test"})

    def test_has_cgroups_of_its_own(self):
        for point, kind, _ in world.cgroup_mounts():
            group = Path(point, "inside" if kind == "cgroup2" else "")
            self.assertIn(str(os.getppid()), (group / "cgroup.procs").read_text().split(), point)
        self.assertEqual([line for line in inventory.cgroups() if not line.endswith("side")], [])

    def test_has_controllers_to_hand_down(self):
        for point, kind, _ in world.cgroup_mounts():
            if kind == "cgroup2":
                self.assertEqual(Path(point, "cgroup.procs").read_text(), "", point)
                control = Path(point, "cgroup.subtree_control")
                for controller in Path(point, "cgroup.controllers").read_text().split():
                    control.write_text(f"+{controller}")
                    control.write_text(f"-{controller}")


class TheInventory(unittest.TestCase):
    def test_is_stable(self):
        self.assertEqual(inventory.take(), inventory.take())

    def sees(self, line, make, unmake):
        before = inventory.take()
        subprocess.run(make, shell=True, check=True)
        try:
            self.assertIn(f"+ {line}", inventory.difference(before, inventory.take()))
        finally:
            subprocess.run(unmake, shell=True, check=True)
        self.assertEqual(inventory.difference(before, inventory.take()), [])

    def test_sees_a_link(self):
        self.sees("link br7", "ip link add br7 type bridge", "ip link delete br7")

    def test_sees_a_firewall_table(self):
        self.sees("nft table inet left {", "nft add table inet left", "nft delete table inet left")

    def test_sees_a_mount(self):
        self.sees("mount /mnt", "mount -t tmpfs left /mnt", "umount /mnt")

    def test_sees_a_cgroup(self):
        point = world.cgroup_mounts()[0][0]
        self.sees(f"cgroup {point}/left", f"mkdir {point}/left", f"rmdir {point}/left")

    def test_sees_a_process(self):
        before = inventory.take()
        with subprocess.Popen(["sleep", "1000"]) as child:
            self.assertEqual(inventory.difference(before, inventory.take()), ["+ process sleep"])
            child.kill()


class TheTranscript(unittest.TestCase):
    def setUp(self):
        self.folder = world.HOME / "transcript"
        self.folder.mkdir(exist_ok=True)
        self.environment = transcript.shell_environment(world.HOME / "bin", stacktest.STACK)

    def readme(self, *blocks, language="console"):
        text = "".join(f"Words.\n\n```{language}\n{block}\n```\n" for block in blocks)
        (self.folder / "README.md").write_text(text)
        return self.folder / "README.md"

    def check(self, *blocks):
        transcript.check(self.readme(*blocks), self.folder, self.environment)

    def fails(self, *blocks):
        with self.assertRaises(AssertionError) as raised:
            self.check(*blocks)
        return str(raised.exception)

    def test_commands_run_in_order_in_the_folder(self):
        self.check("$ echo one > seen\n$ echo \\\n>   two >> seen", "$ cat seen\none\ntwo\n\n$ pwd\n" + str(self.folder))
        self.check("$ stack version --short\n...")

    def test_what_differs_is_told_with_its_place(self):
        told = self.fails("$ true", "$ echo one; echo two\none\nthree")
        self.assertRegex(told,
                         r"README.md:9: \$ echo one; echo two\nexit code 0; line 2 is 'two', not 'three'\n"
                         r".*\none\nthree\n.*\none\ntwo$")
        self.fails("$ echo one\none\ntwo")
        self.fails("$ echo one; echo two\none")
        self.fails("$ echo one")

    def test_an_exit_code_is_not_overlooked(self):
        self.assertIn("exit code 3", self.fails("$ exit 3"))
        self.check("$ (exit 3) || echo $?\n3")

    def test_what_is_another_one_each_time(self):
        for readme, screen, same in (
                ("ready 0.1s", "ready  12.3s", True), ("ready 0.1s", "ready 4ms", True), ("ready 0.1s", "ready soon", False),
                ("Up 2 seconds", "Up Less than a second", True), ("Up 2 seconds", "Up 3 weeks", False),
                ("0123456789ab x", "ba9876543210 x", True), ("0123456789ab_x", "ba9876543210_x", True),
                ("0123456789ab x", "ba987654321 x", False), ("0123456789ab x", "ba9876543210f x", False),
                ("at 2026-11-29T00:24:09Z", "at 2027-01-01 10:00:00.5+01:00", True),
                ("web ... ok", "web 1 [2] ok", True), ("web ... ok", "web 1", False), ("1 + 1", "1 + 1", True),
                (" a", " a ", True), (" a", "a", False)):
            with self.subTest(f"{readme!r}, {screen!r}"):
                self.assertEqual(transcript.fits(readme, screen), same)

    def test_any_number_of_lines(self):
        for readme, screen, same in (("... a", "a", True), ("a ...", "a", True), ("a ... d", "a b c d", True),
                                     ("a ... b ... d", "a b c d", True), ("a ... d", "a b c", False),
                                     ("...", "", True), ("a ...", "b a", False)):
            with self.subTest(f"{readme!r}, {screen!r}"):
                self.assertEqual(transcript.fit(readme.split(), screen.split()), same)

    def test_the_screen_counts_not_the_bytes(self):
        self.check(r"$ printf 'first 1\nsecond\n'; printf '\033[2A\r\033[Kfirst \033[32m2\033[0m\n'" "\nfirst 2\nsecond",
                   r"$ printf 'gone\nlasting\n\033[1A\033[1A\r\033[Jkept\n'" "\nkept",
                   r"$ printf '\033]8;;http://x\033\\here\033]8;;\033\\ abc\b\bd\n'" "\nhere adc")
        with self.assertRaises(ValueError):
            transcript.Screen("\x1b[5;5H")

    def test_it_is_a_terminal_without_an_end(self):
        self.check("$ test -t 0 -a -t 1 -a -t 2 && stty size\n50 120", "$ sleep 1000 & echo $CI\n")
        for pid in stacktest.StackTest.pids_running("sleep 1000"):
            os.kill(pid, 9)

    def test_blocks_that_nobody_would_check_are_refused(self):
        for language, block in (("sh", "stack up"), ("", "$ stack up"), ("console", "stack up")):
            with self.subTest(language), self.assertRaises(ValueError):
                transcript.read(self.readme(block, language=language))
        without_end = self.folder / "README.md"
        without_end.write_text("```console\n$ true\n")
        with self.assertRaises(ValueError):
            transcript.read(without_end)
        self.assertEqual(transcript.read(self.readme("a: b", language="yaml")), [])


if __name__ == "__main__":
    stacktest.main(image=False)
