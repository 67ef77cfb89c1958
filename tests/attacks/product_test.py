# SPDX-License-Identifier: Apache-2.0
"""Attacks that need the whole program: made on `stack`, which must hold, and on `stack_weakened`,
the same program told to forget one defence (weakness.h), which must fall."""

import contextlib
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest.mock
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

import files_ops_test  # noqa: E402
import nameserver  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402
from stacktest import eventually  # noqa: E402

WEAKENED = os.environ.get("STACK_WEAKENED", "")
LOADER = Path(os.environ.get("STACK_LOADER", "/nowhere"))
NOBODY = 65534
CANARY = "canary-7c1f0b5e"  # in places that strangers must not read


def as_nobody(*command, stdin=""):
    """Standard output of a command run by a user who is nobody, from nowhere."""
    def drop():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return subprocess.run(command, cwd="/", preexec_fn=drop, input=stdin, capture_output=True,
                          text=True, check=False).stdout


class Attack(stacktest.StackTest):
    weakened_program = WEAKENED

    def expect_only_without_defence(self, attempt, *weaknesses):
        """`attempt` tells what it gained: nothing from `stack`, something from the weakened one."""
        self.assertEqual(attempt(), "", "the attack succeeded")
        self.take_down()
        with self.weakened(*weaknesses):
            gain = attempt()
            self.take_down()
        self.assertNotEqual(gain, "", "the attack gains nothing without the defence either")

    @contextlib.contextmanager
    def weakened(self, *weaknesses):
        told = Path(os.environ["STACK_RUN"] + ".weakness")
        told.write_text("".join(f"{name}\n" for name in weaknesses))
        try:
            with self.using(self.weakened_program):
                yield
        finally:
            told.unlink()

    @contextlib.contextmanager
    def using(self, program):
        before, stacktest.STACK = stacktest.STACK, str(program)
        try:
            yield
        finally:
            stacktest.STACK = before

    def host_directory(self):
        """A directory of the host with a secret, outside of every container."""
        folder = world.HOME / f"host-{self.project}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "secret").write_text(CANARY)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def make_image(self, name, change):
        """An image like box:1, after `change` had its way with the folder it is made from."""
        folder = world.HOME / "image"
        stacktest.make_box(folder)
        change(folder)
        stacktest.run_stack("image", "import", str(folder), name, "--change", 'CMD ["sh"]')
        shutil.rmtree(folder)


class TheProgramItself(Attack):
    """R1: CVE-2019-5736."""

    ATTACKER = """
        echo ready > /out/ready
        while :; do
          (echo overwritten > /proc/self/fd/9) 2> /out/error && echo yes > /out/written
          echo tried >> /out/tries
          usleep 10000
        done
        """

    def attempt(self):
        """The attacker holds the program's file open until nobody runs it any more."""
        out = self.directory / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        program = world.HOME / "stack-to-be-overwritten"
        shutil.copy(stacktest.STACK, program)
        content = program.read_bytes()
        with self.using(program):
            self.up("services:\n  evil:\n    image: evil:1\n    volumes: ['./out:/out']\n"
                    "    entrypoint: [/evil]\n")
        eventually((out / "ready").exists, "our program runs the attacker's loader")
        for name in ("stack-keeper", "stack-superviso"):
            for pid in self.pids_named(name):
                os.kill(pid, signal.SIGKILL)
        eventually(lambda: not self.pids_named("stack-keeper"), "nobody runs the program")
        tried = self.tries(out)
        eventually(lambda: self.tries(out) > tried + 3, "the attacker has tried")
        overwritten = program.read_bytes() != content
        program.unlink()
        return "the program is overwritten" if overwritten else ""

    @staticmethod
    def tries(out):
        path = out / "tries"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def test_r1_is_not_overwritten_from_inside(self):
        if not LOADER.exists():
            self.skipTest("the attacker's loader is written for x86_64")

        def change(folder):
            (folder / "evil").write_text("#!/proc/self/exe\n")
            (folder / "evil").chmod(0o755)
            (folder / "overwrite").write_text(self.ATTACKER)
            (folder / "lib64").mkdir()
            shutil.copy(LOADER, folder / "lib64/ld-linux-x86-64.so.2")
        self.make_image("evil:1", change)
        self.expect_only_without_defence(self.attempt, "program_on_disk")


class Terminals(Attack):
    """R14."""

    HOSTILE = r"printf '\033]0;title\007\033[2J\033[6n\302\2332J\033[31mred\n'"

    def logs_on_a_terminal(self, *flags):
        parent, child = pty.openpty()
        done = subprocess.run([stacktest.STACK, "logs", *flags], cwd=self.directory, stdout=child,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 0)
        os.close(child)
        text = b""
        with contextlib.suppress(OSError):  # EIO: all has been read
            while True:
                text += os.read(parent, 65536)
        os.close(parent)
        return text

    def test_r14_what_containers_print_does_not_drive_the_terminal(self):
        self.up(f"services:\n  web:\n    image: box:1\n    command:\n      - sh\n      - -c\n"
                f"      - |\n        {self.HOSTILE}\n")
        eventually(lambda: "red" in self.log("web"), "the line")
        shown = self.logs_on_a_terminal("--no-log-prefix")
        self.assertEqual(shown, b"\\x1b]0;title\\x07\\x1b[2J\\x1b[6n\\xc2\\x9b2J\x1b[31mred\r\n")
        # Nobody's terminal: every byte as it was, which is what a terminal would have got.
        self.assertIn("\x1b]0;title\x07\x1b[2J", self.log("web"))

    def test_r14_names_and_commands_do_not_either(self):
        self.up('services:\n  web:\n    image: box:1\n'
                '    command: [sh, -c, "sleep 1001 # \\e]0;title\\a"]\n'
                '    labels: {a: "\\e[2J"}\n')
        for arguments in (["ps", "--no-trunc"], ["ps", "-a"], ["plan"]):
            self.assertNotIn("\x1b]", self.stack(*arguments).out)
            self.assertNotIn("\x1b[2J", self.stack(*arguments).out)


class HostPaths(Attack):
    """R18: the verdicts are listed in tests/orchestrator/host_sources_test.cc."""

    def file(self, source, access="rw"):
        return ("services:\n  web:\n    image: box:1\n    command: sleep 1001\n"
                f"    volumes: ['{source}:/host:{access}']\n")

    def test_r18_what_makes_a_container_master_of_the_host_is_refused(self):
        for source in ("/", "/proc", "/sys", os.environ["STACK_ROOT"], os.environ["STACK_RUN"],
                       "/run"):
            self.write_stack(self.file(source))
            refused = self.stack("up", "-d", expect=1)
            self.assertIn(f"stack.yaml:5:5: error: bind source {source} is refused: ", refused.err)
            self.assertIn("--allow-host-paths", refused.err)
        self.assertEqual(self.ps(), {})

    def test_r18_monitors_may_read_the_host(self):
        # As it is on most machines; in this namespace it is nobody's but ours.
        subprocess.run(["mount", "--make-shared", "/"], check=True)
        self.addCleanup(subprocess.run, ["mount", "--make-private", "/"], check=True)
        self.up("services:\n  web:\n    image: box:1\n    command: sleep 1001\n"
                "    volumes: ['/:/host:ro,rslave', '/proc:/host-proc:ro', '/sys:/host-sys:ro']\n")
        self.assertEqual(self.inside("web", "cat", "/host/etc/hostname"),
                         Path("/etc/hostname").read_text())
        self.stack("exec", "-T", "web", "touch", f"/host{world.HOME}/made", expect=1)

    def test_r18_the_flag_is_what_stands_between_a_container_and_the_host(self):
        host = self.host_directory()

        def attempt(*flags):
            self.write_stack(self.file("/"))
            if self.stack("up", "-d", *flags, expect=None).code != 0:
                return ""
            self.inside("web", "sh", "-c", f"echo changed > /host{host}/secret")
            return (host / "secret").read_text()
        self.assertEqual(attempt(), "")
        self.assertEqual(attempt("--allow-host-paths"), "changed\n")


class Volumes(Attack):
    def test_r19_a_subpath_that_became_a_link_is_not_followed(self):
        host = self.host_directory()
        self.write_stack(f"""
            services:
              writer:
                image: box:1
                command: sleep 1001
                volumes: ['data:/v']
              reader:
                image: box:1
                command: sh -c 'cat /s/* 2> /dev/null; echo read'
                volumes: [{{type: volume, source: data, target: /s, volume: {{subpath: sub}}}}]
            volumes: {{data: }}
            """)

        def attempt():
            self.stack("up", "-d", "writer")
            self.inside("writer", "mkdir", "/v/sub")
            self.stack("up", "-d", "reader")
            eventually(lambda: self.state_of("reader") == "exited", "it has ended")
            self.assertEqual(self.log("reader"), "read\n")
            self.inside("writer", "sh", "-c", f"rmdir /v/sub; ln -s {host} /v/sub")
            if self.stack("start", "reader", expect=None).code != 0:
                return ""
            eventually(lambda: self.log("reader").endswith("read\n")
                       and self.log("reader").count("read\n") == 2, "it has read again")
            return self.log("reader").replace("read\n", "")
        self.expect_only_without_defence(attempt, "links_lead_out")

    def test_r20_a_new_volume_is_not_filled_through_an_images_link(self):
        host = self.host_directory()

        def change(folder):
            (folder / "data").symlink_to(host)
            (folder / str(host).lstrip("/")).mkdir(parents=True)  # where the link leads inside
        self.make_image("linked:1", change)
        self.write_stack("services:\n  web:\n    image: linked:1\n    command: sleep 1001\n"
                         "    volumes: ['data:/data']\nvolumes: {data: }\n")

        def attempt():
            self.stack("up", "-d")
            data = Path(os.environ["STACK_ROOT"]) / "volumes"
            return "".join(str(path) for path in data.rglob("secret"))
        self.expect_only_without_defence(attempt, "image_links_lead_out")


class Copies(Attack):
    """I11: CVE-2018-15664, CVE-2026-41568 and others. Long races of the product alone are in
    tests/system/files_ops_test.py."""

    ROUNDS = int(os.environ.get("STACK_ATTACK_ROUNDS", "2000")) // 10

    def setUp(self):
        super().setUp()
        self.host = self.host_directory()
        self.write("in/secret", "from the host, on purpose")

    def exchange_for_ever(self, one, other):
        """In a process of its own, until the end of the test; what it does, a program in the container could do."""
        child = os.fork()
        while child == 0:
            with contextlib.suppress(OSError):
                files_ops_test.exchange(one, other)

        def end():
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        return end

    def race(self, one_round):
        """What a round gained, while a directory of the container and a link to the host change places."""
        self.up("services: {web: {image: 'box:1', command: sleep 1001, volumes: ['data:/v']}}\nvolumes: {data: }\n")
        volume = next(Path(os.environ["STACK_ROOT"], "volumes").glob("*/_data"))
        (volume / "d").mkdir()
        (volume / "d/secret").write_text("the container's own")
        (volume / "l").symlink_to(self.host)
        end = self.exchange_for_ever(volume / "d", volume / "l")
        try:
            for _ in range(self.ROUNDS):
                if gain := one_round():
                    return gain
            return ""
        finally:
            end()

    def copy_out(self):
        shutil.rmtree(self.directory / "out", ignore_errors=True)
        (self.directory / "out").mkdir()
        self.stack("cp", "-q", "web:/v/d/secret", "out/secret", expect=None)
        copy = self.directory / "out/secret"
        return copy.read_text() if copy.is_file() and copy.read_text() == CANARY else ""

    def copy_in(self):
        self.stack("cp", "-q", "in/secret", "web:/v/d/secret", expect=None)
        there = (self.host / "secret").read_text()
        (self.host / "secret").write_text(CANARY)
        return there if there != CANARY else ""

    def test_i11_what_is_copied_out_is_never_the_hosts(self):
        self.expect_only_without_defence(lambda: self.race(self.copy_out), "links_lead_out")

    def test_i11_what_is_copied_in_never_comes_to_the_host(self):
        self.expect_only_without_defence(lambda: self.race(self.copy_in), "links_lead_out")


class HealthChecks(Attack):
    """R24."""

    FILE = """
        services:
          web:
            image: box:1
            command: sleep 1001
            healthcheck:
              test: ["CMD", "sh", "-c", "yes 0123456789012345678901234567890123456789 & exec yes"]
              interval: 100ms
              timeout: 1500ms
              retries: 5
        """

    def memory_of_supervisor(self):
        """The most that it had so far, in KiB."""
        # The oldest of that name: checks that have not become their program yet have it, too.
        status = Path(f"/proc/{min(self.pids_named('stack-superviso'))}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    def attempt(self):
        self.up(self.FILE)
        before = self.memory_of_supervisor()
        eventually(lambda: self.ps()["web"]["Health"] == "unhealthy", "the checks were too slow",
                   deadline=120)
        grown = self.memory_of_supervisor() - before
        return "" if grown < 4 << 10 else f"{grown} KiB of the supervisor's memory"

    def test_r24_a_flood_of_output_is_not_kept(self):
        self.expect_only_without_defence(self.attempt, "unbounded_output")

    def test_r24_nothing_of_a_check_outlives_it(self):
        self.up(self.FILE.replace("interval: 100ms", "interval: 1s"))
        flood = "yes 0123456789"  # not by name: process 1 here reaps nobody, zombies have one
        for _ in range(2):
            eventually(lambda: self.pids_running(flood), "a check runs")
            eventually(lambda: not self.pids_running(flood), "and nothing of it when its time is over")


class OtherUsers(Attack):
    """What somebody else on the host can read, reach and prepare: S1, S2, S4, S6."""

    FILE = "services:\n  web:\n    image: box:1\n    command: sleep 1001\n    env_file: secret.env\n"

    def setUp(self):
        super().setUp()
        self.write("secret.env", f"PASSWORD={CANARY}\n").chmod(0o600)

    def found_by_nobody(self):
        """Where the canary can be read: environments, command lines, state made from nothing."""
        root = world.HOME / "fresh"
        with unittest.mock.patch.dict(os.environ, STACK_ROOT=str(root)):
            stacktest.import_box()
            self.up(self.FILE)
            self.stack("exec", "-T", "web", "true")
            found = as_nobody("sh", "-c", "grep -rals -f - /proc/[0-9]*/environ /proc/[0-9]*/cmdline "
                              f"{root} {os.environ['STACK_RUN']}", stdin=CANARY)
            self.take_down()
        shutil.rmtree(root)
        return found

    def test_s1_secrets_are_nowhere_to_be_read(self):
        self.expect_only_without_defence(self.found_by_nobody, "open_state")

    def test_s1_secrets_are_in_no_command_line(self):
        self.up(self.FILE)
        self.assertEqual(self.pids_running(CANARY), [])
        supervisor = Path(f"/proc/{self.supervisor()}")
        self.assertNotIn(CANARY.encode(), (supervisor / "environ").read_bytes())

    @staticmethod
    def holding_canary(variable):
        """Files below one of our two directories that hold the canary."""
        return subprocess.run(["grep", "-rals", CANARY, os.environ[variable]],
                              capture_output=True, text=True, check=False).stdout

    def on_disk(self, kind, path):
        """Those of the directory that survives a reboot, while a service has it as a config or a
        secret. The other directory is in memory, and forgets it with the container."""
        self.up(f"services:\n  web:\n    image: box:1\n    command: sleep 1001\n    {kind}: [key]\n"
                f"{kind}: {{key: {{environment: KEY}}}}\n", environment={"KEY": CANARY})
        self.assertEqual(self.inside("web", "cat", path).strip(), CANARY)
        found = self.holding_canary("STACK_ROOT")
        self.take_down()
        self.assertEqual(self.holding_canary("STACK_RUN"), "")
        return found

    def test_s3_secrets_are_not_on_disk(self):
        self.assertEqual(self.on_disk("secrets", "/run/secrets/key"), "")
        # A config is none: it is, which shows that what is there is found.
        self.assertNotEqual(self.on_disk("configs", "/key"), "")

    def control_socket(self):
        return Path(os.environ["STACK_RUN"]) / "stacks" / self.project / "control.sock"

    def heard_by_nobody(self):
        self.up(self.FILE)
        return as_nobody(sys.executable, "-c", f"""
import socket
client = socket.socket(socket.AF_UNIX)
client.settimeout(5)
try:
    client.connect({str(self.control_socket())!r})
    print(client.recv(100))
except OSError:
    pass
""").replace("b''\n", "")

    def test_s2_the_control_socket_is_not_for_others(self):
        self.expect_only_without_defence(self.heard_by_nobody, "open_state", "any_client")

    def test_s2_it_asks_who_comes_even_when_the_way_to_it_is_open(self):
        with self.weakened("open_state"):
            self.assertEqual(self.heard_by_nobody(), "")
            self.stack("down", "-t", "0")

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(self.control_socket()))
        return client

    def test_s2_clients_that_say_nothing_hold_up_nobody(self):
        self.up(self.FILE)
        idle = [self.connect() for _ in range(200)]
        idle[0].send(struct.pack(">I", 100) + b"the beginning of a message")
        started = time.monotonic()
        self.stack("stop", "-t", "0")
        self.assertLess(time.monotonic() - started, 10)
        for client in idle:
            client.close()

    def test_s2_a_message_that_is_too_large_is_not_waited_for(self):
        self.up(self.FILE)
        client = self.connect()
        client.settimeout(stacktest.DEADLINE)
        client.recv(4096)  # its greeting
        client.send(b"\xff\xff\xff\xff" + b"x" * 1000)
        with contextlib.suppress(ConnectionResetError):
            self.assertEqual(client.recv(1), b"")
        client.close()
        self.stack("stop", "-t", "0")

    def test_s4_nothing_is_written_to_tmp(self):
        for program in (stacktest.STACK, WEAKENED):  # wherever they are, not below /tmp
            shutil.copy(program, world.HOME / Path(program).name)
        self.weakened_program = world.HOME / Path(WEAKENED).name
        world.mount("tmpfs", "/tmp", "mode=1777")
        self.addCleanup(subprocess.run, ["umount", "/tmp"], check=True)

        def attempt():
            try:
                self.up(self.FILE)
                self.stack("exec", "-T", "web", "true")
                self.stack("stop", "-t", "0")
            except AssertionError:
                pass
            return " ".join(entry.name for entry in Path("/tmp").iterdir())
        with self.using(world.HOME / Path(stacktest.STACK).name):
            self.expect_only_without_defence(attempt, "scratch_in_tmp")

    def prepared_by_nobody(self, mode, owner):
        """Whether a state directory that is somebody else's is taken."""
        folder = world.HOME / "prepared"
        folder.mkdir()
        os.chown(folder, owner, owner)
        folder.chmod(mode)
        try:
            done = self.stack("image", "ls", expect=None, environment={"STACK_ROOT": str(folder)})
            if done.code != 0:
                self.assertIn(str(folder), done.err)
            return "taken" if done.code == 0 else ""
        finally:
            shutil.rmtree(folder)

    def test_s6_a_state_directory_of_somebody_else_is_not_used(self):
        self.expect_only_without_defence(lambda: self.prepared_by_nobody(0o755, NOBODY),
                                         "anybodys_state")
        self.expect_only_without_defence(lambda: self.prepared_by_nobody(0o777, 0),
                                         "anybodys_state")


def check_weakened():
    world.require(WEAKENED and Path(WEAKENED).exists(), "stack_weakened is not built")


class Names(Attack):
    """N9: answers that are not the resolver's, and answers for strangers."""

    EVIL = "192.0.2.66"
    LIES_EACH = 2000
    ROUNDS = int(os.environ.get("STACK_ATTACK_ROUNDS", "2000")) // 40

    def client(self, command):
        pids = []
        eventually(lambda: pids.extend(self.pids_running(command)) or pids, command)
        return nameserver.Client(pids[0])

    def lies(self, message, transport):
        """By TCP the truth. By UDP, from the address and port that the answer has to come from, all
        that somebody can say who saw the query's length and name but neither id nor letters."""
        if transport == "tcp":
            return nameserver.reply_to(message, addresses=["192.0.2.1"])
        asked = nameserver.Message(message)
        flipped = bytes(byte ^ 0x20 if chr(byte).isalpha() else byte for byte in asked.question[:-4])
        other_name = nameserver.wire_name("other.example.org") + asked.question[-4:]
        wrong_questions = (flipped + asked.question[-4:], asked.question[:-4] + b"\0\x1c\0\1",
                           asked.question[:-4] + b"\0\1\0\3", other_name)
        wrong_ids = [(asked.number + 1 + step) % 65536 for step in range(self.LIES_EACH - 4)]
        return ([nameserver.reply_to(message, addresses=[self.EVIL], number=number)
                 for number in wrong_ids] +
                [nameserver.reply_to(message, addresses=[self.EVIL], question=question)
                 for question in wrong_questions])

    def spoof(self):
        """50 queries, 2000 wrong replies to each."""
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        client = self.client("sleep 1001")
        with nameserver.NameServer(self.lies):
            for number in range(self.ROUNDS):
                if self.EVIL in client.ask(f"name-of-round-{number}.example.org").answers:
                    return "a wrong reply was taken"
        return ""

    def test_a_reply_that_is_not_to_the_query_is_not_taken(self):
        self.expect_only_without_defence(self.spoof, "any_reply")

    def ask_neighbour(self):
        """What web's resolver tells db, whose packets to web's 127.0.0.11 are routed to web, where
        the kernel was told to take them."""
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                sysctls: {net.ipv4.conf.all.route_localnet: 1, net.ipv4.conf.all.rp_filter: 0}
              db: {image: "box:1", command: sleep 1002}
        """)
        web = self.inside("web", "hostname", "-i").split()[0]
        neighbour = self.client("sleep 1002")
        port = self.resolver_port(self.client("sleep 1001"))
        with nameserver.inside(neighbour.namespace):
            world.run("sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
            world.run("ip", "route", "add", "127.0.0.11/32", "via", web, "dev", "eth0", "table", "77")
            world.run("ip", "rule", "add", "to", "127.0.0.11", "lookup", "77", "pref", "0")
            world.run("ip", "rule", "add", "lookup", "local", "pref", "1")
            world.run("ip", "rule", "del", "lookup", "local", "pref", "0")
        with neighbour.socket() as udp:
            udp.settimeout(2)
            udp.sendto(nameserver.query("web"), ("127.0.0.11", port))
            try:
                return " ".join(nameserver.Message(udp.recv(512)).answers)
            except TimeoutError:
                return ""

    @staticmethod
    def resolver_port(client):
        with nameserver.inside(client.namespace):
            table = Path("/proc/thread-self/net/udp").read_text().splitlines()[1:]
        rows = [row.split()[1] for row in table]
        return next(int(row.split(":")[1], 16) for row in rows if row.startswith("0B00007F"))

    def test_a_resolver_answers_its_own_container_only(self):
        # Its bridge would not take an answer from 127.0.0.11 either.
        self.expect_only_without_defence(self.ask_neighbour, "resolver_for_anybody",
                                         "ports_unlocked")


if __name__ == "__main__":
    stacktest.main(check_weakened)
