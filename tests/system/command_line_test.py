# SPDX-License-Identifier: Apache-2.0
"""Flags of the everyday commands: what they do to a stack that runs, and how they end."""

import json
import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

import stacktest
from stacktest import eventually


class CommandLineTest(stacktest.StackTest):
    def begin(self, *arguments, **options):
        """A `stack` in the background; ended with the test."""
        process = subprocess.Popen([stacktest.STACK, *arguments], cwd=self.directory, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, **options)

        def end():
            process.kill()
            process.wait(20)
            process.stdout.close()
        self.addCleanup(end)
        return process


class AttachedUp(CommandLineTest):
    JOB = """
        services:
          web:
            image: box:1
            command: sh -c 'trap "exit 3" TERM; echo serving; while :; do sleep 0.05; done'
          test:
            image: box:1
            command: sh -c 'echo testing; exit 7'
            depends_on: [web]
    """

    def test_the_first_end_stops_all_and_its_code_is_ours(self):
        self.write_stack(self.JOB)
        result = self.stack("up", "--abort-on-container-exit", expect=7)
        self.assertIn("testing", result.out)
        self.assertIn("test-1 exited with code 7", result.out)
        self.assertIn("test-1 exited with code 7...", result.err)
        self.assertEqual((self.state_of("web"), self.state_of("test")), ("exited", "exited"))

    def test_exit_code_from_is_that_of_the_service_named(self):
        self.write_stack(self.JOB)
        self.stack("up", "--exit-code-from", "web", expect=3)
        self.stack("up", "--exit-code-from", "test", expect=7)

    def test_a_failure_stops_all_but_a_good_end_does_not(self):
        self.write_stack("""
            services:
              good: {image: box:1, command: "true"}
              bad:
                image: box:1
                command: sh -c 'while [ ! -e /v/go ]; do sleep 0.02; done; exit 9'
                volumes: ["./v:/v"]
              web: {image: box:1, command: sleep 1000, init: true}
        """)
        (self.directory / "v").mkdir()
        up = self.begin("up", "--abort-on-container-failure")
        eventually(lambda: self.state_of("good") == "exited" and self.state_of("web") == "running",
                   "good ends, web runs")
        self.assertIsNone(up.poll())
        (self.directory / "v/go").touch()
        self.assertEqual(up.wait(stacktest.DEADLINE), 9)
        self.assertEqual(self.state_of("web"), "exited")

    def test_a_job_that_others_wait_for_may_end_well(self):
        self.write_stack("""
            services:
              migrate: {image: box:1, command: "true"}
              web:
                image: box:1
                command: sh -c 'exit 4'
                depends_on: {migrate: {condition: service_completed_successfully}}
        """)
        self.stack("up", "--abort-on-container-exit", expect=4)

    def test_an_end_that_it_comes_back_from_is_one(self):
        self.write_stack("""
            services:
              web: {image: box:1, command: sh -c 'exit 4', restart: always}
        """)
        self.stack("up", "--abort-on-container-exit", expect=4)
        self.assertEqual(self.state_of("web"), "exited")

    def test_whose_logs_are_shown_does_not_matter(self):
        self.write_stack("""
            services:
              web: {image: box:1, command: sleep 1000, stop_signal: SIGKILL}
              job: {image: box:1, command: sh -c 'echo said; exit 3'}
        """)
        for flags in (["--abort-on-container-exit", "--no-attach", "job"],
                      ["--abort-on-container-failure", "--attach", "web"],
                      ["--exit-code-from", "job", "--no-attach", "job"], ["--exit-code-from", "job", "--attach", "web"]):
            with self.subTest(flags):
                self.assertNotIn("said", self.stack("up", *flags, expect=3, timeout=30).out)
                self.assertEqual(self.state_of("web"), "exited")

    def test_the_end_of_one_that_the_file_hides_is_none(self):
        self.write_stack("""
            services:
              hidden: {image: box:1, command: sh -c 'exit 6', attach: false}
              wait:
                image: box:1
                command: sh -c 'while [ ! -e /v/go ]; do sleep 0.02; done; exit 5'
                volumes: ["./v:/v"]
        """)
        (self.directory / "v").mkdir()
        up = self.begin("up", "--abort-on-container-exit")
        eventually(lambda: (self.state_of("hidden"), self.state_of("wait")) == ("exited", "running"),
                   "the hidden one ends, the other waits")
        self.assertIsNone(up.poll())
        (self.directory / "v/go").touch()
        self.assertEqual(up.wait(stacktest.DEADLINE), 5)
        self.stack("up", "--exit-code-from", "hidden", expect=6)

    def test_not_ready_is_a_failure_for_who_calls_it_docker_compose(self):
        self.write_stack("""
            services:
              web: {image: box:1, command: sleep 1001, healthcheck: {test: "false", interval: 50ms, retries: 1}}
        """)
        alias = self.directory / "docker-compose"
        alias.symlink_to(stacktest.STACK)
        for program, code in ((stacktest.STACK, 4), (alias, 1)):
            up = subprocess.run([program, "up", "-d", "--wait"], cwd=self.directory, stdin=subprocess.DEVNULL,
                                capture_output=True, timeout=60, check=False)
            self.assertEqual(up.returncode, code, up.stderr)

    def test_what_is_paused_stays_so_and_is_told(self):
        self.up("services: {web: {image: box:1, command: sleep 1001}}")
        self.stack("pause")
        told = self.stack("up", "-d").err
        self.assertRegex(told, r"stack\.yaml:1:\d+: warning: container .*-web-1 is paused, and stays so")
        self.assertIn("`stack unpause web`", told)
        self.assertEqual(self.state_of("web"), "paused")
        self.stack("unpause")
        self.assertNotIn("warning", self.stack("up", "-d").err)

    def test_what_is_asked_of_a_service_that_is_not_started_is_an_error(self):
        self.write_stack("""
            services:
              good: {image: box:1, command: "true"}
              other: {image: box:1, command: "true"}
        """)
        for flags in (["--exit-code-from", "other"], ["-d", "--scale", "other=2"]):
            self.assertIn("no such service: other: disabled", self.stack("up", *flags, "good", expect=1).err)
        self.assertEqual(self.ps(), {})

    def test_logs_are_of_those_that_are_attached_to(self):
        self.write_stack("""
            services:
              db: {image: box:1, command: echo from-db}
              web: {image: box:1, command: echo from-web, depends_on: [db]}
              quiet: {image: box:1, command: echo from-quiet, attach: false}
        """)

        def shown(*arguments):
            out = self.stack("up", "--force-recreate", *arguments).out
            return sorted(name for name in ("db", "quiet", "web") if f"from-{name}" in out)
        self.assertEqual(shown(), ["db", "web"])
        self.assertEqual(shown("--no-attach", "db"), ["web"])
        self.assertEqual(shown("--attach", "quiet", "--attach", "db"), ["db", "quiet"])
        self.assertEqual(shown("web"), ["web"])
        self.assertEqual(shown("--attach-dependencies", "--always-recreate-deps", "web"),
                         ["db", "web"])

    def test_the_line_of_one_that_ends_at_once_is_never_missed(self):
        self.write_stack("services: {web: {image: box:1, command: echo from-web}}")
        for number in range(25):
            self.assertIn("from-web", self.stack("up", "--force-recreate").out, f"round {number}")

    def test_timestamps_stand_before_the_lines(self):
        self.write_stack("services: {web: {image: box:1, command: echo hello}}")
        out = self.stack("up", "--timestamps", "--no-log-prefix").out
        self.assertRegex(out, r"(?m)^\d{4}-\d\d-\d\dT[\d:.]+Z hello$")

    def test_flags_that_exclude_each_other_are_refused_before_anything_is_done(self):
        self.write_stack(self.JOB)
        for flags in (["-d", "--abort-on-container-exit"], ["-d", "--exit-code-from", "web"],
                      ["-d", "--attach", "web"], ["--wait", "--abort-on-container-failure"],
                      ["--abort-on-container-exit", "--abort-on-container-failure"],
                      ["--no-recreate", "--force-recreate"],
                      ["--no-recreate", "--always-recreate-deps"], ["--no-recreate", "-V"], ["-d", "--watch"]):
            with self.subTest(flags):
                self.stack("up", *flags, expect=2)
        for flag in ("--attach", "--no-attach", "--exit-code-from"):
            self.assertIn("no such service: wep", self.stack("up", flag, "wep", expect=1).err)
        self.assertEqual(self.ps(), {})


class HandedOver(CommandLineTest):
    def shell(self, command):
        done = subprocess.run(["bash", "-c", command], cwd=self.directory, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False,
                              env={**os.environ, "S": stacktest.STACK})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_files_may_come_out_of_a_shells_substitution(self):
        self.write("parts.yaml", "services: {web: {image: 'box:1', command: 'env', environment: {A: '${A}'}}}")
        shown = self.shell("$S -p handed -f <(cat parts.yaml) --env-file <(sleep 0.1; echo A=3) config --format json")
        self.assertEqual(json.loads(shown)["services"]["web"]["environment"], {"A": "3"})
        self.addCleanup(self.stack, "-p", "handed", "down", directory="/")
        self.shell("$S -p handed -f <(sed s/env/'sleep 1003'/ parts.yaml) up -d")
        self.assertEqual(len(self.pids_running("sleep 1003")), 1)
        self.assertEqual(self.shell("$S container run --rm --env-file <(echo C=4) box:1 sh -c 'echo $C'"), "4\n")

    def test_other_pipes_are_no_files(self):
        os.mkfifo(self.directory / "pipe")
        self.assertIn("not a regular file", self.stack("-f", "pipe", "config", expect=None).err)

    def test_env_files_may_be_pipes(self):
        os.mkfifo(self.directory / "vars")
        self.write_stack("services: {web: {image: 'box:1', command: sleep 1001, stop_signal: SIGKILL,"
                         " env_file: [vars, /dev/stdin]}}")
        up = "(sleep 0.1; echo A=%d >vars) & echo B=%d | $S up -d"
        self.shell(up % (1, 2))
        self.assertEqual(self.inside("web", "sh", "-c", "echo $A $B"), "1 2\n")
        self.shell(up % (3, 4))  # nothing remembers what came out of a pipe
        self.assertEqual(self.inside("web", "sh", "-c", "echo $A $B"), "3 4\n")
        self.write("other.yaml", "services: {web: {image: 'box:1', env_file: /dev/stdin}}")
        self.assertIn("D=6", self.shell("(echo D=6 >vars) & $S -f other.yaml --env-file vars config --environment"))


class NoFolder(CommandLineTest):
    def test_what_needs_none_works_in_a_folder_that_is_gone(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, stop_signal: SIGKILL}}")
        file = self.directory / "stack.yaml"

        def there(*arguments, expect=0):
            gone = self.directory / "gone"
            done = subprocess.run(["bash", "-c", 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"', str(gone),
                                   stacktest.STACK, *arguments], text=True, capture_output=True, check=False,
                                  stdin=subprocess.DEVNULL, timeout=60)
            self.assertEqual(done.returncode, expect, done)
            return done
        self.assertEqual(len(there("-p", self.project, "ps", "-q").stdout.split()), 1)
        self.assertEqual(len(there("-f", str(file), "ps", "-q").stdout.split()), 1)
        there("-f", str(file), "up", "-d")
        there("image", "ls")
        for command in (["ps"], ["up", "-d"], ["-f", "stack.yaml", "ps"], ["image", "build", "."], ["init"]):
            said = there(*command, expect=1).stderr
            self.assertIn("the folder that this was started in does not exist any more", said)
            self.assertIn("hint: cd to one that does", said)
        there("-p", self.project, "down")
        self.assertEqual(self.pids_running("sleep 1001"), [])


class EndOfFlags(CommandLineTest):
    def test_two_dashes_end_the_flags(self):
        self.up("services: {web: {image: 'box:1', command: sh -c 'echo said; exec sleep 1001', stop_signal: SIGKILL}}")
        self.assertEqual(len(self.stack("ps", "-q", "--", "web").lines), 1)
        eventually(lambda: "said" in self.stack("logs", "--", "web").out, "it has said so")
        self.stack("restart", "--", "web")
        self.assertIn('no such service: -q', self.stack("ps", "--", "-q", expect=None).err)
        self.stack("down", "--")


class LargeDescription(CommandLineTest):
    def test_labels_may_be_many(self):
        labels = ", ".join(f"l{number}: {'x' * 50}" for number in range(64_000))
        self.up(f"services: {{web: {{image: 'box:1', command: sleep 1001, stop_signal: SIGKILL, labels: {{{labels}}}}}}}")
        self.assertEqual(self.state_of("web"), "running")


class Recreation(CommandLineTest):
    PAIR = """
        services:
          db: {image: box:1, command: sleep 1000, init: true}
          web: {image: box:1, command: sleep 1000, init: true, depends_on: [db]}
    """

    def ids(self):
        return {service: row["ID"] for service, row in self.ps().items()}

    def changed(self, *arguments):
        before = self.ids()
        self.stack("up", "-d", "-t", "0", *arguments)
        return sorted(name for name, id in self.ids().items() if id != before[name])

    def test_force_is_for_those_named_and_dependencies_have_a_flag_of_their_own(self):
        self.up(self.PAIR)
        self.assertEqual(self.changed("--force-recreate", "web"), ["web"])
        self.assertEqual(self.changed("--always-recreate-deps", "web"), ["db"])
        self.assertEqual(self.changed("--force-recreate", "--always-recreate-deps", "web"),
                         ["db", "web"])
        self.assertEqual(self.changed("--force-recreate"), ["db", "web"])

    def test_orphans_follow_the_environment(self):
        self.up(self.PAIR)
        self.write_stack("services: {db: {image: box:1, command: sleep 1000, init: true}}")
        self.assertIn("orphan containers", self.stack("up", "-d").err)
        result = self.stack("up", "-d", environment={"COMPOSE_IGNORE_ORPHANS": "true"})
        self.assertNotIn("orphan containers", result.err)
        self.stack("up", "-d", environment={"COMPOSE_REMOVE_ORPHANS": "1"})
        self.assertEqual(list(self.ps()), ["db"])


class DownImages(CommandLineTest):
    def images(self):
        return set(self.stack("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").lines)

    def test_those_without_a_name_of_their_own_go_or_all(self):
        self.write("Dockerfile", "FROM box:1\nRUN touch /built\n")
        self.write_stack(f"""
            services:
              named: {{build: ., image: "named-{self.project}:1", command: "true"}}
              plain: {{build: ., command: "true"}}
        """)
        named, plain = f"named-{self.project}:1", f"{self.project}-plain:latest"
        self.stack("up", "-d")
        self.assertLessEqual({named, plain}, self.images())
        self.stack("down", "--rmi", "some", expect=2)
        for kind, others in (("local", ()), ("all", (f"named-{self.project}:1",))):
            shown = self.stack("down", "--rmi", kind, "--dry-run").lines
            self.assertEqual([line for line in shown if " image " in line],
                             [f" remove image {name}" for name in (*others, f"{self.project}-plain")])
        self.assertIn(f"Image {self.project}-plain  Removed", self.stack("down", "--rmi", "local").err)
        self.assertEqual({named, plain} & self.images(), {named})
        self.stack("down", "--rmi", "all")
        self.assertEqual({named, plain, "box:1"} & self.images(), {"box:1"})


class DryRun(CommandLineTest):
    def test_it_tells_and_does_nothing(self):
        self.up("""
            services:
              web: {image: box:1, command: sleep 1000, init: true, stop_grace_period: 0s}
        """)
        name = f"{self.project}-web-1"
        before = self.ps()["web"]["ID"], self.state_of("web")
        for arguments, told in ((["kill"], "SIGKILL"), (["stop"], "stop"), (["restart"], "stop"),
                                (["pause"], "pause"), (["down"], "remove")):
            with self.subTest(arguments):
                result = self.stack("--dry-run", *arguments)
                self.assertRegex(result.out, rf"{told}.* container {name}")
                self.assertEqual((self.ps()["web"]["ID"], self.state_of("web")), before)
        self.stack("stop")
        self.assertIn(f"start container {name}", self.stack("start", "--dry-run").out)
        self.assertEqual(self.state_of("web"), "exited")
        self.stack("down")
        self.assertIn("create container", self.stack("up", "--dry-run").out)
        self.assertEqual(self.ps(), {})

    def test_what_cannot_tell_refuses(self):
        self.assertIn("--dry-run is not for it",
                      self.stack("--dry-run", "exec", "web", "true", expect=2).err)


class Lists(CommandLineTest):
    STACK = """
        services:
          web: {image: box:1, command: sleep 1000, init: true, labels: {team: a}}
          job: {image: box:1, command: sh -c 'exit 3'}
          later: {image: box:1, profiles: [never]}
    """

    def begin_stack(self):
        self.up(self.STACK)
        eventually(lambda: self.state_of("job") == "exited", "job ends")

    def services(self, *arguments):
        return self.stack("ps", "--format", "{{.Service}}", *arguments).lines

    def test_ps_chooses_by_state(self):
        self.begin_stack()
        self.assertEqual(self.services(), ["web"])
        self.assertEqual(self.services("--status", "exited"), ["job"])
        self.assertEqual(self.services("--status", "exited", "--status", "running"), ["job", "web"])
        self.assertEqual(self.services("--filter", "status=running"), ["web"])
        self.assertIn("there is no state", self.stack("ps", "--status", "asleep", expect=2).err)
        self.assertIn("invalid filter", self.stack("ps", "--filter", "colour=red", expect=2).err)

    def test_ps_of_a_service_without_a_container_is_empty_and_of_a_stranger_a_mistake(self):
        self.begin_stack()
        self.write_stack(self.STACK.replace("later", "more").replace("profiles: [never]", ""))
        self.assertEqual(self.services("more"), [])
        self.assertEqual(self.stack("logs", "more").out, "")
        self.assertIn("no such service: stranger", self.stack("ps", "stranger", expect=1).err)

    def test_ps_leaves_orphans_out_when_told_so(self):
        self.begin_stack()
        self.write_stack("services: {job: {image: box:1, command: sh -c 'exit 3'}}")
        self.assertEqual(self.services("-a"), ["job", "web"])
        self.assertEqual(self.services("-a", "--orphans=false"), ["job"])

    def test_templates_are_dockers(self):
        self.begin_stack()
        name = f"{self.project}-web-1"

        def ps(template):
            return self.stack("ps", "--format", template).out
        self.assertEqual(ps('{{.Name}} {{upper .State}} {{.Label "team"}} {{.ExitCode}}'),
                         f"{name} RUNNING a 0\n")
        self.assertEqual(ps("{{if eq .State \"running\"}}yes{{else}}no{{end}}"), "yes\n")
        self.assertEqual(ps("table {{.Service}}\t{{.State}}"), "SERVICE   STATE\nweb       running\n")
        self.assertEqual(json.loads(ps("json"))["Name"], name)
        self.assertEqual(len(json.loads(self.stack("ps", "--format", "json", "--no-trunc").out)["ID"]),
                         64)
        self.assertIn("there is no field .Nope",
                      self.stack("ps", "--format", "{{.Nope}}", expect=2).err)
        self.assertEqual(self.stack("images", "--format", "{{.ContainerName}} {{.Repository}}:{{.Tag}}")
                         .lines[-1], f"{name} box:1")

    def test_inspect_reaches_into_everything(self):
        self.begin_stack()
        network = f"{self.project}_default"
        self.assertEqual(self.stack("network", "inspect", "--format",
                                    "{{range .Containers}}{{.Name}}{{end}}", network).out,
                         f"{self.project}-web-1\n")
        self.assertEqual(self.stack("image", "inspect", "-f",
                                    "{{.Config.Cmd}} {{len .RootFS.Layers}} {{index .RepoTags 0}}",
                                    "box:1").out, "[sh] 1 box:1\n")

    def test_system_df_and_info_know_what_there_is(self):
        self.begin_stack()
        rows = {row["Type"]: row for row in
                map(json.loads, self.stack("system", "df", "--format", "json").lines)}
        self.assertEqual(rows["Containers"]["TotalCount"], "2")
        self.assertEqual(rows["Containers"]["Active"], "1")
        self.assertEqual(rows["Images"]["Active"], "1")
        self.assertIn(f"{self.project}-web-1", self.stack("system", "df", "-v").out)
        self.assertEqual(self.stack("system", "info", "-f",
                                    "{{.Containers}} {{.ContainersRunning}} {{.OSType}}").out,
                         "2 1 linux\n")
        self.assertEqual(self.stack("df", "--format", "json").lines,
                         self.stack("system", "df", "--format", "json").lines)
        self.assertEqual(self.stack("info", "-f", "{{.CgroupDriver}} {{.LoggingDriver}} "
                                    "{{.Swarm.LocalNodeState}} {{index .SecurityOptions 0}}").out,
                         "cgroupfs json-file inactive name=seccomp,profile=builtin\n")
        self.assertRegex(self.stack("info", "-f", "{{.ID}}").out, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$")
        self.assertIn("Containers:       2 (1 running, 0 paused, 1 stopped)",
                      self.stack("system", "info").out)

    def test_system_prune_removes_what_nothing_uses(self):
        self.stack("network", "create", "nobodys")
        self.assertIn("nobodys", self.stack("system", "prune", "-f").out)
        self.assertNotIn("nobodys", self.stack("network", "ls").out)

    def test_progress_can_be_read_by_programs(self):
        self.write_stack(self.STACK)
        lines = [json.loads(line) for line in
                 self.stack("--progress", "json", "up", "-d").err.splitlines()]
        mine = [line for line in lines if line["id"] == f"Container {self.project}-web-1"]
        self.assertEqual([line["status"] for line in mine],
                         ["Creating", "Created", "Starting", "Started"])
        result = self.stack("stop", environment={"COMPOSE_PROGRESS": "plain",
                                                 "COMPOSE_STATUS_STDOUT": "1"})
        self.assertIn("Stopped", result.out)
        self.assertNotIn("Stopped", result.err)

    def test_parallel_takes_a_number(self):
        self.write_stack(self.STACK)
        self.stack("up", "-d", "--parallel", "1")
        self.assertIn("--parallel takes a number",
                      self.stack("stop", "--parallel", "many", expect=2).err)
        self.stack("stop", environment={"COMPOSE_PARALLEL_LIMIT": "2"})

    def test_numbers_are_looked_at_before_anything_is_done(self):
        self.write_stack(self.STACK)
        self.assertIn("--timeout takes a number", self.stack("up", "-t", "x", expect=2).err)
        self.assertIn("--wait-timeout takes a number",
                      self.stack("up", "-d", "--wait-timeout", "x", expect=2).err)
        self.assertEqual(self.ps(), {})

    def test_completion_knows_what_runs(self):
        self.begin_stack()

        def complete(*words):
            return [line.split("\t")[0] for line in self.stack("__complete", *words).lines]
        self.assertEqual(complete("-p", self.project[:4]), [self.project])
        self.assertEqual(complete("image", "rm", "bo"), ["box:1"])
        self.assertEqual(complete("network", "rm", self.project[:4]), [f"{self.project}_default"])
        (self.directory / "stack.yaml").unlink()
        self.assertEqual(complete("-p", self.project, "logs", ""), ["job", "web"])


class Watch(CommandLineTest):
    STACK = """
        services:
          web:
            image: box:1
            command: sh -c 'echo began; exec sleep 1000'
            init: true
            stop_grace_period: 0s
            develop:
              watch:
                - {path: ./src, action: sync, target: /app/src, ignore: ["*.tmp"], initial_sync: true}
                - {path: ./conf, action: sync+restart, target: /etc/conf}
                - path: ./hook
                  action: sync+exec
                  target: /hook
                  exec: {command: [sh, -c, "echo ran >> /ran"]}
    """

    def setUp(self):
        super().setUp()
        for folder in ("src/deep", "conf", "hook"):
            (self.directory / folder).mkdir(parents=True)
        (self.directory / "src/first").write_text("1\n")
        self.write_stack(self.STACK)

    def watch(self, *arguments):
        watcher = self.begin("watch", *arguments)
        eventually(lambda: "Watch enabled" in watcher.stdout.readline(), "the watch begins")
        return watcher

    def text_inside(self, path):
        result = self.stack("exec", "-T", "web", "cat", path, expect=None)
        return result.out if result.code == 0 else None

    def await_text(self, path, text):
        eventually(lambda: self.text_inside(path) == text, f"{path} becomes {text!r}")

    def test_what_changes_here_changes_there(self):
        self.watch()
        self.assertEqual(self.text_inside("/app/src/first"), "1\n")  # initial_sync
        self.write("src/first", "2\n")
        self.await_text("/app/src/first", "2\n")
        self.write("src/deep/new/folder/file", "3\n")
        self.await_text("/app/src/deep/new/folder/file", "3\n")
        (self.directory / "src/first").rename(self.directory / "src/second")
        self.await_text("/app/src/second", "2\n")
        self.await_text("/app/src/first", None)
        self.write("src/a.tmp", "x")
        self.write("src/b", "y")
        self.await_text("/app/src/b", "y")
        self.assertIsNone(self.text_inside("/app/src/a.tmp"))

    def test_a_container_is_restarted_or_a_command_run_after_the_copy(self):
        self.watch()
        self.write("conf/main", "new\n")
        eventually(lambda: self.log("web").count("began") == 2, "web is restarted")
        self.assertEqual(self.text_inside("/etc/conf/main"), "new\n")
        self.write("hook/x", "1")
        self.await_text("/ran", "ran\n")

    def test_links_lead_nowhere_else(self):
        """A container cannot make the watch write outside of it."""
        outside = self.directory / "outside"
        outside.mkdir()
        self.watch()
        self.stack("exec", "-T", "web", "sh", "-c",
                   f"rm -rf /app/src; mkdir -p {outside}; ln -s {outside} /app/src")
        self.write("src/deep/later", "2")
        self.await_text(f"{outside}/deep/later", "2")
        self.assertEqual(list(outside.iterdir()), [])

    def test_ctrl_c_ends_it_and_a_second_watch_is_refused(self):
        watcher = self.watch()
        self.assertIn("it is watched already", self.stack("watch", "--no-up", expect=1).err)
        # Before anything is built or made anew.
        before = self.ps()["web"]["ID"]
        self.write_stack(self.STACK.replace("began", "began again"))
        for command in (["watch"], ["up", "--watch"]):
            refused = self.stack(*command, expect=1)
            self.assertIn("it is watched already, by process", refused.err)
            self.assertEqual(refused.out, "")
            self.assertEqual(self.ps()["web"]["ID"], before)
        watcher.send_signal(signal.SIGINT)
        self.assertEqual(watcher.wait(stacktest.DEADLINE), 130)
        self.assertEqual(self.state_of("web"), "running")

    def test_directories_that_it_makes_are_of_now(self):
        self.watch()
        began = int(time.time()) - 1
        self.write("src/fresh/deep/file", "3\n")
        self.await_text("/app/src/fresh/deep/file", "3\n")
        for path in ("fresh", "fresh/deep"):
            self.assertGreaterEqual(int(self.inside("web", "stat", "-c", "%Y", f"/app/src/{path}")), began)

    def test_up_can_watch_beside_the_logs(self):
        up = self.begin("up", "--watch")
        eventually(lambda: "Watch enabled" in up.stdout.readline(), "the watch begins")
        self.write("src/first", "2\n")
        self.await_text("/app/src/first", "2\n")
        up.send_signal(signal.SIGINT)
        self.assertEqual(up.wait(stacktest.DEADLINE), 130)

    def test_a_rebuild_makes_the_container_anew(self):
        self.write("Dockerfile", "FROM box:1\nCOPY word /word\nCMD [\"sleep\", \"1000\"]\n")
        self.write("word", "one\n")
        self.write_stack("""
            services:
              web:
                build: .
                init: true
                stop_grace_period: 0s
                develop: {watch: [{path: ./word, action: rebuild}]}
        """)
        self.watch("--prune")
        self.assertEqual(self.text_inside("/word"), "one\n")
        before = self.ps()["web"]["ID"]
        self.write("word", "two\n")
        self.await_text("/word", "two\n")
        # The one whose place it takes is kept until it has come to rest.
        eventually(lambda: self.ps()["web"]["ID"] != before, "the old one is gone")

    def test_nothing_to_watch_is_told(self):
        self.write_stack("services: {web: {image: box:1, command: sleep 1000, init: true}}")
        self.assertIn("none of the selected services is configured for watch",
                      self.stack("watch", expect=1).err)
        self.assertIn("none of the selected services is configured for watch",
                      self.stack("up", "--watch", expect=1).err)
        self.assertEqual(self.ps(), {})


class Elsewhere(CommandLineTest):
    """What users of docker type, of whose containers and images services are none."""

    def setUp(self):
        super().setUp()
        self.up("services: {web: {image: 'box:1', command: sleep 1000, init: true, stop_grace_period: 0s}}")
        self.addCleanup(stacktest.run_stack, "container", "rm", "-f", "lonely")
        self.stack("container", "run", "-d", "--name", "lonely", "--init", "box:1", "sleep", "1000")

    def hint(self, *command):
        lines = self.stack(*command, expect=None).err.splitlines()
        found = (line.strip().removeprefix("hint: ") for line in lines if line.startswith("  "))
        return next(found, "")

    def test_a_container_is_known_by_each_command(self):
        for command in (["start", "lonely"], ["stop", "lonely"], ["attach", "lonely"], ["logs", "lonely"],
                        ["exec", "lonely", "sh"], ["port", "lonely", "80"], ["diff", "lonely"],
                        ["cp", "lonely:/etc/passwd", "."], ["commit", "lonely"], ["export", "lonely"],
                        ["kill", "lonely"], ["top", "lonely"], ["rm", "-f", "lonely"], ["stats", "lonely"],
                        ["wait", "lonely"], ["pause", "lonely"], ["restart", "lonely"]):
            self.assertEqual(self.hint(*command),
                             f"it is a container: `stack container {command[0]}` takes it")
        self.assertEqual(self.hint("ps", "lonely"), "it is a container: `stack container ls` lists it")
        self.assertEqual(self.hint("why", "lonely"),
                         "it is a container, and of no service of this stack")
        self.assertIn("`stack container ls --filter`", self.hint("ps", "--filter", "name=lonely"))

    def test_an_image_and_a_directory_have_commands_of_their_own(self):
        for command, takes in ((["pull", "ubuntu"], "image pull"), (["push", "me/img"], "image push"),
                               (["build", "."], "image build"), (["create", "box:1"], "container create")):
            self.assertIn(f"`stack {takes}` takes it", self.hint(*command))

    def test_a_mistyped_service_is_answered_with_the_nearest(self):
        for command in (["logs"], ["stop"], ["restart"], ["kill"], ["ps"], ["top"], ["rm", "-f"], ["why"],
                        ["config"], ["stats"], ["start"], ["images"], ["pull"], ["cp"], ["port"],
                        ["up", "--no-attach"], ["down"]):
            name = "wep:/x" if command == ["cp"] else "wep"
            more = ["."] if command == ["cp"] else []
            self.assertEqual(self.hint(*command, name, *more), 'did you mean "web"?', command)
        self.assertEqual(self.hint("scale", "wep=2"), 'did you mean "web"?')

    def test_stats_have_names_as_they_were_typed_in_their_order(self):
        web = f"{self.project}-web-1"
        shown = self.stack("container", "stats", "--no-stream", "--format", "{{.Container}} {{.Name}}",
                           web, "/lonely", web)
        self.assertEqual(shown.lines, [f"{web} {web}", "/lonely lonely"])
        shown = self.stack("container", "stats", "--no-stream", "--format", "{{.Name}}", "lonely", web)
        self.assertEqual(shown.lines, ["lonely", web])


class Reclaimed(CommandLineTest):
    def test_each_prune_ends_with_its_total(self):
        self.stack("container", "run", "--name", "done", "box:1", "sh", "-c", "head -c 1000000 /dev/zero > /big")
        out = self.stack("container", "prune", "-f").out
        self.assertRegex(out, r"\ADeleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: 1(\.\d+)?MB\n\Z")
        self.assertEqual(self.stack("container", "prune", "-f").out, "Total reclaimed space: 0B\n")
        name = self.stack("volume", "create").out.strip()
        self.assertEqual(self.stack("volume", "prune", "-f", "--now").out,
                         f"Deleted Volumes:\n{name}\n\nTotal reclaimed space: 0B\n")
        out = self.stack("system", "prune", "-f", "--volumes").out
        self.assertEqual((out.count("Total"), out.splitlines()[-1][:23]), (1, "Total reclaimed space: "))


class VolumeLabels(CommandLineTest):
    def test_they_are_those_that_somebody_gave(self):
        self.stack("container", "run", "--rm", "-v", "nv:/v", "box:1", "true")
        self.addCleanup(stacktest.run_stack, "volume", "rm", "-f", "nv")
        self.assertIsNone(json.loads(self.stack("volume", "inspect", "nv").out)[0]["Labels"])
        self.assertEqual(self.stack("volume", "ls", "--filter", "name=nv", "--format", "{{.Labels}}").out, "\n")
        self.up("""
            services: {web: {image: "box:1", command: sleep 1000, init: true, stop_grace_period: 0s,
                             volumes: [/anonymous, "named:/named"]}}
            volumes: {named: {}}
        """)
        of_project = self.stack("volume", "ls", "-q", "--filter", "label=com.docker.compose.project").lines
        self.assertEqual(of_project, [f"{self.project}_named"])
        anonymous = self.stack("volume", "ls", "-q", "--filter", "label=com.docker.volume.anonymous").lines
        self.assertEqual(len(anonymous), 1)


class WantOfMemory(CommandLineTest):
    FILE = """
        services:
          web:
            image: box:1
            mem_limit: 16m
            memswap_limit: 16m
            command: dd if=/dev/zero of=/dev/null bs=64M count=1
    """
    WHY = "killed for want of memory: its limit is 16MiB (mem_limit)"

    def test_it_is_told_apart_from_other_kills(self):
        self.write_stack(self.FILE)
        out = self.stack("up", timeout=stacktest.DEADLINE).out
        self.assertIn("web-1 exited with code 137", out)
        self.assertIn(f"web-1 was {self.WHY}", out)
        eventually(lambda: f"note: {self.project}-web-1 was {self.WHY}" in self.stack("ps", "-a").err, "ps tells it")
        self.assertEqual(self.stack("ps", "-a", "--format", "json").err, "")


class OrdinaryUser(CommandLineTest):
    NOBODY = 65534

    def as_nobody(self, *arguments):
        return subprocess.run(["setpriv", f"--reuid={self.NOBODY}", "--clear-groups", stacktest.STACK,
                               "-f", str(self.directory / "stack.yaml"), *arguments], cwd="/",
                              capture_output=True, text=True, check=False)

    def test_what_only_reads_files_asks_for_nothing_of_roots(self):
        self.write("Dockerfile", "FROM box:1\n")
        self.up("services: {web: {build: ., command: sleep 1000, init: true, stop_grace_period: 0s}}")
        self.directory.chmod(0o755)
        for command in (["config", "-q"], ["build", "--print"], ["build", "--check"]):
            ran = self.as_nobody(*command)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""), command)
        self.assertIn("must be run by root", self.as_nobody("build").stderr)


if __name__ == "__main__":
    stacktest.main()
