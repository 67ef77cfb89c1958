# SPDX-License-Identifier: Apache-2.0
"""A second `up` is remembered with all that it asked; whatever changes, the next one looks again."""

import os
import re
import signal
import subprocess
import unittest
from pathlib import Path

import stacktest

FILES = {
    "compose.yaml": """
        include: [part/compose.yaml]
        services:
          web:
            image: box:1
            command: sleep inf
            env_file: [web.env, {path: more.env, required: false}]
            environment: {COLOUR: "${COLOUR:-red}"}
            configs: [{source: conf, target: /conf}]
            secrets: [key]
            security_opt: ["seccomp:profile.json"]
            volumes: [data:/data, ./bound:/bound, /anonymous]
            networks: {default: {aliases: [w]}, back: {ipv4_address: 10.77.0.9}}
            extra_hosts: ["outside:host-gateway"]
            deploy: {resources: {limits: {memory: 64M}}}
          heir:
            extends: {file: base.yaml, service: base}
            depends_on: {web: {condition: service_started}, job: {condition: service_completed_successfully}}
            scale: 2
          job: {image: "box:1", command: "true"}
          guest: {image: "box:1", command: sleep inf, network_mode: "service:web", pid: "service:web"}
          later: {image: "box:1", command: sleep inf, profiles: [more]}
          data: {image: "box:1", command: sleep inf, volumes_from: [web]}
        networks: {back: {ipam: {config: [{subnet: 10.77.0.0/24}]}}}
        configs: {conf: {file: conf.txt}}
        secrets: {key: {file: key.txt}}
        volumes: {data: {}}
    """,
    "part/compose.yaml": 'services: {part: {image: "box:1", command: sleep inf, env_file: part.env}}\n',
    "part/part.env": "A=1\n",
    "base.yaml": 'services: {base: {image: "box:1", command: sleep inf, environment: {X: "1"}}}\n',
    "web.env": "B=1\n",
    "conf.txt": "one\n",
    "key.txt": "one\n",
    "profile.json": '{"defaultAction":"SCMP_ACT_ALLOW"}\n',
}

NOTHING = "nothing to change"


class Settled(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        (self.directory / "bound").mkdir()
        for name, text in FILES.items():
            self.write(name, text)
        self.stack("up", "-d")

    def memory(self):
        """The file that holds it; the one there is."""
        (path,) = Path(os.environ["STACK_RUN"], "settled").iterdir()
        return path

    def mark(self):
        """From now on an `up` that does not look says so."""
        path = self.memory()
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^words .*", "words 4\nold\nend", text, flags=re.M | re.S) + "\n", encoding="utf-8")

    def is_remembered(self, environment=None):
        return self.stack("up", "-d", environment=environment).err == "old\n"

    def test_the_second_up_looks_at_nothing_again(self):
        self.mark()
        self.assertTrue(self.is_remembered())
        self.assertTrue(self.is_remembered())

    def test_it_says_what_one_that_looks_says(self):
        remembered = self.stack("up", "-d").err
        self.memory().unlink()
        self.assertEqual(self.stack("up", "-d").err, remembered)
        self.assertIn(NOTHING, remembered)

    def test_a_changed_file_is_seen_even_with_the_same_size_and_time(self):
        for name in FILES:
            with self.subTest(name):
                self.stack("up", "-d")
                self.mark()
                path = self.directory / name
                before = path.stat()
                text = path.read_text(encoding="utf-8")
                swapped = {"compose.yaml": ("64M", "65M"), "part/compose.yaml": ("inf", "99s"),
                           "base.yaml": ('"1"', '"2"'), "profile.json": ("}\n", "} ")}
                old, new = swapped.get(name, (text[-2], "3"))
                path.write_text(text.replace(old, new), encoding="utf-8")
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
                self.assertEqual(path.stat().st_size, before.st_size)
                self.assertFalse(self.is_remembered())

    def test_a_new_file_is_seen(self):
        for name, text in {".env": "COLOUR=blue\n", "more.env": "C=1\n",
                           "compose.override.yaml": "services: {web: {labels: {a: b}}}\n",
                           "stack.yaml": 'services: {web: {image: "box:1"}}\n'}.items():
            with self.subTest(name):
                self.stack("up", "-d")
                self.mark()
                (self.directory / name).write_text(text, encoding="utf-8")
                self.assertFalse(self.is_remembered())

    def test_the_environment_and_the_flags_count(self):
        self.mark()
        self.assertFalse(self.is_remembered(environment={"COLOUR": "green"}))
        self.stack("up", "-d")
        self.mark()
        self.assertIn("later", self.stack("--profile", "more", "up", "-d").err)
        self.assertNotIn("old", self.stack("up", "-d", "web").err)

    def test_what_became_of_the_containers_is_seen(self):
        changes = {
            "one removed": lambda: self.stack("rm", "-fs", "web"),
            "one stopped": lambda: self.stack("stop", "data"),
            "the process of one killed": self.kill_process,
            "one more": lambda: self.stack("up", "-d", "--scale", "heir=3"),
            "a network disconnected": lambda: self.stack("network", "disconnect", f"{self.project}_back",
                                                         f"{self.project}-web-1"),
            "the keeper killed": self.kill_keeper,
        }
        for name, change in changes.items():
            with self.subTest(name):
                self.stack("up", "-d")
                self.mark()
                change()
                self.assertFalse(self.is_remembered())

    def test_another_image_of_the_name_is_seen(self):
        self.mark()
        self.stack("container", "run", "--name", "other", "box:1", "sh", "-c", "echo >/new")
        self.stack("container", "commit", "other", "box:2")
        self.stack("container", "rm", "other")
        self.stack("image", "tag", "box:1", "kept:1")
        self.stack("image", "tag", "box:2", "box:1")
        try:
            self.assertFalse(self.is_remembered())
        finally:
            self.stack("image", "tag", "kept:1", "box:1")
            self.stack("up", "-d")
            self.stack("image", "rm", "kept:1", "box:2")

    def test_what_is_torn_or_nonsense_is_not_believed(self):
        whole = self.memory().read_bytes()
        for text in (b"", whole[:-1], whole[:len(whole) // 2], b"words 4\nold\n", b"words 9\nold\nend\n",
                     b"x y z\nwords 4\nold\nend\n", b"words\nend\n", b"\0" * 100, b"end\n"):
            with self.subTest(text[:20]):
                self.memory().write_bytes(text)
                self.assertFalse(self.is_remembered())

    def test_it_goes_with_the_stack(self):
        self.memory()
        self.stack("down", "-v", "--now")
        self.assertFalse(Path(os.environ["STACK_RUN"], "settled").exists())

    def test_a_stack_of_a_pipe_is_looked_at_each_time(self):
        text = FILES["base.yaml"]
        for _ in range(2):
            said = self.stack("-p", "piped", "-f", "-", "up", "-d", stdin=text).err
        self.assertIn(NOTHING, said)
        self.assertNotIn("piped", str(list(Path(os.environ["STACK_RUN"], "settled").iterdir())))
        self.stack("-p", "piped", "down")

    def test_all_that_is_asked_is_remembered(self):
        """By what the kernel is asked: a path that is missing in the memory would not be looked at again."""
        self.memory().unlink()
        trace = self.directory / "trace"
        subprocess.run(["strace", "-f", "-o", str(trace), os.environ["STACK"], "up", "-d"], cwd=self.directory,
                       check=True, capture_output=True)
        lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
        known = {line.split(" ", 2)[2] for line in self.memory().read_text(encoding="utf-8").splitlines()
                 if line.count(" ") >= 2}
        run, data = os.environ["STACK_RUN"], os.environ["STACK_ROOT"]
        besides = re.compile(rf"/proc/self/(exe|cmdline)$|/proc/\d+/stat$|{run}$|{data}$|{run}/settled|"
                             rf"{run}/stacks/[^/]+/operations$")
        begin = next(i for i, line in enumerate(lines) if "geteuid" in line)
        missing = [line for line in lines[begin:] for path in re.findall(r'^\d+ +\w+\((?:AT_FDCWD, )?"(/[^"]*)"', line)
                   if path not in known and not besides.match(path) and "getcwd" not in line]
        self.assertEqual(missing, [])
        others = {re.match(r"\d+ +(\w+)", line)[1] for line in lines[begin:] if re.match(r"\d+ +\w+\(", line)}
        self.assertEqual(others & {"socket", "connect", "clone", "clone3", "vfork", "fork", "uname", "sysinfo",
                                   "sched_getaffinity", "statfs", "getxattr", "lgetxattr"}, set())

    def pid_of(self, service):
        shown = self.stack("container", "inspect", "--format", "{{.State.Pid}}", f"{self.project}-{service}-1")
        return int(shown.out)

    def kill_process(self):
        os.kill(self.pid_of("data"), signal.SIGKILL)
        stacktest.eventually(lambda: self.state_of("data") == "exited", "its end is known")

    def kill_keeper(self):
        path = Path(os.environ["STACK_RUN"], "stacks", self.project, "keeper.pid")
        os.kill(int(path.read_text(encoding="utf-8")), signal.SIGKILL)


if __name__ == "__main__":
    stacktest.main()
