# SPDX-License-Identifier: Apache-2.0
"""A private little machine for each test file.

Own processes, mounts, network, host name and cgroup tree, on the real kernel. Whatever a test
forgets, or a killed test leaves, dies with this world and never meets the machine or another test.
Only the cgroup directories live outside; they carry the owner's pid and start time in their names,
and every run removes those of owners that are gone.

Inside:  /run is an empty tmpfs, STACK_ROOT and STACK_RUN lie below it
         lan0 (198.51.100.2/24) is the uplink, with the default route to
         198.51.100.1, an address of the namespace `lan`, which plays everybody else on the network
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

SKIP = 77
HOME = Path("/run/stack-test")  # inside the world
HOST_ADDRESS = "198.51.100.2"
NEIGHBOUR_ADDRESS = "198.51.100.1"
CGROUP_PREFIX = "stack-test-"
# What `stack` does otherwise for a person, or for a machine that tests, who has set it: not here.
PERSONAL = {"CI", "NO_COLOR", "FORCE_COLOR", "TERM", "SOURCE_DATE_EPOCH", "REGISTRY_AUTH_FILE",
            "CONTAINERS_REGISTRIES_CONF", "XDG_RUNTIME_DIR"}
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CLONE_NEWCGROUP = 0x02000000


def skip(reason):
    print(f"skipped: {reason}", flush=True)
    sys.exit(SKIP)


def require(condition, reason):
    if not condition:
        skip(reason)


# --- from outside ---------------------------------------------------------------------------------


def cgroup_mounts():
    """(mount point, type, options) of each cgroup hierarchy."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        rows = [line.split() for line in mounts]
    return [(row[1], row[2], row[3]) for row in rows if row[2] in ("cgroup", "cgroup2")]


def start_time(pid):
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]


def kill_and_remove_cgroup(directory):
    """Ends what runs below `directory`, then removes it; False when something would not go."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not directory.exists():
            return True
        for procs in directory.rglob("cgroup.procs"):
            for pid in procs.read_text(encoding="utf-8").split():
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        folders = [entry for entry in directory.rglob("*") if entry.is_dir()]
        try:
            for folder in sorted(folders, reverse=True) + [directory]:
                folder.rmdir()
            return True
        except OSError:
            time.sleep(0.02)  # dying processes: v1 hierarchies have no event for it
    return False


def remove_cgroups_of(name):
    for mount, _, _ in cgroup_mounts():
        if not kill_and_remove_cgroup(Path(mount) / name):
            print(f"could not remove {mount}/{name}", file=sys.stderr)


def sweep_dead_worlds():
    for mount, _, _ in cgroup_mounts():
        for folder in Path(mount).glob(CGROUP_PREFIX + "*"):
            pid, _, started = folder.name.removeprefix(CGROUP_PREFIX).partition("-")
            if start_time(pid) != started:
                kill_and_remove_cgroup(folder)


def make_cgroups(name):
    for point, kind, _ in cgroup_mounts():
        folder = Path(point) / name
        if kind == "cgroup2":
            hand_down_controllers(Path(point))
            (folder / "outside").mkdir(parents=True)
            continue
        folder.mkdir()
        # A new v1 cpuset group is empty: no process could enter it.
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (Path(point) / setting).exists() and (folder / setting).exists():
                (folder / setting).write_text((Path(point) / setting).read_text())


def hand_down_controllers(root):
    enabled = (root / "cgroup.subtree_control").read_text().split()
    for controller in (root / "cgroup.controllers").read_text().split():
        if controller in ("cpu", "memory", "pids", "cpuset", "io") and controller not in enabled:
            (root / "cgroup.subtree_control").write_text(f"+{controller}")


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def enter_cgroups(name, *, below=""):
    """v2 groups that hand controllers down may hold no process themselves: there it is `below`."""
    for point, kind, _ in cgroup_mounts():
        group = Path(point) / name / (below if kind == "cgroup2" else "")
        group.mkdir(exist_ok=True)
        (group / "cgroup.procs").write_text("0")


def run_in_new_world():
    """Runs this very script again inside a new world; returns its exit code."""
    sweep_dead_worlds()
    name = f"{CGROUP_PREFIX}{os.getpid()}-{start_time(os.getpid())}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def prepare():
        die_with_parent()
        enter_cgroups(name, below="outside")

    try:
        make_cgroups(name)
        environment = dict(os.environ, STACK_WORLD=name)
        command = ["unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child",
                   "--propagation", "private", sys.executable, "-B", *sys.argv]
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                              preexec_fn=prepare, check=False).returncode
    finally:
        remove_cgroups_of(name)


# --- inside ---------------------------------------------------------------------------------------


def run(*command, **options):
    return subprocess.run(command, check=True, **options)


def mount(kind, target, options="", source=None):
    Path(target).mkdir(parents=True, exist_ok=True)
    run("mount", "-t", kind, *(["-o", options] if options else []), source or kind, target)


# Options that /proc/mounts shows and that no hierarchy is chosen by.
SHOWN_ONLY = {"rw", "ro", "relatime", "nosuid", "nodev", "noexec", "nsdelegate",
              "memory_recursiveprot"}


def enter_own_cgroups(name):
    """The world's group becomes the root of the hierarchies that are seen from here on."""
    enter_cgroups(name)
    mounts = cgroup_mounts()
    if LIBC.unshare(CLONE_NEWCGROUP) != 0:
        raise OSError(ctypes.get_errno(), "unshare cgroup")
    roots = sorted(point for point, _, _ in mounts)
    for point in reversed(roots):
        run("umount", point)
    mount("sysfs", "/sys")
    if "/sys/fs/cgroup" not in roots:
        mount("tmpfs", "/sys/fs/cgroup", "mode=755")
    for point, kind, options in sorted(mounts):
        mount(kind, point, ",".join(o for o in options.split(",") if o not in SHOWN_ONLY))
    enter_cgroups("", below="inside")


def make_network():
    run("ip", "link", "set", "lo", "up")
    run("ip", "netns", "add", "lan")
    run("ip", "link", "add", "lan0", "type", "veth", "peer", "name", "eth0", "netns", "lan")
    run("ip", "address", "add", f"{HOST_ADDRESS}/24", "dev", "lan0")
    # Link-local addresses would come up a second later, into the middle of an inventory.
    run("ip", "link", "set", "lan0", "addrgenmode", "none")
    run("ip", "link", "set", "lan0", "up")
    in_lan = ("ip", "-n", "lan")
    run(*in_lan, "link", "set", "lo", "up")
    run(*in_lan, "address", "add", f"{NEIGHBOUR_ADDRESS}/24", "dev", "eth0")
    run(*in_lan, "link", "set", "eth0", "up")
    run("ip", "route", "add", "default", "via", NEIGHBOUR_ADDRESS)


def impersonal(environment):
    """Without what is PERSONAL."""
    return {name: value for name, value in environment.items()
            if name not in PERSONAL and not name.startswith(("COMPOSE_", "DOCKER_", "BUILDKIT_"))}


def settle_in():
    enter_own_cgroups(os.environ["STACK_WORLD"])
    mount("proc", "/proc")
    mount("tmpfs", "/run", "mode=755")
    mount("tmpfs", "/dev/shm", "mode=1777")
    HOME.mkdir()
    (HOME / "resolv.conf").write_text(f"nameserver {NEIGHBOUR_ADDRESS}\n", encoding="utf-8")
    run("mount", "--bind", str(HOME / "resolv.conf"), "/etc/resolv.conf")
    run("hostname", "test-host")
    make_network()
    os.environ["STACK_ROOT"] = os.environ.get("STACK_TEST_ROOT") or str(HOME / "data")
    os.environ["STACK_RUN"] = str(HOME / "run")
    os.environ["HOME"] = str(HOME)
    for variable in set(os.environ) - set(impersonal(os.environ)):
        del os.environ[variable]


def be_process_one():
    """Forks; the parent stays behind as process 1 and reaps whatever loses its parent."""
    child = os.fork()
    if child == 0:
        return
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def enter(tests, prepare_outside=None):
    """Calls `tests` inside a world and exits with what it returns, or 77 where none can be."""
    require(os.geteuid() == 0, "making containers needs root")
    os.umask(0o022)  # what tests make has the same modes wherever they run
    for tool in ("unshare", "ip", "nft", "busybox", "curl"):
        require(shutil.which(tool), f"{tool} is not installed (packaging/test-deps.txt)")
    if "STACK_WORLD" not in os.environ:
        if prepare_outside:
            prepare_outside()
        sys.exit(run_in_new_world())
    settle_in()
    be_process_one()
    die_with_parent()
    sys.exit(tests())
