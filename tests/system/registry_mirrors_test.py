# SPDX-License-Identifier: Apache-2.0
"""Where a name leads: mirrors that are there, are down, have nothing, lie or cannot be trusted; short names."""

import json
import shutil
import unittest
from pathlib import Path

import registrytest
import stacktest
import tls
import world
from fake_registry import digest_of, layer_of

LAYER = layer_of({"etc/motd": b"hello\n"})
OTHER = layer_of({"etc/motd": b"evil\n"})
NOBODY = "127.0.0.1:1"


class Mirrors(registrytest.RegistryTest):
    """`self.registry` has team/a:1; nobody asks it when a mirror will do."""

    def setUp(self):
        super().setUp()
        self.registry, self.mirror = self.serve(), self.serve()
        self.manifest = self.registry.add_image([LAYER], "1")["digest"]
        self.name = f"{self.registry.host}/team/a:1"

    def use(self, *mirrors, more=""):
        self.write("registries.conf", f'[[registry]]\nlocation = "{self.registry.host}/team"\n' + "".join(
            f'[[registry.mirror]]\nlocation = "{mirror}/cache"\n' for mirror in mirrors) + more)

    def copy_to_mirror(self):
        self.mirror.blobs, self.mirror.manifests = dict(self.registry.blobs), dict(self.registry.manifests)

    def pull(self):
        """Whether the registry was asked."""
        self.registry.requests.clear()
        self.stack("image", "pull", self.name)
        image, = json.loads(self.stack("image", "inspect", self.name).out)
        self.assertEqual(image["RootFS"]["Layers"], [digest_of(LAYER)])
        self.assertEqual(image["RepoTags"], [self.name])
        self.stack("image", "rm", self.name)
        return bool(self.registry.requests)

    def test_one_that_has_it_is_enough(self):
        self.copy_to_mirror()
        self.use(self.mirror.host)
        self.assertFalse(self.pull())
        self.assertIn("/v2/cache/a/manifests/1", self.mirror.paths())

    def test_one_that_is_down_is_passed_over(self):
        self.copy_to_mirror()
        self.use(NOBODY, self.mirror.host)
        self.assertFalse(self.pull())
        self.use(NOBODY)
        self.assertTrue(self.pull())

    def test_one_that_does_not_have_it_is_passed_over(self):
        self.use(self.mirror.host)
        self.assertTrue(self.pull())
        self.assertTrue(self.mirror.requests)

    def test_one_that_lacks_a_part_is_passed_over(self):
        self.copy_to_mirror()
        for digest, blob in self.registry.blobs.items():
            del self.mirror.blobs[digest]
            self.use(self.mirror.host)
            self.assertTrue(self.pull())
            self.mirror.blobs[digest] = blob

    def test_one_that_is_out_of_order_is_passed_over(self):
        self.mirror.answer = lambda handler: handler.reply(503) or True
        self.use(self.mirror.host)
        self.assertTrue(self.pull())

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_one_that_cannot_be_trusted_is_passed_over(self):
        stranger = self.serve(world.HOST_ADDRESS,
                              certificate=tls.Authority(self.directory).sign(world.HOST_ADDRESS))
        self.use(stranger.host)
        self.assertTrue(self.pull())
        self.assertEqual(stranger.requests, [])

    def test_one_that_lies_about_a_part_ends_it(self):
        """What it would be made of is not what its name says; nothing of it is kept."""
        self.copy_to_mirror()
        other, = (blob for blob in self.serve_other().blobs.values() if blob[:2] == b"\x1f\x8b")
        layer, = (digest for digest, blob in self.registry.blobs.items() if blob[:2] == b"\x1f\x8b")
        self.mirror.blobs[layer] = other
        self.use(self.mirror.host)
        self.refused("image", "pull", self.name, saying=layer)
        self.assertEqual(self.registry.requests, [])

    def test_one_that_lies_about_a_digest_ends_it(self):
        other = self.serve_other()
        self.mirror.blobs = other.blobs
        self.mirror.manifests = {self.manifest: other.manifests["1"]}
        self.use(self.mirror.host)
        name = f"{self.registry.host}/team/a@{self.manifest}"
        self.refused("image", "pull", name, saying=f"not {self.manifest}")
        self.use()
        self.stack("image", "pull", name)

    def serve_other(self):
        other = self.serve()
        other.add_image([OTHER], "1")
        return other

    def test_when_all_fail_the_last_word_is_the_registrys(self):
        self.registry.manifests.clear()
        self.use(NOBODY, self.mirror.host)
        self.refused("image", "pull", self.name, saying="manifest unknown")

    def test_a_password_is_told_to_whom_it_is_for(self):
        self.copy_to_mirror()
        self.log_in(self.registry.host)

        def answer(handler):
            if "Authorization" in handler.headers:
                return False
            handler.reply(401, WWW_Authenticate="Basic realm=r")
            return True
        self.mirror.answer = self.registry.answer = answer
        self.use(self.mirror.host)
        self.assertTrue(self.pull())
        for _, headers in self.mirror.requests:
            self.assertNotIn("Authorization", headers)

    def test_what_is_blocked_is_not_asked(self):
        self.write("registries.conf", f'[[registry]]\nlocation = "{self.registry.host}"\nblocked = true\n')
        self.refused("image", "pull", self.name, saying="is blocked by registries.conf")
        self.assertEqual(self.registry.requests, [])

    def test_dockers_own_registry_has_those_of_daemon_json(self):
        self.copy_to_mirror()
        daemon = Path("/etc/docker/daemon.json")
        daemon.parent.mkdir(exist_ok=True)
        daemon.write_text(json.dumps({"registry-mirrors": [f"http://{NOBODY}", f"http://{self.mirror.host}"]}))
        self.addCleanup(daemon.unlink)
        self.stack("image", "pull", "a:1")
        self.assertIn("/v2/library/a/manifests/1", self.mirror.paths())
        self.stack("image", "rm", "docker.io/library/a:1")


class ShortNames(registrytest.RegistryTest):
    def setUp(self):
        super().setUp()
        self.fake = self.serve()
        self.manifest = self.fake.add_image([LAYER], "1", "latest")["digest"]
        self.write("registries.conf", f"""
            unqualified-search-registries = ["{NOBODY}"]
            [aliases]
            "app" = "{self.fake.host}/team/app"
            "nothing" = ""
            """)

    def test_an_alias_is_another_name(self):
        for given, tag in (("app", "latest"), ("app:1", "1")):
            self.stack("image", "pull", given)
            image, = json.loads(self.stack("image", "inspect", f"{self.fake.host}/team/app:{tag}").out)
            self.assertEqual(image["RepoTags"], [f"{self.fake.host}/team/app:{tag}", f"app:{tag}"])
            self.assertEqual(image["RepoDigests"], [f"{self.fake.host}/team/app@{self.manifest}"])
            self.stack("image", "rm", f"{self.fake.host}/team/app:{tag}", given)

    def test_by_digest(self):
        name = f"app@{self.manifest}"
        self.stack("image", "pull", name)
        self.stack("image", "inspect", name)

    def test_a_stack_file_may_use_it(self):
        self.write_stack("services: {web: {image: app, command: /none}}")
        started = self.stack("up", "-d", expect=None)
        self.assertIn("web Pulled", started.err)
        self.assertNotIn("No such image", started.err)  # there is nothing in it that could be run
        self.assertNotIn("Pull", self.stack("up", "-d", expect=None).err)
        self.stack("down")

    def test_it_is_for_the_whole_name(self):
        self.environment["http_proxy"] = self.environment["https_proxy"] = f"http://{NOBODY}"
        for other in ("ap", "apps", "x/app", "docker.io/library/app", "nothing"):
            self.refused("image", "pull", other, saying="index.docker.io")
        self.assertEqual(self.fake.requests, [])


def setUpModule():
    registrytest.own_etc()


if __name__ == "__main__":
    stacktest.main()
