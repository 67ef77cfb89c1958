# SPDX-License-Identifier: Apache-2.0
"""`down -v` says what goes, a removed volume can be had back, and `stack volume` shows them all."""

import json
from pathlib import Path

import stacktest
import volumetest

SHOP = """
    services:
      db:
        image: box:1
        command: sh -c 'test -e /data/row || echo 1 > /data/row; exec sleep 1001'
        volumes: [data:/data]
        stop_grace_period: 0s
    volumes: {data: }
"""


class Volumes(volumetest.VolumeTest):
    def row(self):
        return self.inside("db", "cat", "/data/row").strip()

    def await_row(self):
        """The one that the container begins with."""
        stacktest.eventually(lambda: self.stack("exec", "-T", "db", "cat", "/data/row", expect=None).out == "1\n",
                             "it has a row")

    def write_row(self, text):
        self.await_row()
        self.stack("exec", "-T", "db", "sh", "-c", f"echo {text} > /data/row")

    def removed(self):
        return [json.loads(line)["Name"] for line in
                self.stack("volume", "ls", "--removed", "--format", "json").lines]

    def test_what_down_removed_comes_back_with_its_rows(self):
        self.up(SHOP)
        self.write_row(42)
        told = self.stack("down", "-v").err
        self.assertRegex(told, rf"Volumes removed: {self.volume} \(\d.*B\).*volume restore")
        self.assertEqual(self.removed(), [self.volume])
        self.assertEqual(self.stack("volume", "restore", self.volume).out, self.volume + "\n")
        self.assertEqual(self.removed(), [])
        self.up()
        self.assertEqual(self.row(), "42")

    def test_an_existing_volume_is_never_overwritten(self):
        self.up(SHOP)
        self.write_row(1)
        self.stack("down", "-v")
        self.up()
        self.write_row(2)
        refused = self.stack("volume", "restore", self.volume, expect=1)
        self.assertIn(f"there is a volume {self.volume}", refused.err)
        self.stack("down", "-v")
        self.assertEqual(self.removed(), [self.volume] * 2)
        self.stack("volume", "restore", self.volume)
        self.up()
        self.assertEqual(self.row(), "2")

    def test_only_the_last_three_of_a_name_are_kept(self):
        for _ in range(5):
            self.up(SHOP)
            self.await_row()
            self.stack("down", "-v")
        self.assertEqual(len(self.removed()), 3)

    def test_now_means_now(self):
        self.up(SHOP)
        self.assertIn("Volumes deleted", self.stack("down", "-v", "--now").err)
        self.assertEqual(self.removed(), [])
        self.assertIn("no removed volume", self.stack("volume", "restore", self.volume, expect=1).err)

    def names(self):
        return self.stack("volume", "ls", "-q").lines

    def up_two(self):
        """Two services, each with a volume of its own, and one that is in no other file."""
        text = """
            services:
              a: {image: "box:1", command: sleep 1001, volumes: ["one:/v"], stop_grace_period: 0s}
              b: {image: "box:1", command: sleep 1002, volumes: ["two:/v"], stop_grace_period: 0s}
            volumes: {one: , two: }
        """
        self.up(text)
        self.inside("a", "touch", "/v/precious")
        return f"{self.project}_one", f"{self.project}_two"

    def test_down_of_a_service_takes_its_volumes_alone(self):
        one, _ = self.up_two()
        told = self.stack("down", "-v", "b").err
        self.assertNotIn(one, told)
        self.assertEqual(self.names(), [one])
        self.assertEqual(self.inside("a", "ls", "/v"), "precious\n")

    def test_what_others_have_is_left_and_said_to_be_in_use(self):
        text = """
            services:
              a: {image: "box:1", command: sleep 1001, volumes: ["one:/v"], stop_grace_period: 0s}
              b: {image: "box:1", command: sleep 1002, volumes: ["one:/v"], stop_grace_period: 0s}
            volumes: {one: }
        """
        self.up(text)
        one = f"{self.project}_one"
        told = self.stack("down", "-v", "b").err
        self.assertIn(f"Volume {one}  Resource is still in use", told)
        self.assertNotIn("Volumes", told.replace("Volume ", ""))
        self.assertEqual(self.names(), [one])

    def test_what_an_orphan_has_is_not_of_this_file(self):
        one, two = self.up_two()
        self.write_stack("""
            services:
              a: {image: "box:1", command: sleep 1001, volumes: ["one:/v"], stop_grace_period: 0s}
            volumes: {one: }
        """)
        self.assertNotIn(two, self.stack("down").err)
        self.assertNotIn(two, self.stack("down", "-v", "--remove-orphans").err)
        self.assertEqual(self.names(), [two])

    def test_what_an_inactive_profile_has_stays(self):
        self.up("""
            services:
              a: {image: "box:1", command: sleep 1001, stop_grace_period: 0s}
              tool: {image: "box:1", command: sleep 1002, volumes: ["two:/v", /scratch], profiles: [x],
                     stop_grace_period: 0s}
            volumes: {two: }
        """, "a", "tool")
        before = sorted(self.names())
        self.assertEqual(len(before), 2)
        self.stack("down", "-v")
        self.assertEqual((sorted(self.names()), self.state_of("tool")), (before, "running"))

    def test_one_of_run_belongs_to_no_project(self):
        self.write_stack("services: {a: {image: 'box:1', command: sleep 1001}}")
        self.stack("run", "--rm", "-v", "thing:/n", "a", "touch", "/n/file")
        self.assertEqual(self.stack("volume", "inspect", "-f", "{{.Labels}}", "thing").out, "map[]\n")
        self.stack("down", "-v")
        self.assertEqual(self.names(), ["thing"])
        again = self.stack("run", "--rm", "-v", "thing:/n", "a", "ls", "/n")
        self.assertEqual(again.out, "file\n")
        self.assertNotIn("already exists", again.err)

    def test_an_anonymous_one_that_down_takes_comes_back(self):
        self.up("services: {a: {image: 'box:1', command: sleep 1001, volumes: [/cache],"
                " stop_grace_period: 0s}}")
        self.inside("a", "touch", "/cache/kept")
        self.stack("down")
        self.assertEqual(len(self.removed()), 1)
        self.stack("volume", "restore", *self.removed())
        self.up()
        self.assertEqual(self.inside("a", "ls", "/cache"), "kept\n")
        self.stack("down", "--now")
        self.assertEqual(self.removed(), [])

    def test_a_volume_in_use_is_not_removed(self):
        self.up(SHOP)
        refused = self.stack("volume", "rm", self.volume, expect=1)
        self.assertIn(f"in use by {self.project}-db-1", refused.err)
        self.stack("stop")
        self.stack("volume", "rm", self.volume, expect=1)
        self.stack("down")
        self.stack("volume", "rm", self.volume)
        self.stack("volume", "rm", self.volume, expect=1)
        self.stack("volume", "rm", "-f", self.volume)

    def test_they_are_listed_inspected_made_and_pruned(self):
        self.up(SHOP)
        self.stack("volume", "create", "--label", "a=b", "lonely")
        names = self.stack("volume", "ls", "-q").lines
        self.assertEqual(names, sorted([self.volume, "lonely"]))
        self.assertEqual(self.stack("volume", "ls", "-q", "--filter", "label=a=b").lines, ["lonely"])
        self.assertEqual(self.stack("volume", "ls", "-q", "--filter", "dangling=true").lines,
                         ["lonely"])
        shown, = json.loads(self.stack("volume", "inspect", self.volume).out)
        self.assertEqual(shown["UsedBy"], [f"{self.project}-db-1"])
        self.assertEqual(Path(shown["Mountpoint"], "row").read_text(), "1\n")
        self.stack("volume", "prune", "-f")
        self.assertIn("lonely", self.stack("volume", "ls", "-q").lines)
        self.stack("volume", "prune", "-a", "-f")
        self.assertEqual(self.stack("volume", "ls", "-q").lines, [self.volume])
        self.assertIn("invalid filter", self.stack("volume", "ls", "--filter", "x", expect=2).err)


if __name__ == "__main__":
    stacktest.main()
