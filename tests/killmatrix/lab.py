# SPDX-License-Identifier: Apache-2.0
"""One stack in the private world of tests/system: what the kill matrix does to it, and what must
hold afterwards, whatever was killed or refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

import failpoints
import inventory
import scenarios
import stacktest
import world

HELPERS = ("stack-keeper", "stack-superviso")  # comm holds 15 characters
CANARY = "all of it is still here\n"
FROM_IMAGE = "hello from the image\n"
SLOWEST_COMMAND = 60  # seconds; a command that takes longer hangs


class Broken(Exception):
    """Something that must hold does not."""


def state_folders():
    return [Path(os.environ["STACK_ROOT"]) / "stacks", Path(os.environ["STACK_ROOT"]) / "volumes",
            Path(os.environ["STACK_RUN"])]


class Lab:
    """The folder of the stack, and the machine around it as it was before."""

    def __init__(self):
        self.folder = world.HOME / "matrix"
        self.folder.mkdir()
        self.volumes = Path(os.environ["STACK_ROOT"]) / "volumes"
        self.points = failpoints.FailPoints()
        self.environment = {}
        self.canaries = False
        stacktest.run_stack("image", "ls")  # makes the directories that stay
        self.before = inventory.take(state_folders())

    # --- commands

    def write_stack(self, text):
        (self.folder / "stack.yaml").write_text(scenarios.dedented(text))

    def stack(self, *arguments, expect=0, environment=None):
        try:
            result = stacktest.run_stack(*arguments, directory=self.folder, timeout=SLOWEST_COMMAND,
                                         environment=environment or self.environment)
        except subprocess.TimeoutExpired as late:
            raise Broken(f"stack {' '.join(arguments)} hangs; it said: {late.stderr}") from None
        if result.code != expect:
            raise Broken(f"stack {' '.join(arguments)}: {result}")
        return result

    def converge(self, wanted):
        self.environment = {"WORD": "a secret", **wanted}
        self.stack("up", "-d")

    def neighbour_up(self):
        folder = self.folder / "neighbour"
        folder.mkdir(exist_ok=True)
        (folder / "stack.yaml").write_text(scenarios.dedented(scenarios.NEIGHBOUR))
        self.stack("-f", str(folder / "stack.yaml"), "up", "-d")

    def neighbour_down(self):
        for name in self.stack("container", "ls", "-a", "--format", "{{.Names}}").lines:
            if name in ("lone", "alone"):
                self.stack("container", "rm", "-f", name)
        if (self.folder / "neighbour").exists():
            self.stack("-f", str(self.folder / "neighbour/stack.yaml"), "down", "-t", "0")

    # --- processes

    @staticmethod
    def pids_named(*names):
        return [pid for pid, comm in inventory.processes() if comm in names]

    def kill_named(self, *names):
        """Keepers first: they would start their supervisors again. A command that comes while they
        die would see them alive, and have nothing to do."""
        pids = []
        for name in names:
            for pid in self.pids_named(name):
                pids.append(pid)
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        # One whose parent is held at a fail point is not reaped, and has let go of everything.
        stacktest.eventually(lambda: all(inventory.has_ended(pid) for pid in pids), "they are gone")

    def kill_everything(self):
        for pid, _ in inventory.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        stacktest.eventually(lambda: not inventory.processes(), "killed processes are gone")

    # --- what must hold

    def volume(self, path):
        """The directory of the volume that has `path` in it, on disk."""
        found = list(self.volumes.glob(f"*/_data/{path}"))
        return found[0] if len(found) == 1 else None

    def plant_canaries(self):
        for place in ("/store", "/srv/data"):
            self.stack("exec", "-T", "db", "sh", "-c", f"echo '{CANARY.strip()}' > {place}/canary")
        self.canaries = True

    def check_canaries(self):
        if not self.canaries:
            return
        found = [path.read_text() for path in self.volumes.glob("*/_data/canary")]
        if found != [CANARY, CANARY]:
            raise Broken(f"canaries on disk: {found}")

    def check_running(self, scenario):
        expected = {"data": ["exited"], **{name: ["running"] * count
                                         for name, count in scenario.running.items()}}

        def states():
            found = {}
            for line in self.stack("ps", "-a", "--format", "json").lines:
                row = json.loads(line)
                found.setdefault(row["Service"], []).append(row["State"])
            return found
        try:
            stacktest.eventually(lambda: states() == expected, "", deadline=10)
        except AssertionError:
            raise Broken(f"after `up`: {states()}, wanted: {expected}") from None
        said = self.stack("exec", "-T", "db", "sh", "-c",
                          "cat /srv/data/from-image /store/canary /srv/data/canary; echo $VERSION",
                          expect=0).out if self.canaries else self.stack(
                              "exec", "-T", "db", "sh", "-c", "cat /srv/data/from-image; echo $VERSION").out
        version = "" if scenario.text is scenarios.VISITOR else scenario.wanted.get("VERSION", "1")
        wanted = FROM_IMAGE + (CANARY * 2 if self.canaries else "") + version + "\n"
        if said != wanted:
            raise Broken(f"inside db: {said!r}, wanted: {wanted!r}")

    def residue(self):
        """What is there that was not; volumes and what the first stack makes for ever left out."""
        now = inventory.take(state_folders())
        volumes = str(self.volumes)
        return [line for line in inventory.difference(self.before, now)
                if not stacktest.is_lasting(line) and not line.startswith(f"+ file {volumes}/")]

    def check_nothing_left(self):
        try:
            stacktest.eventually(lambda: not self.residue(), "", deadline=10)
        except AssertionError:
            raise Broken("left after `down`:\n" + "\n".join(self.residue()[:30])) from None
        strange = [entry.name for entry in self.volumes.glob("*/*")
                   if entry.name not in ("_data", "meta.json")]
        if strange:
            raise Broken(f"left in volumes: {strange}")

    def clean(self):
        """After a case that was all right."""
        self.stack("down", "-v", "--now", "-t", "0")
        self.neighbour_down()
        self.forget()
        left = [entry.name for entry in self.volumes.glob("*") if entry.name != ".lock"]
        if left:
            raise Broken(f"volumes after `down -v`: {left}")

    def forget(self):
        self.canaries = False
        self.environment = {}
        for entry in self.folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
        for entry in self.volumes.glob(".*"):
            if entry.is_dir():
                shutil.rmtree(entry)

    def raze(self):
        """After a case that was not: the next one finds a machine as it was."""
        self.points.disarm()
        self.kill_everything()
        for folder in state_folders()[:2] + [Path(os.environ["STACK_RUN"]) / "stacks"]:
            shutil.rmtree(folder, ignore_errors=True)
        for name in ("net.lock", "ip_forward", "ip6_forward"):
            Path(os.environ["STACK_RUN"], name).unlink(missing_ok=True)
        subprocess.run(["nft", "flush", "ruleset"], check=False)
        for line in self.residue():
            if line.startswith("+ link stk"):
                subprocess.run(["ip", "link", "delete", line.split()[2].partition("@")[0]], check=False,
                               stderr=subprocess.DEVNULL)  # it may have gone with its namespace
        for line in sorted(self.residue(), reverse=True):
            if line.startswith("+ cgroup "):
                os.rmdir(line.removeprefix("+ cgroup "))
        Path("/proc/sys/net/ipv4/ip_forward").write_text("0")
        self.forget()
        stacktest.eventually(lambda: not self.residue(), lambda: f"a clean machine, but: {self.residue()}")


def supervisor_log():
    """The last words of supervisors, for whoever reads of a failure."""
    words = []
    for path in Path(os.environ["STACK_RUN"]).glob("stacks/*/supervisor.log"):
        words += [f"{path.parent.name}: {line}" for line in path.read_text(errors="replace").splitlines()[-15:]]
    return "\n".join(words)


# --- one case -------------------------------------------------------------------------------------

ERRORS = {"ENOSPC": 28, "ENOMEM": 12, "EPERM": 1}
KILLS = {"kill": (), "kill command": ("command",), "kill supervisor": ("stack-superviso",),
         "kill all": ("command", "stack-keeper", "stack-superviso")}
ACTIONS = [*KILLS, *ERRORS]


class Case:
    """One fail point, at one of its passages in one scenario, with one thing that happens there."""

    def __init__(self, scenario, point, action, passage=1):
        self.scenario, self.point, self.action, self.passage = scenario, point, action, passage

    def __str__(self):
        return f"{self.scenario.name} / {self.point} #{self.passage} / {self.action}"

    def arm(self, points):
        if self.action in ERRORS:
            points.arm(self.point, failpoints.FAIL, first=self.passage, last=self.passage,
                       error=ERRORS[self.action])
        elif self.action == "kill":
            points.arm(self.point, failpoints.KILL, first=self.passage, last=self.passage)
        else:
            points.arm(self.point, failpoints.HOLD, first=self.passage, last=self.passage)

    def strike(self, lab, process):
        """Kills the helpers that are meant, once somebody has come to the point."""
        while not lab.points.happened and process.poll() is None:
            time.sleep(0.001)  # the control file has no event
        if not lab.points.happened:
            return
        victims = KILLS[self.action]
        if "command" in victims:
            process.kill()
        lab.kill_named(*[name for name in victims if name != "command"])
        lab.points.let_go()


def run_command(lab, scenario, meanwhile=lambda process: None):
    """(exit code, stderr) of the scenario's command."""
    errors = lab.folder.parent / "matrix.stderr"
    with open(errors, "w", encoding="utf-8") as file:
        process = subprocess.Popen([stacktest.STACK, *scenario.command], cwd=lab.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file,
                                   env={**os.environ, **scenario.environment})
    with process:
        meanwhile(process)
        try:
            process.wait(SLOWEST_COMMAND)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Broken(f"stack {' '.join(scenario.command)} hangs; it said:\n"
                         + errors.read_text()) from None
    return process.returncode, errors.read_text()


def check_words(code, said):
    """It may fail, but not fall over, and not without a word."""
    if code < 0 and code != -signal.SIGKILL:
        raise Broken(f"ended by signal {-code}:\n{said}")
    for bad in ("internal error", "terminate called", "Sanitizer", "runtime error:"):
        if bad in said:
            raise Broken(f"it said:\n{said}")
    if code > 0 and not said.strip():
        raise Broken(f"exit code {code} without a word")


def recover(lab, scenario):
    """What a person does next, and what must come of it."""
    lab.environment = scenario.environment
    lost = scenario.name == "down-v"
    if not lost:
        lab.check_canaries()
    lab.canaries = lab.canaries and not lost
    lab.stack("up", "-d")
    lab.check_running(scenario)
    lab.stack("down", "-t", "0")
    lab.neighbour_down()
    lab.check_nothing_left()
    lab.check_canaries()
    lab.clean()


def run_case(lab, case):
    """True when the point was reached. Throws Broken."""
    scenario = case.scenario
    scenarios.bring_about(scenario.state, lab, scenario)
    lab.environment = scenario.environment
    case.arm(lab.points)
    held = case.action in KILLS and case.action != "kill"
    meanwhile = (lambda process: case.strike(lab, process)) if held else (lambda process: None)
    code, said = run_command(lab, scenario, meanwhile)
    reached = lab.points.happened > 0
    lab.points.disarm()
    check_words(code, said)
    recover(lab, scenario)
    return reached


def passages(lab, scenario):
    """Which points the scenario passes, and how often."""
    scenarios.bring_about(scenario.state, lab, scenario)
    lab.environment = scenario.environment
    lab.points.disarm()
    code, said = run_command(lab, scenario)
    if code != 0:
        raise Broken(f"{scenario.name}: exit code {code}\n{said}")
    found = {name: count for name, count in lab.points.passages().items() if count > 0}
    recover(lab, scenario)
    return found
