# SPDX-License-Identifier: Apache-2.0
"""ls, volumes, create, rm."""

import json

import stacktest
from terminals import Terminal

TWO = """
    services:
      db: {image: "box:1", command: sleep 1001, volumes: ["data:/srv/data", "/var"]}
      web: {image: "box:1", command: sleep 1002, depends_on: [db]}
    volumes: {data: }
"""


class List(stacktest.StackTest):
    def test_stacks_with_what_becomes_of_them(self):
        self.up(TWO)
        self.stack("stop", "-t", "0", "web")
        (row,) = self.stack("ls").lines[1:]
        self.assertEqual(row.split(), [self.project, "running(1)", f"{self.directory}/stack.yaml"])
        (row,) = self.stack("ls", "-a").lines[1:]
        self.assertEqual(row.split(), [self.project, "exited(1),", "running(1)",
                                       f"{self.directory}/stack.yaml"])
        self.assertEqual(json.loads(self.stack("ls", "-a", "--format", "json").out),
                         [{"Name": self.project, "Status": "exited(1), running(1)",
                           "ConfigFiles": f"{self.directory}/stack.yaml"}])
        self.assertEqual(self.stack("ls", "--format", "{{.Name}}: {{.Status}}").out,
                         f"{self.project}: running(1)\n")

    def test_one_of_which_nothing_runs_is_shown_when_asked(self):
        self.up(TWO)
        self.stack("stop", "-t", "0")
        self.assertEqual(self.stack("ls", "-q").lines, [])
        self.assertEqual(self.stack("ls", "-aq").lines, [self.project])
        self.assertEqual(self.stack("ls", "-a", "--format", "json", "--filter", "name=nothere").out,
                         "[]\n")
        self.assertEqual(self.stack("ls", "-aq", "--filter", f"name={self.project[:4]}").lines,
                         [self.project])
        self.assertIn("name=", self.stack("ls", "--filter", "status=x", expect=2).err)

    def test_networks_of_no_stack_are_no_stack(self):
        self.stack("network", "create", "lone")
        self.assertEqual(self.stack("ls", "-aq").lines, [])
        self.stack("network", "rm", "lone")


class Volumes(stacktest.StackTest):
    def test_the_stacks_own(self):
        self.up(TWO)
        self.stack("volume", "create", "strange")
        self.assertEqual(len(self.stack("volume", "ls", "-q").lines), 3)  # one has no name of its own
        names = self.stack("volumes", "-q").lines
        self.assertEqual(names, [f"{self.project}_data"])
        self.assertEqual(self.stack("volumes", "-q", "web").lines, [])
        self.assertEqual(self.stack("volumes", "-q", "db").lines, names)
        self.assertEqual(self.stack("volumes").lines[0].split(), ["DRIVER", "VOLUME", "NAME"])
        self.assertIn("no such service", self.stack("volumes", "nope", expect=1).err)
        self.stack("volume", "rm", "--now", "strange")


class Create(stacktest.StackTest):
    def test_everything_is_there_and_nothing_runs(self):
        self.write_stack(TWO)
        self.stack("create")
        self.assertEqual((self.state_of("db"), self.state_of("web")), ("created", "created"))
        self.assertEqual(self.pids_running("sleep 100"), [])
        self.stack("start")
        self.assertEqual((self.state_of("db"), self.state_of("web")), ("running", "running"))

    def test_what_runs_unchanged_goes_on(self):
        self.up(TWO)
        before = self.pids_running("sleep 1001")
        self.stack("create", "--scale", "web=2")
        self.assertEqual(self.pids_running("sleep 1001"), before)
        states = [json.loads(line)["State"] for line in
                  self.stack("ps", "-a", "--format", "json", "web").lines]
        self.assertEqual(sorted(states), ["created", "running"])

    def test_what_has_changed_is_made_anew(self):
        self.up(TWO)
        self.write_stack(TWO.replace("sleep 1002", "sleep 1003"))
        self.stack("create")
        self.assertEqual((self.state_of("db"), self.state_of("web")), ("running", "created"))

    def test_up_without_starting_is_the_same(self):
        self.write_stack("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.stack("up", "--no-start")
        self.assertEqual(self.state_of("web"), "created")
        self.assertEqual(self.pids_running("sleep 1001"), [])
        self.stack("up", "--no-start", "--wait", expect=2)

    def test_a_dry_run_makes_nothing(self):
        self.write_stack(TWO)
        out = self.stack("create", "--dry-run").out
        self.assertIn("create container", out)
        self.assertNotIn("start", out)
        self.assertEqual(self.state_of("db"), "(absent)")


class Remove(stacktest.StackTest):
    def test_only_what_does_not_run(self):
        self.up(TWO)
        self.assertIn("No stopped containers", self.stack("rm", "-f").err)
        self.stack("stop", "-t", "0", "web")
        self.stack("rm", "-f")
        self.assertEqual((self.state_of("db"), self.state_of("web")), ("running", "(absent)"))

    def test_it_asks_before(self):
        self.up(TWO)
        self.stack("stop", "-t", "0")
        asked = self.stack("rm", stdin="n\n")
        self.assertIn(f"Going to remove {self.project}-db-1, {self.project}-web-1", asked.out)
        self.assertIn("Are you sure?", asked.err)
        self.assertEqual(self.state_of("web"), "exited")
        self.stack("rm")  # nobody answers
        self.assertEqual(self.state_of("web"), "exited")
        self.stack("rm", "web", stdin="y\n")
        self.assertEqual((self.state_of("db"), self.state_of("web")), ("exited", "(absent)"))

    def test_it_asks_at_a_terminal(self):
        self.up(TWO)
        terminal = Terminal(["rm", "-s", "web"], self.directory)
        terminal.await_text(r"Are you sure\?")
        terminal.type("yes\n")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual((self.state_of("db"), self.state_of("web")), ("running", "(absent)"))

    def test_what_it_would_do_is_told_alone(self):
        self.up(TWO)
        told = self.stack("--dry-run", "rm", "-s", "web").out
        self.assertIn(f"remove container {self.project}-web-1", told)
        self.assertEqual(self.state_of("web"), "running")

    def test_volumes_without_a_name_go_when_asked(self):
        self.up(TWO)
        self.stack("rm", "-sf", "db")
        self.assertEqual(len(self.stack("volume", "ls", "-q").lines), 2)
        self.stack("up", "-d")
        self.stack("rm", "-sfv", "db")
        self.assertEqual(self.stack("volume", "ls", "-q").lines, [f"{self.project}_data"])

    def test_an_unknown_service(self):
        self.up(TWO)
        self.assertIn("no such service: wbe", self.stack("rm", "-f", "wbe", expect=1).err)


if __name__ == "__main__":
    stacktest.main()
