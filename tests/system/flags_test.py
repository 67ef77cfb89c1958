# SPDX-License-Identifier: Apache-2.0
"""Flags of docker compose's commands that no other test needs: each does what it says."""

import json
import subprocess

import stacktest
from stacktest import eventually

TWO = """
    services:
      db: {image: "box:1", command: sleep 1001}
      web: {image: "box:1", command: sleep 1002, depends_on: [db]}
"""


class Made(stacktest.StackTest):
    def ids(self):
        return {name: row["ID"] for name, row in self.ps().items()}

    def test_create_makes_anew_or_leaves_alone(self):
        self.write_stack(TWO)
        self.stack("create", "--no-build", "--quiet-pull", "-y")
        first = self.ids()
        self.stack("create", "--yes")
        self.assertEqual(self.ids(), first)
        self.stack("create", "--force-recreate", "--pull", "never")
        second = self.ids()
        self.assertFalse(set(first.values()) & set(second.values()))
        self.write_stack(TWO.replace("1002", "1003"))
        self.stack("create", "--no-recreate")
        self.assertEqual(self.ids(), second)
        self.write_stack("services: {db: {image: 'box:1', command: sleep 1001}}")
        self.assertIn("orphan", self.stack("create").err)
        self.stack("create", "--remove-orphans")
        self.assertEqual(set(self.ids()), {"db"})

    def test_create_asks_for_images_as_it_is_told(self):
        self.write_stack("services: {web: {image: 'nothere:1'}}")
        self.assertIn("No such image", self.stack("create", "--pull", "never", expect=1).err)

    def test_up_leaves_containers_alone_that_have_changed(self):
        self.up(TWO)
        before = self.ids()
        self.up(TWO.replace("1002", "1003"), "--no-recreate", "--yes", "--quiet-pull", "--quiet-build", "--menu=false")
        self.assertEqual(self.ids(), before)
        self.up(None)
        self.assertNotEqual(self.ids(), before)

    def test_up_makes_dependencies_anew_only_when_asked(self):
        self.up(TWO)
        before = self.ids()
        self.stack("up", "-d", "--force-recreate", "web")
        self.assertEqual(self.ids()["db"], before["db"])
        self.stack("up", "-d", "--always-recreate-deps", "web")
        self.assertNotEqual(self.ids()["db"], before["db"])

    def test_scale_without_dependencies(self):
        self.write_stack(TWO)
        self.stack("scale", "--no-deps", "web=2")
        self.assertEqual(set(self.ids()), {"web"})
        self.stack("scale", "web=1")
        self.assertEqual(set(self.ids()), {"db", "web"})


class Globals(stacktest.StackTest):
    def test_what_no_service_uses_is_made_when_asked(self):
        self.write_stack("""
            services: {web: {image: "box:1", command: sleep 1001}}
            networks: {spare: {}}
            volumes: {attic: {}}
        """)
        self.assertNotIn("spare", self.stack("config").out)
        self.assertIn("spare", self.stack("--all-resources", "config").out)
        self.stack("up", "-d")
        self.assertNotIn("attic", self.stack("volume", "ls").out)
        self.stack("--all-resources", "up", "-d")
        self.assertIn(f"{self.project}_attic", self.stack("volume", "ls").out)
        self.assertIn(f"{self.project}_spare", self.stack("network", "ls").out)
        self.assertEqual(self.stack("--all-resources", "plan").out, self.stack("plan").out)
        self.stack("--all-resources", "down", "-v", "-t", "0")
        self.assertNotIn("spare", self.stack("network", "ls").out)

    def test_names_as_docker_compose_1_had_them(self):
        self.write_stack("services: {web: {image: 'box:1', command: sleep 1001, scale: 2}}")
        self.stack("--compatibility", "up", "-d")
        names = self.stack("ps", "--format", "{{.Name}}").lines
        self.assertEqual(names, [f"{self.project}_web_1", f"{self.project}_web_2"])
        self.stack("up", "-d", environment={"COMPOSE_COMPATIBILITY": "true"})
        self.assertEqual(self.stack("ps", "--format", "{{.Name}}").lines, names)
        run = self.stack("--compatibility", "run", "-d", "web", "sleep", "1002").out
        self.assertRegex(run, f"^{self.project}_web_run_[0-9a-f]{{12}}\n$")


class Shown(stacktest.StackTest):
    def test_ps_of_services_and_without_orphans(self):
        self.up(TWO)
        self.assertEqual(self.stack("ps", "--services").lines, ["db", "web"])
        self.write_stack("services: {db: {image: 'box:1', command: sleep 1001}}")
        self.assertEqual(self.stack("ps", "--services", "--orphans=false").lines, ["db"])

    def test_images_by_their_ids(self):
        self.up(TWO)
        (identity,) = self.stack("images", "-q").lines
        self.assertRegex(identity, "^[0-9a-f]{64}$")
        self.assertEqual(self.stack("images", "--quiet", "web").lines, [identity])

    def test_logs_of_one_of_several_and_without_colour(self):
        self.up("services: {web: {image: 'box:1', command: 'sh -c \"echo here; sleep 1001\"', scale: 2}}")
        eventually(lambda: self.log("web").count("here") == 2, "both have spoken")
        self.assertEqual(self.stack("logs", "--index", "2", "web").lines, ["web-2  | here"])
        self.assertNotIn("\x1b", self.stack("logs", "--no-color", environment={"CLICOLOR_FORCE": "1"}).out)
        self.assertIn("\x1b", self.stack("logs", environment={"CLICOLOR_FORCE": "1"}).out)

    def test_logs_of_an_up_are_of_those_that_are_wanted(self):
        self.write_stack("""
            services:
              db: {image: "box:1", command: echo of db}
              web: {image: "box:1", command: echo of web, depends_on: [db]}
              other: {image: "box:1", command: echo of other}
        """)
        self.assertEqual(sorted(line.split("| ")[1] for line in self.stack("up", "--no-color", "--no-attach", "other").lines
                                if "| " in line), ["of db", "of web"])
        self.stack("down")
        out = self.stack("up", "web").out
        self.assertEqual(("of web" in out, "of db" in out), (True, False))
        self.stack("down")
        out = self.stack("up", "--attach-dependencies", "web").out
        self.assertEqual(("of web" in out, "of db" in out, "of other" in out), (True, True, False))

    def test_usage_of_those_that_do_not_run(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}, job: {image: 'box:1', command: 'true'}}")
        eventually(lambda: self.state_of("job") == "exited", "the job is over")
        names = lambda *flags: sorted(self.stack("stats", "--no-stream", "--format", "{{.Name}}", *flags).lines)
        self.assertEqual(names(), [f"{self.project}-web-1"])
        self.assertEqual(names("--all"), [f"{self.project}-job-1", f"{self.project}-web-1"])
        self.assertRegex(self.stack("stats", "--no-stream", "--no-trunc", "--format", "{{.ID}}").out, "^[0-9a-f]{64}\n$")

    def test_volumes_by_a_template(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, volumes: ['data:/data']}}\nvolumes: {data: }")
        self.assertEqual(self.stack("volumes", "--format", "{{.Name}} {{.Driver}}").out, f"{self.project}_data local\n")
        self.assertEqual(json.loads(self.stack("volumes", "--format", "json").lines[0])["Name"], f"{self.project}_data")


class Within(stacktest.StackTest):
    def test_exec_with_all_capabilities(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        effective = lambda *flags: int(self.stack("exec", "-T", *flags, "web", "sh", "-c",
                                                  "grep CapEff /proc/self/status").out.split()[1], 16)
        self.assertGreater(effective("--privileged"), effective())
        self.assertIn("Seccomp:\t2", self.stack("exec", "-T", "--privileged", "web", "cat", "/proc/self/status").out,
                      "under the container's own filter")

    def test_attach_to_one_of_several_only_to_look(self):
        self.up("""
            services:
              web: {image: "box:1", scale: 2, stdin_open: true, command: "sh -c 'while :; do echo of $$HOSTNAME; sleep 0.05; done'"}
        """)
        second = self.stack("ps", "--format", "{{.Name}} {{.ID}}").lines[1].split()[1]
        with subprocess.Popen([stacktest.STACK, "attach", "--no-stdin", "--index", "2", "web"], cwd=self.directory,
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as attached:
            self.assertEqual(attached.stdout.readline(), f"of {second}\n")
            self.stack("kill")
            attached.communicate(timeout=60)

    def test_an_image_of_one_of_several_without_a_pause(self):
        self.addCleanup(stacktest.run_stack, "image", "rm", "-f", "made:1")
        self.up("services: {web: {image: 'box:1', command: sleep 1001, scale: 2}}")
        self.stack("exec", "-T", "--index", "2", "web", "touch", "/second")
        self.stack("commit", "--index", "2", "--pause=false", "web", "made:1")
        self.assertEqual(self.stack("container", "run", "--rm", "made:1", "ls", "/second").out, "/second\n")
        self.stack("export", "--index", "2", "-o", "two.tar", "web")
        self.assertIn("second", subprocess.run(["tar", "tf", self.directory / "two.tar"], capture_output=True, text=True,
                                               check=True).stdout)

    def test_start_gives_up_waiting(self):
        self.write_stack("""
            services:
              web:
                image: box:1
                command: sleep 1001
                healthcheck: {test: ["CMD", "false"], interval: 30s, start_period: 60s, start_interval: 30s}
        """)
        self.stack("create")
        self.assertIn("web", self.stack("start", "--wait", "--wait-timeout", "1", expect=4).err)


class Debug(stacktest.StackTest):
    """A shell beside a program whose image has none."""

    def up_bare(self):
        self.addCleanup(stacktest.run_stack, "image", "rm", "-f", "bare:1")
        self.write("Dockerfile", "FROM scratch\nCOPY --from=box:1 /bin/busybox /busybox\n")
        self.up("""
            services:
              web:
                image: bare:1
                build: .
                command: [/busybox, sleep, "1001"]
                environment: {SAID: here}
        """)
        self.stack("exec", "-T", "web", "sh", expect=127)

    def debug(self, *command, **options):
        return self.stack("debug", "--image", "box:1", *command, **options)

    def test_it_sees_files_processes_and_network(self):
        self.up_bare()
        self.assertIn("busybox", self.debug("web", "ls", "/proc/1/root").lines)
        self.assertEqual(self.debug("web", "pwd").out, "/\n")
        shell = self.debug("web", stdin="pwd\n")
        self.assertEqual(shell.out, "/\n")
        self.assertIn(f"the files of {self.project}-web-1 are in /proc/1/root\n", shell.err)
        self.assertNotIn("getcwd", shell.err)
        self.assertIn("/busybox sleep 1001", self.debug("web", "ps").out)
        self.assertIn("SAID=here", self.debug("web", "cat", "/proc/1/environ").out)
        address = self.stack("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
                             f"{self.project}-web-1").out
        self.assertIn(address.strip(), self.debug("web", "ip", "address").out)

    def test_it_leaves_nothing_behind(self):
        self.up_bare()
        self.assertEqual(self.debug("web", "sh", "-c", "touch /mine; exit 3", expect=3).out, "")
        self.assertEqual(self.stack("diff", "web").out, "")
        self.assertEqual(self.stack("container", "ls", "-aq", "--no-trunc").lines, self.stack("ps", "-q").lines)

    def test_what_is_wrong_is_told(self):
        self.up_bare()
        self.assertIn("nothere:1", self.stack("debug", "--image", "nothere:1", "--pull", "never", "web", expect=125).err)
        self.stack("stop", "-t", "0")
        self.assertIn("not running", self.debug("web", expect=1).err)


class Registries(stacktest.StackTest):
    def test_pulls_and_pushes_that_may_fail(self):
        self.write("folder/Dockerfile", "FROM box:1\n")
        self.write_stack("""
            services:
              db: {image: "127.0.0.1:1/nothere:1"}
              web: {image: "127.0.0.1:1/web:1", build: folder, depends_on: [db]}
              other: {image: "127.0.0.1:1/other:1"}
        """)
        self.assertIn("other", self.stack("pull", "--ignore-pull-failures", "-q", "other").err)
        self.stack("pull", "other", expect=1)
        err = self.stack("pull", "--include-deps", "--ignore-buildable", "web", expect=1).err
        self.assertEqual(("nothere" in err, "/web" in err), (True, False))
        self.stack("push", "--ignore-push-failures", "--quiet", "web")
        pushed = self.stack("push", "--include-deps", "web", expect=1)
        self.assertIn("127.0.0.1:1/web:1", pushed.err)
        self.assertIn("db Skipped", pushed.err)  # who built it may push it

    def test_builds_that_are_pushed(self):
        """The image and its tags, when all are built; who has no name is for this machine."""
        for name in ("127.0.0.1:1/web:1", "127.0.0.1:1/web:2", f"{self.project}-own"):
            self.addCleanup(stacktest.run_stack, "image", "rm", "-f", name)
        self.write("folder/Dockerfile", "FROM box:1\n")
        self.write_stack("""
            services:
              web: {image: "127.0.0.1:1/web:1", build: {context: folder, tags: ["127.0.0.1:1/web:2"]}}
              own: {build: folder}
        """)
        err = self.stack("build", "--push", "--builder", "default", "--provenance=false", "--sbom=false", expect=1).err
        for text in ("127.0.0.1:1/web:1", "127.0.0.1:1/web:2", "own Skipped"):
            self.assertIn(text, err)
        for flag in ("--sbom=true", "--provenance=mode=max", "--builder=other"):
            self.assertIn("stack: ", self.stack("build", flag, expect=2).err)


if __name__ == "__main__":
    stacktest.main()
