# SPDX-License-Identifier: Apache-2.0
"""Data containers and volumes: nothing that was written is ever lost unless somebody asked for it."""

import os
import unittest
from pathlib import Path

import stacktest

DATA_CONTAINER = """
    services:
      dbdata:
        image: box:1
        command: ["true"]
        environment: {{KEEPER: "{keeper}"}}
        volumes: [/srv/data]
      db:
        image: box:1
        command: sleep 1001
        environment: {{COLOUR: "{colour}"}}
        volumes_from: [dbdata]
"""


class KeptAnonymous(stacktest.StackTest):
    STACK = """
        services:
          db: {{image: "box:1", command: sleep 1001, volumes: [/rows], x-stack: {{anonymous: {anonymous}}}}}
    """

    def bring_up(self, anonymous):
        return self.up(self.STACK.format(anonymous=anonymous))

    def rows(self):
        return self.inside("db", "sh", "-c", "cat /rows/* 2>/dev/null || true")

    def test_they_survive_down_and_prune_and_go_with_volumes(self):
        self.assertNotIn("no effect", self.bring_up("keep").err)
        self.inside("db", "sh", "-c", "echo precious > /rows/row")
        self.stack("down", "-t", "0")
        self.assertEqual(self.stack("volume", "prune", "-f").out, "Total reclaimed space: 0B\n")
        self.bring_up("keep")
        self.assertEqual(self.rows(), "precious\n")
        self.stack("down", "-v", "-t", "0")
        self.bring_up("keep")
        self.assertEqual(self.rows(), "")

    def test_it_can_be_asked_for_later_and_taken_back(self):
        self.bring_up("drop")
        before = self.ps()["db"]["ID"]
        self.inside("db", "sh", "-c", "echo precious > /rows/row")
        self.bring_up("keep")
        self.assertEqual(self.ps()["db"]["ID"], before)
        self.stack("-p", self.project, "down", "-t", "0")  # the file has no say
        self.bring_up("keep")
        self.assertEqual(self.rows(), "precious\n")
        self.bring_up("drop")
        self.stack("down", "-t", "0")
        self.bring_up("drop")
        self.assertEqual(self.rows(), "")


class DataContainer(stacktest.StackTest):
    def bring_up(self, keeper="a", colour="red"):
        self.up(DATA_CONTAINER.format(keeper=keeper, colour=colour))

    def setUp(self):
        super().setUp()
        self.bring_up()
        self.inside("db", "sh", "-c", "echo precious > /srv/data/row")

    def row(self):
        return self.inside("db", "cat", "/srv/data/row")

    def test_the_first_use_copied_what_the_image_has_there(self):
        self.assertEqual(self.inside("db", "cat", "/srv/data/from-image"), "hello from the image\n")
        self.assertEqual(self.inside("db", "stat", "-c", "%u:%g %a", "/srv/data/from-image"),
                         "1000:2000 640\n")
        self.assertEqual(self.inside("db", "stat", "-c", "%u:%g %a", "/srv/data"), "1000:1000 2750\n")
        self.assertEqual(self.inside("db", "readlink", "/srv/data/link"), "from-image\n")

    def test_ps_calls_it_data(self):
        self.assertEqual(self.state_of("dbdata"), "exited")
        self.assertRegex(self.ps()["dbdata"]["Status"], r"^Exited \(0\) .* \(data\)$")
        self.assertIn("dbdata", self.stack("ps").out)

    def test_scripts_find_it_where_docker_has_what_has_ended(self):
        name = self.ps()["dbdata"]["ID"]
        for state in ("exited", "data"):
            self.assertEqual(self.stack("ps", "-q", "--no-trunc", "--status", state).out.strip()[:12], name[:12])
        self.assertNotIn(name[:12], self.stack("ps", "-q").out)
        self.assertNotIn("dbdata", self.stack("ps", "--services").out)
        self.assertEqual(self.stack("inspect", "-f", "{{.State.Status}}", name).out, "exited\n")

    def test_rows_survive_down_and_up(self):
        self.stack("down", "-t", "0")
        self.bring_up()
        self.assertEqual(self.row(), "precious\n")

    def test_rows_survive_prunes_while_the_stack_is_down(self):
        self.stack("down", "-t", "0")
        self.assertEqual(self.stack("volume", "prune", "-f").out, "Total reclaimed space: 0B\n")
        self.stack("system", "prune", "-f", "--volumes")
        self.bring_up()
        self.assertEqual(self.row(), "precious\n")

    def test_rows_are_gone_after_down_with_volumes(self):
        self.assertRegex(self.stack("down", "-v", "-t", "0").err, "(?i)volume")
        self.bring_up()
        self.stack("exec", "-T", "db", "test", "-e", "/srv/data/row", expect=1)
        self.assertEqual(self.inside("db", "cat", "/srv/data/from-image"), "hello from the image\n")

    def test_rows_survive_a_recreate_of_the_user(self):
        self.bring_up(colour="blue")
        self.assertEqual(self.inside("db", "sh", "-c", "echo $COLOUR"), "blue\n")
        self.assertEqual(self.row(), "precious\n")

    def test_rows_survive_a_recreate_of_the_data_container(self):
        before = self.ps()["dbdata"]["ID"]
        self.bring_up(keeper="b")
        self.assertNotEqual(self.ps()["dbdata"]["ID"], before)
        self.assertEqual(self.row(), "precious\n")

    def test_rows_survive_a_recreate_of_both_at_once(self):
        self.bring_up(keeper="b", colour="blue")
        self.assertEqual(self.row(), "precious\n")

    def test_what_was_deleted_is_not_copied_from_the_image_again(self):
        self.inside("db", "rm", "/srv/data/from-image")
        self.stack("down", "-t", "0")
        self.bring_up()
        self.stack("exec", "-T", "db", "test", "-e", "/srv/data/from-image", expect=1)


class ServerThatHoldsVolumes(stacktest.StackTest):
    """As php-fpm does for nginx: it ends with 0 when it is stopped, and is no data container."""

    SERVER = """
        services:
          app:
            image: box:1
            command: sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'
            volumes: [/srv/data]
          web:
            image: box:1
            command: sleep 1001
            volumes_from: [app]
        """

    def test_it_is_started_and_restarted_like_any_other(self):
        self.up(self.SERVER)
        for runs, command in enumerate((["start"], ["restart", "-t", "5"], ["start", "app"], ["restart", "app"]), 1):
            stacktest.eventually(lambda: self.log("app").count("up") == runs, "the trap is set")
            self.stack("stop")
            row = self.ps()["app"]
            self.assertEqual((row["State"], row["ExitCode"]), ("exited", 0), command)
            self.stack(*command)
            self.assertEqual(self.state_of("app"), "running", command)

    def test_up_waits_for_it(self):
        self.write_stack(self.SERVER.replace('trap "exit 0" TERM;', "exit 3;")
                         .replace("volumes: [/srv/data]", 'volumes: [/srv/data]\n            ports: ["9000"]'))
        refused = self.stack("up", "-d", "--wait", expect=None)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("app-1 exited (3)", refused.err)


class VolumesFrom(stacktest.StackTest):
    def test_chains_bring_every_mount_of_the_other_at_the_same_path(self):
        (self.directory / "bound").mkdir()
        (self.directory / "bound/file").write_text("of the host\n")
        self.up("""
            services:
              first:
                image: box:1
                command: ["true"]
                volumes: ["/srv/data", "named:/named", "./bound:/bound:ro"]
              second: {image: "box:1", command: ["true"], volumes_from: [first]}
              third: {image: "box:1", command: sleep 1001, volumes_from: [second]}
            volumes: {named: {}}
        """)
        self.assertEqual(self.inside("third", "cat", "/bound/file"), "of the host\n")
        self.inside("third", "touch", "/srv/data/x", "/named/x")
        self.stack("exec", "-T", "third", "touch", "/bound/x", expect=1)

    def test_read_only_is_read_only(self):
        self.up("""
            services:
              data: {image: "box:1", command: ["true"], volumes: [/srv/data]}
              writer: {image: "box:1", command: sleep 1001, volumes_from: [data]}
              reader: {image: "box:1", command: sleep 1002, volumes_from: ["data:ro"]}
        """)
        self.inside("writer", "sh", "-c", "echo written > /srv/data/x")
        self.assertEqual(self.inside("reader", "cat", "/srv/data/x"), "written\n")
        result = self.stack("exec", "-T", "reader", "touch", "/srv/data/y", expect=1)
        self.assertIn("Read-only file system", result.err)

    def test_who_has_them_is_no_change_of_whose_they_are(self):
        stack = """
            services:
              db: {{image: "box:1", command: sleep 1001, volumes: ["dbv:/d"], restart: "{restart}"}}
              backup: {{image: "box:1", command: ls /d, volumes_from: ["db:ro"], profiles: [bk]}}
            volumes: {{dbv: }}
        """
        self.up(stack.format(restart="no"))
        before = self.ps()["db"]["ID"], self.pids_running("sleep 1001")
        for command in (["--profile", "bk", "up", "-d"], ["up", "-d"], ["up", "-d", "backup"],
                        ["run", "--rm", "backup"]):
            self.assertNotRegex(self.stack(*command).err, "-db-1  (Setting aside|Stopp)")
            self.assertEqual((self.ps()["db"]["ID"], self.pids_running("sleep 1001")), before, command)
        self.write_stack(stack.format(restart="always"))
        self.stack("--profile", "bk", "up", "-d")
        self.assertEqual((self.ps()["db"]["ID"], self.pids_running("sleep 1001")), before)
        self.stack("--profile", "bk", "down", "-v", "-t", "0")

    def test_a_circle_is_refused_with_its_path(self):
        result = self.up("""
            services:
              a: {image: "box:1", command: ["true"], volumes_from: [b]}
              b: {image: "box:1", command: ["true"], volumes_from: [a]}
        """, expect=3)
        self.assertRegex(result.err, r"a -> b -> a|b -> a -> b")


class Volumes(stacktest.StackTest):
    def test_ps_names_volumes_and_paths(self):
        (self.directory / "bound").mkdir()
        self.up("""
            services: {web: {image: "box:1", command: sleep 1001, volumes: ["named:/n", "./bound:/b"], tmpfs: [/t]}}
            volumes: {named: {}}
        """)
        self.assertEqual(self.stack("ps", "--no-trunc", "--format", "{{.Mounts}}").out,
                         f"{self.project}_named,{self.directory}/bound\n")
        self.assertEqual(self.ps()["web"]["Mounts"], "ps-names-volum…,/run/stack-tes…")
        self.assertEqual(self.ps()["web"]["LocalVolumes"], "1")

    def test_a_named_volume_is_kept_by_down_and_shared_by_services(self):
        text = """
            services:
              one: {image: "box:1", command: sleep 1001, volumes: ["shared:/data"]}
              two: {image: "box:1", command: sleep 1002, volumes: ["shared:/else"]}
            volumes: {shared: {}}
        """
        self.up(text)
        self.inside("one", "sh", "-c", "echo x > /data/file")
        self.assertEqual(self.inside("two", "cat", "/else/file"), "x\n")
        self.stack("down", "-t", "0")
        self.assertTrue((Path(os.environ["STACK_ROOT"]) / "volumes" / f"{self.project}_shared").exists())
        self.up()
        self.assertEqual(self.inside("two", "cat", "/else/file"), "x\n")

    def test_an_anonymous_volume_is_carried_over_a_recreate(self):
        text = """
            services:
              web:
                image: box:1
                command: sleep 1001
                environment: {COLOUR: "%s"}
                volumes: [/cache]
        """
        self.up(text % "red")
        self.inside("web", "touch", "/cache/kept")
        self.up(text % "blue")
        self.inside("web", "test", "-e", "/cache/kept")

    def test_an_anonymous_volume_can_be_renewed(self):
        """`up -V SERVICE`: of that, and of nothing else; what was in it can be had back."""
        text = """
            services:
              web:
                image: box:1
                command: sleep 1001
                environment: {COLOUR: "%s"}
                volumes: [/cache, "named:/named"]
              other: {image: "box:1", command: sleep 1002, volumes: [/cache]}
            volumes: {named: {}}
        """
        self.up(text % "red")
        for service in ("web", "other"):
            self.inside(service, "touch", "/cache/old")
        self.inside("web", "touch", "/named/kept")
        self.write_stack(text % "blue")
        old = set(self.anonymous_volumes())
        shown = self.stack("plan", "-V", "web").out
        self.stack("up", "-d", "-V", "web")
        self.inside("web", "test", "!", "-e", "/cache/old")
        self.inside("web", "test", "-e", "/named/kept")
        self.inside("other", "test", "-e", "/cache/old")
        gone = old - set(self.anonymous_volumes())
        self.assertEqual(len(gone), 1)
        self.assertIn(gone.pop(), shown)
        self.assertEqual(len(self.anonymous_volumes()), 2)
        self.inside("web", "touch", "/cache/new")
        self.up()
        self.inside("web", "test", "-e", "/cache/new")
        self.up(text % "green")
        self.inside("web", "test", "-e", "/cache/new")

    def test_what_has_anonymous_volumes_is_recreated_for_new_ones(self):
        """`up -V` without a change; a data container's are what it is there for, and have to be meant."""
        self.up("""
            services:
              data: {image: "box:1", command: "true", volumes: [/srv/data]}
              db: {image: "box:1", command: sleep 1001, volumes_from: [data]}
              web: {image: "box:1", command: sleep 1002, volumes: [/cache]}
              plain: {image: "box:1", command: sleep 1003}
        """)
        self.inside("web", "touch", "/cache/old")
        self.inside("db", "touch", "/srv/data/row")
        ids = {service: row["ID"] for service, row in self.ps().items()}
        plan = self.stack("plan", "-V").out
        self.assertRegex(plan, rf"(?s)recreate container {self.project}-web-1.*\(renewed\)")
        self.assertEqual(plan.count("~ recreate"), 1)
        self.up(None, "-V")
        now = {service: row["ID"] for service, row in self.ps().items()}
        self.assertEqual([service for service in ids if ids[service] != now[service]], ["web"])
        self.inside("web", "test", "!", "-e", "/cache/old")
        self.up(None, "-V", "data")
        self.up(None)
        self.inside("db", "test", "!", "-e", "/srv/data/row")

    def anonymous_volumes(self):
        return [name for name in self.stack("volume", "ls", "-q").out.split() if len(name) == 64]

    def test_a_bind_mount_shows_the_folder_of_the_host(self):
        (self.directory / "content").mkdir()
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                volumes:
                  - ./content:/rw
                  - type: bind
                    source: ./content
                    target: /ro
                    read_only: true
        """)
        self.inside("web", "sh", "-c", "echo inside > /rw/file")
        self.assertEqual((self.directory / "content/file").read_text(), "inside\n")
        self.stack("exec", "-T", "web", "touch", "/ro/x", expect=1)

    def test_a_tmpfs_has_the_size_that_was_asked_for(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                tmpfs: [/short]
                volumes:
                  - type: tmpfs
                    target: /long
                    tmpfs: {size: 65536}
        """)
        mounts = self.inside("web", "cat", "/proc/mounts")
        self.assertRegex(mounts, r"tmpfs /short tmpfs")
        self.assertRegex(mounts, r"tmpfs /long tmpfs .*size=64k")

    def test_the_writable_layer_is_gone_with_the_container(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.inside("web", "rm", "/srv/data/from-image")
        self.stack("down", "-t", "0")
        self.up()
        self.inside("web", "test", "-e", "/srv/data/from-image")


if __name__ == "__main__":
    stacktest.main()
