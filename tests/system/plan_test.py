# SPDX-License-Identifier: Apache-2.0
"""`stack plan` tells what `up` would do and why; a second `up` does nothing at all."""

import json
import os
import unittest
from pathlib import Path

import inventory
import stacktest

SHOP = """
    services:
      db:
        image: box:1
        command: sleep 1001
        environment:
          COLOUR: {colour}
      web:
        image: box:1
        command: sleep 1002
        depends_on: [db]
        ports: ["127.0.0.1:8080:80"]
"""


def next_pid():
    """The kernel numbers processes one after the other: a child shows how many there were."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


def fingerprint(*folders):
    """Everything that a write would change: inode, size, times of all files and folders."""
    found = {}
    for folder in folders:
        for parent, names, files in os.walk(folder):
            for path in [Path(parent), *(Path(parent) / name for name in names + files)]:
                info = path.lstat()
                found[str(path)] = (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
    return found


class NoOp(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.up(SHOP.format(colour="red"))

    def test_a_second_up_says_that_nothing_had_to_change(self):
        self.assertRegex(self.up().err, "(?i)nothing (had )?to (change|do)|up to date")
        self.assertRegex(self.stack("plan").out, "(?i)nothing (has |had )?to (change|do)|up to date")

    def test_a_second_up_starts_no_process(self):
        first = next_pid()
        self.up()
        second = next_pid()
        self.assertEqual(second - first, 2, "one for `stack up`, one to count")

    def test_a_second_up_writes_no_file(self):
        folders = [self.directory, os.environ["STACK_ROOT"], os.environ["STACK_RUN"]]
        before = fingerprint(*folders)
        self.up()
        self.assertEqual(fingerprint(*folders), before)

    def test_a_second_up_changes_nothing_in_the_kernel(self):
        before = inventory.take()
        self.up()
        self.assertEqual(inventory.difference(before, inventory.take()), [])

    def test_plan_changes_nothing_either(self):
        self.write_stack(SHOP.format(colour="blue"))
        folders = [self.directory, os.environ["STACK_ROOT"], os.environ["STACK_RUN"]]
        files, kernel = fingerprint(*folders), inventory.take()
        self.stack("plan")
        self.assertEqual(fingerprint(*folders), files)
        self.assertEqual(inventory.difference(kernel, inventory.take()), [])


class Plan(stacktest.StackTest):
    def test_plan_of_a_new_stack_names_what_is_made(self):
        self.write_stack(SHOP.format(colour="red"))
        plan = self.stack("plan").out
        for thing in (f"create network {self.project}_default", f"create container {self.project}-db-1",
                      f"create container {self.project}-web-1"):
            self.assertIn(thing, plan)
        self.assertEqual(inventory.processes(), [])

    def test_plan_names_field_old_value_new_value_and_place(self):
        self.up(SHOP.format(colour="red"))
        self.write_stack(SHOP.format(colour="blue"))
        plan = self.stack("plan").out
        self.assertIn(f"recreate container {self.project}-db-1", plan)
        self.assertRegex(plan, r"environment\.COLOUR.*red.*blue.*stack\.yaml:6")
        self.assertNotIn(f"{self.project}-web-1", plan.replace("restart container", ""))

    def test_up_recreates_exactly_the_service_whose_variable_changed(self):
        self.up(SHOP.format(colour="red"))
        before = self.ps()
        self.up(SHOP.format(colour="blue"))
        after = self.ps()
        self.assertNotEqual(after["db"]["ID"], before["db"]["ID"])
        self.assertEqual(after["web"]["ID"], before["web"]["ID"])
        self.assertEqual(self.inside("db", "sh", "-c", "echo $COLOUR"), "blue\n")

    def test_a_service_that_left_the_file_is_an_orphan_until_asked(self):
        self.up(SHOP.format(colour="red"))
        self.write_stack("services: {db: {image: 'box:1', command: sleep 1001,"
                         " environment: {COLOUR: red}}}")
        self.assertRegex(self.stack("up", "-d").err, "(?i)orphan.*web|web.*orphan")
        self.assertIn("web", self.ps())
        self.stack("up", "-d", "--remove-orphans", "-t", "0")
        self.assertNotIn("web", self.ps())

    def test_orphans_that_are_to_go_are_told(self):
        self.up(SHOP.format(colour="red"))
        self.stack("run", "-T", "db", "true")
        self.write_stack("services: {db: {image: 'box:1', command: sleep 1001,"
                         " environment: {COLOUR: red}}}")
        self.assertIn("nothing to change", self.stack("plan").out)
        web = f'- remove container {self.project}-web-1  (orphan: service "web" is not in the file)'
        plan = self.stack("plan", "--remove-orphans").out
        self.assertIn(web, plan)
        self.assertRegex(plan, "- remove container .*-db-run-.*  \\(orphan: a run that has ended\\)")
        self.assertEqual(self.stack("up", "--dry-run", "--remove-orphans").out, plan)
        self.assertEqual(self.stack("plan", environment={"COMPOSE_REMOVE_ORPHANS": "1"}).out, plan)
        changes = json.loads(self.stack("plan", "--remove-orphans", "--format", "json").out)["changes"]
        self.assertEqual({change["verdict"] for change in changes}, {"remove"})
        self.assertEqual(len(changes), 2)
        self.stack("up", "-d", "--remove-orphans", "-t", "0")
        self.assertIn(f"remove container {self.project}-web-1 (orphan", self.stack("history").out)

    def test_a_value_is_placed_where_it_is_said(self):
        def write(restart, memory, tmpfs, variable):
            self.write("e.env", f"# of the shop\n\nA=1\nEG={variable}\n")
            return f"""
                services:
                  web:
                    image: box:1
                    command: sleep 1001
                    env_file: e.env
                    tmpfs: {tmpfs}
                    deploy:
                      restart_policy: {{condition: {restart}}}
                      resources:
                        reservations: {{memory: {memory}}}
            """
        self.up(write("on-failure", "10m", "/x", 1))
        self.write_stack(write("any", "20m", "/y", 2))
        plan = self.stack("plan").out
        for field, place in (("restart", "stack.yaml:8:"), ("mem_reservation", "stack.yaml:10:"),
                             ("volumes", "stack.yaml:6:"), ("environment.EG", "e.env:4:")):
            self.assertRegex(plan, rf" {field}: .* -> .* \({place}")

    def test_a_service_of_another_profile_is_no_orphan(self):
        self.write_stack(SHOP.format(colour="red"))
        self.write("stack.override.yaml",
                   'services: {extra: {image: "box:1", command: sleep 1003, profiles: [more]}}')
        self.stack("--profile", "more", "up", "-d")
        self.assertNotIn("rphan", self.stack("up", "-d").err)
        self.stack("up", "-d", "--remove-orphans")
        self.assertEqual(self.state_of("extra"), "running")
        down = self.stack("down", "--remove-orphans", "-t", "0").err
        self.assertNotIn("rphan", down)
        self.assertEqual(set(self.ps()), {"extra"})
        self.stack("--profile", "more", "down", "-t", "0")

    def test_nothing_is_said_to_be_all_right_when_something_lacks(self):
        self.write_stack("services: {a: {image: 'nowhere:1', pull_policy: never}}")
        result = self.stack("plan", expect=1)
        self.assertIn("nowhere:1", result.err)
        self.assertEqual(result.out, "")

    def test_a_plan_file_keeps_scales_and_profiles(self):
        self.write_stack("""
            services:
              a: {image: "box:1", command: sleep inf}
              b: {image: "box:1", command: sleep inf, profiles: [more]}
        """)
        self.stack("--profile", "more", "plan", "--scale", "a=2", "--out", "p")
        self.stack("up", "-d", "--plan", "p")
        rows = [row["Service"] for row in map(json.loads, self.stack("ps", "--format", "json").lines)]
        self.assertEqual(sorted(rows), ["a", "a", "b"])
        self.stack("--profile", "more", "down", "-t", "0")

    def test_another_folder_of_the_name_does_not_touch_the_first(self):
        self.up(SHOP.format(colour="red"))
        other = self.directory / "elsewhere" / self.project
        other.mkdir(parents=True)
        (other / "stack.yaml").write_text((self.directory / "stack.yaml").read_text(encoding="utf-8"),
                                          encoding="utf-8")
        for command in (["stop"], ["kill"], ["restart"], ["pause"], ["unpause"], ["rm", "-fs"], ["rollback"],
                        ["exec", "-T", "web", "true"], ["cp", "stack.yaml", "web:/x"], ["attach", "web"],
                        ["commit", "web", "stolen:1"]):
            with self.subTest(command):
                refused = self.stack(*command, directory=other, expect=1).err
                self.assertIn(f"is at home in {self.directory}", refused)
        self.assertEqual(self.state_of("web"), "running")
        self.stack("-p", self.project, "stop", "-t", "0", directory=other)
        self.assertEqual(self.state_of("web"), "exited")

    def test_up_repairs_what_was_killed(self):
        self.up(SHOP.format(colour="red"))
        pid, = self.pids_running("sleep 1002")
        os.kill(pid, 9)
        stacktest.eventually(lambda: self.state_of("web") == "exited", "web ended")
        self.up()
        self.assertEqual(self.state_of("web"), "running")


if __name__ == "__main__":
    stacktest.main()
