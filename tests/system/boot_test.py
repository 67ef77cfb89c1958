# SPDX-License-Identifier: Apache-2.0
"""After the machine's start: `stack boot`, and the unit that runs it."""

import os
import shutil
import subprocess
import uuid
from pathlib import Path

import stacktest

STACK = """
services:
  db:
    image: box:1
    command: sleep 1001
    restart: always
    healthcheck: {test: ["CMD", "true"], interval: 50ms}
  web:
    image: box:1
    command: httpd -f -p 80 -h /etc
    restart: unless-stopped
    ports: ["8080:80"]
    depends_on: {db: {condition: service_healthy}, seed: {condition: service_completed_successfully}}
    secrets: [word]
  idle: {image: "box:1", command: sleep 1002, restart: unless-stopped}
  tired: {image: "box:1", command: sleep 1003, restart: always}
  worker: {image: "box:1", command: sleep 1004, restart: on-failure}
  seed: {image: "box:1", command: "true"}
secrets:
  word: {file: ./word}
"""


BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Boot(stacktest.StackTest):
    def machine_restarts(self):
        """As far as a stack can tell: every process, link and control group is gone, and /run is empty."""
        self.kill_everything()
        for line in reversed(self.residue()):
            kind, _, name = line.removeprefix("+ ").partition(" ")
            if kind == "link":
                subprocess.run(["ip", "link", "delete", name.split("@")[0]], check=False,
                               stderr=subprocess.DEVNULL)  # the other end may have taken it along
            elif kind == "cgroup":
                os.rmdir(name)
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        Path("/proc/sys/net/ipv4/ip_forward").write_text("0")
        shutil.rmtree(os.environ["STACK_RUN"])
        boot_id = self.directory / "boot_id"
        boot_id.write_text(f"{uuid.uuid4()}\n")
        subprocess.run(["mount", "--bind", str(boot_id), BOOT_ID], check=True)
        self.addCleanup(subprocess.run, ["umount", BOOT_ID], check=True)

    def states(self):
        return {name: row["State"] for name, row in self.ps().items()}

    def up_and_restart(self):
        (self.directory / "word").write_text("hush\n")
        self.up(STACK)
        self.stack("stop", "-t", "0", "idle", "tired")
        self.machine_restarts()

    def test_restart_policies_decide(self):
        self.up_and_restart()
        (self.directory / "stack.yaml").unlink()
        done = self.stack("boot", directory="/")
        self.assertIn("db, tired, web", done.err)
        self.assertEqual(self.states(), {"db": "running", "web": "running", "idle": "exited",
                                         "tired": "running", "worker": "exited", "seed": "exited"})
        self.assertEqual(self.inside("web", "cat", "/run/secrets/word"), "hush\n")
        self.await_page("http://127.0.0.1:8080/passwd", self.inside("web", "cat", "/etc/passwd"))

    def test_one_that_was_started_again_is_no_longer_stopped(self):
        self.up('services: {idle: {image: "box:1", command: sleep 1002, restart: unless-stopped}}')
        self.stack("stop", "-t", "0")
        self.stack("start")
        self.machine_restarts()
        self.stack("boot", directory="/")
        self.assertEqual(self.state_of("idle"), "running")

    def test_a_dry_run_tells_and_starts_nothing(self):
        self.up_and_restart()
        self.assertIn("web", self.stack("boot", "--dry-run").err)
        self.assertEqual(self.pids_running("sleep 100"), [])

    def test_down_after_a_restart_starts_nothing(self):
        self.up_and_restart()
        self.stack("down", "-t", "0")
        self.assertEqual(self.pids_running("sleep 100"), [])
        self.assertEqual(self.ps(), {})

    def test_up_after_a_restart_starts_all_that_is_not_done(self):
        self.up_and_restart()
        self.stack("up", "-d")
        self.assertEqual(self.states(), {"db": "running", "web": "running", "idle": "running",
                                         "tired": "running", "worker": "running", "seed": "exited"})

    def test_a_second_time_there_is_nothing_to_do(self):
        self.up_and_restart()
        self.stack("boot")
        before = self.pids_running("sleep 100")
        self.assertEqual(self.stack("boot").err, "")
        self.assertEqual(self.pids_running("sleep 100"), before)

    def test_one_stack_that_cannot_be_started_is_told_and_others_start(self):
        self.write_stack(STACK)
        (self.directory / "word").write_text("hush\n")
        self.stack("-p", "first", "up", "-d")
        self.write_stack('services: {idle: {image: "box:1", command: sleep 1002, restart: always}}')
        self.stack("-p", "second", "up", "-d")
        self.machine_restarts()
        shutil.rmtree(Path(os.environ["STACK_ROOT"]) / "stacks/first/history")
        failed = self.stack("boot", expect=1)
        self.assertIn("stack first", failed.err)
        self.assertIn("is not known any more", failed.err)
        self.assertEqual(len(self.pids_running("sleep 1002")), 1)
        for name in ("first", "second"):
            self.stack("-p", name, "down", "-v", "-t", "0", "--remove-orphans")


class Enable(stacktest.StackTest):
    def test_the_unit_comes_and_goes(self):
        place = self.directory / "units"
        place.mkdir()
        self.stack("enable", "--unit-directory", str(place))
        self.stack("enable", "--unit-directory", str(place))
        unit = (place / "stack-boot.service").read_text()
        self.assertIn(f'ExecStart="{os.path.realpath(stacktest.STACK)}" boot', unit)
        self.assertIn(f'Environment="STACK_ROOT={os.environ["STACK_ROOT"]}"', unit)
        link = place / "multi-user.target.wants/stack-boot.service"
        self.assertEqual(link.resolve(), (place / "stack-boot.service").resolve())
        self.stack("disable", "--unit-directory", str(place))
        self.assertFalse(os.path.lexists(link))
        self.assertEqual(list(place.glob("*.service")), [])
        self.assertIn("`stack enable`", self.stack("disable", "--unit-directory", str(place), expect=1).err)

    def test_systemd_accepts_it(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("there is no systemd-analyze")
        self.stack("enable", "--unit-directory", str(self.directory))
        unit = self.directory / "stack-boot.service"
        subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], check=True)

    def test_a_machine_without_systemd_is_told_what_to_do(self):
        if Path("/run/systemd/system").exists():
            self.skipTest("this machine runs systemd")
        failed = self.stack("enable", expect=1)
        self.assertIn("not started by systemd", failed.err)
        self.assertIn("stack boot", failed.err)


if __name__ == "__main__":
    stacktest.main()
