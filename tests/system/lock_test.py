# SPDX-License-Identifier: Apache-2.0
"""`stack lock` and `up --locked`: the same again, or a refusal that says in what it would not be (docs/reconciler.md)."""

import json
import os

import registrytest
import stacktest
from fake_registry import layer_of
from plan_test import fingerprint

SHOP = """
    services:
      web:
        image: box:1
        command: sleep 1001
        environment: {{COLOUR: {colour}, PASSWORD: "${{PASSWORD:-none}}"}}
        volumes: ["./html:/html", data:/data]
        stop_signal: SIGKILL
      built:
        build: .
        command: sleep 1002
        stop_signal: SIGKILL
    volumes: {{data: {{}}}}
"""


class Lock(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.write("Dockerfile", "FROM box:1\nLABEL made=once\n")
        self.addCleanup(self.stack, "image", "rm", "-f", f"{self.project}-built", expect=None)

    def lock(self, colour="red"):
        self.write_stack(SHOP.format(colour=colour))
        self.stack("build")
        self.stack("lock")
        return (self.directory / "stack.lock").read_text()

    def refused(self, *saying, flags=(), code=1):
        """It says so, and nothing has changed."""
        before = fingerprint(self.directory, os.environ["STACK_ROOT"], os.environ["STACK_RUN"])
        failed = self.stack("up", "-d", "--locked", *flags, expect=code)
        for words in saying:
            self.assertIn(words, failed.err)
        self.assertEqual(fingerprint(self.directory, os.environ["STACK_ROOT"], os.environ["STACK_RUN"]), before)

    def test_what_was_locked_comes_up_again(self):
        self.lock()
        self.stack("up", "-d", "--locked")
        self.assertIn("nothing to change", self.stack("up", "-d").err)
        self.stack("create", "--locked")

    def test_a_changed_field_is_refused_at_its_line(self):
        self.lock()
        self.write_stack(SHOP.format(colour="blue"))
        self.refused("services.web.environment.COLOUR", '"red" -> "blue"', "stack.yaml:5:", "stack lock")
        self.stack("lock")
        self.stack("up", "-d", "--locked")

    def test_another_image_of_that_name_is_refused(self):
        self.lock()
        self.write("Dockerfile", "FROM box:1\nLABEL made=twice\n")
        self.stack("build")
        self.refused("services.built.image", "is another one here: sha256:")

    def test_an_image_that_was_built_and_is_gone_is_not_built_again(self):
        self.lock()
        self.stack("image", "rm", f"{self.project}-built")
        self.refused("services.built.image", "was built")

    def test_without_a_lock_file_nothing_happens(self):
        self.write_stack(SHOP.format(colour="red"))
        self.refused("there is no", "stack.lock", "`stack lock` writes it")
        self.write("stack.lock", "{")
        self.refused("stack.lock: is no lock file")

    def test_what_makes_or_fetches_excludes_it(self):
        self.lock()
        self.refused("--locked and --build", flags=["--build"], code=2)
        self.refused("--locked and --pull always", flags=["--pull", "always"], code=2)

    def test_what_is_not_here_cannot_be_locked(self):
        self.write_stack("services: {web: {image: 'nowhere:1'}, other: {image: 'neither:1'}}")
        failed = self.stack("lock", expect=1)
        self.assertIn("neither:1 (other), nowhere:1 (web)", failed.err)
        self.assertFalse((self.directory / "stack.lock").exists())

    def test_it_holds_nothing_of_this_machine(self):
        self.write(".env", "PASSWORD=verysecret\n")
        text = self.lock()
        self.assertNotIn("verysecret", text)
        self.assertNotIn(str(self.directory), text)
        self.assertEqual(text, json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n")
        self.stack("up", "-d", "--locked")
        self.write(".env", "PASSWORD=another\n")
        self.stack("up", "-d", "--locked")

    def test_elsewhere_and_in_another_folder(self):
        self.lock()
        self.stack("lock", "-o", "other.lock")
        self.assertEqual((self.directory / "other.lock").read_text(), (self.directory / "stack.lock").read_text())
        self.stack("-p", f"{self.project}-two", "lock", "-o", "two.lock", expect=1)  # its image was not built


class LockAndRegistry(registrytest.RegistryTest):
    def test_an_image_that_is_not_here_comes_by_its_digest(self):
        fake = self.serve()
        box = layer_of({"bin/true": b"x"})
        digest = fake.add_image([box], "1")["digest"]
        name = f"{fake.host}/a:1"
        self.stack("image", "pull", name)
        self.write_stack(f"services: {{web: {{image: '{name}'}}}}")
        self.stack("lock")
        self.stack("image", "rm", name)
        fake.add_image([layer_of({"bin/true": b"another"})], "1")  # that tag is another image now
        del fake.requests[:]
        self.stack("create", "--locked")
        self.assertTrue(any(digest in path for path in fake.paths()), fake.paths())
        self.assertFalse(any(path.endswith("/manifests/1") for path in fake.paths()), fake.paths())
        self.assertIn(digest, self.stack("image", "inspect", name).out)
        del fake.requests[:]
        self.stack("down")
        self.stack("create", "--locked")
        self.assertEqual(fake.paths(), [], "everything is here")


if __name__ == "__main__":
    stacktest.main()
