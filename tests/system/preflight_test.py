#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is wrong is told in one report, at its lines, before anything is made."""

import os
import socket
import subprocess
import unittest
from pathlib import Path

import stacktest


class Preflight(stacktest.StackTest):
    def refused(self, text, *arguments, expect=1, **options):
        self.write_stack(text)
        result = self.stack("up", "-d", *arguments, expect=expect, **options)
        self.assertIn("Nothing was changed", result.err)
        self.assertEqual(self.stack("ps", "-aq").out, "")
        return result.err

    def test_a_missing_image_hides_nothing_else(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            told = self.refused(f"""
                services:
                  web:
                    image: nothere:1
                    ports: ["127.0.0.1:{port}:80"]
                    devices: [/dev/nothere]
                    volumes: [{{type: bind, source: ./nothere, target: /x, bind: {{create_host_path: false}}}}]
            """)
        self.assertIn("stack.yaml:3:12: error: No such image: nothere:1", told)
        self.assertRegex(told, rf"stack.yaml:4:\d+: error: port {port} on 127.0.0.1 is taken")
        self.assertRegex(told, r"stack.yaml:5:\d+: error: .*/dev/nothere")
        self.assertRegex(told, r"stack.yaml:6:\d+: error: bind source path does not exist: .*/nothere")

    def test_a_user_of_an_image_that_is_missing_hides_nothing_else(self):
        for user in ("user: nobodyhere", 'user: "5:nog"', "pre_start: [{command: 'true', user: nou}]"):
            with self.subTest(user):
                told = self.refused(f"""
                    services:
                      b:
                        image: nope:1
                        pull_policy: never
                        {user}
                        devices: [/dev/nothere]
                """)
                self.assertIn("stack.yaml:3:12: error: No such image: nope:1", told)
                self.assertRegex(told, r"stack.yaml:6:\d+: error: .*/dev/nothere")
                self.assertNotIn("image name", told)
                self.assertIn("No such image: nope:1", self.stack("plan", expect=1).err)

    def test_an_address_that_this_machine_does_not_have(self):
        told = self.refused("""
            services:
              a: {image: "box:1", command: sleep 1001, ports: ["198.51.100.77:81:81"]}
        """)
        self.assertRegex(told, r"stack.yaml:2:\d+: error: .*198.51.100.77, which is no address of this machine")
        setting = Path("/proc/sys/net/ipv4/ip_nonlocal_bind")
        before = setting.read_text()
        self.addCleanup(setting.write_text, before)
        setting.write_text("1")
        self.up(None)

    def test_a_container_whose_namespaces_are_to_be_shared_and_that_is_not_there(self):
        for key in ("network_mode", "pid", "ipc"):
            with self.subTest(key):
                told = self.refused(f"""
                    services:
                      a: {{image: "box:1", command: sleep 1001, {key}: "container:gone"}}
                """)
                self.assertRegex(told, r"stack.yaml:2:\d+: error: container gone, whose (network|PID|IPC) "
                                       "namespace is to be shared, does not run")

    def test_a_network_of_a_kind_that_this_kernel_does_not_know(self):
        if subprocess.run(["ip", "link", "add", "probe0", "type", "ipvlan"], stderr=subprocess.PIPE, text=True,
                          check=False).stderr.find("Unknown device type") < 0:
            self.skipTest("this kernel knows ipvlan")
        told = self.refused("""
            services:
              a: {image: "box:1", command: sleep 1001, networks: [flat]}
            networks:
              flat: {driver: ipvlan, internal: true}
        """)
        self.assertRegex(told, r"stack.yaml:4:\d+: error: network .*_flat: this kernel has no ipvlan")

    def test_whose_port_it_is_is_told_by_names(self):
        self.addCleanup(stacktest.run_stack, "container", "rm", "-f", "by-hand")
        self.stack("container", "run", "-d", "--init", "--name", "by-hand", "-p", "127.0.0.1:20999:80",
                   "box:1", "sleep", "1001")
        told = self.refused("services: {web: {image: 'box:1', command: sleep 1001, ports: ['127.0.0.1:20999:80']}}")
        self.assertIn('port 20999 on 127.0.0.1 is taken by container "by-hand": Bind for', told)

    def test_a_variable_that_a_secret_needs(self):
        told = self.refused("""
            services:
              web: {image: "box:1", command: sleep 1001, secrets: [token], configs: [tune]}
            secrets:
              token: {environment: STACK_TEST_TOKEN}
            configs:
              tune: {environment: STACK_TEST_TUNE}
        """)
        self.assertIn('stack.yaml:4:24: error: environment variable "STACK_TEST_TOKEN" required by '
                      'secret "token" is not set', told)
        self.assertIn('environment variable "STACK_TEST_TUNE" required by config "tune" is not set', told)
        self.up(None, environment={"STACK_TEST_TOKEN": "", "STACK_TEST_TUNE": "x"})
        self.assertEqual(self.inside("web", "cat", "/run/secrets/token", "/tune"), "x")

    def test_names_of_images_are_told_at_their_lines(self):
        told = self.refused("""
            services:
              a: {image: "UPPER/x y"}
              b: {image: "a:b:c"}
        """)
        self.assertIn('stack.yaml:2:14: error: invalid image name "UPPER/x y"', told)
        self.assertIn('stack.yaml:3:14: error: invalid image name "a:b:c"', told)

    def test_a_folder_where_a_file_seems_to_be_meant(self):
        result = self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                volumes: ["./app.conf:/etc/app.conf", "./folder:/srv/folder"]
        """)
        self.assertRegex(result.err, r"warning: \S+/app.conf is missing and becomes a folder, though "
                                     r"/etc/app.conf looks like a file")
        self.assertNotIn("/folder is missing", result.err)
        self.assertTrue((self.directory / "app.conf").is_dir())


class OutsideVolumes(stacktest.StackTest):
    SERVICE = """
        services:
          web:
            image: box:1
            command: sleep 1001
            volumes: ["own:/own"]
            volumes_from: ["container:{name}"{more}]
        volumes: {{own: {{}}}}
        """

    def setUp(self):
        super().setUp()
        (self.directory / "folder").mkdir()
        self.stack("container", "run", "-d", "--name", "keeper", "-v", "kept:/data", "-v",
                   f"{self.directory}/folder:/own", "-v", f"{self.directory}/folder:/folder:ro",
                   "box:1", "sh", "-c", "echo precious > /data/row; exec sleep 1002")
        self.addCleanup(self.stack, "volume", "rm", "kept")
        self.addCleanup(self.stack, "container", "rm", "-f", "keeper")
        self.addCleanup(self.stack, "down", "-v", "--now")
        stacktest.eventually(lambda: self.pids_running("sleep 1002"), "it has written")

    def test_all_that_another_container_has_and_own_ones_win(self):
        self.up(self.SERVICE.format(name="keeper", more=""))
        self.assertEqual(self.inside("web", "cat", "/data/row"), "precious\n")
        self.stack("exec", "-T", "web", "touch", "/folder/x", expect=1)
        self.inside("web", "touch", "/own/here")
        self.assertEqual(os.listdir(self.directory / "folder"), [])
        self.assertIn("nothing to change", self.up().err)
        self.stack("stop")
        self.stack("start")
        self.assertEqual(self.inside("web", "cat", "/data/row"), "precious\n")
        self.stack("down", "-v", "--now")
        self.assertIn("kept", self.stack("volume", "ls", "-q").lines)

    def test_one_that_is_not_there(self):
        self.write_stack(self.SERVICE.format(name="nobody", more=""))
        told = self.stack("up", "-d", expect=1).err
        self.assertRegex(told, r"stack.yaml:6:\d+: error: volumes_from of service web: there is no "
                               r"container nobody")


class MistakesOfOthers(stacktest.StackTest):
    """What one service cannot run with is not in the way of the others."""

    MISTAKES = {
        "runtime: habana": "",
        "logging: {driver: gelf}": "",
        "cap_add: [bogus]": "",
        "sysctls: {vm.max_map_count: 262144}": "",
        'scale: 2, ports: ["127.0.0.1:8080:80"]': "",
        'volumes: ["/tmp:/x", "/etc:/x"]': "",
        'tmpfs: ["/x:bogus"]': "",
        "userns_mode: keep-id": "",
        "working_dir: x": "",
        "volumes: [{type: npipe, source: x, target: /x}]": "",
        "models: [m]": "models: {m: {model: x}}",
        "networks: [n]": "networks: {n: {driver: overlay}}",
        'volumes: ["v:/x"]': "volumes: {v: {driver: pxd}}",
    }

    def test_who_needs_the_service_is_told_and_nobody_else(self):
        for key, top in self.MISTAKES.items():
            with self.subTest(key):
                self.write_stack(f"""
                    services:
                      web: {{image: "box:1", command: sleep 1000, stop_signal: SIGKILL}}
                      other: {{image: "box:1", command: sleep 1000, stop_signal: SIGKILL, {key}}}
                    {top}
                """)
                for needed in (["up", "-d"], ["up", "-d", "other"], ["run", "--rm", "other", "true"]):
                    self.assertRegex(self.stack(*needed, expect=3).err, r"stack.yaml:[34]:\d+: error: ")
                self.stack("create", "web")
                self.stack("up", "-d", "web")
                self.stack("run", "--rm", "--no-deps", "web", "true")
                for command in ("stop", "start", "restart"):
                    self.stack(command, "web")
                self.stack("build", "web")
                self.assertEqual(self.state_of("web"), "running")
                self.stack("down", "-v")
                self.assertEqual(self.stack("ps", "-aq").out, "")

    def test_what_was_made_of_it_before_is_stopped_and_started(self):
        right = 'services: {web: {image: "box:1", command: sleep 1000, stop_signal: SIGKILL}}'
        for key, top in self.MISTAKES.items():
            with self.subTest(key):
                self.up(right)
                self.write_stack(f"{right[:-2]}, {key}}}}}\n{top}\n")
                for command in ("stop", "start", "restart", "kill"):
                    self.stack(command)
                self.stack("down", "-v")

    def test_two_services_of_one_name_are_made_one_at_a_time(self):
        self.write_stack("""
            services:
              cpu: {image: "box:1", command: sleep 1000, stop_signal: SIGKILL, container_name: one, profiles: [cpu]}
              gpu: {image: "box:1", command: sleep 1000, stop_signal: SIGKILL, container_name: one, profiles: [gpu]}
        """)
        everything = ("--profile", "*")
        for both in (("up", "-d"), ("create",), ("up", "-d", "cpu", "gpu"), ("config", "-q")):
            self.assertIn('container name "one" is taken twice', self.stack(*everything, *both, expect=3).err)
        self.stack(*everything, "up", "-d", "cpu")
        self.assertEqual(self.state_of("cpu"), "running")
        for command in (("stop",), ("start", "cpu"), ("build",), ("config", "--services"), ("config", "--hash", "*"),
                        ("run", "--rm", "gpu", "true"), ("down",)):
            self.stack(*everything, *command)
        self.stack(*everything, "up", "-d", "gpu")
        self.assertEqual(self.state_of("gpu"), "running")

    def test_what_docker_compose_runs_is_run_and_told(self):
        told = self.up("""
            services:
              web:
                image: box:1
                command: sleep 1000
                stop_signal: "${STACK_TEST_NOTHING-}"
                restart: "on-failure:[3]"
                expose: ["3000:3000"]
                tmpfs: ["/x:relatime,strictatime,sync,dirsync,nomand,rprivate,shared"]
                sysctls: {net/ipv4/ip_forward: 1}
        """).err
        self.assertRegex(told, r'stack.yaml:6:\d+: warning: "on-failure:\[3\]" is taken for "on-failure"')
        self.assertRegex(told, r'stack.yaml:7:\d+: warning: "3000:3000" is taken for 3000')
        self.assertIn("rw,sync,dirsync", self.inside("web", "grep", " /x ", "/proc/mounts"))
        self.assertEqual(self.inside("web", "cat", "/proc/sys/net/ipv4/ip_forward"), "1\n")

    def test_up_of_no_service_at_all(self):
        self.write_stack("networks: {n: {}}")
        self.assertIn("no service selected", self.stack("up", "-d", expect=1).err)


if __name__ == "__main__":
    stacktest.main()
