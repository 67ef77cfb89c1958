# SPDX-License-Identifier: Apache-2.0
"""What is on this (private) machine besides the test itself, as sorted lines without pids, indexes,
counters and times: two inventories of the same state are equal."""

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

COUNTERS = re.compile(r"counter packets \d+ bytes \d+")


def lines_of(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def links():
    return [f"link {line.split()[1].rstrip(':')}" for line in lines_of("ip", "-o", "link")]


def addresses_and_routes():
    shown = [" ".join(line.split()[1:4]) for family in ("-4", "-6")
             for line in lines_of("ip", "-o", family, "address", "show", "scope", "global")]
    routes = lines_of("ip", "-4", "route", "show", "table", "all")
    # What each link has by itself comes up a second later than the link.
    routes += [line for line in lines_of("ip", "-6", "route", "show", "table", "all")
               if "fe80::" not in line and "ff00::" not in line]
    # A link has its carrier a moment after it is up.
    return [f"address {line}" for line in shown] + [
        f"route {line.replace(' linkdown', '').strip()}" for line in routes]


def firewall():
    return [f"nft {COUNTERS.sub('counter', line).strip()}"
            for line in lines_of("nft", "--stateless", "list", "ruleset") if line.strip()]


def cgroups():
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        points = [line.split()[1] for line in mounts if line.split()[2].startswith("cgroup")]
    return [f"cgroup {folder}" for point in points for folder, _, _ in os.walk(point)
            if folder != point]


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        return [f"mount {line.split()[4]}" for line in table]


def processes():
    """(pid, name) of everything but this process and its ancestors."""
    own = set()
    pid = os.getpid()
    while pid > 0:
        own.add(pid)
        pid = parent_of(pid)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) not in own:
            try:
                found.append((int(entry.name), (entry / "comm").read_text().strip()))
            except OSError:
                continue  # it ended while we looked
    return found


def stat_of(pid):
    """proc_pid_stat(5), from the state on."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def has_memory(pid):
    """A program of its own, that is: neither zombies nor threads of the kernel have it."""
    return stat_of(pid)[20] != "0"


def has_ended(pid):
    """A zombie, too."""
    try:
        return stat_of(pid)[0] in "ZX"
    except OSError:
        return True


def parent_of(pid):
    try:
        return int(stat_of(pid)[1])
    except OSError:
        return 0


def listening():
    rows = [line.split() for line in lines_of("ss", "-Hlntu")]
    return [f"socket {row[0]} {row[4]}" for row in rows]


def settings():
    path = Path("/proc/sys/net/ipv4/ip_forward")
    return [f"sysctl ip_forward={path.read_text().strip()}"]


def tree(folder, prefix="file"):
    """Every path below `folder`."""
    found = []
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            found.append(f"{prefix} {os.path.join(parent, name)}")
    return found


def take(state_folders=()):
    """The whole inventory; `state_folders` are walked, too."""
    found = links() + addresses_and_routes() + firewall() + cgroups() + mounts() + listening()
    found += settings() + [f"process {name}" for _, name in processes()]
    for folder in state_folders:
        found += tree(folder)
    return sorted(found)


def difference(before, after):
    """What vanished ("- ...") and what appeared ("+ ..."); a line that is there twice counts twice."""
    was, now = Counter(before), Counter(after)
    return [f"- {line}" for line in (was - now).elements()] + [
        f"+ {line}" for line in (now - was).elements()]
