# SPDX-License-Identifier: Apache-2.0
"""What the tests of registries are written with: a registry of docker's, one that lies, a home of one's own."""

import base64
import json
import os
import random
import shutil
import subprocess
import unittest
from pathlib import Path

import stacktest
import world
from fake_registry import FakeRegistry

DEFAULT_CONFIG = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}
http: {{addr: "{address}:{port}"{http}}}
log: {{level: error, accesslog: {{disabled: true}}}}
{more}
"""


def own_etc():
    """In this world /etc is a copy, without what says anything about registries."""
    copy = world.HOME / "etc"
    shutil.copytree("/etc", copy, symlinks=True)
    for name in ("docker", "containers"):
        shutil.rmtree(copy / name, ignore_errors=True)
    world.run("mount", "--bind", str(copy), "/etc")


def store():
    return Path(os.environ["STACK_ROOT"]) / "images"


class RegistryTest(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.home = self.directory / "home"
        self.home.mkdir()
        self.environment = {"HOME": str(self.home), "STACK_REGISTRY_TIMEOUT": "1",
                            "CONTAINERS_REGISTRIES_CONF": str(self.directory / "registries.conf")}
        self.known_images = self.images()

    def tearDown(self):
        new = self.images() - self.known_images
        if new:
            stacktest.run_stack("image", "rm", "-f", *new)
        super().tearDown()

    def images(self):
        return set(stacktest.run_stack("image", "ls", "-q", "--no-trunc").lines)

    def stack(self, *arguments, **options):
        return super().stack(*arguments, environment=self.environment, **options)

    def serve(self, *arguments, **options):
        fake = FakeRegistry(*arguments, **options)
        self.addCleanup(fake.close)
        return fake

    def log_in(self, host, user="user", password="secret"):
        folder = self.home / ".docker"
        folder.mkdir(exist_ok=True)
        auth = base64.b64encode(f"{user}:{password}".encode()).decode()
        (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
        (folder / "config.json").chmod(0o600)

    def refused(self, *arguments, saying):
        """It fails, says so, and leaves nothing."""
        before = self.images()
        failed = self.stack(*arguments, expect=1)
        self.assertIn(saying, failed.err)
        self.assertEqual(self.images(), before)
        self.check_store()
        return failed

    def check_store(self):
        self.assertEqual(list(store().glob(".tmp.*")), [])


@unittest.skipUnless(shutil.which("docker-registry"), "docker-registry is not installed")
class RealRegistryTest(RegistryTest):
    def start(self, more="", *, address="127.0.0.1", http=""):
        """A docker-registry on a free port of `address`, which has `http` in that part of its configuration;
        returns its host."""
        for _ in range(20):
            port = random.randint(20000, 30000)
            config = self.directory / f"registry-{port}.yml"
            config.write_text(DEFAULT_CONFIG.format(root=self.directory / f"registry-{port}", address=address,
                                                    port=port, http=http, more=more))
            server = subprocess.Popen(["docker-registry", "serve", config], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)

            def answers():
                return server.poll() is not None or subprocess.run(
                    ["curl", "-s", "-o", "/dev/null", f"http://{address}:{port}/v2/"], check=False).returncode == 0
            stacktest.eventually(answers, "the registry answers")
            if server.poll() is None:
                return f"{address}:{port}"
        raise AssertionError("no free port")

    def round_trip(self, host):
        """Pushes an image, removes it, pulls it; its id is the same."""
        name = f"{host}/shop/box:1"
        self.stack("image", "tag", stacktest.IMAGE, name)
        pushed = self.stack("image", "push", name)
        self.assertIn("Pushed", pushed.out)
        before = json.loads(self.stack("image", "inspect", name).out)[0]
        self.stack("image", "rm", name)
        pulled = self.stack("image", "pull", name)
        after = json.loads(self.stack("image", "inspect", name).out)[0]
        self.assertEqual(after["Id"], before["Id"])
        self.assertEqual(after["RootFS"], before["RootFS"])
        self.assertIn(after["RepoDigests"][0].partition("@")[2], pulled.out)
        again = self.stack("image", "pull", name)
        self.assertIn("Status: Image is up to date for", again.out)
        self.assertIn("Layer already exists", self.stack("image", "push", name).out)
        self.stack("image", "rm", name)
