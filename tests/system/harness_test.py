# SPDX-License-Identifier: Apache-2.0
"""The harness itself: the world is private, and the inventory sees what it must."""

import os
import subprocess
import unittest
from pathlib import Path

import inventory
import stacktest
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


if __name__ == "__main__":
    stacktest.main(image=False)
