# SPDX-License-Identifier: Apache-2.0
"""What a newcomer types after a docker tutorial, about images: `docker` read as `stack image`."""

import json
import os
from pathlib import Path

import buildtest
import stacktest
from stacktest import IMAGE


class ImageTest(buildtest.BuildTest):
    def image(self, *arguments, **options):
        return self.stack("image", *arguments, **options)

    def id_of(self, name):
        return self.image("inspect", "--format", "{{.Id}}", name).out.strip()

    def run_made(self, *words, **options):
        return self.stack("container", "run", "--rm", *words, **options)


class Store(ImageTest):
    def test_what_two_images_have_in_common_is_there_once(self):
        self.write("Dockerfile", "FROM box:1\nRUN head -c 3000000 /dev/zero > /common\n")
        self.image("build", "-t", "made:1", ".")
        layers = lambda: {entry.name for entry in (buildtest.store() / "layers").iterdir() if entry.is_dir()}
        before = layers()
        self.write("Dockerfile", "FROM made:1\nRUN echo other > /other\n")
        self.image("build", "-t", "made:2", ".")
        self.assertEqual(len(layers() - before), 1)
        first, second = (json.loads(self.image("inspect", name).out)[0]["RootFS"]["Layers"]
                         for name in ("made:1", "made:2"))
        self.assertEqual(second[:-1], first)
        # Together they take as much room as the larger one.
        sizes = {name: json.loads(self.image("inspect", name).out)[0]["Size"] for name in ("made:1", "made:2")}
        room = json.loads([line for line in self.stack("system", "df", "--format", "json").lines if "Images" in line][0])
        self.assertGreater(sizes["made:1"], 3000000)
        self.assertEqual(room["TotalCount"], "3")
        self.assertNotIn("GB", room["Size"])

    def test_history_is_the_steps_newest_first(self):
        self.write("Dockerfile", "FROM box:1\nENV A=1\nRUN echo one > /one\n")
        self.image("build", "-t", "made:1", ".")
        lines = self.image("history", "made:1").lines
        for heading in ("IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"):
            self.assertIn(heading, lines[0])
        self.assertIn("RUN", lines[1])
        self.assertIn("ENV A=1", lines[2])
        self.assertTrue(lines[1].startswith(self.id_of("made:1")[7:19]))
        self.assertTrue(lines[2].startswith("<missing>"))
        self.assertEqual(self.image("history", "-q", "made:1").lines[1], "<missing>")
        self.assertEqual(self.image("history", "-q", "--no-trunc", "made:1").lines[0], self.id_of("made:1"))
        self.assertIn("echo one > /one", self.image("history", "--no-trunc", "--format", "{{.CreatedBy}}", "made:1").lines[0])

    def test_names_are_completed(self):
        for name, shown in (("ubuntu", "ubuntu:latest"), ("docker.io/library/ubuntu:x", "ubuntu:x"),
                            ("jdantan/java-8", "jdantan/java-8:latest"),
                            ("localhost:5000/my-private-image", "localhost:5000/my-private-image:latest"),
                            ("localhost/mine", "localhost/mine:latest"), ("host.example/a/b:1", "host.example/a/b:1")):
            self.image("tag", IMAGE, name)
            tags = json.loads(self.image("inspect", name).out)[0]["RepoTags"]
            self.assertIn(shown, tags)
            self.assertEqual(self.image("rm", name).out, f"Untagged: {shown}\n")
        self.assertIn("repository name must be lowercase", self.image("tag", IMAGE, "Ubuntu", expect=1).err)

    def test_the_list(self):
        self.image("tag", IMAGE, "other:tag")
        header, *rows = self.image("ls").lines
        self.assertRegex(header, r"^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$")
        self.assertEqual(sorted(row.split()[:2] for row in rows), [["box", "1"], ["other", "tag"]])
        self.assertEqual(self.image("list").lines[0], header)
        self.assertEqual(self.image("ls", "-q").lines, [self.id_of(IMAGE)[7:19]] * 2)
        self.assertIn("DIGEST", self.image("ls", "--digests").lines[0])
        self.assertEqual(self.image("ls", "--format", "{{.Repository}}:{{.Tag}}", "other").lines, ["other:tag"])
        tree = self.image("ls", "--tree").lines
        self.assertRegex(tree[0], r"^IMAGE +ID +DISK USAGE")
        self.assertEqual(sorted(line.split()[0] for line in tree[1:3]), ["box:1", "other:tag"])
        self.assertRegex(tree[3], r"^└─ linux/\w+ +" + self.id_of(IMAGE)[7:19])
        # Whose name another has taken is dangling.
        self.write("Dockerfile", "FROM box:1\nRUN echo one > /one\n")
        self.image("build", "-t", "other:tag", ".")
        first = self.id_of("other:tag")
        self.write("Dockerfile", "FROM box:1\nRUN echo two > /two\n")
        self.image("build", "-t", "other:tag", ".")
        row = [line for line in self.image("ls", "-a").lines if first[7:19] in line][0]
        self.assertEqual(row.split()[:2], ["<none>", "<none>"])
        self.assertEqual(self.image("ls", "-q", "--filter", "dangling=true").lines, [first[7:19]])

    def test_images_of_a_stack_are_those_of_its_containers(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        header, row = self.stack("images").lines
        self.assertRegex(header, r"^CONTAINER +REPOSITORY +TAG +PLATFORM +IMAGE ID +SIZE +CREATED")
        self.assertRegex(row, rf"^{self.project}-web-1 +box +1 +linux/\w+ +{self.id_of(IMAGE)[7:19]} +\S+ +.* ago")

    def test_tags_go_one_by_one(self):
        self.write("Dockerfile", "FROM box:1\nRUN echo one > /one\n")
        self.image("build", "-t", "made:1", ".")
        identity = self.id_of("made:1")
        self.image("tag", "made:1", "made")
        self.assertEqual(self.id_of("made:latest"), identity)
        self.assertEqual(self.image("rm", "made").out, "Untagged: made:latest\n")
        out = self.image("remove", "made:1").out
        self.assertIn("Untagged: made:1\n", out)
        self.assertIn(f"Deleted: {identity}\n", out)
        self.assertIn("o such image", self.image("rm", "made:1", expect=1).err)


class Built(ImageTest):
    def test_a_name_and_a_tag(self):
        self.write("Dockerfile", "FROM box:1\nCMD [\"echo\", \"hello\"]\n")
        identity = self.image("build", "-t", "web", "-t", "web:0.3.2", ".").out.strip()
        for name in ("web:latest", "web:0.3.2"):
            self.assertEqual(self.id_of(name), identity)
        self.assertIn("web", self.image("ls").out)
        self.assertEqual(self.image("build", "-q", ".").out.strip(), identity)
        self.assertEqual(self.run_made("web").out, "hello\n")

    def test_a_failure_leaves_names_as_they_were(self):
        self.write("Dockerfile", "FROM box:1\nRUN echo one > /one\n")
        self.image("build", "-t", "web", ".")
        before = self.id_of("web")
        self.write("Dockerfile", "FROM box:1\nRUN exit 3\n")
        self.image("build", "-t", "web", ".", expect=1)
        self.assertEqual(self.id_of("web"), before)

    def test_what_stands_before_from(self):
        for text, place in (("RUN true\nFROM box:1\n", "Dockerfile:1"), ("ENV A=1\nFROM box:1\n", "Dockerfile:1")):
            failed = self.build(text, expect=3)
            self.assertIn(place, failed.err)
            self.assertIn("FROM", failed.err)
        self.build("# a comment\nARG TAG=1\nFROM box:${TAG}\n")

    def test_the_last_command_counts(self):
        self.build("FROM box:1\nCMD [\"echo\", \"first\"]\nCMD [\"echo\", \"last\"]\n")
        self.assertEqual(self.run_made("made:1").out, "last\n")
        self.assertEqual(self.run_made("made:1", "echo", "mine").out, "mine\n")

    def test_single_quotes_are_a_shells(self):
        self.build("FROM box:1\nCMD ['echo', 'hello']\n")
        self.assertEqual(buildtest.config_of(self.id_of("made:1"))["config"]["Cmd"], ["/bin/sh", "-c", "['echo', 'hello']"])

    def test_entrypoint_and_command(self):
        self.build("FROM box:1\nENTRYPOINT [\"echo\", \"entry\"]\nCMD [\"default\"]\n")
        self.assertEqual(self.run_made("made:1").out, "entry default\n")
        self.assertEqual(self.run_made("made:1", "-g", "mine").out, "entry -g mine\n")
        # It takes the image's command with it, and "" is none.
        self.assertEqual(self.run_made("--entrypoint", "echo", "made:1").out, "\n")
        self.assertEqual(self.run_made("--entrypoint", "echo", "made:1", "-g", "daemon off;").out, "-g daemon off;\n")
        self.assertEqual(self.run_made("--entrypoint", "", "made:1", "echo", "bare").out, "bare\n")
        self.build("FROM box:1\nENTRYPOINT echo shell\nCMD [\"ignored\"]\n")
        self.assertEqual(self.run_made("made:1", "ignored too").out, "shell\n")

    def test_exposed_ports_are_for_reading(self):
        self.build("FROM box:1\nEXPOSE 5000\nCMD [\"sleep\", \"1001\"]\n")
        self.stack("container", "run", "-d", "--name", "web", "made:1")
        self.assertEqual(self.stack("container", "ps", "--format", "{{.Ports}}").out, "5000/tcp\n")
        self.assertEqual(self.stack("container", "port", "web").out, "")
        self.stack("container", "rm", "-f", "web")

    def test_a_leading_slash_is_the_context(self):
        self.write("src/webapp/index", "page\n")
        self.build("FROM box:1\nADD /src/webapp /opt/webapp\nCOPY src/webapp/index /copied\n")
        self.assertEqual(self.run_made("made:1", "cat", "/opt/webapp/index", "/copied").out, "page\npage\n")

    def test_variables_of_the_image_and_of_the_command_line(self):
        self.build("FROM box:1\nENV WEBAPP_PORT=8080 WEBAPP_HOST=image\n")
        self.write("some.env", "WEBAPP_HOST=file\nONLY=file\n")
        command = ["made:1", "sh", "-c", "echo $WEBAPP_PORT $WEBAPP_HOST $ONLY $OURS"]
        self.assertEqual(self.run_made(*command).out, "8080 image\n")
        self.assertEqual(self.run_made("--env-file", "some.env", *command).out, "8080 file file\n")
        self.assertEqual(self.run_made("--env-file", "some.env", "-e", "WEBAPP_HOST=flag", "-e", "OURS", *command,
                                       environment={"OURS": "ours"}).out, "8080 flag file ours\n")

    def test_users_by_name_and_number(self):
        for user, seen in (("app", "1000 1000 1000 2000"), ("app:extra", "1000 2000 2000"), ("1234", "1234 0 0"),
                           ("1234:5678", "1234 5678 5678")):
            self.build(f"FROM box:1\nUSER {user}\n")
            out = self.run_made("made:1", "sh", "-c", "id -u; id -g; id -G").out
            self.assertEqual(" ".join(out.split()), seen)
        self.build("FROM box:1\nUSER nobodyhere\n")
        self.assertIn("nobodyhere", self.run_made("made:1", "true", expect=125).err)

    def test_a_directory_to_work_in(self):
        self.build("FROM box:1\nENV PLACE=where\nWORKDIR /some\nWORKDIR $PLACE\nRUN echo x > file\n")
        self.assertEqual(self.run_made("made:1", "sh", "-c", "pwd; ls").out, "/some/where\nfile\n")

    def test_what_needs_another_word_says_so(self):
        failed = self.build("FROM box:1\nONBUILD FROM box:1\n", expect=3)
        self.assertIn("ONBUILD", failed.err)
        self.build("FROM box:1\nMAINTAINER somebody <mail@example.com>\n")
        self.assertRegex(self.last.err, "(?i)MAINTAINER.*(deprecated|LABEL)")


class Leftovers(ImageTest):
    def test_where_everything_is_kept_and_how_much(self):
        self.stack("container", "run", "--name", "job", "-v", "things:/things", IMAGE, "sh", "-c",
                   "head -c 100000 /dev/zero > /things/x")
        rows = {row["Type"]: row for row in map(json.loads, self.stack("system", "df", "--format", "json").lines)}
        self.assertEqual(set(rows), {"Images", "Containers", "Local Volumes", "Build Cache", "Logs"})
        self.assertEqual((rows["Containers"]["TotalCount"], rows["Local Volumes"]["TotalCount"]), ("1", "1"))
        shown = self.stack("system", "df", "-v").out
        for name in ("box:1", "job", "things"):
            self.assertIn(name, shown)
        # Nothing goes unless it is asked for.
        self.assertIn("Are you sure", self.stack("system", "prune", stdin="n\n").err)
        self.assertIn("job", self.stack("container", "ps", "-a").out)
        self.stack("container", "rm", "job")
        self.stack("volume", "rm", "--now", "things")

    def test_another_root(self):
        place = self.directory / "elsewhere"
        self.assertEqual(self.stack("--root", str(place), "image", "ls", "-q").lines, [])
        folder = self.directory / "root"
        stacktest.make_box(folder)
        environment = {"STACK_RUN": ""}
        there = lambda *words: self.stack("--root", str(place), *words, environment=environment)
        there("image", "import", str(folder), "there:1")
        self.assertEqual(there("container", "run", "--rm", "there:1", "echo", "hello").out, "hello\n")
        self.assertEqual(there("system", "info", "--format", "{{.DockerRootDir}}").out, f"{place}\n")
        run = Path(there("system", "info", "--format", "{{.RunDir}}").out.strip())
        self.assertNotIn("there", self.image("ls").out)
        self.assertTrue(run.name.startswith("stack-"), run)
        os.system(f"rm -rf {run}")


if __name__ == "__main__":
    stacktest.main()
