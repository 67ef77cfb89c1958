# SPDX-License-Identifier: Apache-2.0
"""image import, ls, rm."""

import io
import json
import subprocess
import tarfile
import unittest

import stacktest


class Images(stacktest.StackTest):
    def tearDown(self):
        for name in ("made:1", "made:2"):
            stacktest.run_stack("image", "rm", "-f", name)
        super().tearDown()

    def names(self):
        return self.stack("image", "ls").out

    def archive(self, kind, *extra):
        """A tar archive with a file and `extra` members; kind is a tarfile mode."""
        path = self.directory / "root.tar"
        with tarfile.open(path, kind) as tar:
            for name, make in (("greeting", None), *extra):
                member = tarfile.TarInfo(name)
                if make:
                    make(member)
                    tar.addfile(member)
                else:
                    member.size = 6
                    tar.addfile(member, io.BytesIO(b"hello\n"))
        return path

    def test_a_plain_and_a_compressed_archive(self):
        for kind in ("w", "w:gz", "w:xz", "w:bz2"):
            self.stack("image", "import", str(self.archive(kind)), "made:1")
            self.assertRegex(self.names(), r"made +1|made:1")

    def test_a_zstd_archive_on_standard_input(self):
        path = self.archive("w")
        subprocess.run(["zstd", "-q", str(path), "-o", str(path) + ".zst"], check=True)
        with open(str(path) + ".zst", "rb") as stream:
            done = subprocess.run([stacktest.STACK, "image", "import", "-", "made:1"], stdin=stream,
                                  capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_message_is_kept_with_it(self):
        self.stack("image", "import", "-m", "of our own", str(self.archive("w")), "made:1")
        self.assertIn("of our own", self.stack("image", "history", "made:1").out)

    def test_an_address_is_not_taken_for_a_file(self):
        result = self.stack("image", "import", "http://127.0.0.1:1/root.tar", "made:1", expect=1)
        self.assertIn("curl -L http://127.0.0.1:1/root.tar | stack image import - NAME", result.err)

    def test_changes_become_the_defaults_of_its_containers(self):
        folder = self.directory / "root"
        stacktest.make_box(folder)
        self.stack("image", "import", str(folder), "made:1", "-c", 'CMD ["sh", "-c", "echo $WHO in $PWD"]',
                   "-c", "ENV WHO=me", "-c", "WORKDIR /srv")
        self.up("services: {web: {image: 'made:1'}}")
        stacktest.eventually(lambda: self.log("web") == "me in /srv\n", "the defaults of the image")
        self.stack("down")

    def test_an_archive_cannot_write_outside_its_image(self):
        def link_out(member):
            member.type, member.linkname = tarfile.SYMTYPE, str(self.directory)
        victim = self.directory / "victim"
        path = self.archive("w", ("out", link_out))
        with tarfile.open(path, "a") as tar:
            for name in ("out/victim", f"../../../../..{victim}", "/../victim"):
                member = tarfile.TarInfo(name)
                member.size = 4
                tar.addfile(member, io.BytesIO(b"evil"))
        self.stack("image", "import", str(path), "made:1", expect=None)
        self.assertFalse(victim.exists())

    def test_a_torn_archive_leaves_nothing(self):
        path = self.archive("w:gz")
        path.write_bytes(path.read_bytes()[:40])
        self.assertNotEqual(self.stack("image", "import", str(path), "made:1", expect=None).code, 0)
        self.assertNotIn("made", self.names())

    def test_an_image_in_use_is_not_removed(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.assertRegex(self.stack("image", "rm", "box:1", expect=1).err, "(?i)in use|used by")
        self.assertEqual(self.state_of("web"), "running")

    def test_an_image_is_removed_by_its_name(self):
        self.stack("image", "import", str(self.archive("w")), "made:1")
        self.stack("image", "rm", "made:1")
        self.assertNotIn("made", self.names())
        self.stack("image", "rm", "made:1", expect=1)

    def test_ls_as_json(self):
        row = json.loads(self.stack("image", "ls", "--format", "json").lines[0])
        self.assertIn("box", json.dumps(row))


if __name__ == "__main__":
    stacktest.main()
