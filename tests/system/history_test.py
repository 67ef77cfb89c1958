# SPDX-License-Identifier: Apache-2.0
"""Plans that are kept, the past of a stack, and the way back to it (docs/reconciler.md)."""

import json
import os
import shutil

import stacktest
from plan_test import fingerprint

SHOP = """
    services:
      db:
        image: box:1
        command: sleep 1001
        environment: {{COLOUR: {colour}}}
        stop_grace_period: 0s
      web:
        image: box:1
        command: sleep 1002
        depends_on: [db]
"""


class Shop(stacktest.StackTest):
    def write_shop(self, colour):
        self.write_stack(SHOP.format(colour=colour))

    def up_shop(self, colour, *flags, **options):
        self.write_shop(colour)
        return self.stack("up", "-d", *flags, **options)

    def colour(self):
        return self.inside("db", "sh", "-c", "echo $COLOUR").strip()

    def untouched(self):
        return fingerprint(self.directory, os.environ["STACK_ROOT"], os.environ["STACK_RUN"])


class PlanFiles(Shop):
    def test_exit_codes_say_whether_there_is_something_to_do(self):
        self.write_shop("red")
        self.stack("plan")
        self.stack("plan", "--detailed-exitcode", expect=2)
        self.stack("up", "-d")
        self.stack("plan", "--detailed-exitcode", expect=0)
        self.write_stack("services: {db: {image: 'nowhere:1'}}")
        self.stack("plan", "--detailed-exitcode", expect=1)

    def test_a_dry_run_is_the_plan_and_touches_nothing(self):
        self.up_shop("red")
        self.write_shop("blue")
        before = self.untouched()
        self.assertEqual(self.stack("up", "--dry-run").out, self.stack("plan").out)
        self.assertIn("remove container", self.stack("down", "--dry-run").out)
        self.assertEqual(self.untouched(), before)

    def test_a_plan_that_still_holds_is_carried_out(self):
        self.up_shop("red")
        self.write_shop("blue")
        self.stack("plan", "--out", "change.plan")
        self.stack("up", "-d", "--plan", "change.plan")
        self.assertEqual(self.colour(), "blue")
        self.assertEqual(self.history()[-1]["what"], "up --plan")

    def test_a_plan_is_refused_when_file_or_world_have_moved_on(self):
        self.up_shop("red")
        self.write_shop("blue")
        self.stack("plan", "--out", "change.plan")
        self.write_shop("green")
        refused = self.stack("up", "-d", "--plan", "change.plan", expect=1)
        self.assertIn(f"what changes of {self.project}-db-1", refused.err)
        self.assertEqual(self.colour(), "red")
        self.write_shop("blue")
        self.stack("stop", "web")
        refused = self.stack("up", "-d", "--plan", "change.plan", expect=1)
        self.assertIn("no longer holds", refused.err)
        self.assertEqual(self.colour(), "red")

    def test_what_is_no_plan_is_refused(self):
        self.up_shop("red")
        self.assertIn("no plan", self.stack("up", "--plan", "nowhere", expect=1).err)
        self.write("some.json", "{}")
        self.assertIn("some.json", self.stack("up", "--plan", "some.json", expect=1).err)

    def history(self):
        return json.loads(self.stack("history", "--format", "json").out)


class Past(Shop):
    def test_each_change_is_listed_with_its_reason(self):
        self.up_shop("red")
        self.up_shop("red")
        self.up_shop("blue")
        shown = self.stack("history").out
        self.assertEqual(len(shown.splitlines()), 3, shown)
        self.assertRegex(shown.splitlines()[2], r"@2 .* up .*done.*recreate container .*db-1 .*COLOUR")

    def test_rollback_makes_it_what_it_was(self):
        self.up_shop("red")
        web = self.ps()["web"]["ID"]
        self.up_shop("blue")
        self.assertIn("COLOUR", self.stack("rollback", "--dry-run").out)
        self.stack("rollback")
        self.assertEqual(self.colour(), "red")
        self.assertEqual(self.ps()["web"]["ID"], web)
        # The file still says blue.
        self.assertRegex(self.stack("plan").out, r"COLOUR.*red.*blue")
        self.stack("rollback", "2")
        self.assertEqual(self.colour(), "blue")
        self.assertIn("rollback to @2", self.stack("history").out)

    def test_rollback_removes_what_came_later_and_keeps_dollars(self):
        self.write_stack("services: {db: {image: 'box:1', command: sleep 1001,"
                         " environment: {COLOUR: '$$red'}}}")
        self.stack("up", "-d")
        self.up_shop("blue")
        self.stack("rollback", "@1")
        self.assertEqual(list(self.ps()), ["db"])
        self.assertEqual(self.colour(), "$red")

    def test_the_preview_of_a_rollback_tells_all_that_it_does(self):
        self.write_stack("services: {db: {image: 'box:1', command: sleep 1001}}")
        self.stack("up", "-d")
        self.up_shop("blue")
        preview = self.stack("--dry-run", "rollback", "1")
        self.assertIn(f"- remove container {self.project}-web-1  (orphan", preview.out)
        self.assertIn('environment.COLOUR: "blue" removed\n', preview.out)
        self.assertNotIn("history/models", preview.out)

    def test_diff_compares_the_file_and_changes(self):
        self.up_shop("red")
        self.up_shop("blue")
        self.write_shop("green")
        place = r'services\.db\.environment\.COLOUR: "{}" -> "{}"'
        self.assertRegex(self.stack("diff").out,
                         place.format("blue", "green") + r" \(stack\.yaml:5:\d+\)")
        self.assertRegex(self.stack("diff", "@1").out, place.format("red", "green"))
        self.assertRegex(self.stack("diff", "@1", "@2").out, place.format("red", "blue"))
        self.assertIn("no change #9", self.stack("diff", "@9", expect=1).err)

    def test_there_is_nothing_to_go_back_to_at_first(self):
        self.up_shop("red")
        self.assertIn("no earlier change", self.stack("rollback", expect=1).err)

    def test_why_tells_state_reason_and_change(self):
        self.up_shop("red")
        self.write_shop("blue")
        told = self.stack("why", "db", "web").out
        self.assertRegex(told, r"container \S*-db-1: Up")
        self.assertRegex(told, r"change #1 \(up, .*\): create: absent")
        self.assertRegex(told, r'environment\.COLOUR: "red" -> "blue" \(stack\.yaml:5:')
        self.assertRegex(told, r"starts after db is started \(stack\.yaml")
        self.assertIn("web depends on it", told)
        stories = json.loads(self.stack("why", "db", "--format", "json").out)
        self.assertEqual(stories[0]["verdict"], "recreate")
        self.assertIn("no such service", self.stack("why", "nobody", expect=1).err)


class TwoCheckouts(Shop):
    def test_the_second_folder_of_a_name_is_refused(self):
        self.up_shop("red")
        other = self.directory / "second" / self.project
        other.mkdir(parents=True)
        shutil.copy(self.directory / "stack.yaml", other)
        ids = {name: each["ID"] for name, each in self.ps().items()}
        for command in (["up", "-d"], ["plan"], ["down"], ["start"]):
            refused = self.stack(*command, directory=other, expect=1)
            self.assertIn(str(self.directory), refused.err)
            self.assertIn(str(other), refused.err)
            self.assertIn("-p NAME", refused.err)
        self.assertEqual({name: each["ID"] for name, each in self.ps().items()}, ids)
        self.stack("-p", self.project + "-two", "up", "-d", directory=other)
        self.stack("-p", self.project + "-two", "down", "-t", "0", directory=other)

    def test_a_folder_that_is_gone_gives_the_name_free(self):
        first = self.directory / "first" / self.project
        first.mkdir(parents=True)
        self.write_shop("red")
        shutil.copy(self.directory / "stack.yaml", first)
        self.stack("up", "-d", directory=first)
        shutil.rmtree(first)
        self.stack("up", "-d")

    def test_the_same_folder_by_a_link_is_the_same(self):
        self.up_shop("red")
        link = self.directory / "link"
        link.symlink_to(self.directory)
        self.assertIn("nothing to change", self.stack("-p", self.project, "up", "-d", directory=link).err)


if __name__ == "__main__":
    stacktest.main()
