# SPDX-License-Identifier: Apache-2.0
"""Keys of a service that ask the kernel for something: limits, devices, namespaces, security options,
configs and secrets, as the program inside sees them."""

import os
import signal
import subprocess
import unittest
from pathlib import Path

import stacktest
from stacktest import eventually


class Attribute(stacktest.StackTest):
    def started(self, options, *more):
        """One service `web` that sleeps, with `options` as its further keys."""
        lines = "".join(f"    {line}\n" for line in options.strip("\n").split("\n"))
        text = "services:\n  web:\n    image: box:1\n    command: sleep 1000\n    stop_signal: SIGKILL\n"
        return self.up(text + lines + "\n".join(more))

    def shell(self, command):
        return self.inside("web", "sh", "-c", command)


class Limits(Attribute):
    def test_limits_of_processes(self):
        self.started("ulimits:\n  nofile: {soft: 100, hard: 200}\n  nproc: 50\n")
        self.assertRegex(self.shell("cat /proc/1/limits"), r"Max open files +100 +200")
        self.assertRegex(self.shell("cat /proc/1/limits"), r"Max processes +50 +50")

    def test_limits_under_deploy_are_those_of_the_service(self):
        self.started("deploy:\n  replicas: 1\n  resources:\n    limits: {memory: 64m, pids: 77, cpus: '0.5'}\n")
        self.assertIn("77", self.shell("cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true"))
        self.assertIn(str(64 << 20), self.shell(
            "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true"))

    def test_limits_that_no_container_can_have_are_told_at_their_line(self):
        for limits, line, words in (("mem_limit: 5m", 6, "Minimum memory limit allowed is 6MB"),
                                    ("deploy:\n  resources:\n    limits:\n      cpus: '4096'", 9,
                                     "range of CPUs is from 0.01 to")):
            err = self.refused(limits)
            self.assertRegex(err, rf"stack.yaml:{line}:\d+: error: .*{words}")
            self.assertEqual(self.stack("ps", "-aq").out, "")

    def refused(self, options):
        lines = "".join(f"    {line}\n" for line in options.split("\n"))
        self.write_stack("services:\n  web:\n    image: box:1\n    command: sleep 1000\n    stop_signal: SIGKILL\n" + lines)
        return self.stack("up", "-d", expect=1).err

    def test_replicas_under_deploy(self):
        self.started("deploy:\n  replicas: 3\n")
        self.assertEqual(len(self.stack("ps", "--format", "json").lines), 3)

    def test_a_processor_of_its_own(self):
        self.started("cpuset: '0'\n")
        allowed = lambda: self.shell("grep Cpus_allowed_list /proc/1/status").split()[1]
        self.assertEqual(allowed(), "0")
        container = self.stack("ps", "-q").out
        last = str(max(os.sched_getaffinity(0)))
        self.started(f"cpuset: '{last}'\n")
        self.assertEqual(allowed(), last)
        self.assertEqual(self.stack("ps", "-q").out, container, "changed in place")

    def test_shared_memory_groups_and_kernel_parameters(self):
        self.started("""
shm_size: 1m
group_add: [extra, "77"]
oom_score_adj: 300
sysctls:
  net.core.somaxconn: 123
  kernel.shmmni: "99"
""")
        self.assertIn("size=1024k", self.shell("grep /dev/shm /proc/mounts"))
        self.assertEqual(self.shell("grep Groups /proc/1/status").split(), ["Groups:", "0", "77", "2000"])
        self.assertEqual(self.shell("cat /proc/1/oom_score_adj"), "300\n")
        self.assertEqual(self.shell("cat /proc/sys/net/core/somaxconn /proc/sys/kernel/shmmni"), "123\n99\n")

    def test_a_kernel_parameter_of_the_whole_machine_is_refused_at_its_line(self):
        self.write_stack("services:\n  web:\n    image: box:1\n    sysctls:\n      vm.swappiness: 1\n")
        error = self.stack("up", "-d", expect=3).err
        self.assertRegex(error, r'stack.yaml:5:7: error: kernel parameter "vm.swappiness" belongs to the whole machine')

    def test_a_changed_limit_is_told_with_its_line(self):
        self.started("pids_limit: 10\n")
        self.write_stack("services:\n  web:\n    image: box:1\n    command: sleep 1000\n"
                         "    stop_signal: SIGKILL\n    pids_limit: 20\n")
        self.assertRegex(self.stack("plan").out, r"pids_limit: 10 -> 20 \(stack.yaml:6:17\)")


class WhoeverStartsIt(Attribute):
    """What a cron job, a unit or a shell has by chance is nothing to a container."""

    SHOW = ("cat /proc/self/oom_score_adj; grep -E 'Cpus_allowed_list|SigIgn|SigBlk' /proc/self/status; nice;"
            " grep -E 'cpu time|file size|core|open files|locked|stack' /proc/self/limits;"
            " cat /proc/self/personality; umask")

    def setUp(self):
        super().setUp()
        self.write_stack(f"""
            services:
              web:
                image: box:1
                command: ["sh", "-c", "({self.SHOW}) >/shown; exec sleep 1000"]
                stop_signal: SIGKILL
                oom_score_adj: 0
                healthcheck: {{test: ["CMD-SHELL", "({self.SHOW}) >/new && mv /new /checked"], interval: 100ms}}
            """)

    def from_a_strange_place(self, *command):
        odd = ["prlimit", "--cpu=500:", "--fsize=30000000:", "--nofile=500:", "--core=0:", "--stack=4000000:",
               "nice", "-n", "15", "taskset", "1", "setarch", "-R",
               "sh", "-c", "echo 500 > /proc/self/oom_score_adj; umask 0; trap '' USR1 TERM; exec \"$@\"", "-"]
        return subprocess.run([*odd, stacktest.STACK, *command], cwd=self.directory, check=True, timeout=60,
                              text=True, capture_output=True).stdout

    def shown(self):
        eventually(lambda: self.inside("web", "sh", "-c", "cat /checked 2>/dev/null; true"), "it was checked")
        return self.shell("cat /shown"), self.shell("cat /checked")

    def test_a_container_is_the_same_from_everywhere(self):
        self.stack("up", "-d")
        usual = self.shown()
        self.assertIn("Max open files", usual[0])
        self.assertEqual(usual[0], usual[1], "health checks have what process 1 has")
        self.stack("down")
        self.from_a_strange_place("up", "-d")
        self.assertEqual(self.shown(), usual)
        self.assertEqual(self.from_a_strange_place("exec", "-T", "web", "sh", "-c", self.SHOW), usual[0])


class Devices(Attribute):
    def test_a_device_under_another_name(self):
        self.started("devices: ['/dev/zero:/dev/nothing:r']\n")
        self.assertEqual(self.shell("head -c 3 /dev/nothing | wc -c"), "3\n")

    def test_a_device_that_is_not_there_is_told_before_anything_is_made(self):
        self.write_stack("services:\n  web: {image: 'box:1', command: sleep 9, devices: [/dev/nosuch]}\n")
        self.assertRegex(self.stack("up", "-d", expect=None).err,
                         r'stack.yaml:2:\d+: error: service "web": device /dev/nosuch does not exist')
        self.assertEqual(self.stack("ps", "-a", "--format", "json").out, "")

    def test_a_processor_that_is_not_there_is_told_at_its_line(self):
        self.write_stack("services:\n  web:\n    image: box:1\n    command: sleep 9\n    cpuset: 0-4096\n")
        self.assertRegex(self.stack("up", "-d", expect=None).err,
                         r'stack.yaml:5:\d+: error: service "web": processor \d+ is not there')


class HostWarnings(Attribute):
    """Of what docker only warns, we warn too: before anything is made, whatever becomes of it."""

    def setUp(self):
        super().setUp()
        if Path("/sys/module/apparmor/parameters/enabled").exists():
            self.skipTest("this kernel has AppArmor")

    def write_web(self, command):
        self.write_stack("services:\n  web:\n    image: box:1\n    stop_signal: SIGKILL\n"
                         f"    command: {command}\n    security_opt: ['apparmor=web']\n")

    def test_come_before_the_work(self):
        self.write_web("sleep 1000")
        for progress in ("plain", "quiet"):
            lines = self.stack("up", "-d", "--force-recreate", f"--progress={progress}").err.splitlines()
            self.assertRegex(lines[0], r'^stack.yaml:6:\d+: warning: service "web": the kernel has no AppArmor')
            self.assertEqual(sum("AppArmor" in line for line in lines), 1)

    def test_are_not_lost_when_it_fails(self):
        self.write_web("/nosuch")
        error = self.stack("up", "-d", expect=None).err
        self.assertRegex(error, r"AppArmor.*\n(.*\n)*.*nosuch")


class Security(Attribute):
    def test_no_new_privileges(self):
        self.started("security_opt: ['no-new-privileges:true']\n")
        self.assertEqual(self.shell("grep NoNewPrivs /proc/1/status /proc/self/status | cut -d: -f3"), "\t1\n\t1\n")

    def test_an_unknown_option_is_refused_at_its_line(self):
        self.write_stack("services:\n  web:\n    image: box:1\n    security_opt: [no-new-privilege]\n")
        self.assertRegex(self.stack("up", "-d", expect=3).err,
                         r'stack.yaml:4:20: error: "no-new-privilege" is not a security option')

    def test_a_profile_of_the_projects_own(self):
        self.write("profile.json", '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": '
                                   '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}')
        self.started("security_opt: ['seccomp=profile.json']\n")
        self.assertIn("not supported", self.shell("mkdir /tmp/x 2>&1 || true"))
        self.assertIn("security_opt", self.plan_after_write("profile.json", '{"defaultAction": "SCMP_ACT_ALLOW"}'))

    DENIALS = {
        "no network": '["socket", "connect", "sendto", "sendmsg", "recvmsg"]',
        "no capset": '["capset"]',
    }

    def test_a_profile_that_denies_what_a_start_does_last(self):
        """Reporting that it starts, with or without a terminal, and by way of our init."""
        for what, names in self.DENIALS.items():
            self.write("profile.json", '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": '
                                       f'[{{"names": {names}, "action": "SCMP_ACT_ERRNO"}}]}}')
            for flags in ([], ["--init"], ["-t"]):
                with self.subTest(what=what, flags=flags):
                    result = self.stack("container", "run", "--rm", *flags, "--security-opt", "no-new-privileges",
                                        "--security-opt", f"seccomp={self.directory}/profile.json", "box:1", "echo", "hello")
                    self.assertEqual(result.out.strip(), "hello")

    def test_what_cannot_be_executed_under_such_a_profile_is_told(self):
        self.write("profile.json", '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": '
                                   f'[{{"names": {self.DENIALS["no network"]}, "action": "SCMP_ACT_ERRNO"}}]}}')
        result = self.stack("container", "run", "--rm", "--security-opt", f"seccomp={self.directory}/profile.json",
                            "box:1", "/nosuch", expect=127)
        self.assertIn("/nosuch", result.err)

    def plan_after_write(self, name, text):
        self.write(name, text)
        return self.stack("plan").out

    def test_a_profile_with_a_mistake_is_told_before_anything_is_made(self):
        self.write("profile.json", '{"defaultAction": "SCMP_ACT_ALOW"}')
        self.write_stack("services:\n  web:\n    image: box:1\n    command: sleep 9\n"
                         "    security_opt: ['seccomp=profile.json']\n")
        error = self.stack("up", "-d", expect=None).err
        self.assertRegex(error, r"stack.yaml:5:\d+: error: .*profile.json: .*SCMP_ACT_ALOW")
        self.assertEqual(self.stack("ps", "-a", "--format", "json").out, "")

    def test_a_profile_that_is_not_there(self):
        self.write_stack("services:\n  web:\n    image: box:1\n    command: sleep 9\n"
                         "    security_opt: ['seccomp=./nosuch.json']\n")
        self.assertRegex(self.stack("up", "-d", expect=None).err, r"stack.yaml:5:\d+: error: open .*nosuch.json")


class Namespaces(Attribute):
    def test_whoever_shares_with_one_that_has_ended_is_told_so(self):
        self.write_stack("""
            services:
              short: {image: "box:1", command: "true"}
              guest: {image: "box:1", command: sleep inf, network_mode: "service:short"}
        """)
        failed = self.stack("up", "-d", expect=None)
        if failed.code == 0:
            return  # it was faster, for once
        self.assertRegex(failed.err, "short-1(, whose .*,)? (has ended|does not run)")

    def test_a_network_of_another_service(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'echo hello > /tmp/index.html; exec httpd -f -p 80 -h /tmp'
              side:
                image: box:1
                command: sleep 1000
                stop_signal: SIGKILL
                network_mode: service:web
        """)
        eventually(lambda: self.stack("exec", "-T", "side", "wget", "-q", "-O-", "http://127.0.0.1/",
                                      expect=None).out == "hello\n", "the page by loopback")
        self.assertEqual(self.inside("side", "cat", "/etc/hosts"), self.inside("web", "cat", "/etc/hosts"))
        self.assertEqual(self.inside("side", "nslookup", "web").count("web"),
                         self.inside("web", "nslookup", "web").count("web"))

    def test_processes_and_shared_memory_of_another_service(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'echo note > /dev/shm/note; exec sleep 1234'
                ipc: shareable
                stop_signal: SIGKILL
              side:
                image: box:1
                command: sleep 1000
                pid: service:web
                ipc: service:web
                stop_signal: SIGKILL
        """)
        self.assertEqual(self.inside("side", "cat", "/dev/shm/note"), "note\n")
        self.assertIn("1234", self.inside("side", "cat", "/proc/1/cmdline"))
        self.stack("stop", "side")
        self.assertEqual(self.state_of("web"), "running")

    def test_whoever_shares_starts_anew_with_the_other(self):
        text = """
            services:
              web: {image: "box:1", command: sleep 1000, stop_signal: SIGKILL, environment: {A: "%s"}}
              side: {image: "box:1", command: sleep 1000, stop_signal: SIGKILL, network_mode: "service:web"}
        """
        self.up(text % 1)
        self.up(text % 2)
        networks = {self.inside(name, "readlink", "/proc/self/ns/net") for name in ("web", "side")}
        self.assertEqual(len(networks), 1)

    def test_a_container_of_another_stack(self):
        self.up("services:\n  web: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL, container_name: lonely}\n")
        other = self.directory / "other"
        other.mkdir()
        (other / "stack.yaml").write_text("services:\n  side: {image: 'box:1', command: sleep 1000, "
                                          "stop_signal: SIGKILL, network_mode: 'container:lonely'}\n")
        self.stack("up", "-d", directory=other)
        here = self.inside("web", "readlink", "/proc/self/ns/net")
        there = self.stack("exec", "-T", "side", "readlink", "/proc/self/ns/net", directory=other).out
        self.assertEqual(here, there)

    def test_a_container_that_does_not_run(self):
        self.write_stack("services:\n  side: {image: 'box:1', command: sleep 9, network_mode: 'container:nobody'}\n")
        self.assertIn("container nobody, whose network namespace is to be shared, does not run",
                      self.stack("up", "-d", expect=None).err)

    def test_the_hosts_names_and_processes(self):
        self.started("pid: host\nuts: host\n")
        self.assertEqual(self.shell("hostname"), subprocess.check_output(["hostname"], text=True))
        self.assertEqual(self.shell("readlink /proc/self/ns/pid"), os.readlink("/proc/self/ns/pid") + "\n")
        self.stack("down")


class Files(Attribute):
    def test_configs_and_secrets_of_files(self):
        self.write("conf.txt", "config of a file\n")
        self.write("key.txt", "canary-of-file")
        self.started("""
read_only: true
configs: [conf, {source: text, target: /etc/app.conf, uid: "7", gid: "8", mode: 0440}]
secrets: [key]
""", "configs:", "  conf: {file: ./conf.txt}", "  text: {content: 'a text\n\n'}",
                     "secrets:", "  key: {file: ./key.txt}")
        self.assertEqual(self.shell("cat /conf"), "config of a file\n")
        self.assertEqual(self.shell("stat -c '%u %g %a' /etc/app.conf"), "7 8 440\n")
        self.assertEqual(self.shell("cat /run/secrets/key"), "canary-of-file")

    def test_another_text_is_another_container(self):
        self.write("conf.txt", "one\n")
        text = "services:\n  web: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL, configs: [conf]}\n" \
               "configs: {conf: {file: ./conf.txt}}\n"
        self.up(text)
        self.assertIn("nothing to change", self.up(text).err + self.up(text).out)
        self.write("conf.txt", "two\n")
        self.assertIn("configs", self.stack("plan").out)
        self.up(text)
        self.assertEqual(self.shell("cat /conf"), "two\n")

    def test_a_secret_of_the_environment_is_never_on_disk(self):
        text = ("services:\n  web: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL, secrets: [key],"
                " restart: always}\nsecrets: {key: {environment: TOKEN}}\n")
        self.up(text, environment={"TOKEN": "canary-in-memory"})
        self.assertEqual(self.shell("cat /run/secrets/key"), "canary-in-memory")
        # The run directory is in memory.
        found = subprocess.run(["grep", "-r", "-l", "canary-in-memory", os.environ["STACK_ROOT"]],
                               capture_output=True, text=True, check=False).stdout
        self.assertEqual(found, "")
        # It outlives the supervisor, and the container's own restart.
        os.kill(self.supervisor(), 9)
        eventually(lambda: self.pids_named("stack-superviso"), "the next supervisor")
        self.stack("stop", "web")
        self.stack("start", "web")
        self.assertEqual(self.shell("cat /run/secrets/key"), "canary-in-memory")

    def test_a_file_that_is_not_there(self):
        self.write_stack("services:\n  web: {image: 'box:1', command: sleep 9, secrets: [key]}\n"
                         "secrets:\n  key:\n    file: ./nosuch\n")
        self.assertRegex(self.stack("up", "-d", expect=None).err, r"stack.yaml:5:11: error: open .*nosuch")


class Images(Attribute):
    """Volumes of type image: another image's files, seen by a container."""

    def import_tool(self, text):
        tree = self.directory / "tool"
        (tree / "share").mkdir(parents=True, exist_ok=True)
        (tree / "share/text").write_text(text)
        self.stack("image", "import", str(tree), "tool:1")
        self.addCleanup(self.stack, "image", "rm", "--force", "tool:1", expect=None)

    def test_files_of_another_image(self):
        self.import_tool("first\n")
        mount = "volumes: [{type: image, source: 'tool:1', target: /opt, image: {subpath: share}}]\n"
        self.started(mount)
        self.assertEqual(self.shell("cat /opt/text; touch /opt/x 2>&1; true"),
                         "first\ntouch: /opt/x: Read-only file system\n")
        self.stack("cp", "web:/opt/text", "copy")
        self.assertEqual((self.directory / "copy").read_text(), "first\n")
        self.stack("image", "rm", "tool:1", expect=1)
        self.import_tool("second\n")
        self.assertRegex(self.stack("plan").out, r"volumes: .*image tool:1:/opt sha256:\w+ .*stack.yaml:6")
        self.stack("up", "-d")
        self.assertEqual(self.shell("cat /opt/text"), "second\n")
        self.stack("stop")
        self.stack("cp", "web:/opt/text", "copy")
        self.assertEqual((self.directory / "copy").read_text(), "second\n")

    def test_one_that_is_not_there_is_told_at_its_line(self):
        self.write_stack("services:\n  web:\n    image: box:1\n    command: sleep 9\n    volumes:\n"
                         "      - {type: image, source: nosuch, target: /opt}\n")
        self.assertRegex(self.stack("up", "-d", expect=None).err,
                         r"stack.yaml:6:\d+: error: No such image: nosuch")
        self.assertEqual(self.stack("ps", "-a", "--format", "json").out, "")

    def test_what_no_image_can_give_is_refused_at_its_line(self):
        self.write_stack("services:\n  web:\n    image: box:1\n    volumes:\n"
                         "      - {type: image, target: /a}\n"
                         "      - {type: image, source: 'box:1', target: /b, read_only: false}\n"
                         "      - {type: image, source: 'box:1', target: /c, image: {subpath: ../etc}}\n")
        errors = self.stack("up", "-d", expect=3).err
        self.assertRegex(errors, r'stack.yaml:5:\d+: error: a volume of type image needs "source"')
        self.assertRegex(errors, r"stack.yaml:6:\d+: error: an image cannot be mounted writable")
        self.assertRegex(errors, r'stack.yaml:7:\d+: error: subpath "../etc" leads out of the image')


class Idmap(Attribute):
    def test_what_the_container_makes_belongs_to_the_folders_owner(self):
        folder = self.directory / "work"
        folder.mkdir()
        os.chown(folder, 1234, 1235)
        self.write_stack("services:\n  web: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL, user: app,\n"
                         "        volumes: ['./work:/work'], x-stack: {idmap: owner}}\n")
        result = self.stack("up", "-d", expect=None)
        if "Invalid argument" in result.err:
            self.skipTest("the file system of the project's folder takes no mapping of ids")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.shell("echo text > /work/made; stat -c '%u:%g' /work /work/made"),
                         "1000:1000\n1000:1000\n")
        made = os.stat(folder / "made")
        self.assertEqual((made.st_uid, made.st_gid), (1234, 1235))


class Hooks(Attribute):
    def test_after_the_start_and_before_the_stop(self):
        self.started("""
environment: {WHO: container}
post_start:
  - command: sh -c 'echo started by $$WHO as $$(id -u) > /tmp/note; echo said'
    user: app
    environment: {WHO: hook}
pre_stop:
  - command: sh -c 'echo last words'
""")
        self.assertEqual(self.shell("cat /tmp/note"), "started by hook as 1000\n")
        eventually(lambda: self.log("web") == "said\n", "what the hook says is in the log")
        self.stack("stop")
        self.assertEqual(self.log("web"), "said\nlast words\n")

    def test_one_that_fails_after_the_start_fails_the_start(self):
        self.write_stack("services:\n  web: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL,\n"
                         "        post_start: [{command: 'sh -c \"exit 3\"'}]}\n")
        self.assertRegex(self.stack("up", "-d", expect=1).err, r"post_start of .*-web-1 exited \(3\)")

    def test_one_without_an_end_holds_nobody_up(self):
        """Ctrl-C leaves it, and down ends it."""
        self.write_stack("services:\n  web: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL,\n"
                         "        post_start: [{command: 'sh -c \"echo begun; while :; do sleep 1; done\"'}]}\n")
        for flags in (["-d"], []):
            with subprocess.Popen([stacktest.STACK, "up", *flags], cwd=self.directory, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as up:
                eventually(lambda: self.log("web").endswith("begun\n"), "the hook runs")
                up.send_signal(signal.SIGINT)
                self.assertEqual(up.wait(timeout=60), 130)
            self.stack("down", "-t", "0")
        with subprocess.Popen([stacktest.STACK, "up", "-d"], cwd=self.directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as up:
            eventually(lambda: self.log("web").endswith("begun\n"), "the hook runs")
            self.stack("down", "-t", "0")
            self.assertEqual(up.wait(timeout=60), 130)

    def test_one_that_failed_is_tried_again_by_the_next_up(self):
        self.write_stack("services:\n  web: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL,\n"
                         "        post_start: [{command: 'sh -c \"echo . >> /tries; [ -e /fine ]\"'}]}\n")
        self.stack("up", "-d", expect=1)
        before = self.ps()["web"]["ID"]
        self.assertRegex(self.stack("up", "-d", expect=1).err, r"post_start of .*-web-1 exited \(1\)")
        self.inside("web", "touch", "/fine")
        self.stack("up", "-d")
        self.stack("up", "-d")
        self.assertEqual(self.ps()["web"]["ID"], before)
        self.assertEqual(self.inside("web", "sh", "-c", "wc -l < /tries").strip(), "3")

    def test_one_that_fails_or_hangs_before_the_stop_does_not_keep_it_up(self):
        self.started("stop_grace_period: 1s\npre_stop:\n  - command: sleep 1000\n")
        self.assertIn("took too long", self.stack("stop").err)
        self.assertEqual(self.state_of("web"), "exited")


if __name__ == "__main__":
    stacktest.main()
