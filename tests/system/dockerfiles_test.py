# SPDX-License-Identifier: Apache-2.0
"""Dockerfiles built by docker and by stack give the same: files with modes, owners, links and attributes, and
config. The cases are in dockerfiles/cases.py; what docker's BuildKit made of each is written down in
dockerfiles/results.json. Where there is a docker (PATH, or STACK_PEERS), it builds them again, in the same run:
STACK_TEST_RECORD=1 writes what it says into that file."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import shutil
import tarfile
import unittest
from pathlib import Path

import buildtest
import docker_daemon
import stacktest
from dockerfiles.cases import CASES, Link

RESULTS = Path(__file__).resolve().parent / "dockerfiles/results.json"
CONFIG = ("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
          "Healthcheck", "Shell", "OnBuild")


# --- contexts

COMPRESSORS = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}


def archive_of(files, name):
    """A tar archive, compressed as its name says."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files.items():
            item = tarfile.TarInfo(path)
            if isinstance(content, Link):
                item.type, item.linkname = tarfile.SYMTYPE, content.target
                archive.addfile(item)
                continue
            text, mode = content if isinstance(content, tuple) else (content, 0o644)
            item.mode, item.size = mode, len(text.encode())
            archive.addfile(item, io.BytesIO(text.encode()))
    return COMPRESSORS.get(Path(name).suffix, bytes)(made.getvalue())


def write_context(folder, case):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in {**case.files, "Dockerfile": case.dockerfile}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir()
        elif isinstance(content, Link):
            path.symlink_to(content.target)
        elif isinstance(content, dict):
            path.write_bytes(archive_of(content, name))
        else:
            text, mode = content if isinstance(content, tuple) else (content, 0o644)
            path.write_bytes(gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode())
            path.chmod(mode)


# --- images, as `save` gives them

# Which busybox a machine has is not what is compared.
OF_THE_BASE = hashlib.sha256(Path(shutil.which("busybox") or os.devnull).read_bytes()).hexdigest()


def described(archive, item):
    owner = f"{item.uid}:{item.gid}"
    extras = "".join(f" {key.removeprefix('SCHILY.xattr.')}={value}" for key, value in sorted(item.pax_headers.items())
                     if key.startswith("SCHILY.xattr."))
    if item.issym():
        return f"link {owner} -> {item.linkname}{extras}"
    if item.isdir():
        return f"dir {item.mode:04o} {owner}{extras}"
    if item.isfile():
        content = archive.extractfile(item).read()
        said = repr(content.decode("utf-8", "replace")) if len(content) < 300 else hashlib.sha256(content).hexdigest()
        said = "busybox" if said == OF_THE_BASE else said
        return f"file {item.mode:04o} {owner} {said}{extras}"
    return f"node {item.type} {item.mode:04o} {owner} {item.devmajor}:{item.devminor}{extras}"


def apply(tree, layer):
    """One layer upon what is below it."""
    fresh = {}
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        for item in archive:
            path = "/" + item.name.removeprefix("./").strip("/")
            folder, _, name = path.rpartition("/")
            if name == ".wh..wh..opq":
                for old in [old for old in tree if old.startswith(folder + "/")]:
                    del tree[old]
            elif name.startswith(".wh."):
                gone = f"{folder}/{name.removeprefix('.wh.')}"
                for old in [old for old in tree if old == gone or old.startswith(gone + "/")]:
                    del tree[old]
            elif item.islnk():
                fresh[path] = fresh.get("/" + item.linkname.strip("/"), "") + " (hard link)"
            elif path != "/":
                fresh[path] = described(archive, item)
    for path, line in fresh.items():
        if not line.startswith("dir"):
            for old in [old for old in tree if old.startswith(path + "/")]:
                del tree[old]
    tree.update(fresh)


def image_of(path):
    """(config, layers) of the one image of an archive."""
    with tarfile.open(path) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))[0]
        config = json.load(archive.extractfile(manifest["Config"]))
        layers = [archive.extractfile(name).read() for name in manifest["Layers"]]
    return config, [gzip.decompress(layer) if layer[:2] == b"\x1f\x8b" else layer for layer in layers]


def result_of(path, base):
    config, layers = image_of(path)
    before, after = {}, {}
    for number, layer in enumerate(layers):
        apply(after, layer)
        if number == 0 and layer == base:
            before = dict(after)
    files = {path: line for path, line in after.items() if before.get(path) != line}
    files.update({path: "gone" for path in before if path not in after})
    result = {"config": {key: config["config"][key] for key in CONFIG if config["config"].get(key)},
              "files": dict(sorted(files.items()))}
    if config.get("author"):
        result["author"] = config["author"]
    return result


FAILS = {"fails": True}
# Our docker has no network for its steps.
FLAGS = ("--network", "none")


class Dockerfiles(buildtest.BuildTest):
    def setUp(self):
        super().setUp()
        self.archive = self.directory / "made.tar"
        self.stack("image", "save", "-o", str(self.archive), stacktest.IMAGE)
        self.base = image_of(self.archive)[1][0]

    def by_stack(self, case):
        folder = self.directory / "context"
        write_context(folder, case)
        done = stacktest.run_stack("image", "build", "-q", "-t", "made:1", *FLAGS, *case.flags, ".", directory=folder)
        if done.code != 0:
            self.assertIn("stack: ", done.err)
            return FAILS
        self.stack("image", "save", "-o", str(self.archive), "made:1")
        return result_of(self.archive, self.base)

    def by_docker(self, docker, case):
        folder = self.directory / "context"
        write_context(folder, case)
        try:
            docker.run("build", "-q", "--provenance=false", "-t", "made:1", *FLAGS, *case.flags, str(folder))
        except AssertionError:
            return FAILS
        docker.save("made:1", self.archive, None)
        return result_of(self.archive, self.base)

    def test_what_docker_made_of_them_was_written_down(self):
        recorded = json.loads(RESULTS.read_text(encoding="utf-8"))
        self.assertEqual(sorted(recorded), sorted(CASES))
        for name, case in CASES.items():
            with self.subTest(name):
                self.assertEqual(self.by_stack(case), FAILS if case.refused else recorded[name])

    @unittest.skipUnless(docker_daemon.is_there(), "docker is not installed: what it said once is compared")
    def test_what_docker_makes_of_them_now(self):
        docker = docker_daemon.Docker(self.directory / "docker")
        self.addCleanup(docker.end)
        self.stack("image", "save", "-o", str(self.archive), stacktest.IMAGE)
        docker.load(self.archive)
        said = {name: self.by_docker(docker, case) for name, case in CASES.items()}
        if os.environ.get("STACK_TEST_RECORD"):
            RESULTS.write_text(json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        recorded = json.loads(RESULTS.read_text(encoding="utf-8"))
        for name in CASES:
            with self.subTest(name):
                self.assertEqual(said[name], recorded[name])


if __name__ == "__main__":
    stacktest.main()
