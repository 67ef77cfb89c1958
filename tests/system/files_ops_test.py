# SPDX-License-Identifier: Apache-2.0
"""cp, diff, export, commit: what one does with the files of containers."""

import ctypes
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import tarfile
import unittest
from pathlib import Path

import failpoints
import stacktest

IDLE = "command: sleep 1001"
RENAME_EXCHANGE = 2
AT_FDCWD = -100
LIBC = ctypes.CDLL(None, use_errno=True)


def exchange(one, other):
    """renameat2(RENAME_EXCHANGE): both names exist at every moment."""
    if LIBC.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), "renameat2")


class FilesTest(stacktest.StackTest):
    def up_idle(self, more="", name="web"):
        self.up(f"services: {{{name}: {{image: 'box:1', {IDLE}{more}}}}}")

    def local(self, name, text="text\n", mode=0o644):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def cp(self, source, destination, *flags, **options):
        return self.stack("cp", *flags, str(source), str(destination), **options)

    def shown(self, path, service="web"):
        return self.inside(service, "cat", path)

    def stat(self, path, service="web"):
        return self.inside(service, "stat", "-c", "%u:%g %a", path).strip()

    def bytes_of(self, *arguments, stdin=None, expect=0):
        """Standard output as bytes."""
        done = subprocess.run([stacktest.STACK, *arguments], cwd=self.directory, input=stdin,
                              capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done.stdout

    @staticmethod
    def members(archive):
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            return {member.name: member for member in tar}


class CopyIn(FilesTest):
    def test_a_file_by_dockers_rules(self):
        self.up_idle()
        self.local("f", "one\n", 0o754)
        self.cp("f", "web:/tmp/new")
        self.assertEqual(self.shown("/tmp/new"), "one\n")
        self.cp("f", "web:/tmp")
        self.assertEqual(self.shown("/tmp/f"), "one\n")
        self.cp("f", "web:tmp/")  # the first slash may be left out
        self.local("f", "two\n")
        self.cp("f", "web:/tmp/new")
        self.assertEqual(self.shown("/tmp/new"), "two\n")
        refused = self.cp("f", "web:/tmp/absent/", expect=1)
        self.assertIn("no such directory", refused.err)
        refused = self.cp("f", "web:/absent/f", expect=1)
        self.assertIn("Could not find the file /absent in container", refused.err)
        refused = self.cp("f", "web:/tmp/new/", expect=1)
        self.assertIn("no such directory", refused.err)

    def test_a_directory_by_dockers_rules(self):
        self.up_idle()
        self.local("d/one")
        self.local("d/sub/two")
        self.local("f")
        self.cp("d", "web:/tmp/new")
        self.assertEqual(self.inside("web", "ls", "/tmp/new").split(), ["one", "sub"])
        self.cp("d", "web:/tmp")
        self.assertEqual(self.inside("web", "ls", "/tmp/d").split(), ["one", "sub"])
        self.inside("web", "mkdir", "/tmp/content")
        self.cp("d/.", "web:/tmp/content")
        self.assertEqual(self.inside("web", "ls", "/tmp/content").split(), ["one", "sub"])
        self.cp("f", "web:/tmp/file")
        refused = self.cp("d", "web:/tmp/file", expect=1)
        self.assertIn("cannot copy directory", refused.err)
        self.inside("web", "mkdir", "/tmp/content/f")
        refused = self.cp("f", "web:/tmp/content", expect=1)
        self.assertIn("cannot overwrite directory", refused.err)

    def test_owners_and_modes(self):
        self.up_idle()
        path = self.local("f", mode=0o751)
        os.chown(path, 1234, 5678)
        self.cp("f", "web:/tmp/roots")
        self.assertEqual(self.stat("/tmp/roots"), "0:0 751")
        self.cp("f", "web:/tmp/kept", "-a")
        self.assertEqual(self.stat("/tmp/kept"), "1234:5678 751")

    def test_links_at_the_source(self):
        self.up_idle()
        self.local("f")
        (self.directory / "link").symlink_to("f")
        self.cp("link", "web:/tmp/link")
        self.assertEqual(self.inside("web", "readlink", "/tmp/link"), "f\n")
        self.cp("link", "web:/tmp/file", "-L")
        self.assertEqual(self.shown("/tmp/file"), "text\n")
        self.cp("link", "web:/home/", "-L")  # under the name that was asked for
        self.assertEqual(self.shown("/home/link"), "text\n")

    def test_links_at_the_destination_are_the_containers(self):
        self.up_idle()
        self.local("f")
        self.inside("web", "ln", "-s", "/home", "/tmp/to-home")
        self.inside("web", "ln", "-s", "/home/target", "/tmp/to-file")
        self.cp("f", "web:/tmp/to-home")
        self.assertEqual(self.shown("/home/f"), "text\n")
        self.cp("f", "web:/tmp/to-file")
        self.assertEqual(self.shown("/home/target"), "text\n")
        self.assertFalse(Path("/home/target").exists())

    def test_into_a_volume_and_over_a_mounted_file(self):
        config = self.local("config", "before\n")
        self.up(f"""
            services:
              web: {{image: 'box:1', {IDLE}, volumes: ['data:/v', './config:/config', 'more:/r:ro']}}
            volumes: {{data: , more: }}
            """)
        self.local("f")
        self.cp("f", "web:/v")
        self.assertEqual(self.shown("/v/f"), "text\n")
        self.cp("f", "web:/config")
        self.assertEqual(config.read_text(), "text\n")
        self.assertEqual(self.shown("/config"), "text\n")
        self.cp("f", "web:/etc/hosts")  # the stack's own, in place as well
        self.assertEqual(self.shown("/etc/hosts"), "text\n")
        self.assertEqual(self.stack("diff", "web").out, "A /config\nA /r\nA /v\n")
        refused = self.cp("f", "web:/r", expect=1)
        self.assertIn("mounted volume is marked read-only", refused.err)

    def test_a_read_only_root(self):
        self.up_idle(", read_only: true")
        self.local("f")
        for _ in range(2):
            refused = self.cp("f", "web:/tmp", expect=1)
            self.assertIn("container rootfs is marked read-only", refused.err)
            self.stack("stop", "-t", "1")

    def test_into_all_containers_or_one(self):
        self.up_idle(", scale: 2")
        self.local("f", "all\n")
        self.cp("f", "web:/f")
        self.local("f", "second\n")
        self.cp("f", "web:/f", "--index", "2")
        self.assertEqual(self.inside("web", "cat", "/f"), "all\n")
        self.assertEqual(self.stack("exec", "-T", "--index", "2", "web", "cat", "/f").out,
                         "second\n")
        refused = self.cp("f", "web:/f", "--index", "3", expect=1)
        self.assertIn('service "web" is not running container #3', refused.err)

    def test_a_stopped_container_and_its_volume(self):
        self.up(f"""
            services: {{web: {{image: 'box:1', {IDLE}, volumes: ['data:/v']}}}}
            volumes: {{data: }}
            """)
        self.stack("stop", "-t", "1")
        self.local("f")
        self.cp("f", "web:/v/in-volume")
        self.cp("f", "web:/tmp/in-root")
        self.assertEqual(set(self.members(self.bytes_of("cp", "web:/v/.", "-"))), {".", "in-volume"})
        self.stack("start")
        self.assertEqual(self.shown("/v/in-volume") + self.shown("/tmp/in-root"), "text\ntext\n")

    def test_nobody_starts_a_container_whose_files_are_open(self):
        self.up_idle()
        self.stack("stop", "-t", "1")
        copy = subprocess.Popen([stacktest.STACK, "cp", "-", "web:/tmp"], cwd=self.directory,
                                stdin=subprocess.PIPE)
        # Itself, and the process whose mount namespace the container's root is in.
        stacktest.eventually(lambda: len(self.pids_running("cp - web:/tmp")) == 2, "it is open")
        start = subprocess.Popen([stacktest.STACK, "start"], cwd=self.directory, text=True,
                                 stderr=subprocess.PIPE)
        self.assertIn("waiting for stack cp", start.stderr.readline())
        copy.kill()
        copy.wait()
        copy.stdin.close()
        start.stderr.read()
        self.assertEqual(start.wait(), 0)
        start.stderr.close()
        self.assertEqual(self.state_of("web"), "running")
        stacktest.eventually(lambda: not self.pids_running("cp - web:/tmp"), "nothing stays")

    def test_an_archive_on_standard_input(self):
        self.up_idle()
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            member = tarfile.TarInfo("sub/f")
            member.size, member.uid, member.mode = 5, 1000, 0o640
            tar.addfile(member, io.BytesIO(b"text\n"))
            for name in ("../out", "/tmp/sub/../../../out"):
                member = tarfile.TarInfo(name)
                member.size = 5
                if name.startswith("../"):
                    evil = io.BytesIO()
                    with tarfile.open(fileobj=evil, mode="w") as other:
                        other.addfile(member, io.BytesIO(b"evil\n"))
        self.bytes_of("cp", "-", "web:/tmp", stdin=stream.getvalue())
        self.assertEqual(self.shown("/tmp/sub/f"), "text\n")
        self.assertEqual(self.stat("/tmp/sub/f"), "1000:0 640")
        self.bytes_of("cp", "-", "web:/tmp", stdin=evil.getvalue(), expect=1)
        self.bytes_of("cp", "-", "web:/etc/passwd", stdin=stream.getvalue(), expect=1)
        self.bytes_of("cp", "-", "web:/proc", stdin=stream.getvalue(), expect=1)

    def test_what_is_no_file_is_no_destination(self):
        self.up_idle()
        self.local("f")
        refused = self.cp("f", "web:/dev/null", expect=1)
        self.assertIn("must be a directory or a regular file", refused.err)
        self.cp("f", "web:/sys/f", expect=1)
        self.cp("f", "web:/proc/self/f", expect=1)


class CopyOut(FilesTest):
    def test_a_file_out_by_dockers_rules(self):
        self.up_idle()
        self.inside("web", "sh", "-c", "echo text >/tmp/f; chmod 754 /tmp/f")
        new, folder = self.directory / "new", self.directory / "folder"
        folder.mkdir()
        self.cp("web:/tmp/f", "new")
        self.assertEqual(new.read_text(), "text\n")
        self.assertEqual(new.stat().st_mode & 0o7777, 0o754)
        self.cp("web:/tmp/f", "folder/")
        self.assertEqual((folder / "f").read_text(), "text\n")
        self.inside("web", "sh", "-c", "echo more >/tmp/f")
        self.cp("web:/tmp/f", "new")
        self.assertEqual(new.read_text(), "more\n")
        self.assertIn("no such directory", self.cp("web:/tmp/f", "absent/", expect=1).err)
        self.assertIn("No such file", self.cp("web:/tmp/f", "absent/f", expect=1).err)
        self.assertIn("Could not find the file /absent in container",
                      self.cp("web:/absent", ".", expect=1).err)
        self.assertIn("not a directory", self.cp("web:/tmp/f/", ".", expect=1).err)

    def test_a_directory_out_by_dockers_rules(self):
        self.up_idle()
        self.inside("web", "sh", "-c", "mkdir -p /tmp/d/sub; echo text >/tmp/d/one")
        folder = self.directory / "folder"
        folder.mkdir()
        self.cp("web:/tmp/d", "new")
        self.cp("web:/tmp/d", "folder")
        self.cp("web:/tmp/d/.", "folder")
        names = sorted(str(path.relative_to(self.directory)) for path in self.directory.rglob("*"))
        self.assertEqual(names, ["folder", "folder/d", "folder/d/one", "folder/d/sub",
                                 "folder/one", "folder/sub", "new", "new/one", "new/sub",
                                 "stack.yaml"])
        self.local("file")
        self.assertIn("cannot copy directory", self.cp("web:/tmp/d", "file", expect=1).err)

    def test_owners_set_user_bits_and_devices(self):
        self.up_idle(", cap_add: [MKNOD]")
        self.inside("web", "sh", "-c", "mkdir /tmp/d; cd /tmp/d; echo x >f; chown 1000:2000 f;"
                                       "chmod 4755 f; mknod disk b 1 0; mkfifo pipe")
        done = self.cp("web:/tmp/d", "mine")
        mine = (self.directory / "mine/f").stat()
        self.assertEqual((mine.st_uid, mine.st_gid, mine.st_mode & 0o7777), (0, 0, 0o755))
        self.assertIn("left out: mine/disk", done.err)
        self.cp("web:/tmp/d", "kept", "-a")
        kept = (self.directory / "kept/f").stat()
        self.assertEqual((kept.st_uid, kept.st_gid, kept.st_mode & 0o7777), (1000, 2000, 0o4755))
        self.assertFalse((self.directory / "kept/disk").exists())

    def test_links(self):
        self.up_idle()
        self.inside("web", "ln", "-s", "/etc/passwd", "/tmp/link")
        self.cp("web:/tmp/link", "link")
        self.assertEqual(os.readlink(self.directory / "link"), "/etc/passwd")
        self.cp("web:/tmp/link", "file", "-L")
        self.assertIn("app:x:1000", (self.directory / "file").read_text())
        self.inside("web", "ln", "-s", "/proc/1/root/etc", "/tmp/magic")
        self.cp("web:/tmp/magic/passwd", "magic", expect=1)

    def test_an_archive_on_standard_output(self):
        self.up_idle()
        members = self.members(self.bytes_of("cp", "web:/srv/data", "-"))
        self.assertEqual(set(members), {"data", "data/from-image", "data/link"})
        self.assertEqual((members["data/from-image"].uid, members["data/from-image"].gid),
                         (1000, 2000))
        members = self.members(self.bytes_of("cp", "web:/srv/data/from-image", "-"))
        self.assertEqual(set(members), {"from-image"})

    def test_the_whole_root_without_what_the_kernel_makes_up(self):
        self.up_idle()
        self.cp("web:/", "all")
        self.assertTrue((self.directory / "all/bin/busybox").exists())
        for name in ("proc", "sys", "dev"):
            self.assertEqual(list((self.directory / "all" / name).iterdir()), [])
        self.assertIn("Could not find the file", self.cp("web:/proc/1/environ", ".", expect=1).err)

    def test_nothing_is_executed(self):
        self.up_idle()
        trace = self.directory / "trace"
        for arguments in (["cp", "web:/srv/data", "copy"], ["cp", "copy", "web:/tmp/copy"],
                          ["export", "-o", "all.tar", "web"], ["diff", "web"]):
            done = subprocess.run(["strace", "-f", "-o", str(trace), "-e", "trace=execve,chroot",
                                   stacktest.STACK, *arguments], cwd=self.directory,
                                  capture_output=True, timeout=120, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            calls = [line for line in trace.read_text().splitlines() if "execve(" in line or "chroot(" in line]
            self.assertEqual(len(calls), 1, calls)  # strace's own, of stack

    def test_wrong_usage(self):
        self.up_idle()
        self.assertIn("copying between services is not supported",
                      self.cp("web:/a", "web:/b", expect=1).err)
        self.assertIn("unknown copy direction", self.cp("a", "b", expect=2).err)
        self.stack("cp", "a", expect=2)
        self.stack("cp", "", "web:/a", expect=2)
        refused = self.cp("wab:/a", ".", expect=1)
        self.assertIn('no container found for service "wab"', refused.err)
        self.assertIn('did you mean "web"?', refused.err)
        self.assertIn("No such file or directory", self.cp("absent", "web:/", expect=1).err)


class Races(FilesTest):
    """A container that exchanges a directory for a link to the host's, while files are copied."""

    rounds = int(os.environ.get("STACK_TEST_RACE_ROUNDS", "200"))  # each way

    def setUp(self):
        super().setUp()
        self.victim = self.directory / "victim"
        self.victim.mkdir()
        (self.victim / "sentinel").write_text("the host's secret\n")
        (self.victim / "sentinel").chmod(0o600)

    def start_exchanging(self):
        """Below a volume, so that the exchange runs at full speed from outside: what it does is
        what a program in the container can do."""
        self.up(f"""
            services: {{web: {{image: 'box:1', {IDLE}, volumes: ['data:/v']}}}}
            volumes: {{data: }}
            """)
        volume = next(Path(os.environ["STACK_ROOT"], "volumes").glob("*/_data"))
        (volume / "d").mkdir()
        (volume / "d/sentinel").write_text("the container's own\n")
        (volume / "l").symlink_to(self.victim)
        (volume / "t").mkdir()
        self.forever(lambda: exchange(volume / "d", volume / "l"))
        self.forever(lambda: self.replace_new_file(volume / "t/f", volume / "t/link"))

    def forever(self, work):
        """In a process of its own, until the end of the test."""
        child = os.fork()
        while child == 0:
            work()
        self.addCleanup(lambda: (os.kill(child, signal.SIGKILL), os.waitpid(child, 0)))

    def replace_new_file(self, file, link):
        """As soon as there is a file, a link to the host has its name."""
        try:
            if not link.is_symlink():
                link.unlink(missing_ok=True)
                link.symlink_to(self.victim / "sentinel")
            exchange(file, link)
        except OSError:
            pass  # the file is not there yet, or no longer

    def remove_copy(self):
        out = self.directory / "out"
        if out.is_symlink() or out.is_file():
            out.unlink()
        elif out.exists():
            shutil.rmtree(out)

    def check_copy(self):
        """A link may have been copied as a link; it is the test that must not follow it."""
        out = self.directory / "out"
        if out.is_symlink():
            return
        for path in [out, *out.rglob("*")]:
            if path.is_file() and not path.is_symlink():
                self.assertNotIn("secret", path.read_text())

    def state_of_victim(self):
        info = (self.victim / "sentinel").stat()
        return ((self.victim / "sentinel").read_text(), info.st_mode, info.st_uid, info.st_mtime_ns,
                sorted(os.listdir(self.victim)), self.victim.stat().st_mode)

    def test_the_host_is_neither_read_nor_written(self):
        self.start_exchanging()
        self.local("in/sentinel", "from the host, on purpose\n", 0o777)
        self.local("slow", "from the host, on purpose\n" * 100_000, 0o777)  # time for a link
        before = self.state_of_victim()
        done = {0: 0, 1: 0}
        for number in range(self.rounds):
            self.remove_copy()
            source = ("web:/v/d/sentinel", "web:/v/d", "web:/v/d/.", "web:/v")[number % 4]
            result = self.cp(source, "out", "-q", *(["-L"] if number % 3 == 0 else []), expect=None)
            done[result.code] += 1
            self.check_copy()
            target, what = (("web:/v/d", "in/sentinel"), ("web:/v/d/sentinel", "in/sentinel"),
                            ("web:/v/d/", "in/."), ("web:/v/d", "in/."))[number % 4]
            result = self.cp(what, target, "-q", "-a", expect=None)
            done[result.code] += 1
            self.cp("slow", "web:/v/t/f", "-q", expect=None)
        self.assertEqual(self.state_of_victim(), before)
        self.assertGreater(done[0], self.rounds // 10)


class Diff(FilesTest):
    def test_added_changed_and_removed(self):
        self.up_idle()
        self.assertEqual(self.stack("diff", "web").out, "")
        self.inside("web", "sh", "-c", "echo x >>/etc/passwd; mkdir -p /opt/a; echo x >/opt/a/b;"
                                       "rm -r /srv/data; chmod 700 /home")
        self.assertEqual(self.stack("diff", "web").lines,
                         ["C /etc", "C /etc/passwd", "C /home", "A /opt", "A /opt/a", "A /opt/a/b",
                          "C /srv", "D /srv/data"])

    def test_a_directory_made_anew(self):
        self.up_idle()
        self.inside("web", "sh", "-c", "rm -r /srv/data; mkdir /srv/data; echo x >/srv/data/new")
        self.assertEqual(self.stack("diff", "web").lines,
                         ["C /srv", "C /srv/data", "D /srv/data/from-image", "D /srv/data/link",
                          "A /srv/data/new"])

    def test_volumes_are_told_by_their_mount_point_only(self):
        self.up(f"""
            services: {{web: {{image: 'box:1', {IDLE}, volumes: ['data:/new/v', 'more:/srv/data']}}}}
            volumes: {{data: , more: }}
            """)
        self.inside("web", "sh", "-c", "echo x >/new/v/f; echo x >/srv/data/f")
        self.assertEqual(self.stack("diff", "web").lines, ["A /new", "A /new/v"])

    def test_a_stopped_container(self):
        self.up("services: {web: {image: 'box:1', command: touch /made}}")
        stacktest.eventually(lambda: self.state_of("web") == "exited", "the command ends")
        self.assertEqual(self.stack("diff", "web").lines, ["A /made"])

    def test_bad_input_of_diff(self):
        self.up_idle()
        self.assertIn('no container found for service "x"', self.stack("diff", "x", expect=1).err)
        self.assertIn("is not running container #7",
                      self.stack("diff", "--index", "7", "web", expect=1).err)
        self.stack("diff", "--index", "x", "web", expect=2)


class Export(FilesTest):
    def test_all_files_without_those_of_volumes(self):
        self.up(f"""
            services: {{web: {{image: 'box:1', {IDLE}, volumes: ['data:/v']}}}}
            volumes: {{data: }}
            """)
        self.inside("web", "sh", "-c", "echo x >/v/f; echo mine >/etc/mine; rm /srv/data/link")
        archive = self.bytes_of("export", "web")
        members = self.members(archive)
        self.assertTrue({"bin/busybox", "v", "etc/mine", "proc", "dev"} <= set(members))
        self.assertFalse({"v/f", "srv/data/link", "proc/1", "dev/null"} & set(members))
        self.assertEqual(members["srv/data/from-image"].uid, 1000)
        self.assertEqual(members["srv/data"].mode, 0o2750)
        self.stack("stop", "-t", "1")
        self.assertEqual(self.members(self.bytes_of("export", "web")).keys(), members.keys())

    def test_into_a_file(self):
        self.up_idle()
        self.stack("export", "-o", "all.tar", "web")
        self.assertTrue(tarfile.is_tarfile(self.directory / "all.tar"))
        self.stack("export", "-o", "absent/all.tar", "web", expect=1)
        self.assertIn("is a directory", self.stack("export", "-o", ".", "web", expect=1).err)
        self.stack("export", "--output=/dev/null", "web")
        self.assertEqual(sorted(os.listdir(self.directory)), ["all.tar", "stack.yaml"])

    def test_not_to_a_terminal(self):
        self.up_idle()
        for arguments in (["export", "web"], ["cp", "web:/etc", "-"]):
            master, terminal = pty.openpty()
            done = subprocess.run([stacktest.STACK, *arguments], cwd=self.directory,
                                  stdout=terminal, stderr=subprocess.PIPE, timeout=60, check=False)
            os.close(terminal)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"terminal", done.stderr)
            with self.assertRaises(OSError):  # EIO: nobody wrote, and nobody can any more
                os.read(master, 1)
            os.close(master)

    def test_an_image_can_be_made_of_it(self):
        self.up_idle()
        self.inside("web", "sh", "-c", "echo mine >/etc/mine")
        self.stack("export", "-o", "all.tar", "web")
        self.addCleanup(stacktest.run_stack, "image", "rm", "-f", "made:1")
        self.stack("image", "import", "all.tar", "made:1")
        self.up("services: {web: {image: 'made:1', command: cat /etc/mine}}")
        stacktest.eventually(lambda: self.log("web") == "mine\n", "the file is there")


class Commit(FilesTest):
    def tearDown(self):
        self.take_down()
        for name in ("made:1", "made:2", "made"):
            stacktest.run_stack("image", "rm", "-f", name)
        super().tearDown()

    @staticmethod
    def config_of(image):
        store = Path(os.environ["STACK_ROOT"]) / "images"
        return json.loads((store / "blobs/sha256" / image.removeprefix("sha256:")).read_text())

    def test_the_image_has_the_containers_files(self):
        self.up(f"""
            services: {{web: {{image: 'box:1', {IDLE}, volumes: ['data:/v'], environment: {{A: b}}}}}}
            volumes: {{data: }}
            """)
        self.inside("web", "sh", "-c", "echo mine >/etc/mine; rm -r /srv/data; echo x >/v/f")
        image = self.stack("commit", "-a", "Me <me@example.com>", "-m", "with mine", "web",
                           "made:1").out.strip()
        self.assertRegex(image, "^sha256:[0-9a-f]{64}$")
        config = self.config_of(image)
        self.assertEqual(config["author"], "Me <me@example.com>")
        self.assertEqual(config["history"][-1]["comment"], "with mine")
        self.assertEqual(len(config["history"]), 2)
        self.assertEqual(len(config["rootfs"]["diff_ids"]), 2)
        self.assertIn("A=b", config["config"]["Env"])
        self.up("services: {web: {image: 'made:1', command: \"sh -c 'cat /etc/mine; ls /srv /v; echo $$A'\"}}")
        stacktest.eventually(lambda: self.log("web") == "mine\n/srv:\n\n/v:\nb\n", "its files")

    def test_changes(self):
        self.up_idle()
        changes = ['CMD ["echo", "committed"]', "ENV WHO=me", "EXPOSE 80", "LABEL a=b",
                   "ONBUILD RUN x", "STOPSIGNAL SIGINT", "USER app", "VOLUME /data", "WORKDIR /home",
                   "HEALTHCHECK --interval=1s CMD true", 'ENTRYPOINT ["/bin/env"]']
        flags = [word for change in changes for word in ("-c", change)]
        config = self.config_of(self.stack("commit", *flags, "web").out.strip())["config"]
        self.assertEqual(config, config | {
            "Cmd": ["echo", "committed"], "Entrypoint": ["/bin/env"], "User": "app",
            "WorkingDir": "/home", "StopSignal": "SIGINT", "OnBuild": ["RUN x"],
            "Volumes": {"/data": {}}, "ExposedPorts": {"80/tcp": {}}, "Labels": {"a": "b"},
            "Healthcheck": {"Test": ["CMD-SHELL", "true"], "Interval": 1000000000}})
        refused = self.stack("commit", "-c", "RUN x", "web", expect=1)
        self.assertIn('change "RUN x"', refused.err)

    def test_the_health_check_of_an_image_is_used(self):
        self.up_idle()
        self.stack("commit", "-c", "HEALTHCHECK --interval=100ms CMD true", "web", "made:1")
        self.up(f"services: {{web: {{image: 'made:1', {IDLE}}}}}")
        stacktest.eventually(lambda: self.ps()["web"]["Health"] == "healthy", "it is healthy")

    def held_commit(self):
        """A commit that is held where it begins to write its layer."""
        self.inside("web", "touch", "/srv/new")
        points = failpoints.FailPoints()
        self.addCleanup(points.close)
        points.arm("scratch.make", failpoints.HOLD)
        process = subprocess.Popen([stacktest.STACK, "commit", "web", "made:1"],
                                   cwd=self.directory, stdout=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        stacktest.eventually(lambda: points.happened, "it is held")
        self.assertEqual(self.state_of("web"), "paused")
        return points, process

    def test_the_container_stands_still_meanwhile_and_goes_on_afterwards(self):
        self.up("""
            services: {web: {image: 'box:1', command: "sh -c 'while :; do echo a >/home/a; cat /home/a >/home/b; done'"}}
            """)
        points, process = self.held_commit()
        process.send_signal(signal.SIGINT)  # waits until the container runs again
        points.let_go()
        process.wait()
        self.assertEqual(self.state_of("web"), "running")
        self.stack("pause")
        self.stack("commit", "web", "made:1")
        self.assertEqual(self.state_of("web"), "paused")  # as somebody wanted it
        self.stack("unpause")

    def test_the_container_goes_on_when_the_command_is_killed(self):
        self.up_idle()
        _, process = self.held_commit()
        process.kill()
        self.assertEqual(process.wait(), -signal.SIGKILL)
        stacktest.eventually(lambda: self.state_of("web") == "running", "it goes on")
        self.inside("web", "true")

    def test_nothing_changed_adds_no_layer(self):
        self.up_idle()
        config = self.config_of(self.stack("commit", "web", "made:1").out.strip())
        self.assertEqual(len(config["rootfs"]["diff_ids"]), 1)
        self.assertTrue(config["history"][-1]["empty_layer"])

    def test_of_a_commit_and_of_a_stopped_container(self):
        self.up("services: {web: {image: 'box:1', command: touch /one}}")
        stacktest.eventually(lambda: self.state_of("web") == "exited", "the command ends")
        self.stack("commit", "web", "made:1")
        self.up("services: {web: {image: 'made:1', command: \"sh -c 'rm /one; touch /two'\"}}")
        stacktest.eventually(lambda: self.state_of("web") == "exited", "the command ends")
        self.stack("commit", "web", "made:2")
        self.up("services: {web: {image: 'made:2', command: \"sh -c 'ls -d /one /two'\"}}")
        stacktest.eventually(lambda: "/two" in self.log("web"), "the second layer")
        self.assertNotIn("\n/one", "\n" + self.log("web").replace("ls: /one", ""))

    def test_killed_at_any_time_the_store_is_whole(self):
        self.up_idle()
        self.inside("web", "sh", "-c", "for i in $(seq 300); do echo $i >/home/f$i; done;"
                                       "dd if=/dev/urandom of=/home/big bs=1M count=8 2>/dev/null")
        for milliseconds in range(0, 60, 4):
            process = subprocess.Popen([stacktest.STACK, "commit", "web", "made:1"],
                                       cwd=self.directory, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            try:
                process.wait(milliseconds / 1000)
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            self.stack("image", "ls")
        self.stack("commit", "web", "made:1")
        store = Path(os.environ["STACK_ROOT"]) / "images"
        self.assertEqual([name for name in os.listdir(store) if name.startswith(".tmp")], [])
        self.up("services: {web: {image: 'made:1', command: \"sh -c 'ls /home | wc -l'\"}}")
        stacktest.eventually(lambda: self.log("web") == "301\n", "all files")

    def test_bad_input(self):
        self.up_idle()
        self.assertIn('no container found for service "x"', self.stack("commit", "x", expect=1).err)
        self.stack("commit", "web", "Bad Name", expect=1)
        self.stack("commit", "web", "a", "b", expect=2)
        self.stack("commit", expect=1)


if __name__ == "__main__":
    stacktest.main()
