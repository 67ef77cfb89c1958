# SPDX-License-Identifier: Apache-2.0
"""Images as builds make them, read from the store: their config, and their files without a mount."""

import json
import os
import stat
from pathlib import Path

import stacktest


def store():
    return Path(os.environ["STACK_ROOT"]) / "images"


def blob(digest):
    return store() / "blobs/sha256" / digest.removeprefix("sha256:")


def config_of(image_id):
    """The OCI config, as a dictionary."""
    return json.loads(blob(image_id).read_text())


def chain_ids(diff_ids):
    import hashlib
    chains = []
    for diff_id in diff_ids:
        chain = diff_id
        if chains:
            chain = "sha256:" + hashlib.sha256(f"{chains[-1]} {diff_id}".encode()).hexdigest()
        chains.append(chain)
    return chains


def layers_of(image_id):
    """Directories, lowest first."""
    return [store() / "layers" / chain.removeprefix("sha256:")
            for chain in chain_ids(config_of(image_id)["rootfs"]["diff_ids"])]


def is_whiteout(info):
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def tree_of(image_id, below=0):
    """Path -> a line that says what is there: kind, mode, owner, content. `below`: layers that are
    left out, from the bottom."""
    tree = {}
    for layer in layers_of(image_id)[below:]:
        for folder, folders, files in os.walk(layer):
            place = "/" + os.path.relpath(folder, layer) if folder != str(layer) else ""
            if "trusted.overlay.opaque" in os.listxattr(folder, follow_symlinks=False):
                for path in [path for path in tree if path.startswith(place + "/")]:
                    del tree[path]
            for name in folders + files:
                path = f"{place}/{name}"
                info = os.lstat(f"{folder}/{name}")
                if is_whiteout(info) or not stat.S_ISDIR(info.st_mode):
                    for old in [old for old in tree if old == path or old.startswith(path + "/")]:
                        del tree[old]
                if not is_whiteout(info):
                    tree[path] = describe(f"{folder}/{name}", info)
    return dict(sorted(tree.items()))


def describe(path, info):
    mode, owner = f"{stat.S_IMODE(info.st_mode):04o}", f"{info.st_uid}:{info.st_gid}"
    extras = "".join(f" {name}={os.getxattr(path, name, follow_symlinks=False)!r}"
                     for name in sorted(os.listxattr(path, follow_symlinks=False))
                     if name.startswith(("user.", "security.capability")))
    if stat.S_ISLNK(info.st_mode):
        return f"link {owner} -> {os.readlink(path)}{extras}"
    if stat.S_ISDIR(info.st_mode):
        return f"dir {mode} {owner}{extras}"
    if stat.S_ISREG(info.st_mode):
        return f"file {mode} {owner} {Path(path).read_bytes()!r}{extras}"
    return f"node {mode} {owner} {info.st_rdev}{extras}"


class BuildTest(stacktest.StackTest):
    """Builds in the project's folder; `made:1` and what it was made of are removed at the end."""

    def tearDown(self):
        for row in stacktest.run_stack("image", "ls", "--format", "json").lines:
            image = json.loads(row)
            if image["Repository"] == "<none>":
                stacktest.run_stack("image", "rm", "-f", image["ID"])
            elif image["Repository"] != "box":
                stacktest.run_stack("image", "rm", "-f", f"{image['Repository']}:{image['Tag']}")
        super().tearDown()

    def build(self, dockerfile, *arguments, expect=0, files=None, **options):
        """Writes the Dockerfile, builds with "." as context; the image's id, or the failed result."""
        for name, content in (files or {}).items():
            self.write(name, content)
        if dockerfile is not None:
            self.write("Dockerfile", dockerfile)
        done = self.stack("image", "build", "-t", "made:1", *arguments, ".", expect=expect, **options)
        self.last = done
        return done.out.strip() if expect == 0 else done

    def new_files(self, image_id, below=1):
        """What the build has added to its base."""
        return tree_of(image_id, below)

    def configuration(self, image_id):
        return config_of(image_id)["config"]

    def cached_steps(self):
        return self.last.err.count("CACHED")
