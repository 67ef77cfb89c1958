# SPDX-License-Identifier: Apache-2.0
"""The first words of a newcomer: what works as it is typed, and what says what to type instead."""

import json

import stacktest
from container_test import ContainerTest
from stacktest import IMAGE


class Machine(ContainerTest):
    def test_the_doctor_tells_whether_it_will_do(self):
        rows = json.loads(self.stack("doctor", "--format", "json", expect=None).out)
        text = json.dumps(rows).lower()
        for need in ("cgroup", "overlay", "veth", "bridge", "nf", "seccomp", "namespace"):
            self.assertIn(need, text)
        self.stack("doctor")

    def test_the_machine_is_known_by_dockers_words(self):
        out = self.stack("info").out
        self.assertEqual(out, self.stack("system", "info").out)
        self.assertIn("Containers:", out)
        self.assertEqual(self.stack("info", "-f", "{{.OSType}}").out, "linux\n")

    def test_there_is_no_virtual_machine(self):
        for words, text in ((["machine", "start"], "no virtual machine is needed"), (["shellinit"], "no variable has to be set"),
                            (["ip"], "stack port"), (["delete"], "stack down")):
            err = self.stack(*words, expect=2).err
            self.assertIn(f"unknown command: {words[0]}", err)
            self.assertIn(text, err)


class Instead(ContainerTest):
    def test_what_has_another_place_is_told_with_it(self):
        for verb, ours in (("rmi", "stack image rm"), ("tag", "stack image tag"), ("save", "stack image save"),
                           ("load", "stack image load"), ("import", "stack image import"),
                           ("rename", "stack container rename"), ("compose", "stack up"), ("swarm", "stack up"),
                           ("search", "stack image pull")):
            err = self.stack(verb, "x", expect=2).err
            self.assertIn(f"unknown command: {verb}", err)
            self.assertIn(ours, err)
            self.assertNotIn("did you mean", err)

    def test_a_mistyped_word_is_still_answered_with_the_nearest(self):
        self.assertIn("did you mean ps?", self.stack("pss", expect=2).err)

    def test_without_a_file_commands_of_stacks_say_what_needs_none(self):
        err = self.stack("up", expect=1).err
        self.assertIn("no configuration file provided: not found", err)
        self.assertIn("stack container", err)

    def test_without_a_file_empty_lists_say_where_more_is(self):
        for words, ours in ((["ps"], "stack container ls"), (["images"], "stack image ls")):
            self.assertIn(ours, self.stack(*words).err)
        self.write_stack("services: {web: {image: 'box:1'}}")
        for words in (["ps"], ["images"]):
            self.assertEqual(self.stack(*words).err, "")

    def test_a_container_where_a_service_is_wanted(self):
        self.write_stack("services: {web: {image: 'box:1'}}")
        self.run_box("-d", "--name", "mine", "-", "sleep", "1001")
        self.assertIn("stack container", self.stack("stop", "mine", expect=1).err)

    def test_a_service_where_a_container_is_wanted(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        err = self.container("stop", "web", expect=1).err
        self.assertIn("No such container: web", err)
        self.assertIn(f"{self.project}-web-1", err)


class RunAnImage(ContainerTest):
    """`stack run` outside of a project, and in one."""

    def test_it_is_container_run(self):
        result = self.stack("run", IMAGE, "echo", "hello world")
        self.assertEqual((result.out, result.err), ("hello world\n", ""))
        self.assertEqual(self.stack("run", "--rm", "-i", IMAGE, "cat", stdin="some\n").out, "some\n")
        # As docker has it: nothing is passed on unless that is asked for.
        self.assertEqual(self.stack("run", "--rm", IMAGE, "cat", stdin="unheard\n").out, "")
        self.assertEqual(self.stack("run", "--rm", "-h", "box", "-m", "64m", "--network", "none", IMAGE, "hostname").out, "box\n")
        identity = self.stack("run", "-d", "--name", "web", "-P", IMAGE, "sleep", "1001").out
        self.assertRegex(identity, "^[0-9a-f]{64}\n$")
        self.stack("run", "--rm", IMAGE, "sh", "-c", "exit 7", expect=7)
        self.assertIn("the input device is not a TTY", self.stack("run", "-it", IMAGE, "sh", expect=1).err)

    def test_a_service_comes_first(self):
        self.write_stack("services: {web: {image: 'box:1', environment: {WHO: service}}}")
        self.stack("image", "tag", IMAGE, "web")
        self.addCleanup(stacktest.run_stack, "image", "rm", "web")
        self.assertEqual(self.stack("run", "--rm", "web", "sh", "-c", "echo $WHO").out, "service\n")
        self.assertEqual(self.stack("run", "--rm", IMAGE, "sh", "-c", "echo $WHO.").out, ".\n")
        self.assertEqual(self.container("run", "--rm", "web", "sh", "-c", "echo $WHO.").out, ".\n")

    def test_a_mistyped_service_is_not_looked_for_in_the_world(self):
        self.write_stack("services: {web: {image: 'box:1'}}")
        err = self.stack("run", "wbe", "true", expect=1).err
        self.assertIn("no such service: wbe", err)
        self.assertIn('did you mean "web"?', err)
        self.assertIn("stack image pull postgres", self.stack("run", "postgres", expect=1).err)

    def test_a_service_takes_no_flag_of_images(self):
        self.write_stack("services: {web: {image: 'box:1'}}")
        for flags in (["--memory", "64m"], ["-m", "64m"], ["--network", "none"], ["--publish-all"], ["-h", "box"]):
            err = self.stack("run", *flags, "web", "true", expect=2).err
            self.assertIn("is for `stack run IMAGE`", err)


if __name__ == "__main__":
    stacktest.main()
