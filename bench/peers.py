# SPDX-License-Identifier: Apache-2.0
"""The tools that stack is measured against, as peers.sh unpacked them, and how a run is timed."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/system"))
import stacktest  # noqa: E402
import world  # noqa: E402


def fetch(cache, suite):
    subprocess.run([str(HERE / "peers.sh"), cache, suite], check=True)


def come_first():
    """This world's group of processes before all others that want the processors: what else the
    machine does is then in nobody's figures. Costs nothing on an idle machine."""
    for mount, _, _ in world.cgroup_mounts():
        for name, most in (("cpu.shares", "262144"), ("cpu.weight", "10000")):
            if (Path(mount) / name).exists():
                (Path(mount) / name).write_text(most)


def allow_realtime():
    """The same for single processes, which real_time() then puts before everything: a machine need
    not be idle to be measured. A group of cgroup v1 has no real time until somebody gives it some."""
    for mount, _, _ in world.cgroup_mounts():
        budget = Path(mount) / "cpu.rt_runtime_us"
        if budget.exists():
            budget.write_text("900000")


def real_time(pids):
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setscheduler(int(thread), os.SCHED_RR, os.sched_param(1))


def timed(command, environment, root=None):
    """Milliseconds from the start of the process until it was reaped, without Python's own fork."""
    with tempfile.TemporaryFile() as said:
        streams = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_DUP2, said.fileno(), 1), (os.POSIX_SPAWN_DUP2, said.fileno(), 2)]
        with inside(root):
            begin = time.monotonic()
            process = os.posix_spawn(command[0], command, environment, file_actions=streams)
            status = os.waitpid(process, 0)[1]
            milliseconds = (time.monotonic() - begin) * 1000
        if status != 0:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}\n"
                             f"{said.read().decode()}")
    return milliseconds


@contextlib.contextmanager
def inside(root):
    """This process itself goes into `root` and comes back: a chroot program would be timed too."""
    if root is None:
        yield
        return
    here, outside = os.open(".", os.O_RDONLY), os.open("/", os.O_RDONLY)
    os.chroot(root)
    os.chdir("/")
    try:
        yield
    finally:
        os.fchdir(outside)
        os.chroot(".")
        os.fchdir(here)
        os.close(here)
        os.close(outside)


class Docker:
    """A docker daemon of our own, for the length of a `with`. Several go together when each has a
    name, a state, and by `prefix` a network namespace of its own."""

    def __init__(self, root, state, name="docker", prefix=(), flags=()):
        self.state, self.name = state, name
        self.prefix, self.flags = list(prefix), list(flags)
        self.environment = {
            **os.environ, "DOCKER_HOST": f"unix:///run/{name}.sock",
            "PATH": f"{root}/usr/bin:{root}/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LD_LIBRARY_PATH": f"{root}/usr/lib/x86_64-linux-gnu",
            "XTABLES_LIBDIR": f"{root}/usr/lib/x86_64-linux-gnu/xtables"}

    def __enter__(self):
        log_file = Path(f"/run/{self.name}d.log")
        with open(log_file, "wb") as log:
            self.daemon = subprocess.Popen(
                [*self.prefix, "dockerd", "--data-root", self.state,
                 "--host", self.environment["DOCKER_HOST"], "--exec-root", f"/run/{self.name}",
                 "--pidfile", f"/run/{self.name}.pid", *self.flags],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        def answers():
            if self.daemon.poll() is not None:
                raise SystemExit("dockerd ended:\n" + log_file.read_text()[-3000:])
            return self.run("docker", "version").returncode == 0
        stacktest.eventually(answers, "dockerd answers", deadline=60)
        return self

    def __exit__(self, *_):
        self.daemon.terminate()
        self.daemon.wait(60)

    def run(self, *command, **options):
        return subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **options)

    def import_image(self, archive):
        done = self.run("docker", "import", archive, "box:1")
        if done.returncode != 0:
            raise SystemExit(f"docker import: {done.stderr.decode()}")


class Whole:
    """The root directory with podman, crun and runc, with this world's /proc, /sys, /dev and /run,
    and `state` as its /state. `prefix` is what its commands are started by."""

    ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}

    def __init__(self, root, state, prefix=()):
        self.root, self.prefix = Path(root), list(prefix)
        for name in ("proc", "sys", "dev", "run", "tmp", "root", "state", "var/tmp", "var/lib/containers"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        Path(state).mkdir(parents=True, exist_ok=True)
        # aardvark-dns does not start without.
        (self.root / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
        # Its own mount point, or pivot_root(2) refuses to leave it.
        for source, target in ((root, ""), ("/proc", "proc"), ("/sys", "sys"), ("/dev", "dev"),
                               ("/run", "run"), (state, "state")):
            subprocess.run(["mount", "--rbind", source, str(self.root / target)], check=True)

    def run(self, *command):
        """What it printed."""
        done = subprocess.run([*self.prefix, "chroot", str(self.root), *command], env=self.ENVIRONMENT,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode().strip()}")
        return done.stdout.decode().strip()

    def timed(self, *command):
        return timed(list(command), self.ENVIRONMENT, str(self.root))


# What docker gives a container, for the runtimes that take it from a file.
CAPABILITIES = ["CAP_" + name for name in (
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
    "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE")]


def seccomp_of(profile):
    """Docker's profile as the OCI runtime specification has it, for CAPABILITIES on x86_64."""
    held = set(CAPABILITIES)

    def applies(rule):
        wants, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
        return (set(wants.get("caps") or []) <= held and "amd64" in (wants.get("arches") or ["amd64"])
                and not set(excludes.get("caps") or []) & held
                and "amd64" not in (excludes.get("arches") or []))

    return {"defaultAction": profile["defaultAction"],
            "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
            "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
            "syscalls": [{key: rule[key] for key in ("names", "action", "args", "errnoRet")
                          if rule.get(key) is not None}
                         for rule in profile["syscalls"] if applies(rule)]}


def write_bundle(whole, runtime, box):
    """A bundle for crun or runc: its own defaults, with docker's capabilities and filter, and no
    network but an empty namespace. Returns its path inside."""
    bundle = whole.root / "state" / f"bundle-{runtime}"
    bundle.mkdir()
    subprocess.run(["cp", "-a", str(box), str(bundle / "rootfs")], check=True)
    whole.run(runtime, "spec", "--bundle", f"/state/{bundle.name}")
    config = json.loads((bundle / "config.json").read_text())
    config["process"].update(args=["/bin/true"], terminal=False, env=["PATH=/bin"])
    config["process"]["capabilities"] = {kind: CAPABILITIES for kind in
                                         ("bounding", "effective", "permitted")}
    config["root"]["readonly"] = False
    config["linux"]["cgroupsPath"] = f"/bench/{runtime}"
    profile = json.loads((whole.root / "usr/share/containers/seccomp.json").read_text())
    config["linux"]["seccomp"] = seccomp_of(profile)
    (bundle / "config.json").write_text(json.dumps(config))
    return f"/state/{bundle.name}"
