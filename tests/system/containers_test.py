# SPDX-License-Identifier: Apache-2.0
"""What a container is: the keys of a service that shape it, and docker's default posture."""

import json
import re
import unittest

import stacktest

DEFAULT_CAPABILITIES = 0x00000000A80425FB  # docker's fourteen


class Many(stacktest.StackTest):
    def test_more_containers_than_select_knows_descriptors(self):
        """Each costs the supervisor a dozen descriptors: with 120 it has more than FD_SETSIZE."""
        self.up("services:\n  web: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL, scale: 120}\n")
        self.assertEqual(len(self.stack("ps", "-q").lines), 120)
        self.stack("down")


class Keys(stacktest.StackTest):
    def start(self, keys):
        self.up("services:\n  web:\n    image: box:1\n" +
                ("    command: sleep 1001\n" if "command:" not in keys else "") +
                "".join(f"    {line}\n" for line in keys.strip().splitlines()))

    def test_user_and_group_with_the_groups_of_the_image(self):
        self.start("user: app")
        self.assertEqual(self.inside("web", "id"),
                         "uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)\n")

    def test_user_by_number(self):
        self.start('user: "1234:5678"')
        self.assertEqual(self.inside("web", "sh", "-c", "id -u; id -g"), "1234\n5678\n")

    def test_a_working_dir_in_whatever_form(self):
        self.start("working_dir: /srv//x/../")
        self.assertEqual(self.inside("web", "pwd"), "/srv\n")
        for written, plain in (("/srv/", "/srv"), ("/srv/../tmp", "/tmp"), ("//etc/.", "/etc")):
            self.assertEqual(self.stack("exec", "-T", "-w", written, "web", "pwd").out, plain + "\n")
            self.assertEqual(self.stack("run", "-T", "--rm", "-w", written, "web", "pwd").out, plain + "\n")
            self.assertEqual(self.stack("container", "run", "--rm", "-w", written, "box:1", "pwd").out, plain + "\n")

    def test_a_tmpfs_where_the_image_has_nothing_is_for_all(self):
        self.start("user: app\ntmpfs: ['/run/app', '/srv:size=10%']")
        self.assertEqual(self.inside("web", "stat", "-c", "%a", "/run/app", "/srv"), "1777\n755\n")

    def test_working_dir_is_made_when_it_is_not_there(self):
        self.start("working_dir: /new/place")
        self.assertEqual(self.inside("web", "pwd"), "/new/place\n")

    def test_environment_env_file_and_their_order(self):
        self.write("some.env", "A=file\nB=file\n")
        self.start("env_file: some.env\nenvironment: {B: key, C: '$$literal'}")
        self.assertEqual(self.inside("web", "sh", "-c", "echo $A $B $C"), "file key $literal\n")

    def test_entrypoint_and_command_are_joined(self):
        self.start("entrypoint: [echo, one]\ncommand: two")
        stacktest.eventually(lambda: self.log("web") == "one two\n", "both words")

    def test_a_command_is_split_as_a_shell_would(self):
        self.start("command: printf '%s,' 'a b' c\\ d \"e'f\"")
        stacktest.eventually(lambda: self.log("web").strip() == "a b,c d,e'f,", "the right words")

    def test_init_reaps_and_passes_signals(self):
        self.start("init: true\ncommand: sh -c 'exec sleep 1001'")
        self.assertNotIn("sleep", self.inside("web", "cat", "/proc/1/comm"))
        self.stack("stop", "-t", "20")
        self.assertEqual(self.ps()["web"]["ExitCode"], 143)

    def test_a_terminal_is_a_terminal(self):
        self.start("tty: true\ncommand: sh -c 'test -t 0 && test -t 1 && echo both'")
        stacktest.eventually(lambda: self.log("web").strip() == "both", "a terminal")

    def test_standard_input_is_empty_unless_it_is_asked_for(self):
        self.start("command: sh -c 'cat; echo end'")
        stacktest.eventually(lambda: self.log("web") == "end\n", "the end of input")

    def test_labels_are_shown(self):
        self.start("labels: {org.example.colour: green}")
        self.assertIn("org.example.colour=green", self.ps()["web"]["Labels"])

    def test_scripts_find_containers_by_docker_composes_labels(self):
        self.start("labels: {com.docker.compose.project: liar}")
        mine = f"label=com.docker.compose.project={self.project}"
        found = lambda *filters: self.stack(
            "container", "ls", *(word for each in filters for word in ("--filter", each)), "--format", "{{.Names}}").lines
        self.assertEqual(found(mine, "label=com.docker.compose.service=web"), [f"{self.project}-web-1"])
        self.assertEqual(found(mine, "label=com.docker.compose.service=other"), [])
        labels = json.loads(self.stack("inspect", f"{self.project}-web-1").out)[0]["Config"]["Labels"]
        self.assertEqual(labels["com.docker.compose.project.working_dir"], str(self.directory))
        self.assertEqual(labels["com.docker.compose.project.config_files"], str(self.directory / "stack.yaml"))
        self.assertEqual(labels["com.docker.compose.container-number"], "1")
        self.assertEqual(labels["com.docker.compose.depends_on"], "")
        self.assertIn(labels["com.docker.compose.version"], self.stack("version", "--short").out)

    def test_what_is_hidden_is_told(self):
        self.start("security_opt: [systempaths=unconfined]")
        paths = lambda: [(host["MaskedPaths"], host["ReadonlyPaths"]) for host in
                         [json.loads(self.stack("inspect", f"{self.project}-web-1").out)[0]["HostConfig"]]][0]
        self.assertEqual(paths(), (None, None))
        self.start("init: true")
        self.assertIn("/proc/kcore", paths()[0])
        self.assertIn("/proc/sys", paths()[1])

    def test_read_only_root(self):
        self.start("read_only: true\ntmpfs: /tmp")
        self.stack("exec", "-T", "web", "touch", "/x", expect=1)
        self.inside("web", "touch", "/tmp/x", "/dev/shm/x")

    def test_limits_arrive_in_the_cgroup(self):
        self.start("mem_limit: 64m\ncpus: 0.5\npids_limit: 20")
        found = self.limits()
        self.assertEqual(found, {"memory": 64 << 20, "cpu": "50000 100000", "pids": 20})

    def limits(self):
        return self.limits_of(self.pids_running("sleep 1001")[0])

    @staticmethod
    def limits_of(pid):
        """Read at the outside: {memory, cpu, pids} of the process's cgroups, v1 or v2."""
        from pathlib import Path
        import world
        mounts = world.cgroup_mounts()
        found = {}
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            for point, kind, options in mounts:
                folder = Path(point + path)
                if kind == "cgroup2" and not controllers:
                    found |= read_limits(folder, "memory.max", "cpu.max", "pids.max")
                elif controllers and set(controllers.split(",")) & set(options.split(",")):
                    found |= read_limits(folder, "memory.limit_in_bytes", None, "pids.max")
                    if (folder / "cpu.cfs_quota_us").exists():
                        found["cpu"] = " ".join((folder / name).read_text().strip() for name in
                                                ("cpu.cfs_quota_us", "cpu.cfs_period_us"))
        return found

    def test_too_much_memory_is_an_end_that_is_told(self):
        self.start("mem_limit: 16m\ncommand: sh -c 'tail /dev/zero'")
        stacktest.eventually(lambda: self.state_of("web") == "exited", "it ends")
        self.assertEqual(self.ps()["web"]["ExitCode"], 137)

    def test_too_many_processes_are_refused(self):
        self.start("pids_limit: 10")
        result = self.stack("exec", "-T", "web", "sh", "-c",
                            "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1002 >/dev/null 2>&1 & done",
                            expect=None, timeout=60)
        self.assertRegex(result.err, "(?i)fork|resource")
        self.stack("stop", "-t", "0")


def read_limits(folder, memory, cpu, pids):
    found = {}
    for key, name in (("memory", memory), ("cpu", cpu), ("pids", pids)):
        if name and (folder / name).exists():
            text = (folder / name).read_text().strip()
            found[key] = int(text) if text.isdigit() else text
    return found


class Posture(stacktest.StackTest):
    def start(self, keys="{}"):
        self.up(f"services: {{web: {{image: 'box:1', command: sleep 1001, {keys.strip('{}')}}}}}")

    def capabilities(self):
        status = self.inside("web", "cat", "/proc/1/status")
        return {name: int(value, 16) for name, value in re.findall(r"Cap(\w+):\t(\w+)", status)}

    def test_the_fourteen_capabilities_of_docker(self):
        self.start()
        found = self.capabilities()
        self.assertEqual((found["Bnd"], found["Eff"], found["Prm"]), (DEFAULT_CAPABILITIES,) * 3)
        self.assertEqual((found["Inh"], found["Amb"]), (0, 0))

    def test_capabilities_are_added_and_dropped(self):
        self.start("cap_add: [NET_ADMIN], cap_drop: [CHOWN, MKNOD]")
        expected = (DEFAULT_CAPABILITIES | 1 << 12) & ~(1 << 0) & ~(1 << 27)
        self.assertEqual(self.capabilities()["Bnd"], expected)

    def test_the_system_call_filter_is_on(self):
        self.start()
        self.assertRegex(self.inside("web", "cat", "/proc/1/status"), r"Seccomp:\t2")
        self.stack("exec", "-T", "web", "unshare", "-U", "true", expect=1)

    def test_kernel_secrets_are_masked(self):
        self.start()
        self.assertEqual(self.inside("web", "sh", "-c", "head -c 10 /proc/kcore; ls /sys/firmware"), "")
        self.stack("exec", "-T", "web", "sh", "-c", "echo b > /proc/sysrq-trigger", expect=1)
        self.stack("exec", "-T", "web", "sh", "-c", "echo 1 > /proc/sys/kernel/panic", expect=1)

    def test_sys_and_cgroups_are_read_only(self):
        self.start()
        options = self.inside("web", "cat", "/proc/mounts")
        self.assertRegex(options, r"(?m)^\S+ /sys sysfs ro,")

    def test_devices_are_the_harmless_ones(self):
        self.start()
        self.inside("web", "sh", "-c", "echo x > /dev/null; head -c 1 /dev/urandom > /dev/full || true")
        self.stack("exec", "-T", "web", "sh", "-c", "mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk",
                   expect=1)

    def test_processes_of_others_are_not_there(self):
        self.start()
        self.assertEqual(self.inside("web", "cat", "/proc/1/comm"), "sleep\n")

    def test_privileged_lifts_all_that(self):
        self.start("privileged: true")
        self.assertRegex(self.inside("web", "cat", "/proc/1/status"), r"Seccomp:\t0")
        self.assertGreater(self.capabilities()["Eff"], DEFAULT_CAPABILITIES)
        self.assertRegex(self.inside("web", "cat", "/proc/mounts"), r"(?m)^\S+ /sys sysfs rw,")

    def test_the_image_is_not_changed_by_its_containers(self):
        self.start()
        self.inside("web", "sh", "-c", "echo changed > /srv/data/from-image; rm /bin/vi")
        self.stack("down", "-t", "0")
        self.start()
        self.assertEqual(self.inside("web", "cat", "/srv/data/from-image"), "hello from the image\n")


if __name__ == "__main__":
    stacktest.main()
