# SPDX-License-Identifier: Apache-2.0
"""What the kill matrix does to a stack: each scenario brings it into a state, and then one command
is run that may come to grief at a fail point."""

import os
import signal
import textwrap

import stacktest

# Something of everything that has side effects of its own.
STACK = """
    name: matrix
    services:
      data: {image: "box:1", command: ["true"], volumes: [/srv/data]}
      db:
        image: box:1
        command: sleep 1001
        volumes_from: [data]
        volumes: ["store:/store", "filled:/srv/data2", "./made/by/stack:/bound"]
        environment: {VERSION: "${VERSION:-1}"}
        mem_limit: ${LIMIT:-64m}
        networks: [default, back]
        secrets: [word]
        sysctls: {net.ipv4.ip_local_port_range: "20000 30000"}
        deploy: {endpoint_mode: vip}
      web:
        image: box:1
        command: sh -c 'trap "exit 0" TERM; echo hello; while true; do sleep 1002 & wait $$!; done'
        environment: {VERSION: "${VERSION:-1}"}
        tty: true
        ports: ["8080:80"]
        networks: [default, cable]
        depends_on: [db]
      worker: {image: "box:1", command: sleep 1003, scale: "${SCALE:-1}", network_mode: none, configs: [tune],
               volumes: ["memory:/memory"],
               x-stack: {on_change: "signal:SIGURG"}}
      boxed: {image: "box:1", command: sleep 1004, userns_mode: auto}
    networks:
      back: {internal: "${SHUT:-true}", enable_ipv6: true, driver_opts: {com.docker.network.bridge.enable_icc: "false"}}
      cable: {driver: macvlan, internal: true}
    volumes: {store: {}, filled: {}, memory: {driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}}}
    secrets: {word: {environment: WORD}}
    configs: {tune: {content: "${TUNE:-1}"}}
"""
NEIGHBOUR = """
    name: neighbour
    services: {host: {image: "box:1", command: sleep 1005, networks: [shared]}}
    networks: {shared: {name: matrix_shared}}
"""
VISITOR = """
    name: matrix
    services:
      data: {image: "box:1", command: ["true"], volumes: [/srv/data]}
      db: {image: "box:1", command: sleep 1001, volumes_from: [data], volumes: ["store:/store"], networks: [shared]}
    networks: {shared: {external: true, name: matrix_shared}}
    volumes: {store: {}}
"""
RUNNING = {"db": 1, "web": 1, "worker": 1, "boxed": 1}


class Scenario:
    """`state`: what there is before; `command`: what is tried; `wanted`: variables of the end."""

    def __init__(self, name, state, command, *, wanted=None, text=STACK, running=None):
        self.name, self.state, self.command, self.text = name, state, command, text
        self.wanted = wanted or {}
        self.running = running or RUNNING

    @property
    def environment(self):
        return {"WORD": "a secret", **self.wanted}


ALL = [
    Scenario("first-up", "nothing", ["up", "-d"]),
    Scenario("up", "volumes", ["up", "-d"]),
    Scenario("recreate", "up", ["up", "-d"], wanted={"VERSION": "2"}),
    Scenario("update", "up", ["up", "-d"], wanted={"LIMIT": "96m"}),
    Scenario("other-text", "up", ["up", "-d"], wanted={"TUNE": "2"}),
    Scenario("other-network", "up", ["up", "-d"], wanted={"SHUT": "false"}),
    Scenario("scale-up", "up", ["up", "-d"], wanted={"SCALE": "3"}, running={**RUNNING, "worker": 3}),
    Scenario("scale-down", "scaled", ["up", "-d"]),
    Scenario("stop", "up", ["stop", "-t", "1"]),
    Scenario("start", "stopped", ["start"]),
    Scenario("restart", "up", ["restart", "-t", "1"]),
    Scenario("disconnect", "up", ["network", "disconnect", "matrix_back", "matrix-db-1"]),
    Scenario("down", "recreated", ["down", "-t", "1"]),
    Scenario("down-v", "up", ["down", "-v", "--now", "-t", "1"]),
    Scenario("orphaned-up", "without keeper", ["up", "-d"]),
    Scenario("adopting-up", "without supervisor", ["up", "-d"], wanted={"LIMIT": "96m"}),
    Scenario("visit", "neighbour", ["up", "-d"], text=VISITOR, running={"db": 1}),
    Scenario("rename", "with a lone guest", ["container", "rename", "lone", "alone"], text=VISITOR, running={"db": 1}),
    Scenario("visit-down", "visited", ["down", "-t", "1"], text=VISITOR, running={"db": 1}),
]
BY_NAME = {scenario.name: scenario for scenario in ALL}


def dedented(text):
    return textwrap.dedent(text).lstrip("\n")


def bring_about(state, lab, scenario):
    """The state before the command; canaries are in both volumes unless it is "nothing"."""
    lab.write_stack(scenario.text)
    if state in ("neighbour", "visited", "with a lone guest"):
        lab.neighbour_up()
    if state == "with a lone guest":
        lab.stack("container", "run", "-d", "--name", "lone", "--network", "matrix_shared", "box:1", "sleep", "1006")
    if state == "nothing":
        return
    lab.converge({"SCALE": "3"} if state == "scaled" else {})
    lab.plant_canaries()
    if state in ("volumes", "neighbour"):
        lab.stack("down", "-t", "0")
    elif state == "recreated":
        lab.converge({"VERSION": "2"})
    elif state == "stopped":
        lab.stack("stop", "-t", "0")
    elif state == "without keeper":
        lab.kill_named("stack-keeper", "stack-superviso")
    elif state == "without supervisor":
        for pid in lab.pids_named("stack-superviso"):
            os.kill(pid, signal.SIGKILL)
