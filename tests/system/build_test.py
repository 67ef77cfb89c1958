# SPDX-License-Identifier: Apache-2.0
"""image build: each instruction of a Dockerfile with its edge cases. What is expected is what docker
makes of the same Dockerfile: file tree, modes, owners, config."""

import bz2
import io
import json
import lzma
import os
import random
import subprocess
import tarfile
import unittest
from pathlib import Path

import buildtest
import stacktest


PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Instructions(buildtest.BuildTest):
    def test_from_alone_is_the_same_image(self):
        image = self.build("FROM box:1")
        self.assertEqual(self.new_files(image), {})
        self.assertEqual(self.configuration(image)["Cmd"], ["sh"])

    def test_scratch_has_only_what_is_copied(self):
        image = self.build("FROM scratch\nCOPY hello /\n", files={"hello": "hi\n"})
        self.assertEqual(buildtest.tree_of(image), {"/hello": "file 0644 0:0 b'hi\\n'"})

    def test_run_in_shell_and_exec_form(self):
        image = self.build("""
            FROM box:1
            RUN echo $((6*7)) > /answer && echo "a  b" \\
                # a comment between
                > /quoted
            RUN ["sh", "-c", "echo $0 > /exec"]
        """)
        self.assertEqual(self.new_files(image), {"/answer": "file 0644 0:0 b'42\\n'",
                                                 "/exec": "file 0644 0:0 b'sh\\n'",
                                                 "/quoted": "file 0644 0:0 b'a  b\\n'"})

    def test_run_leaves_no_process_and_no_mount_points(self):
        image = self.build("FROM box:1\nRUN sleep 4321 & echo done > /tmp/x; rm /tmp/x\n")
        self.assertEqual(self.new_files(image), {"/tmp": "dir 1777 0:0"} if self.new_files(image) else {})
        self.assertEqual(self.pids_running("sleep 4321"), [])

    def test_a_failed_run_tells_command_code_and_place(self):
        failed = self.build("FROM box:1\nRUN echo oh no; exit 7\n", expect=1)
        self.assertIn("Dockerfile:2:1: The command '/bin/sh -c echo oh no; exit 7' returned a "
                      "non-zero code: 7", failed.err)
        self.assertIn("oh no", failed.err)

    def test_removed_and_changed_files(self):
        image = self.build("""
            FROM box:1
            RUN rm -r /srv/data && mkdir -p /srv/data && echo new > /srv/data/new
            RUN chmod 600 /etc/passwd && rm /srv/data/new
        """)
        tree = buildtest.tree_of(image)
        self.assertNotIn("/srv/data/from-image", tree)
        self.assertNotIn("/srv/data/new", tree)
        self.assertEqual(tree["/srv/data"], "dir 0755 0:0")
        self.assertTrue(tree["/etc/passwd"].startswith("file 0600"))

    def test_env_is_expanded_where_docker_does(self):
        image = self.build("""
            FROM box:1
            ENV A=1 B="two words" C=three\\ words
            ENV A=2 D=$A E='$A' F="${UNSET:-else}" G=${A:+set} OLD=x
            ENV legacy some  value with $B
            WORKDIR /w/$A
            RUN echo "$B,$D,$legacy" > out
        """)
        self.assertEqual(self.configuration(image)["Env"],
                         [PATH, "A=2", "B=two words", "C=three words", "D=1", "E=$A", "F=else", "G=set",
                          "OLD=x", "legacy=some  value with two words"])
        self.assertEqual(self.new_files(image)["/w/2/out"],
                         "file 0644 0:0 b'two words,1,some  value with two words\\n'")

    def test_arg_scope(self):
        image = self.build("""
            ARG BASE=box TAG
            FROM ${BASE}:${TAG} AS one
            ARG TAG
            ARG WHO=nobody
            RUN echo "$TAG $WHO $BASE." > /args
            FROM one
            RUN echo "[$WHO]" >> /args
        """, "--build-arg", "TAG=1", "--build-arg", "WHO=me")
        self.assertEqual(self.new_files(image)["/args"], "file 0644 0:0 b'1 me .\\n[me]\\n'")
        self.assertEqual(self.configuration(image)["Env"], [PATH])

    def test_platform_arguments(self):
        image = self.build("FROM box:1\nARG TARGETARCH TARGETOS\nRUN echo $TARGETOS/$TARGETARCH > /p\n")
        self.assertIn(self.new_files(image)["/p"], ["file 0644 0:0 b'linux/amd64\\n'",
                                                    "file 0644 0:0 b'linux/arm64\\n'"])

    def test_what_run_changes_in_a_volume_is_not_kept(self):
        """As docker documents it; COPY is no change of a container."""
        text = """
            FROM box:1
            RUN mkdir /data && echo before > /data/a
            VOLUME /data /new /srv/data
            RUN echo during > /data/b && rm /data/a && chmod 700 /data && mkdir -p /new/x && cat /data/b > /kept
            COPY c /data/
            RUN ls /data > /seen; echo x > /srv/data/x
        """
        image = self.build(text, files={"c": "copied\n"})
        self.assertEqual(self.new_files(image), {
            "/data": "dir 0755 0:0", "/data/a": "file 0644 0:0 b'before\\n'", "/data/c": "file 0644 0:0 b'copied\\n'",
            "/new": "dir 0755 0:0", "/kept": "file 0644 0:0 b'during\\n'", "/seen": "file 0644 0:0 b'a\\nc\\n'",
            "/srv": "dir 0755 0:0"})
        self.assertRegex(self.last.err, r"Dockerfile:4:1: .*what RUN changes in /data is not kept: it is a VOLUME")
        self.assertRegex(self.last.err, r"Dockerfile:6:1: .*what RUN changes in /srv/data is not kept")

    def test_a_step_before_a_volume_is_not_taken_for_one_behind_it(self):
        kept = self.build("FROM box:1\nRUN echo x > /srv/data/x\n")
        self.assertIn("/srv/data/x", self.new_files(kept))
        lost = self.build("FROM box:1\nVOLUME /srv/data\nRUN echo x > /srv/data/x\n")
        self.assertNotIn("/srv/data/x", self.new_files(lost))

    def test_the_config_of_an_image(self):
        image = self.build("""
            FROM box:1
            LABEL a=1 "b c"="d e" multi="x\\
            y"
            EXPOSE 80 53/udp 8000-8002
            VOLUME ["/data", "/more data"]
            VOLUME /plain
            USER app:extra
            WORKDIR /opt
            WORKDIR app
            STOPSIGNAL SIGQUIT
            SHELL ["/bin/sh", "-ec"]
            ENTRYPOINT exec top
            CMD ["-b"]
            HEALTHCHECK --interval=5s --timeout=1m --retries=3 CMD test -e /ok || exit 1
            ONBUILD RUN echo child > /child
        """)
        self.assertEqual(self.configuration(image), {
            "Env": [PATH],
            "Labels": {"a": "1", "b c": "d e", "multi": "xy"},
            "ExposedPorts": {"53/udp": {}, "80/tcp": {}, "8000/tcp": {}, "8001/tcp": {}, "8002/tcp": {}},
            "Volumes": {"/data": {}, "/more data": {}, "/plain": {}},
            "User": "app:extra", "WorkingDir": "/opt/app", "StopSignal": "SIGQUIT",
            "Shell": ["/bin/sh", "-ec"], "Entrypoint": ["/bin/sh", "-ec", "exec top"], "Cmd": ["-b"],
            "Healthcheck": {"Test": ["CMD-SHELL", "test -e /ok || exit 1"], "Interval": 5000000000,
                            "Timeout": 60000000000, "Retries": 3},
            "OnBuild": ["RUN echo child > /child"]})

    def test_entrypoint_drops_the_inherited_command(self):
        self.assertNotIn("Cmd", self.configuration(self.build('FROM box:1\nENTRYPOINT ["top"]\n')))
        kept = self.build('FROM box:1\nCMD ["-b"]\nENTRYPOINT ["top"]\n')
        self.assertEqual(self.configuration(kept)["Cmd"], ["-b"])

    def test_onbuild_runs_in_the_child_and_not_in_the_grandchild(self):
        self.build("FROM box:1\nONBUILD RUN echo x >> /count\nONBUILD COPY f /f\n", "-t", "parent:1",
                   files={"f": "f"})
        child = self.build("FROM parent:1", "-t", "child:1")
        self.assertEqual(self.new_files(child), {"/count": "file 0644 0:0 b'x\\n'",
                                                 "/f": "file 0644 0:0 b'f'"})
        self.assertNotIn("OnBuild", self.configuration(child))
        grandchild = self.build("FROM child:1")
        self.assertEqual(self.new_files(grandchild)["/count"], "file 0644 0:0 b'x\\n'")

    def test_user_and_directory_of_run(self):
        image = self.build("""
            FROM box:1
            WORKDIR /tmp/work
            RUN chown app . && id -u > /who0
            USER app
            RUN id -u > who; id -G >> who; pwd >> who
        """)
        self.assertEqual(self.new_files(image)["/tmp/work/who"],
                         "file 0644 1000:1000 b'1000\\n1000 2000\\n/tmp/work\\n'")

    def test_maintainer_is_the_author(self):
        image = self.build("FROM box:1\nMAINTAINER Some Body <some@body>\n")
        self.assertEqual(buildtest.config_of(image)["author"], "Some Body <some@body>")
        self.assertIn("[MaintainerDeprecated]", self.last.err)

    def test_heredocs(self):
        image = self.build("""
            FROM box:1
            ARG WHO=world
            RUN <<EOF
            echo one > /one
            echo $WHO > /two
            EOF
            RUN <<-'END' cat > /three
            \tkept $WHO
            END
            RUN <<EOF
            #!/bin/cat
            itself
            EOF
            COPY <<a.txt <<"b.txt" /docs/
            hello $WHO "quoted"
            a.txt
            hello $WHO
            b.txt
        """)
        self.assertEqual(self.new_files(image), {
            "/docs": "dir 0755 0:0",
            "/docs/a.txt": "file 0644 0:0 b'hello world \"quoted\"\\n'",
            "/docs/b.txt": "file 0644 0:0 b'hello $WHO\\n'",
            "/one": "file 0644 0:0 b'one\\n'", "/two": "file 0644 0:0 b'world\\n'",
            "/three": "file 0644 0:0 b'kept $WHO\\n'"})
        self.assertIn("itself", self.last.err)

    def test_escape_directive(self):
        image = self.build("# escape=`\nFROM box:1\nRUN echo a `\n  b > /c\n")
        self.assertEqual(self.new_files(image)["/c"], "file 0644 0:0 b'a b\\n'")

    def test_history_tells_every_instruction(self):
        image = self.build("FROM box:1\nENV A=b\nRUN echo > /x\n")
        steps = [entry["created_by"] for entry in buildtest.config_of(image)["history"][1:]]
        self.assertEqual(steps, ["ENV A=b", "RUN /bin/sh -c echo > /x"])


class Copies(buildtest.BuildTest):
    def context(self):
        self.write("src/a.txt", "a")
        self.write("src/sub/b.txt", "b").chmod(0o600)
        self.write("src/sub/run.sh", "r").chmod(0o755)
        (self.directory / "src/link").symlink_to("a.txt")
        (self.directory / "outlink").symlink_to("/etc/passwd")

    def test_a_directory_is_its_content(self):
        self.context()
        image = self.build("FROM scratch\nCOPY src /dst\n")
        self.assertEqual(buildtest.tree_of(image), {
            "/dst": "dir 0755 0:0", "/dst/a.txt": "file 0644 0:0 b'a'", "/dst/link": "link 0:0 -> a.txt",
            "/dst/sub": "dir 0755 0:0", "/dst/sub/b.txt": "file 0600 0:0 b'b'",
            "/dst/sub/run.sh": "file 0755 0:0 b'r'"})

    def test_a_file_becomes_a_file_or_goes_into_a_directory(self):
        self.context()
        image = self.build("""
            FROM scratch
            COPY src/a.txt /one
            COPY src/a.txt /dir/
            COPY src/a.txt src/sub/b.txt /two/
            COPY src/sub/run.sh /two
            WORKDIR /w
            COPY src/a.txt .
            COPY src/link ./followed
        """)
        self.assertEqual(buildtest.tree_of(image), {
            "/dir": "dir 0755 0:0", "/dir/a.txt": "file 0644 0:0 b'a'", "/one": "file 0644 0:0 b'a'",
            "/two": "dir 0755 0:0", "/two/a.txt": "file 0644 0:0 b'a'",
            "/two/b.txt": "file 0600 0:0 b'b'", "/two/run.sh": "file 0755 0:0 b'r'",
            "/w": "dir 0755 0:0", "/w/a.txt": "file 0644 0:0 b'a'", "/w/followed": "file 0644 0:0 b'a'"})

    def test_owner_and_mode(self):
        self.context()
        image = self.build("""
            FROM box:1
            COPY --chown=app src/a.txt /named
            COPY --chown=app:extra src/a.txt /both
            COPY --chown=5:6 src /x/y
            COPY --chown=7 --chmod=640 src/a.txt /number
            COPY --chmod=u=rwX,go=rX src/sub /symbolic
        """)
        files = self.new_files(image)
        self.assertEqual(files["/named"], "file 0644 1000:1000 b'a'")
        self.assertEqual(files["/both"], "file 0644 1000:2000 b'a'")
        self.assertEqual(files["/x"], "dir 0755 5:6")
        self.assertEqual(files["/x/y/link"], "link 5:6 -> a.txt")
        self.assertEqual(files["/number"], "file 0640 7:7 b'a'")
        self.assertEqual(files["/symbolic/b.txt"], "file 0644 0:0 b'b'")
        self.assertEqual(files["/symbolic/run.sh"], "file 0755 0:0 b'r'")

    def test_wildcards_exclude_and_parents(self):
        self.context()
        image = self.build("""
            FROM scratch
            COPY src/*.txt src/sub/?.txt /flat/
            COPY --exclude=*.sh --exclude=link src /without
            COPY --parents src/sub/*.txt src/./sub/run.sh /p/
        """)
        self.assertEqual(sorted(buildtest.tree_of(image)), [
            "/flat", "/flat/a.txt", "/flat/b.txt", "/p", "/p/src", "/p/src/sub", "/p/src/sub/b.txt",
            "/p/sub", "/p/sub/run.sh", "/without", "/without/a.txt", "/without/sub",
            "/without/sub/b.txt", "/without/sub/run.sh"])

    def test_links_lead_nowhere_out_of_the_context(self):
        self.context()
        self.write("etc/passwd", "mine")
        image = self.build("FROM scratch\nCOPY outlink /p\n")
        self.assertEqual(buildtest.tree_of(image), {"/p": "file 0644 0:0 b'mine'"})
        (self.directory / "etc/passwd").unlink()
        self.assertIn("not found", self.build(None, expect=1).err)
        self.assertIn("not found", self.build("FROM scratch\nCOPY ../../../etc/hostname /h\n", expect=1).err)

    def test_links_of_the_image_are_followed_inside_it(self):
        self.context()
        image = self.build("""
            FROM box:1
            RUN mkdir /real && ln -s /real /link && ln -s ../../../../real /deep
            COPY src/a.txt /link/
            COPY src/a.txt /deep/b
        """)
        files = self.new_files(image)
        self.assertIn("/real/a.txt", files)
        self.assertIn("/real/b", files)
        self.assertEqual(files["/link"], "link 0:0 -> /real")

    def test_an_existing_directory_keeps_its_mode(self):
        self.context()
        image = self.build("FROM box:1\nCOPY src/ /tmp\nCOPY src/ /srv/data/\n")
        files = self.new_files(image)
        self.assertEqual(files["/tmp"], "dir 1777 0:0")
        self.assertEqual(files["/srv/data"], "dir 2750 1000:1000")

    def test_attributes_of_an_image_come_along(self):
        self.write("root/a", "a")
        os.setxattr(self.directory / "root/a", "user.kind", b"text")
        self.stack("image", "import", str(self.directory / "root"), "other:1")
        image = self.build("FROM scratch\nCOPY --from=other:1 /a /\n")
        self.assertEqual(buildtest.tree_of(image)["/a"], "file 0644 0:0 b'a' user.kind=b'text'")

    def test_add_unpacks_archives(self):
        for name, kind in (("plain.tar", "w"), ("zipped.tgz", "w:gz")):
            with tarfile.open(self.directory / name, kind) as tar:
                member = tarfile.TarInfo("in/" + name)
                member.size, member.mode, member.uid, member.gid = 1, 0o604, 12, 13
                tar.addfile(member, io.BytesIO(b"x"))
        image = self.build("""
            FROM scratch
            ADD plain.tar zipped.tgz /a/
            ADD --unpack=false plain.tar /b/
            COPY plain.tar /c
            ADD Dockerfile /d
        """)
        files = buildtest.tree_of(image)
        self.assertEqual(files["/a/in/plain.tar"], "file 0604 12:13 b'x'")
        self.assertEqual(files["/a/in/zipped.tgz"], "file 0604 12:13 b'x'")
        for path in ("/b/plain.tar", "/c", "/d"):
            self.assertTrue(files[path].startswith("file 0644 0:0"), files[path])

    def test_dockerignore(self):
        self.context()
        for name in ("build/x.o", "keep/x.o", "node_modules/a/b.js", "docs/read.md", "secret.key"):
            self.write(name, "")
        self.write(".dockerignore", """
            # comment
            *.key
            **/*.o
            !keep/x.o
            node_modules
            docs/*
            !docs/*.md
            src
            outlink
        """)
        image = self.build("FROM scratch\nCOPY . /\n")
        self.assertEqual([path for path in buildtest.tree_of(image) if "." in path or path == "/build"],
                         ["/.dockerignore", "/build", "/docs/read.md", "/keep/x.o"])
        self.assertIn("dockerignore", self.build("FROM scratch\nCOPY secret.key /\n", expect=1).err)
        self.write("Dockerfile.dockerignore", "*\n!secret.key\n")
        image = self.build("FROM scratch\nCOPY . /\n")
        self.assertEqual(list(buildtest.tree_of(image)), ["/secret.key"])

    def test_a_pattern_needs_the_directory_that_it_names(self):
        self.write("d/a.txt", "a")
        (self.directory / "empty").mkdir()
        (self.directory / "file").write_text("f")
        for source in ("target/*.jar", "empty/*.jar", "d/none*", "file/*", "d/*/none/*"):
            failed = self.build(f"FROM box:1\nCOPY {source} /o/\n", expect=1)
            self.assertIn(f'Dockerfile:2:1: the build context: no file matches "{source}"', failed.err)
        for source in ("*.none", "none*/x", "d/none* d/a.txt", "d/*.txt"):
            self.build(f"FROM box:1\nCOPY {source} /o/\n")
        # Another instruction brings the directory.
        self.build("FROM box:1\nCOPY d/none* /o/\nCOPY d /p/\n")
        self.build("FROM box:1\nCOPY d/none* /o/\nRUN --mount=target=/m true\n")
        stage = "FROM box:1 AS p\nRUN mkdir /t && touch /f\nFROM scratch\nCOPY --from=p {} /o/\n"
        self.build(stage.format("/t/*.jar"))
        self.build(stage.format("/f/*"))
        self.assertIn("stage p: no file matches", self.build(stage.format("/none/*"), expect=1).err)

    def test_wildcards_and_links(self):
        self.write("d/f", "f")
        (self.directory / "ld").symlink_to("d")
        (self.directory / "lf").symlink_to("d/f")
        image = self.build("FROM scratch\nCOPY l*/f none* /o/\nCOPY ld/* /p/\nCOPY l[f] /q/\n")
        self.assertEqual(sorted(buildtest.tree_of(image)), ["/p", "/p/f", "/q", "/q/lf"])
        (self.directory / "d/gone").symlink_to("nowhere")
        failed = self.build("FROM scratch\nCOPY d/* /o/\n", expect=1)
        self.assertIn('"d/gone" not found', failed.err)
        self.write(".dockerignore", "d/gone\n")
        image = self.build("FROM scratch\nCOPY d/* /o/\n")
        self.assertEqual(sorted(buildtest.tree_of(image)), ["/o", "/o/f"])

    def test_lines_that_take_back_what_never_was_left_out(self):
        for path in ("a/b/x", "a/c", "d/e/f", "d/e/g"):
            self.write(path, "")
        self.write(".dockerignore", "a/b\n!a\nd\n!d/e/f\nd/e\nDockerfile\n.dockerignore\n")
        image = self.build("FROM scratch\nCOPY . /\n")
        self.assertEqual(list(buildtest.tree_of(image)), ["/a", "/a/c", "/d", "/d/e", "/d/e/f"])
        (self.directory / ".dockerignore").unlink()
        image = self.build("FROM scratch\nCOPY --exclude=b --exclude=!. a /a/\n"
                           "COPY --exclude=e --exclude=!e/f --exclude=? d /d/\n")
        self.assertEqual(list(buildtest.tree_of(image)), ["/a", "/a/c", "/d", "/d/e", "/d/e/f"])

    def test_owners_that_the_image_does_not_know(self):
        owners = {"app:none": "1000:1000", "5:none": "5:5", "none:extra": "0:2000", "none:1": "0:1",
                  "app:": "1000:0", ":none": "0:0", ":": "0:0", "none:none": "0:0"}
        steps = [f"COPY --chown={owner} a /o{i}" for i, owner in enumerate(owners)]
        image = self.build("FROM box:1\n" + "\n".join(steps) + "\n", files={"a": ""})
        files = self.new_files(image)
        self.assertEqual([files[f"/o{i}"].split()[2] for i in range(len(owners))], list(owners.values()))
        self.assertIn("no user or group \"app:none\"", self.last.err)
        failed = self.build("FROM scratch\nCOPY --chown=app a /o\n", expect=1)
        self.assertIn('Dockerfile:2:1: --chown: there are no files yet, and no user or group "app"',
                      failed.err)
        image = self.build("FROM scratch\nCOPY --chown=root a /o\n")
        self.assertEqual(buildtest.tree_of(image)["/o"].split()[2], "0:0")

    def test_modes_of_directories_that_are_made(self):
        modes = {"777": "0755", "775": "0755", "666": "0644", "007": "0005", "1777": "0755", "4022": "0000",
                 "a+w": "0755"}
        steps = [f"COPY --chmod={mode} d /o/{i}/" for i, mode in enumerate(modes)]
        image = self.build("FROM scratch\nWORKDIR /o\n" + "\n".join(steps) + "\n", files={"d/sub/a": ""})
        files = buildtest.tree_of(image)
        self.assertEqual([files[f"/o/{i}"].split()[1] for i in range(len(modes))], list(modes.values()))
        self.assertEqual(files["/o/0/sub"].split()[1], "0777", "what is copied has the mode itself")

    def archive(self, name, *members):
        """(name, content) for files, a name with a / for directories, (name, "->", target) for links."""
        with tarfile.open(self.directory / name, "w:gz") as tar:
            for member in members:
                made = tarfile.TarInfo(member if isinstance(member, str) else member[0])
                made.uid, made.gid, made.mode = 3, 4, 0o750
                content = b""
                if isinstance(member, str):
                    made.type = tarfile.DIRTYPE
                elif len(member) == 3:
                    made.type = tarfile.SYMTYPE if member[1] == "->" else tarfile.LNKTYPE
                    made.linkname = member[2]
                    made.mode = 0o711
                else:
                    content = member[1].encode()
                    made.size = len(content)
                tar.addfile(made, io.BytesIO(content))

    def test_add_replaces_what_is_of_another_kind(self):
        self.archive("t.tgz", "x/", ("x/in", "new"), "f/", ("f/in", "new"), ("full", "new"),
                     ("l", "->", "/x"), "dangling/", ("dangling/in", "new"))
        image = self.build("""
            FROM box:1
            RUN mkdir /real /full /l && touch /real/old /full/old /l/old /f && ln -s /real /x && \
                ln -s nowhere /dangling
            ADD t.tgz /
        """)
        files = self.new_files(image)
        self.assertEqual(files["/x"], "dir 0750 3:4")
        for path in ("/x/in", "/f/in", "/full", "/dangling/in"):
            self.assertEqual(files[path], "file 0750 3:4 b'new'")
        self.assertEqual(files["/l"], "link 3:4 -> /x")
        self.assertIn("/real/old", files)
        for path in ("/real/in", "/full/old", "/l/old", "/nowhere"):
            self.assertNotIn(path, files)

    def test_add_stays_below_its_destination(self):
        self.archive("t.tgz", ("l/in", "new"))
        image = self.build("FROM box:1\nRUN mkdir -p /real /o/real && ln -s /real /o/l\nADD t.tgz /o/\n")
        files = self.new_files(image)
        self.assertIn("/o/real/in", files)
        self.assertNotIn("/real/in", files)

    def test_what_came_into_a_directory_that_is_replaced_goes_with_it(self):
        self.archive("t.tgz", "x/", "x/sub/", ("x", "->", "/kept"))
        image = self.build("FROM box:1\nRUN mkdir -p /kept/sub\nADD t.tgz /\n")
        files = self.new_files(image)
        self.assertEqual(files["/x"], "link 3:4 -> /kept")
        self.assertEqual(files["/kept/sub"], "dir 0755 0:0", "attributes go behind no link")

    def test_the_last_name_of_a_file_says_whose_it_is(self):
        self.archive("t.tgz", ("a", "x"), ("b", "=", "a"))
        files = buildtest.tree_of(self.build("FROM scratch\nADD t.tgz /\n"))
        self.assertEqual((files["/a"], files["/b"]), ("file 0711 3:4 b'x'",) * 2)

    def test_a_directory_has_the_time_of_the_one_it_is_a_copy_of(self):
        self.write("d/a", "")
        os.utime(self.directory / "d", (1000, 1000))
        image = self.build("FROM scratch\nCOPY d /x/\n")
        self.assertEqual(os.lstat(buildtest.layers_of(image)[0] / "x").st_mtime, 1000)

    def test_documents_of_unusual_names(self):
        image = self.build("""
            FROM box:1
            COPY <<A$V <<"B$V" /o/
            a
            A$V
            $PATH
            B$V
            RUN cat <<\\A > /p
            $x
            A
            COPY <<C <<C /o/
            one
            C
            two
            C
            RUN <<D
            #!/bin/sh
            echo $0 > /name
            D
        """)
        files = self.new_files(image)
        self.assertEqual(files["/o/A$V"], "file 0644 0:0 b'a\\n'")
        self.assertEqual(files["/o/B$V"], "file 0644 0:0 b'$PATH\\n'")
        self.assertEqual(files["/p"], "file 0644 0:0 b'$x\\n'")
        self.assertEqual(files["/o/C"], "file 0644 0:0 b'two\\n'")
        self.assertEqual(files["/name"], "file 0644 0:0 b'/dev/pipes/D\\n'")

    def test_a_document_is_written_nowhere_else(self):
        outside = self.directory / "outside"
        way = "../" * 30 + str(outside).lstrip("/")
        for name in (way, str(outside), "..", "."):
            failed = self.build(f"FROM scratch\nCOPY <<{name} /o/\nx\n{name}\n", expect=1)
            self.assertIn("cannot be a file", failed.err)
        self.assertFalse(outside.exists())

    def test_a_directory_over_a_file_is_refused(self):
        self.context()
        self.assertIn("non-directory", self.build("FROM box:1\nCOPY src /etc/passwd\n", expect=1).err)
        self.assertIn("directory", self.build("FROM box:1\nRUN mkdir -p /x/a.txt\nCOPY src/a.txt /x/\n",
                                              expect=1).err)


class Stages(buildtest.BuildTest):
    def test_files_come_from_other_stages_and_images(self):
        image = self.build("""
            FROM box:1 AS Build
            RUN mkdir /out && echo built > /out/x && chown -R 3:4 /out && ln -s /out /lnk
            FROM scratch
            COPY --from=build /out/x /named
            COPY --from=0 /lnk/ /number
            COPY --from=box:1 /srv/data/from-image /image
            COPY --from=build --chown=9:9 /out /owned
        """)
        self.assertEqual(buildtest.tree_of(image), {
            "/image": "file 0640 1000:2000 b'hello from the image\\n'",
            "/named": "file 0644 3:4 b'built\\n'", "/number": "dir 0755 0:0",
            "/number/x": "file 0644 3:4 b'built\\n'",
            "/owned": "dir 0755 9:9", "/owned/x": "file 0644 9:9 b'built\\n'"})

    def test_only_what_the_target_needs_is_built(self):
        text = """
            FROM box:1 AS base
            RUN echo base > /base
            FROM base AS broken
            RUN false
            FROM base AS good
            RUN echo good > /good
            FROM broken
        """
        image = self.build(text, "--target", "good")
        self.assertIn("/good", self.new_files(image))
        self.assertIn('did you mean good?', self.build(text, "--target", "goot", expect=3).err)

    def test_a_named_context(self):
        self.write("other/f", "from elsewhere")
        image = self.build("FROM scratch\nCOPY --from=more f /f\n", "--build-context",
                           f"more={self.directory}/other")
        self.assertEqual(buildtest.tree_of(image), {"/f": "file 0644 0:0 b'from elsewhere'"})
        image = self.build("FROM more\nCOPY Dockerfile /\n", "--build-context",
                           f"more={self.directory}/other")
        self.assertEqual(list(buildtest.tree_of(image)), ["/Dockerfile", "/f"])
        self.assertEqual(buildtest.tree_of(image)["/f"], "file 0644 0:0 b'from elsewhere'")
        image = self.build("FROM base\nRUN true\n", "--build-context", "base=docker-image://box:1")
        self.assertIn("/bin/busybox", buildtest.tree_of(image))

    def test_an_absent_image_is_told_with_its_cure(self):
        failed = self.build("FROM nowhere:9\n", expect=1)
        self.assertIn("Dockerfile:1:1: No such image: nowhere:9", failed.err)
        self.assertIn("stack image", failed.err)


class StagesAtOnce(buildtest.BuildTest):
    MEETING = """
        FROM box:1 AS one
        RUN --mount=type=cache,target=/c{more} touch /c/{project}-one; {wait}two; echo 1 > /one
        FROM box:1 AS two
        RUN --mount=type=cache,target=/c{more} touch /c/{project}-two; {wait}one; echo 2 > /two
        FROM scratch
        COPY --from=one /one /
        COPY --from=two /two /
    """

    def meeting(self, more="", waits=True):
        wait = f"for i in $(seq 400); do test -e /c/{self.project}-NAME && break; sleep 0.05; done; test -e /c/{self.project}-NAME"
        text = self.MEETING
        for name in ("one", "two"):
            text = text.replace("{wait}" + name, wait.replace("NAME", name) if waits else "true")
        return text.replace("{more}", more).replace("{project}", self.project)

    def test_stages_that_do_not_need_each_other_run_at_once(self):
        image = self.build(self.meeting())
        self.assertEqual(sorted(self.new_files(image, below=0)), ["/one", "/two"])

    def test_one_waits_for_the_others_cache_and_nobody_for_ever(self):
        image = self.build(self.meeting(more=",sharing=locked", waits=False))
        self.assertEqual(sorted(self.new_files(image, below=0)), ["/one", "/two"])

    def test_the_first_failure_ends_all(self):
        failed = self.build(f"""
            FROM box:1 AS slow
            RUN --mount=type=cache,target=/c touch /c/{self.project}; sleep 4323
            FROM box:1 AS broken
            RUN --mount=type=cache,target=/c until test -e /c/{self.project}; do sleep 0.05; done; exit 7
            FROM scratch
            COPY --from=slow /x /
            COPY --from=broken /x /
            """, expect=1)
        self.assertIn("returned a non-zero code: 7", failed.err)
        self.assertIn("CANCELED", failed.err)
        self.assertNotIn("code: 137", failed.err)
        self.assertEqual(self.pids_running("sleep 4323"), [])

    def test_many_stages_give_what_they_give_one_by_one(self):
        stages = "".join(f"FROM box:1 AS s{n}\nRUN echo {self.project} {n} > /{n}; head -c 100000 /dev/zero > /z{n}\n"
                         f"COPY Dockerfile /d{n}\nRUN cat /{n} > /again{n}\n" for n in range(12))
        copies = "".join(f"COPY --from=s{n} /{n} /again{n} /d{n} /z{n} /\n" for n in range(12))
        image = self.build(stages + "FROM scratch\n" + copies)
        self.assertEqual(len(self.new_files(image, below=0)), 48)
        self.assertEqual(self.build(None), image)


class Mounts(buildtest.BuildTest):
    def test_a_cache_is_there_again(self):
        text = """
            FROM box:1
            ARG N
            RUN --mount=type=cache,target=/cache,id=%s echo $N >> /cache/all && cp /cache/all /all
        """ % self.project
        self.build(text, "--build-arg", "N=1")
        image = self.build(text, "--build-arg", "N=2")
        self.assertEqual(self.new_files(image), {"/all": "file 0644 0:0 b'1\\n2\\n'"})

    def test_binds(self):
        self.write("src/f", "from the context")
        image = self.build("""
            FROM box:1 AS other
            RUN echo stage > /s
            FROM box:1
            RUN --mount=type=bind,source=src,target=/mnt/src cat /mnt/src/f > /a; touch /mnt/src/no 2>/dev/null || echo ro >> /a
            RUN --mount=target=/ctx,rw echo x > /ctx/src/f && cat /ctx/src/f > /b
            RUN --mount=from=other,source=/s,target=/s2 cp /s2 /c
            RUN --mount=type=tmpfs,target=/scratch,size=1m df -k /scratch | tail -1 | awk '{print $2}' > /d
        """)
        self.assertEqual(self.new_files(image), {
            "/a": "file 0644 0:0 b'from the contextro\\n'", "/b": "file 0644 0:0 b'x\\n'",
            "/c": "file 0644 0:0 b'stage\\n'", "/d": "file 0644 0:0 b'1024\\n'"})
        self.assertEqual((self.directory / "src/f").read_text(), "from the context")

    def test_a_secret_is_seen_and_stays_nowhere(self):
        self.write("token", "s3cret-7421")
        image = self.build("""
            FROM box:1
            RUN --mount=type=secret,id=t stat -c '%a %u' /run/secrets/t > /o && wc -c < /run/secrets/t >> /o
            RUN --mount=type=secret,id=v,env=TOKEN test "$TOKEN" = value
            RUN --mount=type=secret,id=absent test ! -e /run/secrets/absent
        """, "--secret", f"id=t,src={self.directory}/token", "--secret", "id=v,env=VARIABLE",
            environment={"VARIABLE": "value"})
        self.assertEqual(self.new_files(image), {"/o": "file 0644 0:0 b'400 0\\n11\\n'"})
        for path in buildtest.store().rglob("*"):
            if path.is_file() and not path.is_symlink():
                self.assertNotIn(b"s3cret-7421", path.read_bytes(), path)
        failed = self.build("FROM box:1\nRUN --mount=type=secret,id=t,required true\n", expect=1)
        self.assertIn("--secret id=t,src=FILE", failed.err)

    def test_none_of_the_network(self):
        image = self.build("FROM box:1\nRUN --network=none ip -o link | wc -l > /links\n")
        self.assertEqual(self.new_files(image), {"/links": "file 0644 0:0 b'1\\n'"})

    def test_hosts_and_limits(self):
        image = self.build("""
            FROM box:1
            RUN grep example /etc/hosts | tr '\\t' ' ' > /o; ulimit -n >> /o; df -k /dev/shm | tail -1 | awk '{print $2}' >> /o
        """, "--add-host", "example:10.1.2.3", "--ulimit", "nofile=77:88", "--shm-size", "2m")
        self.assertEqual(self.new_files(image), {"/o": "file 0644 0:0 b'10.1.2.3 example\\n77\\n2048\\n'"})


class Caching(buildtest.BuildTest):
    @property
    def TEXT(self):
        return f"FROM box:1\nRUN date +%N > /when # {self.project}\nCOPY f /f\nRUN cat /f > /g\n"

    def test_the_same_is_not_done_again(self):
        first = self.build(self.TEXT, files={"f": "1"})
        self.assertEqual(self.cached_steps(), 0)
        self.assertEqual(self.build(None), first)
        self.assertEqual(self.cached_steps(), 3)

    def test_content_counts_and_not_time(self):
        first = self.build(self.TEXT, files={"f": "1"})
        os.utime(self.directory / "f", (1, 1))
        self.assertEqual(self.build(None), first)
        self.write("f", "2")
        second = self.build(None)
        self.assertEqual(self.cached_steps(), 1)
        self.assertEqual(self.new_files(second)["/g"], "file 0644 0:0 b'2'")
        self.write("f", "1")
        self.assertEqual(self.build(None), first)
        (self.directory / "f").chmod(0o600)
        self.assertNotEqual(self.build(None), first)

    def test_no_cache_does_everything_again(self):
        first = self.build(self.TEXT, files={"f": "1"})
        self.assertNotEqual(self.build(None, "--no-cache"), first)

    def test_an_argument_that_is_used_counts(self):
        text = "FROM box:1\nRUN echo > /before\nARG A\nRUN echo $A > /a\n"
        self.build(text, "--build-arg", "A=1")
        self.build(text, "--build-arg", "A=2")
        self.assertEqual(self.cached_steps(), 1)
        self.build(text, "--build-arg", "A=2", "--build-arg", "HTTP_PROXY=http://proxy")
        self.assertEqual(self.cached_steps(), 2)

    def test_removing_the_image_keeps_the_steps(self):
        self.build(self.TEXT, files={"f": "1"})
        self.stack("image", "rm", "made:1")
        self.build(None)
        self.assertEqual(self.cached_steps(), 3)

    def test_reproducible(self):
        text = "FROM scratch\nCOPY f /d/\nCOPY --from=box:1 /bin/busybox /bin/\n"
        environment = {"SOURCE_DATE_EPOCH": "1700000000"}
        first = self.build(text, files={"f": "1"}, environment=environment)
        os.utime(self.directory / "f")
        again = self.build(None, "--no-cache", environment=environment)
        self.assertEqual(first, again)
        self.assertEqual(buildtest.config_of(first)["created"][:19], "2023-11-14T22:13:20")


class Forgetting(buildtest.BuildTest):
    TEXT = """
        FROM box:1
        RUN --mount=type=cache,target=/kept echo x >> /kept/count; cp /kept/count /count
        RUN echo more > /more
    """

    def test_all_is_done_again_and_images_stay(self):
        image = self.build(self.TEXT)
        files = self.new_files(image)
        self.assertRegex(self.stack("builder", "prune", "-f").out, "^Total:\t[0-9.]+[kMG]?B\n$")
        self.assertEqual(self.new_files(image), files)
        again = self.build(self.TEXT)
        self.assertEqual(self.cached_steps(), 0)
        self.assertEqual(self.new_files(again)["/count"], "file 0644 0:0 b'x\\n'")

    def test_layers_that_no_image_has_go(self):
        image = self.build(self.TEXT)
        layers = buildtest.layers_of(image)
        self.stack("image", "rm", "-f", "made:1")
        self.assertTrue(layers[-1].exists())
        self.stack("system", "prune", "-f")
        self.assertEqual([layer.exists() for layer in layers], [True, False, False])

    def test_not_while_images_are_built(self):
        self.stack("builder", "prune", "-f")  # of what the other tests kept
        self.write("Dockerfile", f"FROM box:1\nRUN echo {self.project}; while ! [ -e /kept/go ]; do sleep 0.01; done\n"
                   .replace("RUN", "RUN --mount=type=cache,target=/kept"))
        kept = lambda: list((Path(os.environ["STACK_ROOT"]) / "cache/build").glob("*/0/data"))
        self.assertEqual(kept(), [])
        builder = subprocess.Popen([stacktest.STACK, "image", "build", "-q", "."], cwd=self.directory,
                                   stdout=subprocess.DEVNULL)
        self.addCleanup(builder.kill)
        stacktest.eventually(kept, "the step runs")
        failed = self.stack("builder", "prune", "-f", expect=1)
        self.assertIn("the build cache is in use: images are being built", failed.err)
        for data in kept():
            (data / "go").touch()
        self.assertEqual(builder.wait(stacktest.DEADLINE), 0)
        self.stack("builder", "prune", "-f")
        self.assertEqual(kept(), [])

    def test_nobody_is_asked_twice_and_no_is_no(self):
        self.build(self.TEXT)
        asked = self.stack("builder", "prune", stdin="n\n", expect=None)
        self.assertIn("build cache", asked.err + asked.out)
        self.build(self.TEXT)
        self.assertEqual(self.cached_steps(), 2)


class Inputs(buildtest.BuildTest):
    def test_a_dockerfile_on_standard_input(self):
        done = self.stack("image", "build", "-t", "made:1", "-q", "-", stdin="FROM box:1\nRUN echo > /x\n")
        self.assertIn("/x", self.new_files(done.out.strip()))
        failed = self.stack("image", "build", "-", stdin="FROM box:1\nCOPY a /\n", expect=1)
        self.assertIn("no build context", failed.err)

    def test_an_archive(self):
        path = self.directory / "context.tar"
        with tarfile.open(path, "w") as tar:
            for name, text in (("Dockerfile", "FROM scratch\nCOPY f /\n"), ("f", "in tar"),
                               (".dockerignore", "f\n")):  # which BuildKit does not read there
                member = tarfile.TarInfo(name)
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text.encode()))
        done = self.stack("image", "build", "-q", str(path))
        self.assertEqual(buildtest.tree_of(done.out.strip()), {"/f": "file 0644 0:0 b'in tar'"})

    def test_what_is_to_be_ignored_is_read_from_a_file_alone(self):
        self.write("Dockerfile", "FROM box:1\n")
        os.mkfifo(self.directory / ".dockerignore")
        self.assertIn(".dockerignore: not a regular file", self.stack("image", "build", ".", expect=1, timeout=20).err)

    def test_another_dockerfile_target_and_id_file(self):
        self.write("sub/Other", "FROM box:1 AS a\nRUN echo > /a\nFROM a\nRUN false\n")
        self.stack("image", "build", "-f", "sub/Other", "--target", "a", "--iidfile", "id",
                   "--label", "x=y", "-t", "made:2", "-t", "made:3", ".")
        image = (self.directory / "id").read_text()
        self.assertEqual(self.configuration(image)["Labels"], {"x": "y"})
        self.assertEqual(len([line for line in self.stack("image", "ls").lines if line.startswith("made")]), 2)

    def test_bad_dockerfiles_tell_place_and_cure(self):
        for text, code, message in (
                ("FORM box:1\n", 3, 'Dockerfile:1:1: unknown instruction "FORM"; did you mean FROM?'),
                ("FROM box:1\nRUN --mout=x true\n", 3, "Dockerfile:2:5: unknown flag: --mout; did you mean --mount?"),
                ("RUN true\n", 3, "Dockerfile:1:1: no build stage in current context: RUN before FROM"),
                ("FROM box:1 AS\n", 3, "FROM requires either one or three arguments"),
                ("FROM box:1\nCOPY x\n", 3, "Dockerfile:2:1: COPY requires at least two arguments"),
                ("FROM box:1\n  RUN <<EOF\n", 3, "Dockerfile:2:3: unterminated heredoc"),
                ("FROM box:1\nSHELL sh\n", 3, "SHELL requires the arguments to be in JSON form"),
                ("FROM box:1\nENV a\n", 3, "ENV must have two arguments"),
                ("FROM box:1\nONBUILD FROM x\n", 3, "FROM isn't allowed as an ONBUILD trigger"),
                ("FROM ${NOTHING}\n", 3, "Dockerfile:1:1: base name (${NOTHING}) should not be blank"),
                ("FROM box:1 AS x\nCOPY --from=later /x /y\nFROM box:1 AS later\nFROM x\n", 3, "is no stage before this one"),
                ("FROM --platform=plan9/mips box:1\n", 3, "is not this machine's"),
                ("FROM box:1\nCOPY absent /\n", 1, 'Dockerfile:2:1: the build context: "absent" not found'),
                ("FROM box:1\nADD https://example.invalid/x /\n", 1, "Dockerfile:2:1: https://example.invalid/x: "),
                ("FROM box:1\nRUN --security=insecure true\n", 1, "is not supported"),
                ("FROM box:1\nENV A=\"${B:?must be set}\"\n", 1, "Dockerfile:2:1: B: must be set"),
                ("", 3, "the Dockerfile has no FROM")):
            with self.subTest(text):
                self.assertIn(message, self.build(text, expect=code).err)
        self.assertNotIn("made", self.stack("image", "ls").out)

    def test_all_mistakes_at_once(self):
        failed = self.build("FROM box:1\nRUNN x\nCOPY y\n", expect=3)
        self.assertIn("Dockerfile:2:1", failed.err)
        self.assertIn("Dockerfile:3:1", failed.err)


class Services(buildtest.BuildTest):
    """build: in stack files."""

    WEB = """
        services:
          web:
            build: .
            command: sh -c 'cat /page && sleep 1002'
    """

    def site(self, text="hello"):
        self.write("Dockerfile", "FROM box:1\nCOPY page /page\n")
        self.write("page", text + "\n")

    def id_of(self, service):
        return self.ps()[service]["ID"]

    def test_up_builds_what_is_missing(self):
        self.site()
        self.up(self.WEB)
        self.assertIn(f"{self.project}-web", self.stack("image", "ls").out)
        stacktest.eventually(lambda: self.log("web") == "hello\n", "the page of the image")
        again = self.up()
        self.assertNotIn("Built", again.err)

    def test_up_build_recreates_only_what_differs(self):
        self.site()
        self.up(self.WEB)
        first = self.id_of("web")
        self.up(None, "--build")
        self.assertEqual(self.id_of("web"), first)
        self.site("changed")
        self.up()
        self.assertEqual(self.id_of("web"), first)
        self.up(None, "--build")
        self.assertNotEqual(self.id_of("web"), first)
        stacktest.eventually(lambda: self.log("web").endswith("changed\n"), "the new page")

    def test_no_build_and_dry_run_build_nothing(self):
        self.site()
        self.write_stack(self.WEB)
        failed = self.stack("up", "-d", "--no-build", expect=1)
        self.assertIn("`stack build` makes it", failed.err)
        self.assertIn("Would be built", self.stack("up", "--dry-run").err)
        self.assertNotIn(self.project, self.stack("image", "ls").out)

    def test_pull_policy_build(self):
        self.site()
        self.up(self.WEB.replace("build: .", "build: .\n            pull_policy: build"))
        self.site("newer")
        self.assertIn("Built", self.up().err)
        stacktest.eventually(lambda: self.log("web").endswith("newer\n"), "the new page")

    def test_every_key(self):
        self.write("app/Docker.file", """
            FROM base AS first
            ARG WHO
            RUN echo $WHO > /who && grep -q 10.9.8.7 /etc/hosts && test "$(ulimit -n)" = 99
            RUN --mount=type=secret,id=token cat /run/secrets/token > /dev/null && echo had >> /who
            RUN --mount=type=secret,id=word test "$(cat /run/secrets/word)" = sesame
            RUN --network=none df -k /dev/shm | tail -1 | awk '{print $2}' >> /who
            COPY --from=more extra /extra
            FROM first
            RUN false
        """)
        self.write("more/extra", "more")
        self.write("token", "t0ken")
        self.write_stack("""
            services:
              parent: {build: {context: ., dockerfile_inline: "FROM box:1\\nRUN touch /of-parent"}, command: "true"}
              web:
                image: made:5
                build:
                  context: ./app
                  dockerfile: Docker.file
                  target: first
                  args: {WHO: somebody, UNSET: }
                  labels: [kind=test]
                  tags: ["made:6"]
                  additional_contexts: {more: ./more, base: "service:parent"}
                  extra_hosts: ["h=10.9.8.7"]
                  network: none
                  shm_size: 3m
                  ulimits: {nofile: 99}
                  secrets: [token, {source: word_file, target: word}]
                  cache_from: ["made:4"]
                command: "true"
            secrets:
              token: {file: ./token}
              word_file: {environment: WORD}
        """)
        self.stack("build", "web", environment={"WORD": "sesame"})
        image = json.loads(self.stack("image", "ls", "--format", "json", "--no-trunc").lines[0])["ID"]
        tree = buildtest.tree_of(image)
        self.assertEqual(tree["/who"], "file 0644 0:0 b'somebody\\nhad\\n3072\\n'")
        self.assertIn("/of-parent", tree)
        self.assertEqual(self.configuration(image)["Labels"]["kind"], "test")
        self.assertEqual(self.configuration(image)["Labels"]["com.docker.compose.service"], "web")
        names = self.stack("image", "ls").out
        self.assertRegex(names, "made +5")
        self.assertRegex(names, "made +6")

    def test_print_check_and_quiet(self):
        self.site()
        self.write_stack(self.WEB)
        bake = json.loads(self.stack("build", "--print").out)
        self.assertEqual(bake["target"]["web"]["tags"], [f"{self.project}-web:latest"])
        self.assertIn("no warnings", self.stack("build", "--check").out)
        self.assertRegex(self.stack("build", "-q").out, "^sha256:[0-9a-f]{64}\n$")

    def test_what_cannot_be_is_told_with_its_line(self):
        self.site()
        for key, message in (("platforms: [plan9/mips]", "is not this machine's"),
                             ("privileged: true", "not supported"), ("network: some-net", "cannot be used by a build"),
                             ("context: https://x.invalid/x.git", "stack.yaml:3:12: building web: https://x.invalid/x.git: git"),
                             ("context: ./absent", "stack.yaml:3:12: building web: unable to prepare context"),
                             ("dockerfile: Absent", "stack.yaml:3:37: building web: failed to read dockerfile")):
            with self.subTest(key):
                extra = "" if key.startswith("context") else "context: ., "
                self.write_stack(f"services:\n  web:\n    build: {{{extra}{key}}}\n")
                failed = self.stack("build", expect=None)
                self.assertNotEqual(failed.code, 0)
                self.assertIn(message, failed.err)
        # -f is the stack file there.
        self.assertIn("hint: `dockerfile:` below `build:` names another one\n", failed.err)
        self.assertIn("hint: name another one with -f\n",
                      self.stack("image", "build", "-f", "Absent", ".", expect=None).err)


class AsDockerTakesThem(buildtest.BuildTest):
    """What Dockerfiles in the wild say, although it is not the best way to say it."""

    def test_a_step_that_cannot_begin_says_why(self):
        for text, why in (("FROM box:1\nUSER nosuch\nRUN id\n", "nosuch"),
                          ("FROM box:1 AS a\nFROM box:1\nRUN --mount=from=a,source=/nope,target=/q id\n", "nope"),
                          ("FROM box:1\nRUN [\"/nope\"]\n", "/nope")):
            for _ in range(3):
                failed = self.build(text, expect=1)
                self.assertRegex(failed.err, rf"error: Dockerfile:{text.count(chr(10))}:1: .*{why}")
                self.assertNotIn("joining the network", failed.err)

    def test_several_files_to_what_is_no_directory_leave_the_last(self):
        image = self.build("FROM box:1\nCOPY a b /new\n", files={"a": "a\n", "b": "b\n"})
        self.assertEqual(self.new_files(image)["/new"], "file 0644 0:0 b'b\\n'")
        self.assertRegex(self.last.err, "warning: Dockerfile:2:1: /new is no directory.*end it with a /")

    def test_triggers_of_an_image_take_from_stages_of_the_child(self):
        self.stack("image", "build", "-q", "-t", "parent:1", "-", stdin="FROM box:1\nONBUILD COPY --from=src /a /b\n")
        image = self.build("FROM box:1 AS src\nRUN echo a > /a\nFROM parent:1\nENV A=1\n")
        self.assertEqual(self.new_files(image)["/b"], "file 0644 0:0 b'a\\n'")

    def test_a_password_in_a_proxy_is_in_no_image(self):
        flags = ("--build-arg", "HTTP_PROXY=http://u:secret@h")
        image = self.build("FROM box:1\nENV P=$HTTP_PROXY Q=$http_proxy\nLABEL p=$HTTP_PROXY\n"
                           "RUN echo $HTTP_PROXY $http_proxy | grep -c 'u:.*u:'\n", *flags)
        self.assertNotIn("secret", json.dumps(buildtest.config_of(image)))
        self.build(None, "--build-arg", "HTTP_PROXY=http://u:other@h")
        self.assertIn("CACHED", self.last.err)

    def test_the_dockerfile_may_be_called_dockerfile(self):
        self.write("dockerfile", "FROM box:1\nENV LOW=1\n")
        self.assertIn("LOW=1", self.configuration(self.build(None))["Env"])
        self.write("compose.yaml", "services: {a: {build: .}}")
        self.stack("build")
        self.write("Dockerfile", "FROM box:1\nENV HIGH=1\n")
        self.assertIn("HIGH=1", self.configuration(self.build(None))["Env"])
        Path(self.directory / "Dockerfile").unlink()
        Path(self.directory / "dockerfile").unlink()
        self.assertIn("/Dockerfile: No such file", self.build(None, expect=1).err)

    def test_parents(self):
        files = {"a.txt": "a", "dir/one.txt": "1", "dir/sub/two.txt": "2", "dir/sub/deep/three": "3"}
        for source, expected in (
                ("dir", ["dir/one.txt", "dir/sub/deep/three", "dir/sub/two.txt"]),
                (".", ["Dockerfile", "a.txt", "dir/one.txt", "dir/sub/deep/three", "dir/sub/two.txt"]),
                ("**/*.txt", ["a.txt", "dir/one.txt", "dir/sub/two.txt"]),
                ("dir/**/two.txt", ["dir/sub/two.txt"]),
                ("dir/**/one.txt", ["dir/one.txt"]),
                ("dir/./sub", ["sub/deep/three", "sub/two.txt"]),
                ("*/./sub/two.txt a.txt", ["a.txt", "sub/two.txt"]),
                ("d*/./**/three", ["sub/deep/three"]),
                ("*.none", [])):
            for destination in ("/w/", "/w"):
                with self.subTest(source=source, destination=destination):
                    tree = self.new_files(self.build(f"FROM box:1\nCOPY --parents {source} {destination}\n",
                                                     files=files))
                    self.assertEqual(tree["/w"], "dir 0755 0:0")
                    self.assertEqual([path.removeprefix("/w/") for path, line in tree.items()
                                      if line.startswith("file")], expected)

    def test_attributes_of_the_context_stay_where_they_are(self):
        self.write("f", "f")
        self.write("d/g", "g")
        os.setxattr(self.directory / "f", "user.xdg.origin.url", b"https://secret@host/")
        os.setxattr(self.directory / "d", "user.a", b"b")
        text = "FROM box:1 AS one\nCOPY f /f\nCOPY d /d\nRUN --mount=target=/m cp -a /m/f /g\n"
        image = self.build(text)
        self.assertEqual([line for line in self.new_files(image).values() if "user." in line], [])
        os.removexattr(self.directory / "f", "user.xdg.origin.url")
        self.assertEqual(self.build(text), image, "the key is another one")
        self.assertEqual(self.cached_steps(), 3)

    def test_limits_are_part_of_what_a_step_is(self):
        self.write("Dockerfile", "FROM box:1\nRUN ulimit -n > /n; df -k /dev/shm | tail -1 > /s\n")
        first = self.build(None, "--ulimit", "nofile=100:200")
        self.assertEqual(self.new_files(first)["/n"], "file 0644 0:0 b'100\\n'")
        self.assertEqual(self.new_files(self.build(None, "--ulimit", "nofile=150"))["/n"], "file 0644 0:0 b'150\\n'")
        self.assertEqual(self.build(None, "--ulimit", "nofile=100:200"), first)
        self.build(None, "--ulimit", "nofile=100:200", "--shm-size", "5m")
        self.assertEqual(self.cached_steps(), 0)
        self.assertIn("nofile=5:4", self.build(None, "--ulimit", "nofile=5:4", expect=2).err)

    def test_one_cache_however_it_is_shared(self):
        image = self.build("FROM box:1\nRUN --mount=type=cache,id=w,target=/c,sharing=private echo 1 >> /c/x\n"
                           "RUN --mount=type=cache,id=w,target=/c,sharing=locked echo 2 >> /c/x\n"
                           "RUN --mount=type=cache,id=w,target=/c --mount=type=cache,id=w,target=/d,sharing=locked "
                           "cat /c/x > /seen; rm /d/x; ls /c >> /seen\n")
        self.assertEqual(self.new_files(image)["/seen"], "file 0644 0:0 b'1\\n2\\n'")

    def test_contexts_of_any_compression(self):
        self.write("ctx/Dockerfile", "FROM box:1\nCOPY f /f\n")
        self.write("ctx/f", "f\n")
        for how in ("w:xz", "w:bz2", "w:gz", "w"):
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode=how) as archive:
                archive.add(self.directory / "ctx", ".")
            done = subprocess.run([stacktest.STACK, "image", "build", "-"], input=packed.getvalue(),
                                  capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_images_of_any_compression(self):
        plain, packed = self.directory / "a.tar", self.directory / "a.packed"
        self.stack("image", "save", "-o", str(plain), stacktest.IMAGE)
        for how in (bz2, lzma):
            packed.write_bytes(how.compress(plain.read_bytes()))
            self.assertIn("Loaded image: box:1", self.stack("image", "load", "-i", str(packed)).out)

    def test_a_context_that_is_not_there(self):
        failed = self.build("FROM box:1\n", "--build-context", "x=nosuch", expect=1)
        self.assertIn("error: failed to get build context: nosuch: No such file or directory", failed.err)

    def test_flags_of_scripts(self):
        self.write("Dockerfile", "FROM box:1 AS one\nRUN true\nFROM one\nRUN echo 2\n")
        image = self.build(None, "--load", "--rm", "--force-rm", "--provenance=false", "--sbom=false",
                           "--metadata-file", "about.json")
        about = json.loads(Path(self.directory / "about.json").read_text())
        self.assertEqual((about["containerimage.digest"], about["image.name"]), (image, "docker.io/library/made:1"))
        self.build(None, "--no-cache-filter", "one")
        self.assertEqual(self.cached_steps(), 1)
        self.assertIn("Check complete", self.stack("image", "build", "--check", ".").out)
        self.assertIn("attestations", self.build(None, "--provenance=true", expect=2).err)
        self.assertIn("goes nowhere else", self.build(None, "--cache-to", "out", expect=2).err)

    def test_a_directive_makes_errors_of_bad_habits(self):
        failed = self.build("# check=error=true\nFROM box:1\nRUN touch /ran\nCMD sh\n", expect=3)
        self.assertRegex(failed.err, r"Dockerfile:4:1: this CMD .*\[JSONArgsRecommended\]")
        self.assertNotIn("RUN touch", failed.err)
        self.build("# check=skip=JSONArgsRecommended;error=true\nFROM box:1\nCMD sh\n")
        self.write("Dockerfile", "FROM box:1 AS Base\nCMD sh\n")
        checked = self.stack("image", "build", "--check", ".", expect=1)
        self.assertRegex(checked.err, r"(?s)Dockerfile:1:1: .*\[StageNameCasing\]\n.*Dockerfile:2:1: .*")
        self.assertEqual(checked.out, "")


class Outputs(buildtest.BuildTest):
    DOCKERFILE = """
        FROM box:1 AS made
        RUN mkdir /out; echo made > /out/program; chmod 4755 /out/program; ln -s program /out/link
        FROM scratch
        COPY --from=made /out /
        COPY --chown=5:6 note /doc/
    """

    def output(self, *flags, dockerfile=None, **options):
        return self.build(dockerfile or self.DOCKERFILE, "-q", *flags, files={"note": "read me\n"}, **options)

    def images(self):
        return self.stack("image", "ls", "-q").lines

    def members(self, path):
        with tarfile.open(path) as archive:
            return {member.name: (oct(member.mode), member.uid, member.gid) for member in archive}

    def test_files_go_to_a_directory_among_others_and_no_image_is_made(self):
        before = self.images()
        place = self.directory / "bin/of"
        place.mkdir(parents=True)
        (place / "own").write_text("kept")
        (place / "program").write_text("older")
        self.assertEqual(self.output("-o", str(place)), "")
        self.assertEqual(sorted(path.name for path in place.iterdir()), ["doc", "link", "own", "program"])
        self.assertEqual((place / "link").read_text(), "made\n")
        self.assertEqual(oct((place / "program").stat().st_mode), "0o100755")
        self.assertEqual((place / "doc/note").stat().st_uid, os.getuid())
        self.assertEqual(self.images(), before)

    def test_files_go_into_an_archive(self):
        self.output("-o", f"type=tar,dest={self.directory}/files.tar", "-o", str(self.directory / "files"))
        members = self.members(self.directory / "files.tar")
        self.assertEqual((members["program"], members["doc/note"]), (("0o4755", 0, 0), ("0o644", 5, 6)))
        self.assertTrue((self.directory / "files/program").exists())
        self.output("-o", f"type=tar,dest={self.directory}/none.tar", dockerfile="FROM scratch\n")
        self.assertEqual(self.members(self.directory / "none.tar"), {})

    def test_an_image_goes_into_an_archive_that_can_be_loaded(self):
        archive = self.directory / "image.tar"
        self.output("-o", f"type=docker,dest={archive}")
        id_of_image = self.stack("image", "inspect", "-f", "{{.Id}}", "made:1").out
        self.stack("image", "rm", "made:1")
        self.assertEqual(self.stack("image", "load", "-i", str(archive)).out, "Loaded image: made:1\n")
        self.assertEqual(self.stack("image", "inspect", "-f", "{{.Id}}", "made:1").out, id_of_image)

    def test_all_outputs_are_of_one_build(self):
        dockerfile = "FROM box:1\nRUN cat /proc/sys/kernel/random/uuid > /id\n"
        image = self.build(dockerfile, "--no-cache", "--load", "-o", "one", "-o", "two")
        self.assertEqual(self.last.err.count("RUN cat"), 1)
        ids = {(self.directory / place / "id").read_text() for place in ("one", "two")}
        ids.add(self.stack("container", "run", "--rm", image, "cat", "/id").out)
        self.assertEqual(len(ids), 1)

    def test_a_build_that_fails_leaves_nothing_there(self):
        for flag in (f"{self.directory}/dir", f"type=tar,dest={self.directory}/file.tar"):
            self.output("-o", flag, dockerfile="FROM box:1\nRUN exit 3\n", expect=None)
        self.assertEqual([path.name for path in self.directory.iterdir() if path.name in ("dir", "file.tar")], [])


class Interrupted(buildtest.BuildTest):
    def test_what_a_killed_build_left_of_the_network_goes_with_any_other(self):
        self.write("Dockerfile", "FROM box:1\nRUN echo a > /a")
        self.build(None)
        # As a kill between the end of the network's keeper and that of its directories leaves it.
        left = Path(os.environ["STACK_ROOT"]) / "stacks/@builds"
        (left / "networks").mkdir(parents=True)
        self.build(None)  # from the cache: no step needs a network
        self.assertFalse(left.exists())

    def test_killed_at_any_moment_nothing_is_left(self):
        self.write("Dockerfile", f"""
            FROM box:1
            RUN sleep 0.05; echo {self.project} > /a; sleep 0.05
            COPY big /big
            RUN (sleep 4322 &) ; sleep 0.05; echo b > /b
            WORKDIR /w
        """)
        (self.directory / "big").mkdir()
        for number in range(200):
            (self.directory / f"big/{number}").write_text(str(number) * 100)
        seed = int(os.environ.get("STACK_TEST_SEED", random.randrange(1 << 30)))
        moments = random.Random(seed)
        for _ in range(int(os.environ.get("STACK_TEST_KILLS", "4"))):
            builder = subprocess.Popen([stacktest.STACK, "image", "build", "-t", "made:1", "."],
                                       cwd=self.directory, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                builder.wait(moments.uniform(0, 0.4))
            except subprocess.TimeoutExpired:
                builder.kill()
                builder.wait()
            stacktest.eventually(lambda: not self.pids_running("sleep 4322"), f"its end (seed {seed})")
        image = self.build(None)
        self.assertEqual([path for path in self.new_files(image) if path.count("/") == 1],
                         ["/a", "/b", "/big", "/w"])
        self.assertEqual(len([path for path in self.new_files(image) if path.startswith("/big/")]), 200)
        self.assertEqual([path.name for path in buildtest.store().glob(".tmp.*")], [])
        self.assertEqual(self.build(None), image)

    def test_builds_at_the_same_time(self):
        self.write("Dockerfile", f"FROM box:1\nRUN echo {self.project} > /a\nCOPY Dockerfile /\nRUN cat /a > /b\n")
        builders = [subprocess.Popen([stacktest.STACK, "image", "build", "-q", "."], cwd=self.directory,
                                     stdout=subprocess.PIPE, text=True) for _ in range(4)]
        images = {builder.communicate()[0].strip() for builder in builders}
        self.assertEqual([builder.returncode for builder in builders], [0] * 4)
        for image in images:
            self.assertIn("/b", self.new_files(image))


if __name__ == "__main__":
    stacktest.main()
