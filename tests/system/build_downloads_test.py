# SPDX-License-Identifier: Apache-2.0
"""ADD and build contexts from addresses of the web: what arrives, what is asked again, what of a lie stays."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import buildtest
import fake_registry
import stacktest

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"  # 784111777


def archive(**files):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return raw.getvalue()


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Web(buildtest.BuildTest):
    """Pages: path -> (content, headers); who sends a known ETag is answered 304."""

    def setUp(self):
        super().setUp()
        self.pages = {}
        self.authorizations = []
        self.web = fake_registry.FakeRegistry()
        self.addCleanup(self.web.close)
        self.web.answer = self.answer

    def answer(self, handler):
        if handler.headers.get("Authorization"):
            self.authorizations.append(handler.headers["Authorization"])
        if handler.path not in self.pages:
            handler.reply(404, b"nothing")
            return True
        content, headers = self.pages[handler.path]
        tag = headers.get("ETag")
        if tag and handler.headers.get("If-None-Match") == tag:
            handler.reply(304)
        else:
            handler.reply(200, content, **headers)
        return True

    def url(self, path):
        return f"http://{self.web.host}{path}"

    def asked(self, path):
        return sum(1 for each, _ in self.web.requests if each == path)


class Add(Web):
    def test_a_file_is_root_s_alone_and_has_the_server_s_time_and_name(self):
        self.pages["/some/tool%20one?x=1"] = (b"#!/bin/sh\n", {"Last_Modified": DATE})
        image = self.build(f"FROM box:1\nADD {self.url('/some/tool%20one?x=1')} /opt/\n")
        self.assertEqual(self.new_files(image)["/opt/tool one"], "file 0600 0:0 b'#!/bin/sh\\n'")
        file = buildtest.layers_of(image)[-1] / "opt/tool one"
        self.assertEqual(int(file.stat().st_mtime), 784111777)

    def test_without_a_time_it_is_of_1970(self):
        self.pages["/f"] = (b"x", {})
        image = self.build(f"FROM box:1\nADD {self.url('/f')} /f\n")
        self.assertEqual((buildtest.layers_of(image)[-1] / "f").stat().st_mtime, 0)

    def test_the_destination_names_it(self):
        self.pages["/v1.2.3"] = (b"x", {})
        image = self.build(f"FROM box:1\nADD --chmod=755 --chown=12:34 {self.url('/v1.2.3')} /bin/tool\n")
        self.assertEqual(self.new_files(image)["/bin/tool"], "file 0755 12:34 b'x'")

    def test_the_server_may_name_it(self):
        self.pages["/latest"] = (b"x", {"Content_Disposition": 'attachment; filename="tool.bin"'})
        image = self.build(f"FROM box:1\nADD {self.url('/latest')} /opt/\n")
        self.assertIn("/opt/tool.bin", self.new_files(image))

    def test_a_name_of_the_server_stays_in_the_directory(self):
        self.pages["/latest"] = (b"x", {"Content_Disposition": 'attachment; filename="../../etc/passwd"'})
        image = self.build(f"FROM box:1\nADD {self.url('/latest')} /opt/\n")
        self.assertEqual(sorted(self.new_files(image)), ["/opt", "/opt/latest"])

    def test_what_has_no_name_gets_docker_s(self):
        self.pages["/"] = self.pages["/dir/"] = (b"x", {})
        image = self.build(f"FROM box:1\nADD {self.url('/')} {self.url('/dir/')} /opt/\n")
        self.assertEqual(sorted(self.new_files(image)), ["/opt", "/opt/__unnamed__", "/opt/dir"])

    def test_a_user_in_the_address(self):
        self.pages["/f"] = (b"x", {})
        image = self.build(f"FROM box:1\nADD {self.url('/f').replace('://', '://me:pass%20word@')} /opt/\n")
        self.assertIn("/opt/f", self.new_files(image))
        self.assertEqual(self.authorizations, ["Basic bWU6cGFzcyB3b3Jk"])

    def test_an_archive_stays_one_unless_it_is_to_be_unpacked(self):
        content = archive(a=b"1", d__b=b"2")
        self.pages["/x.tgz"] = (content, {})
        image = self.build(f"FROM box:1\nADD {self.url('/x.tgz')} /opt/\n")
        self.assertIn("/opt/x.tgz", self.new_files(image))
        image = self.build(f"FROM box:1\nADD --unpack=true {self.url('/x.tgz')} /opt/\n")
        self.assertEqual({name for name in self.new_files(image)}, {"/opt", "/opt/a", "/opt/d", "/opt/d/b"})

    def test_it_is_sent_again_only_when_it_has_changed(self):
        self.pages["/f"] = (b"one", {"ETag": '"1"'})
        text = f"FROM box:1\nADD {self.url('/f')} /f\n"
        first = self.build(text)
        self.assertEqual(self.build(text), first)
        self.assertEqual(self.cached_steps(), 2)
        self.assertEqual(self.asked("/f"), 2)
        self.assertEqual(self.web.requests[-1][1].get("If-None-Match"), '"1"')
        self.pages["/f"] = (b"two", {"ETag": '"2"'})
        self.assertEqual(self.new_files(self.build(text))["/f"], "file 0600 0:0 b'two'")

    def test_one_whose_checksum_is_told_is_not_asked_for_again(self):
        self.pages["/f"] = (b"one", {})
        text = f"FROM box:1\nADD --checksum={digest(b'one')} {self.url('/f')} /f\n"
        self.build(text)
        self.web.close()
        self.build(text)
        self.assertEqual(self.asked("/f"), 1)

    def test_another_checksum_is_an_error_and_nothing_of_it_stays(self):
        self.pages["/f"] = (b"evil", {})
        failed = self.build(f"FROM box:1\nADD --checksum={digest(b'good')} {self.url('/f')} /f\n", expect=1)
        self.assertIn("Dockerfile:2:1", failed.err)
        self.assertIn(digest(b"evil"), failed.err)
        self.assertIn(digest(b"good"), failed.err)
        self.assertEqual(self.kept(), [])

    def kept(self):
        return [path for path in (Path(os.environ["STACK_ROOT"]) / "cache/downloads").rglob("*")
                if path.is_file() and path.name != "lock" and path.read_bytes() == b"evil"]

    def test_what_breaks_off_is_an_error_and_no_file(self):
        def answer(handler):
            handler.reply(200, b"half", Content_Length="100")
            handler.hang_up()
            return True
        self.web.answer = answer
        failed = self.build(f"FROM box:1\nADD {self.url('/f')} /f\n", expect=1)
        self.assertIn("Dockerfile:2:1", failed.err)
        self.web.answer = self.answer
        self.pages["/f"] = (b"whole", {})
        image = self.build(f"FROM box:1\nADD {self.url('/f')} /f\n")
        self.assertEqual(self.new_files(image)["/f"], "file 0600 0:0 b'whole'")

    def test_one_that_is_not_there(self):
        failed = self.build(f"FROM box:1\nADD {self.url('/no')} /f\n", expect=1)
        self.assertIn(f"Dockerfile:2:1: {self.url('/no')}: the server answered 404", failed.err)

    def test_redirects_are_followed(self):
        def answer(handler):
            if handler.path == "/old":
                handler.reply(302, Location="/new")
                return True
            return self.answer(handler)
        self.web.answer = answer
        self.pages["/new"] = (b"there", {})
        image = self.build(f"FROM box:1\nADD {self.url('/old')} /opt/\n")
        self.assertEqual(self.new_files(image)["/opt/old"], "file 0600 0:0 b'there'")

    def test_a_checksum_is_for_one_address(self):
        for text, word in ((f"ADD --checksum={digest(b'')} hello /", "is a path"),
                           (f"ADD --checksum=md5:1 {self.url('/f')} /", "invalid --checksum"),
                           (f"ADD --checksum={digest(b'')} {self.url('/f')} {self.url('/g')} /", "of one source")):
            self.assertIn(word, self.build(f"FROM box:1\n{text}\n", files={"hello": ""}, expect=1).err)


class Context(Web):
    def test_an_archive(self):
        self.pages["/context.tar.gz"] = (archive(Dockerfile=b"FROM box:1\nCOPY a /a\n", a=b"A"), {})
        image = self.last_id(self.stack("image", "build", self.url("/context.tar.gz")))
        self.assertEqual(self.new_files(image)["/a"], "file 0644 0:0 b'A'")

    def test_a_dockerfile_alone(self):
        self.pages["/Dockerfile"] = (b"FROM box:1\nRUN echo hi > /hi\n", {})
        image = self.last_id(self.stack("image", "build", self.url("/Dockerfile")))
        self.assertIn("/hi", self.new_files(image))

    def test_of_a_service(self):
        self.pages["/context.tar"] = (archive(Dockerfile=b"FROM box:1\nCMD [\"sleep\", \"1000\"]\n"), {})
        self.write_stack(f"""
            services:
              web: {{build: "{self.url('/context.tar')}", init: true, stop_grace_period: 0s}}
        """)
        self.stack("up", "-d", "--build")
        self.assertEqual(self.ps()["web"]["State"], "running")

    def test_one_that_is_not_there_is_told_by_its_address(self):
        failed = self.stack("image", "build", self.url("/no"), expect=1)
        self.assertIn(f"{self.url('/no')}: the server answered 404", failed.err)

    @staticmethod
    def last_id(done):
        return done.out.split()[-1]


if __name__ == "__main__":
    stacktest.main()
