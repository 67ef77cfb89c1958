# SPDX-License-Identifier: Apache-2.0
"""A docker daemon of our own, to compare with: from PATH, or from STACK_PEERS, a folder that bench/peers.sh has
filled."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import stacktest

PEERS = os.environ.get("STACK_PEERS", "")


def is_there():
    return bool(PEERS) or shutil.which("dockerd") is not None


class Docker:
    """A docker daemon of our own."""
    name = "docker"

    def __init__(self, folder):
        root = f"{PEERS}/root"
        self.environment = {
            **os.environ, "DOCKER_HOST": f"unix://{folder}/docker.sock",
            "PATH": f"{root}/usr/bin:{root}/usr/sbin:{os.environ['PATH']}"}
        if PEERS:
            # The client looks for its plugins there, too.
            (folder / "config").mkdir(parents=True)
            (folder / "config/cli-plugins").symlink_to(f"{root}/usr/libexec/docker/cli-plugins")
            self.environment["DOCKER_CONFIG"] = str(folder / "config")
            self.environment["LD_LIBRARY_PATH"] = f"{root}/usr/lib/x86_64-linux-gnu"
        folder.mkdir(exist_ok=True)
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.daemon = subprocess.Popen(
                ["dockerd", "--data-root", str(folder / "root"), "--exec-root", str(folder / "run"), "--pidfile",
                 str(folder / "pid"), "--host", self.environment["DOCKER_HOST"], "--storage-driver", "vfs",
                 "--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
                 "--feature", "containerd-snapshotter=false"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        stacktest.eventually(self.answers, "dockerd answers", deadline=60)

    def answers(self):
        if self.daemon.poll() is not None:
            raise AssertionError("dockerd ended:\n" + self.log.read_text()[-3000:])
        return subprocess.run(["docker", "version"], env=self.environment, capture_output=True,
                              check=False).returncode == 0

    def run(self, *arguments):
        done = subprocess.run(["docker", *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"docker {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def load(self, archive):
        self.run("load", "-q", "-i", str(archive))

    def save(self, name, archive, _):
        self.run("save", "-o", str(archive), name)

    def inspect(self, name):
        return json.loads(self.run("image", "inspect", name))[0]

    def end(self):
        self.daemon.terminate()
        self.daemon.wait(60)
        for cgroup in (*Path("/sys/fs/cgroup").glob("*/docker/buildkit"), *Path("/sys/fs/cgroup").glob("*/docker")):
            cgroup.rmdir()
