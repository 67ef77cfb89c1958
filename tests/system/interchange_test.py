# SPDX-License-Identifier: Apache-2.0
"""Images go to podman, docker and skopeo and come back bit by bit: ids, configs, layers.

docker is taken from PATH, or from STACK_PEERS, a folder that bench/peers.sh has filled; what is not there is
said and skipped."""

import json
import os
import shutil
import subprocess
import tarfile
import unittest
from pathlib import Path

import buildtest
import stacktest
import world
from docker_daemon import Docker, is_there
# What archives are most often wrong about: owners, modes, links of both kinds, what was removed, long
# names, attributes, times, sparse and empty files.
DOCKERFILE = """
FROM box:1 AS base
RUN mkdir -p /data/sub && echo one > /data/one && echo two > /data/sub/two && ln /data/one /data/hard \\
 && ln -s ../one /data/sub/soft && chown -R 1000:2000 /data/sub && chmod 4755 /data/one && chmod 1777 /data \\
 && mkfifo /data/pipe && : > /data/empty && touch -d '2001-02-03 04:05:06' /data/old \\
 && dd if=/dev/zero of=/data/sparse bs=1 count=1 seek=200000 2>/dev/null \\
 && mkdir -p "/data/$(printf 'n%.0s' $(seq 120))/$(printf 'm%.0s' $(seq 120))" && echo "x" > "/data/ümläut und leer"
FROM base
RUN rm -r /data/sub && mkdir /data/sub && rm /data/empty && echo three > /data/sub/three
COPY Dockerfile /data/
ENV A=1 B="two words"
LABEL a.b="c d"
EXPOSE 80/tcp 53/udp
VOLUME /vol
USER 1000:2000
WORKDIR /data
HEALTHCHECK --interval=3s --retries=2 CMD ["true"]
STOPSIGNAL SIGQUIT
ENTRYPOINT ["cat"]
CMD ["one"]
"""


class Podman:
    """podman with a store of its own."""
    name = "podman"

    def __init__(self, folder):
        # podman takes no long path for what it has in /run.
        self.command = ["podman", "--root", str(folder / "root"), "--runroot", str(world.HOME / "podman"),
                        "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"]

    def run(self, *arguments):
        done = subprocess.run([*self.command, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"podman {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def load(self, archive):
        self.run("load", "-q", "-i", str(archive))

    def save(self, name, archive, kind):
        self.run("save", "-q", "--format", kind, "-o", str(archive), name)

    def inspect(self, name):
        return json.loads(self.run("image", "inspect", name))[0]

    def end(self):
        self.run("rmi", "-a", "-f")


class Interchange(buildtest.BuildTest):
    def made(self):
        return self.build(DOCKERFILE)

    def without(self, name):
        self.stack("image", "rm", "-f", name)

    def check_there_and_back(self, peer, kinds):
        self.addCleanup(peer.end)
        image = self.made()
        before, tree = buildtest.config_of(image), buildtest.tree_of(image)
        archive = self.directory / "ours.tar"
        self.stack("image", "save", "-o", str(archive), "made:1")
        peer.load(archive)
        seen = peer.inspect("made:1")
        self.assertEqual("sha256:" + seen["Id"].removeprefix("sha256:"), image)
        self.assertEqual(seen["RootFS"]["Layers"], before["rootfs"]["diff_ids"])
        self.assertEqual(seen["Config"]["Entrypoint"], ["cat"])
        self.without("made:1")
        for kind in kinds:
            with self.subTest(kind):
                theirs = self.directory / f"theirs-{kind}.tar"
                peer.save("made:1", theirs, kind)
                loaded = self.stack("image", "load", "-i", str(theirs)).out
                self.assertIn("made:1", loaded)
                self.assertEqual(self.id_of("made:1"), image)
                self.assertEqual(buildtest.config_of(image), before)
                self.assertEqual(buildtest.tree_of(image), tree)
                self.without("made:1")

    def id_of(self, name):
        return json.loads(self.stack("image", "inspect", name).out)[0]["Id"]

    @unittest.skipUnless(shutil.which("podman"), "podman is not installed")
    def test_podman(self):
        self.check_there_and_back(Podman(self.directory / "podman"), ("docker-archive", "oci-archive"))

    @unittest.skipUnless(is_there(), "docker is not there")
    def test_docker(self):
        self.check_there_and_back(Docker(self.directory / "docker"), ("docker",))

    @unittest.skipUnless(shutil.which("podman"), "podman is not installed")
    def test_what_podman_has_made(self):
        """Its own layers, config and compression; then from us to it again."""
        peer = Podman(self.directory / "podman")
        self.addCleanup(peer.end)
        root = self.directory / "root"
        stacktest.make_box(root)
        archive = self.directory / "root.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(root, ".")
        peer.run("import", "-q", "-c", "ENV WHO=podman", "-c", 'CMD ["true"]', str(archive), "made:1")
        theirs = peer.inspect("made:1")
        for kind in ("docker-archive", "oci-archive"):
            with self.subTest(kind):
                saved = self.directory / f"{kind}.tar"
                peer.save("made:1", saved, kind)
                self.stack("image", "load", "-i", str(saved))
                name, = [name for name in self.names() if name.endswith("made:1")]
                self.assertEqual(buildtest.config_of(self.id_of(name))["rootfs"]["diff_ids"],
                                 theirs["RootFS"]["Layers"])
                again = self.directory / f"again-{kind}.tar"
                self.stack("image", "save", "-o", str(again), name)
                peer.run("rmi", "-f", "made:1")
                peer.load(again)
                self.assertEqual(peer.inspect("made:1")["RootFS"]["Layers"], theirs["RootFS"]["Layers"])
                self.without(name)

    def names(self):
        rows = [json.loads(line) for line in self.stack("image", "ls", "--format", "json").lines]
        return [f"{row['Repository']}:{row['Tag']}" for row in rows]

    @unittest.skipUnless(shutil.which("skopeo"), "skopeo is not installed")
    def test_skopeo(self):
        image = self.made()
        config = buildtest.blob(image).read_bytes()
        archive = self.directory / "ours.tar"
        self.stack("image", "save", "-o", str(archive), "made:1")
        copy = ["skopeo", "copy", "-q", "--insecure-policy"]
        layout = self.directory / "layout"
        subprocess.run([*copy, f"oci-archive:{archive}", f"oci:{layout}:made"], check=True)
        self.assertEqual(Path(layout, "blobs/sha256", image.removeprefix("sha256:")).read_bytes(), config)
        back = self.directory / "back.tar"
        subprocess.run([*copy, f"docker-archive:{archive}:made:1", f"docker-archive:{back}:made:1"], check=True)
        tree = buildtest.tree_of(image)
        self.without("made:1")
        self.stack("image", "load", "-i", str(back))
        self.assertEqual(self.id_of("made:1"), image)
        self.assertEqual(buildtest.tree_of(image), tree)


if __name__ == "__main__":
    stacktest.main()
