# SPDX-License-Identifier: Apache-2.0
"""`stack container`: containers without a compose file, and all containers by their names."""

import json
import os
import signal
import subprocess
from pathlib import Path

import stacktest
from terminals import Terminal
from stacktest import IMAGE, eventually


class ContainerTest(stacktest.StackTest):
    def container(self, *arguments, **options):
        return self.stack("container", *arguments, **options)

    def row(self, name):
        """What `container ls -a` knows of it; None when there is none."""
        rows = [json.loads(line) for line in self.container("ls", "-a", "--format", "json").lines]
        return next((row for row in rows if row["Names"] == name), None)

    def run_box(self, *arguments, **options):
        """With the image between flags and command: '-' stands for it."""
        words = [IMAGE if word == "-" else word for word in arguments]
        return self.container("run", *words, **options)

    def inspect(self, name):
        (seen,) = json.loads(self.container("inspect", name).out)
        return seen


class Names(ContainerTest):
    def test_a_name_that_two_stacks_have_means_none_of_them(self):
        self.write_stack("services: {db: {image: 'box:1', command: sleep inf, container_name: db}}")
        for name in ("one", "two"):
            self.addCleanup(self.stack, "-p", name, "down", "-t", "0")
            self.stack("-p", name, "up", "-d")
        for command in (["exec", "db", "true"], ["stop", "db"], ["rm", "-f", "db"], ["inspect", "db"]):
            refused = self.container(*command, expect=None)
            self.assertNotEqual(refused.code, 0, command)
            self.assertRegex(refused.err, "several containers are called db: [0-9a-f]{12} of stack (one|two), ")
        (one,) = self.stack("-p", "one", "ps", "-q").lines
        self.container("rm", "-f", one[:12])
        self.assertEqual(self.container("exec", "db", "true").code, 0)


class Inspect(ContainerTest):
    def test_lists_that_docker_has_empty_are_lists(self):
        self.run_box("-d", "--name", "plain", "-", "sleep", "100")
        host = self.inspect("plain")["HostConfig"]
        for key in ("Devices", "Dns", "DnsOptions", "DnsSearch", "Ulimits", "BlkioWeightDevice", "BlkioDeviceReadBps",
                    "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"):
            self.assertEqual(host[key], [], key)
        for key in ("CapAdd", "CapDrop", "GroupAdd", "ExtraHosts", "Binds", "SecurityOpt", "Links"):
            self.assertIsNone(host[key], key)
        self.container("rm", "-f", "plain")


class Run(ContainerTest):
    def test_hello(self):
        result = self.run_box("--rm", "-", "echo", "hello world")
        self.assertEqual((result.out, result.err), ("hello world\n", ""))

    def test_exit_codes(self):
        self.run_box("--rm", "-", "sh", "-c", "exit 7", expect=7)
        self.run_box("--rm", "-", "nothere", expect=127)
        self.run_box("--rm", "-", "/etc/passwd", expect=126)
        self.assertIn("No such image", self.container("run", "--pull", "never", "nothere:1", expect=125).err)

    def test_input(self):
        self.assertEqual(self.run_box("--rm", "-i", "-", "cat", stdin="some\ntext\n").out, "some\ntext\n")
        self.assertEqual(self.run_box("--rm", "-", "cat", stdin="unheard\n").out, "")

    def test_a_terminal(self):
        terminal = Terminal(["container", "run", "--rm", "-it", IMAGE, "sh"], self.directory)
        terminal.await_text("# ")
        terminal.type("exit 5\n")
        self.assertEqual(terminal.finish(), 5)
        self.assertIn("the input device is not a TTY", self.run_box("-it", "-", "sh", expect=1).err)

    def test_detached_it_has_an_id_and_a_name(self):
        identity = self.run_box("-d", "--name", "web", "-", "sleep", "1001").out
        self.assertRegex(identity, "^[0-9a-f]{64}\n$")
        self.assertEqual(self.row("web")["State"], "running")
        self.assertIn(identity[:12], self.container("ls").out)
        err = self.run_box("--name", "web", "-", "true", expect=125).err
        self.assertIn('The container name "/web" is already in use by container', err)

    def test_a_name_of_two_words_if_none_is_given(self):
        self.run_box("-d", "-", "sleep", "1001")
        self.assertRegex(self.container("ls", "--format", "{{.Names}}").out, "^[a-z]+_[a-z]+\n$")

    def test_two_of_them_find_each_other(self):
        self.run_box("-d", "--name", "one", "-", "sleep", "1001")
        self.run_box("--rm", "-", "ping", "-c", "1", "one")

    def test_the_folder_it_is_called_in_does_not_matter(self):
        self.write_stack("this is no stack file")
        self.run_box("-d", "--name", "web", "-", "sleep", "1001")
        self.container("stop", "-t", "0", "web")

    def test_flags(self):
        self.write("here/file", "from here\n")
        self.write("some.env", "C=of a file\n")
        out = self.run_box(
            "--rm", "-e", "A=1", "-e", "D", "--env-file", "some.env", "-w", "/srv", "-u", "app", "-h", "box",
            "-v", "./here:/here:ro", "--tmpfs", "/scratch", "--add-host", "other:10.1.2.3",
            "--entrypoint", "sh", "-", "-c",
            "echo $A $C $D; pwd; id -un; hostname; cat /here/file; grep -c 'scratch tmpfs' /proc/mounts;"
            " grep -c other /etc/hosts", environment={"D": "ours"}).out
        self.assertEqual(out, "1 of a file ours\n/srv\napp\nbox\nfrom here\n1\n1\n")

    def test_a_dollar_is_the_programs(self):
        self.assertEqual(self.run_box("--rm", "-e", "A=$HOME", "-", "sh", "-c", "x=5; echo $x ${A}").out, "5 $HOME\n")

    def test_limits_and_rights(self):
        self.run_box("-d", "--name", "small", "--memory", "64m", "--pids-limit", "50", "--cap-drop", "ALL",
                     "--read-only", "--ulimit", "nofile=64:128", "-", "sleep", "1001")
        seen = self.container("exec", "small", "sh", "-c",
                              "ulimit -n; touch /x || echo read-only; grep CapEff /proc/1/status").out
        self.assertEqual(seen.split(), ["64", "read-only", "CapEff:", "0000000000000000"])

    def test_streams_can_be_chosen(self):
        script = ["-", "sh", "-c", "echo out; echo err >&2; read word; echo got $word"]
        for flags, out, err in ((["-a", "stdout"], "out\ngot\n", ""), (["-a", "STDERR"], "", "err\n"),
                                (["-i", "-a", "stdin", "-a", "stdout"], "out\ngot it\n", ""),
                                (["-i"], "out\ngot it\n", "err\n")):
            done = self.run_box("--rm", *flags, *script, stdin="it\n")
            self.assertEqual((done.out, done.err), (out, err), flags)
        self.assertIn("valid streams are", self.run_box("-a", "all", *script, expect=125).err)

    def test_what_keeps_it_from_being_made_is_told_by_125(self):
        for flags in (["--link", "nosuch"], ["--volumes-from", "nosuch"], ["--pid", "container:nosuch"],
                      ["--network", "container:nosuch"], ["--no-healthcheck", "--health-cmd", "true"]):
            self.run_box("--rm", *flags, "-", "true", expect=125)
        self.assertEqual(self.container("ls", "-aq").lines, [])

    def test_what_is_wrong_with_a_flag_is_told(self):
        for flags, text in ((["-v", "/data/public:ro"], "did you mean /data/public:/data/public:ro?"),
                            (["--memory", "much"], "mem_limit"),
                            (["--network", "nothere"], "nothere"),
                            (["--mount", "type=bind,src=/nothere,dst=/x"], "/nothere"),
                            (["--rm", "--restart", "always"], "conflicting options"),
                            (["--cpuset-mems", "0"], "not supported yet")):
            err = self.run_box(*flags, "-", "true", expect=125).err
            self.assertIn(text, err)
        self.assertEqual(self.container("ls", "-aq").lines, [])

    def test_limits_that_docker_refuses_are_refused_in_its_words(self):
        count = os.cpu_count()
        too_many = f"range of CPUs is from 0.01 to {count}.00, as there are only {count} CPUs available"
        refused = ((["-m", "5m"], "Minimum memory limit allowed is 6MB"),
                   (["--memory-reservation", "5m"], "Minimum memory reservation allowed is 6MB"),
                   (["--cpus", str(count + 1)], too_many),
                   (["--cpu-quota", "10"], "CPU cfs quota can not be less than 1ms (i.e. 1000)"))
        for flags, words in refused:
            self.assertIn(words, self.run_box(*flags, "-", "true", expect=125).err)
        self.assertEqual(self.container("ls", "-aq").lines, [], "nothing was made")
        self.run_box("-d", "--name", "web", "-", "sleep", "1001")
        for flags, words in refused:
            self.assertIn(words, self.container("update", *flags, "web", expect=1).err)

    def test_an_empty_half_of_a_user_asks_for_nothing(self):
        ids = lambda user: self.run_box("--rm", "-u", user, "-", "sh", "-c", "id -u; id -g; id -G").out.split("\n")[:3]
        self.assertEqual(ids(":"), ids("0"))
        self.assertEqual(ids("app:"), ids("app"))
        self.assertEqual(ids("1000:"), ids("1000"))
        self.assertEqual(ids("1234:"), ["1234", "0", "0"])
        self.assertEqual(ids(":50"), ["0", "50", "50"])
        self.run_box("-d", "--name", "web", "-", "sleep", "1001")
        for user, uid in ((":", "0"), ("1234:", "1234")):
            self.assertEqual(self.container("exec", "-u", user, "web", "id", "-u").out, f"{uid}\n")

    def test_who_is_nobody_is_told_before_anything_is_made(self):
        for user, words in (("nobodyatall", "unable to find user nobodyatall: no matching entries in passwd file"),
                            ("0:nogroupatall", "unable to find group nogroupatall: no matching entries in group file"),
                            ("a b", 'invalid user "a b"')):
            self.assertIn(words, self.run_box("-u", user, "-v", "made:/x", "-", "true", expect=125).err)
        self.assertEqual(self.container("ls", "-aq").lines, [])
        self.assertNotIn("made", self.stack("volume", "ls", "-q").lines)
        # As docker has it, users are the image's: accounts that are mounted are the program's own affair.
        self.write("passwd", "nobodyatall:x:4321:4321::/:/bin/sh\n")
        self.run_box("--rm", "-u", "nobodyatall", "-v", "./passwd:/etc/passwd:ro", "-", "id", "-u", expect=125)

    def test_an_entrypoint_of_nothing_leaves_no_command(self):
        for words in ([], ["echo", "bare"]):
            done = self.run_box("--rm", "--entrypoint", "", "-", *words, expect=None)
            self.assertEqual(done.out, "bare\n" if words else "", done.err)

    def test_a_volume_that_is_there_is_used_without_a_word(self):
        self.stack("volume", "create", "there")
        self.assertEqual(self.run_box("--rm", "-v", "there:/x", "-", "true").err, "")
        self.stack("volume", "rm", "--now", "there")

    def test_mounts_that_could_not_spread_are_refused_in_dockers_words(self):
        self.write("here/file", "x")
        here = f"{self.directory}/here"
        for mode, words in (("rshared", "it is not a shared mount"), ("rslave", "it is not a shared or slave mount")):
            err = self.run_box("-v", f"{here}:/x:{mode}", "-", "true", expect=125).err
            self.assertRegex(err, f"path {here} is mounted on /.* but {words}")
        self.assertEqual(self.container("ls", "-aq").lines, [])
        subprocess.run(["mount", "-t", "tmpfs", "none", here], check=True)
        self.addCleanup(subprocess.run, ["umount", here], check=True)
        subprocess.run(["mount", "--make-shared", here], check=True)
        for mode in ("rshared", "rslave"):
            self.run_box("--rm", "-v", f"{here}:/x:{mode}", "-", "true")

    def test_published_ports(self):
        self.run_box("-d", "--name", "web", "-p", "18080:80", "-", "httpd", "-f", "-p", "80", "-h", "/srv/data")
        self.await_page("http://127.0.0.1:18080/from-image", "hello from the image\n")
        self.assertEqual(self.container("port", "web", "80").lines[0], "0.0.0.0:18080")
        self.assertIn("18080->80/tcp", self.row("web")["Ports"])

    def test_a_published_port_in_the_long_form(self):
        self.run_box("-d", "--name", "long", "-p", "published=8088,target=80,protocol=udp", IMAGE, "sleep", "1001")
        self.assertIn("80/udp -> 0.0.0.0:8088", self.container("port", "long").out)
        self.assertIn("target= is required", self.run_box("-p", "published=80", IMAGE, "true", expect=125).err)

    def test_published_ports_of_the_hosts_network_are_told_to_be_discarded(self):
        said = self.run_box("--rm", "--network", "host", "-p", "80:80", IMAGE, "true").err
        self.assertIn("WARNING: Published ports are discarded when using host network mode", said)

    def test_what_needs_a_network_of_its_own_is_refused_without_one(self):
        self.run_box("-d", "--name", "whose", IMAGE, "sleep", "1001")
        other = "container:whose"
        for mode, flags, words in (("none", ["--ip", "10.40.0.3"], "user specified IP address is supported on user defined"),
                                   ("host", ["--network-alias", "a"], "network-scoped aliases are only supported"),
                                   ("host", ["--link", "whose"], "host type networking can't be used with links"),
                                   (other, ["-p", "80:80"], "port publishing and the container type network mode"),
                                   (other, ["--expose", "9"], "port exposing and the container type network mode"),
                                   (other, ["--dns", "192.0.2.1"], "dns and the network mode"),
                                   (other, ["--add-host", "a:192.0.2.1"], "custom host-to-IP mapping and the network mode"),
                                   (other, ["--network-alias", "a"], "network-scoped aliases are only supported")):
            with self.subTest(mode=mode, flags=flags):
                self.assertIn(words, self.run_box("--network", mode, *flags, IMAGE, "true", expect=125).err)

    def test_port_of_a_container_says_whose_command_that_is(self):
        self.run_box("-d", "--name", "alone", IMAGE, "sleep", "1001")
        self.write_stack("services: {web: {image: 'box:1'}}")
        self.assertIn("it is a container: `stack container", self.stack("port", "alone", expect=1).err)

    def test_volumes_from_a_container_that_has_ended(self):
        self.run_box("--name", "data", "-v", "/srv/data", "-", "true")
        out = self.run_box("--rm", "--volumes-from", "data", "-", "cat", "/srv/data/from-image").out
        self.assertEqual(out, "hello from the image\n")
        self.run_box("-d", "--name", "user", "--volumes-from", "data:ro", "-", "sleep", "1001")
        self.container("exec", "user", "touch", "/srv/data/x", expect=1)
        self.assertIn("kept data", self.container("prune", "-f").err)
        self.container("rm", "-v", "data")
        self.assertEqual(self.container("exec", "user", "ls", "/srv/data").lines, ["from-image", "link"])

    def test_a_volume_by_its_name_is_the_machines(self):
        self.run_box("--rm", "-v", "things:/things", "-", "touch", "/things/there")
        self.assertEqual(self.run_box("--rm", "-v", "things:/x", "-", "ls", "/x").out, "there\n")
        self.stack("volume", "rm", "--now", "things")

    def test_into_the_network_of_a_stack(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.run_box("--rm", "--network", f"{self.project}_default", "-", "ping", "-c", "1", "web")

    def test_into_a_network_that_nothing_runs_in_yet(self):
        self.stack("network", "create", "quiet")
        self.assertEqual(self.run_box("--rm", "--network", "quiet", "-", "echo", "there").out, "there\n")
        self.container("create", "--name", "later", "--network", "quiet", IMAGE, "echo", "then")
        self.assertEqual(self.container("start", "-a", "later").out, "then\n")
        self.write_stack(f"""
            services:
              web: {{image: {IMAGE}, command: sleep 1001, networks: [quiet]}}
            networks: {{quiet: {{external: true}}}}
        """)
        self.assertEqual(self.stack("run", "--rm", "-T", "web", "echo", "by hand").out, "by hand\n")
        self.stack("down")
        self.container("rm", "later")
        self.stack("network", "rm", "quiet")

    def test_into_the_network_of_a_stack_that_was_stopped(self):
        self.write_stack(f"""
            name: off
            services:
              web: {{image: {IMAGE}, command: sleep 1001, stop_grace_period: 0s}}
        """)
        self.up()
        self.stack("stop")
        self.assertEqual(self.run_box("--rm", "--network", "off_default", "-", "echo", "there").out, "there\n")

    def test_restarted_as_it_says(self):
        self.run_box("-d", "--name", "again", "--restart", "on-failure:2", "-", "sh", "-c", "exit 3")
        # Between two runs it may be seen as ended, too.
        eventually(lambda: (self.row("again")["State"], self.inspect("again")["RestartCount"]) == ("exited", 2),
                   "it gives up")

    def test_the_id_file(self):
        path = self.directory / "id"
        identity = self.run_box("-d", "--cidfile", str(path), "-", "sleep", "1001").out.strip()
        self.assertEqual(path.read_text(), identity)
        self.assertIn("container ID file found", self.run_box("--cidfile", str(path), "-", "true", expect=125).err)

    def test_without_its_command_it_goes_on_and_is_removed_all_the_same(self):
        os.mkfifo(self.directory / "go")
        with subprocess.Popen([stacktest.STACK, "container", "run", "--rm", "--name", "job", "-v", "./go:/go",
                               IMAGE, "sh", "-c", "echo ready; read word < /go"], cwd=self.directory, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as run:
            self.assertEqual(run.stdout.readline(), "ready\n")
            run.kill()
        self.assertEqual(self.row("job")["State"], "running")
        (self.directory / "go").write_text("now\n")
        eventually(lambda: self.row("job") is None, "it is removed")


class ByName(ContainerTest):
    def test_the_life_of_one(self):
        self.container("create", "--name", "web", IMAGE, "sleep", "1001")
        self.assertEqual(self.row("web")["State"], "created")
        self.assertEqual(self.container("start", "web").out, "web\n")
        self.assertEqual(self.row("web")["State"], "running")
        self.container("pause", "web")
        self.assertEqual(self.row("web")["State"], "paused")
        self.container("unpause", "web")
        before = self.pids_running("sleep 1001")
        self.container("restart", "-t", "0", "web")
        self.assertNotEqual(self.pids_running("sleep 1001"), before)
        self.assertIn("You cannot remove a running container", self.container("rm", "web", expect=1).err)
        self.container("kill", "web")
        self.assertEqual(self.container("wait", "web").out, "137\n")
        self.assertEqual(self.container("rm", "web").out, "web\n")
        self.assertIsNone(self.row("web"))

    def test_a_beginning_of_an_id_will_do(self):
        identity = self.run_box("-d", "-", "sleep", "1001").out.strip()
        self.container("stop", "-t", "0", identity[:7])
        self.container("rm", identity[:12])
        self.assertIn("No such container: nope", self.container("stop", "nope", expect=1).err)

    def test_output_of_one_that_has_ended(self):
        self.run_box("--name", "job", "-", "sh", "-c", "echo one; echo two >&2")
        result = self.container("logs", "job")
        self.assertEqual((result.out, result.err), ("one\n", "two\n"))
        self.assertEqual(self.container("start", "-a", "job").out, "one\n")

    def test_started_again_while_it_runs_it_is_joined(self):
        self.run_box("-d", "-i", "--name", "asks", "-", "sh", "-c", "read x; echo got $x; exit 4")
        result = self.container("start", "-ai", "asks", stdin="hello\n", expect=4)
        self.assertEqual(result.out, "got hello\n")

    def test_a_removal_by_force_minds_no_missing_ones(self):
        self.assertIn("No such container: nope", self.container("rm", "-f", "nope").err)
        self.container("rm", "nope", expect=1)
        self.assertIn("No such image: nope:1", self.stack("image", "rm", "-f", "nope:1").err)

    def test_a_port_on_all_its_addresses(self):
        self.run_box("-d", "--name", "web", "-p", "18080:80", "-", "sleep", "1001")
        self.assertEqual(self.container("port", "web", "80").lines, ["0.0.0.0:18080", "[::]:18080"])

    def test_a_network_by_its_id(self):
        identity = self.stack("network", "create", "--aux-address", "kept=10.88.0.9", "--subnet", "10.88.0.0/24",
                              "--ipam-driver", "default", "--scope", "local", "here").out.strip()
        for name in (identity, identity[:12], f"name={identity[:12]},alias=a"):
            self.run_box("--rm", "--network", name, "-", "true")
        self.run_box("-d", "--name", "in", "--network", identity[:12], "-", "sleep", "1001")
        for name in ("here", identity, identity[:12]):
            names = self.container("ls", "--filter", f"network={name}", "--format", "{{.Names}}").out
            self.assertEqual(names, "in\n", name)
        aux = self.stack("network", "inspect", "-f", "{{json (index .IPAM.Config 0).AuxiliaryAddresses}}", "here").out
        self.assertEqual(aux, '{"kept":"10.88.0.9"}\n')
        self.container("rm", "-f", "in")
        self.stack("network", "rm", "here")

    def test_exec_has_docker_s_codes_and_files(self):
        self.write("extra.env", "# said\nQ=1\n")
        self.run_box("-d", "--name", "web", "-", "sleep", "1001")
        self.assertIn("Q=1\n", self.container("exec", "--env-file", "extra.env", "web", "env").out)
        self.container("exec", "-w", "/nope", "web", "pwd", expect=127)
        self.container("exec", "-w", "nope", "web", "pwd", expect=128)
        self.container("exec", "web", "", expect=127)
        self.container("exec", "-u", "nobodyx", "web", "id", expect=1)

    def test_other_limits_while_it_runs(self):
        self.run_box("-d", "--name", "web", "-m", "64m", "-", "sleep", "1001")
        limits = lambda: self.container("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}", "web").out
        self.assertEqual(limits(), "67108864 134217728\n")
        self.container("update", "--memory-swap", "256m", "web")
        self.assertEqual(limits(), "67108864 268435456\n")
        self.assertIn("must provide one or more flags", self.container("update", "web", expect=1).err)
        self.run_box("-d", "--name", "other", "-", "sleep", "1001")
        self.container("rename", "other", "web", expect=1)

    def test_a_wait_ends_with_a_signal(self):
        self.run_box("-d", "--name", "long", "-", "sleep", "1001")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with subprocess.Popen([stacktest.STACK, "container", "wait", "long"]) as waiting:
                eventually(lambda: stacktest.has_signal(waiting.pid, number, "SigCgt"), "it listens")
                waiting.send_signal(number)
                self.assertEqual(waiting.wait(timeout=10), 130)

    def test_containers_of_stacks_too(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, scale: 2}}")
        name = f"{self.project}-web-2"
        self.assertEqual(self.row(name)["Project"], self.project)
        self.assertEqual(self.container("exec", name, "echo", "in").out, "in\n")
        self.container("stop", "-t", "0", name)
        self.assertEqual((self.row(name)["State"], self.row(f"{self.project}-web-1")["State"]),
                         ("exited", "running"))
        self.container("prune", "-f")
        self.assertIsNotNone(self.row(name))

    def test_a_run_of_a_service_too(self):
        self.write_stack("services: {web: {image: 'box:1', command: sleep 1001}}")
        name = self.stack("run", "-d", "web", "sh", "-c", "echo said; sleep 1002").out.strip()
        eventually(lambda: self.container("logs", name).out == "said\n", "its output")
        self.assertEqual(self.container("exec", name, "echo", "in").out, "in\n")
        self.container("rm", "-f", name)
        self.assertIsNone(self.row(name))

    def test_files_in_and_out(self):
        self.run_box("-d", "--name", "web", "-", "sleep", "1001")
        self.write("here", "some text\n")
        self.container("cp", "here", "web:/srv/there")
        self.container("cp", "web:/srv/there", "back")
        self.assertEqual((self.directory / "back").read_text(), "some text\n")
        self.assertIn("A /srv/there", self.container("diff", "web").lines)

    def test_what_was_asked_of_the_host_is_in_docker_s_words(self):
        self.run_box("-d", "--name", "web", "--ulimit", "nofile=100:200", "--cap-add", "NET_ADMIN", "--group-add", "77",
                     "--shm-size", "1m", "--sysctl", "net.ipv4.ip_forward=1", "--tmpfs", "/t:size=64k", "--init", "--pid", "host",
                     "--device", "/dev/null:/dev/mine:r", "--add-host", "far:1.2.3.4", "--security-opt", "no-new-privileges",
                     "--log-opt", "max-size=1m", "--oom-score-adj", "100", "-v", "kept:/data:ro", "-e", "A=1",
                     "--health-cmd", "true", "--health-interval", "5s", "box:1", "sleep", "1001")
        self.addCleanup(stacktest.run_stack, "volume", "rm", "kept")
        seen = self.inspect("web")
        host = seen["HostConfig"]
        for key, value in (("Ulimits", [{"Name": "nofile", "Soft": 100, "Hard": 200}]), ("CapAdd", ["CAP_NET_ADMIN"]),
                           ("GroupAdd", ["77"]), ("ShmSize", 1 << 20), ("Sysctls", {"net.ipv4.ip_forward": "1"}),
                           ("Tmpfs", {"/t": "size=64k"}), ("Init", True), ("PidMode", "host"), ("ExtraHosts", ["far:1.2.3.4"]),
                           ("Devices", [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/mine", "CgroupPermissions": "r"}]),
                           ("SecurityOpt", ["no-new-privileges", "label=disable"]), ("OomScoreAdj", 100), ("Binds", ["kept:/data:ro"]),
                           ("LogConfig", {"Type": "json-file", "Config": {"max-size": "1m"}}), ("IpcMode", "private")):
            self.assertEqual(host[key], value, key)
        self.assertEqual(seen["Config"]["Env"], ["A=1"])
        self.assertEqual(seen["Config"]["Healthcheck"]["Interval"], 5_000_000_000)
        (mount,) = seen["Mounts"]
        self.assertEqual((mount["Type"], mount["Name"], mount["Mode"], mount["RW"]), ("volume", "kept", "ro", False))

    def test_names_of_the_host_s_network(self):
        """Its own file of hosts, and itself as its gateway; a file of resolvers without any network, too."""
        shown = self.run_box("--rm", "--network", "host", "--add-host", "me:host-gateway", "box:1", "cat", "/etc/hosts").out
        self.assertTrue(shown.startswith(Path("/etc/hosts").read_text()), shown)
        self.assertIn("127.0.0.1\tme\n", shown)
        self.assertIn("nameserver 192.0.2.1", self.run_box("--rm", "--network", "none", "--dns", "192.0.2.1", "box:1",
                                                           "cat", "/etc/resolv.conf").out)
        self.assertIn("read-only", self.run_box("--rm", "--read-only", "box:1", "sh", "-c", "echo x > /etc/hosts", expect=1).err.lower())

    def test_the_mode_of_a_tmpfs_is_octal(self):
        self.assertIn("drwx--x--x", self.run_box("--rm", "--mount", "type=tmpfs,dst=/m,tmpfs-mode=0711", "box:1", "ls", "-ld", "/m").out)
        self.assertIn("octal", self.run_box("--mount", "type=tmpfs,dst=/m,tmpfs-mode=9", "box:1", "true", expect=125).err)

    def test_the_other_keys_of_mount(self):
        self.addCleanup(self.stack, "volume", "rm", "-f", "roomy")
        shown = self.run_box("--rm", "--mount",
                             'src=roomy,dst=/m,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs,'
                             '"volume-opt=o=size=1m,mode=0750",volume-label=tier=x,consistency=cached',
                             "box:1", "sh", "-c", "df -k /m; ls -ld /m").out
        self.assertRegex(shown, r"tmpfs +1024 ")
        self.assertIn("drwxr-x---", shown)
        self.assertEqual(json.loads(self.stack("volume", "inspect", "roomy").out)[0]["Labels"]["tier"], "x")
        (self.directory / "b").mkdir()
        self.run_box("--rm", "--mount", f"type=bind,src={self.directory}/b,dst=/b,bind-nonrecursive,bind-propagation=rprivate",
                     "box:1", "touch", "/b/seen")
        self.assertTrue((self.directory / "b/seen").exists())
        self.assertIn("of a volume with a name", self.run_box("--mount", "dst=/m,volume-opt=type=tmpfs", "box:1", "true", expect=125).err)

    def test_inspect(self):
        self.run_box("-d", "--name", "web", "-p", "80", "-l", "tier=front", "-v", "/data", "-", "sleep", "1001")
        seen = self.inspect("web")
        self.assertEqual((seen["Name"], seen["Path"], seen["Args"]), ("/web", "sleep", ["1001"]))
        self.assertEqual((seen["State"]["Status"], seen["State"]["Running"]), ("running", True))
        self.assertEqual(seen["HostConfig"]["PortBindings"]["80/tcp"], [{"HostIp": "", "HostPort": ""}])
        self.assertRegex(seen["NetworkSettings"]["IPAddress"], r"^\d+\.\d+\.\d+\.\d+$")
        self.assertEqual(seen["Config"]["Labels"], {"tier": "front"})
        self.assertEqual([(mount["Type"], mount["Destination"]) for mount in seen["Mounts"]], [("volume", "/data")])

    def test_inspect_tells_how_the_last_health_checks_went(self):
        self.run_box("-d", "--name", "web", "--health-cmd", "echo checked; test -e /well", "--health-interval", "50ms",
                     "--health-retries", "1000", "-", "sleep", "1001")
        health = lambda: self.inspect("web")["State"]["Health"]
        eventually(lambda: len(health()["Log"]) == 5, "five checks")
        seen = health()
        self.assertEqual({(each["ExitCode"], each["Output"]) for each in seen["Log"]}, {(1, "checked\n")})
        self.assertEqual((seen["Status"], seen["FailingStreak"] >= 4), ("starting", True))
        for one, next_one in zip(seen["Log"], seen["Log"][1:]):
            self.assertTrue(one["Start"] < one["End"] < next_one["Start"], seen)
        os.kill(self.supervisor(), signal.SIGKILL)
        eventually(lambda: health()["Log"][-1]["Start"] > seen["Log"][-1]["Start"], "the next supervisor goes on")
        self.container("exec", "web", "touch", "/well")
        eventually(lambda: health()["Log"][-1]["ExitCode"] == 0, "a check that passes")
        self.assertEqual((health()["Status"], health()["FailingStreak"]), ("healthy", 0))

    def test_inspect_says_where_a_container_s_parts_are(self):
        self.stack("network", "create", f"{self.project}-net")
        self.addCleanup(stacktest.run_stack, "network", "rm", f"{self.project}-net")
        self.addCleanup(stacktest.run_stack, "container", "rm", "-f", "web")
        self.run_box("-d", "--name", "web", "--network", f"{self.project}-net", "-", "sh", "-c", "echo written > /there; exec sleep 1001")
        eventually(lambda: self.container("exec", "web", "cat", "/there", expect=None).code == 0, "it has written")
        seen = self.inspect("web")
        data = seen["GraphDriver"]["Data"]
        self.assertEqual((Path(data["UpperDir"]) / "there").read_text(), "written\n")
        self.assertEqual((Path(data["MergedDir"]) / "there").read_text(), "written\n")
        self.assertEqual(Path(seen["HostnamePath"]).read_text().strip(), seen["Config"]["Hostname"])
        self.assertIn(seen["Config"]["Hostname"], Path(seen["HostsPath"]).read_text())
        self.assertTrue(Path(seen["ResolvConfPath"]).read_text())
        seat = seen["NetworkSettings"]["Networks"][f"{self.project}-net"]
        network = json.loads(self.stack("network", "inspect", f"{self.project}-net").out)[0]
        self.assertEqual(seat["NetworkID"], network["Id"])
        self.assertEqual(seat["EndpointID"], network["Containers"][seen["Id"]]["EndpointID"])
        self.assertEqual(seat["Gateway"], network["IPAM"]["Config"][0]["Gateway"])
        self.assertEqual(os.stat(seen["NetworkSettings"]["SandboxKey"]).st_ino,
                         os.stat(f"/proc/{seen['State']['Pid']}/ns/net").st_ino)

    def test_top_is_docker_s(self):
        self.run_box("-d", "--name", "web", "--init", "-", "sleep", "1001")
        eventually(lambda: "sleep 1001" in self.container("top", "web").out, "it runs")
        header, first, second = self.container("top", "web").lines
        self.assertEqual(header.split(), ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"])
        # Of our own process 1 nobody learns whose copy it is.
        self.assertEqual(([first.split()[7:], second.split()[7:]]), [["stack-init"], ["sleep", "1001"]])
        self.assertEqual(self.container("exec", "web", "cat", "/proc/1/cmdline").out.strip("\0"), "stack-init")
        shown = self.container("top", "web", "-eo", "pid,comm").lines
        self.assertEqual([line.split()[1] for line in shown], ["COMMAND", "stack-init", "sleep"])
        self.assertIn("there is no PID", self.container("top", "web", "-eo", "comm", expect=1).err)
        self.container("kill", "web")
        eventually(lambda: self.row("web")["State"] == "exited", "it ends")
        self.assertIn("is not running", self.container("top", "web", expect=1).err)

    def test_filters(self):
        self.run_box("-d", "--name", "one", "-l", "tier=front", "-", "sleep", "1001")
        self.run_box("--name", "two", "-", "false", expect=1)
        names = lambda *flags: self.container("ls", *flags, "--format", "{{.Names}}").lines
        self.assertEqual(names(), ["one"])
        self.assertEqual(names("-a"), ["two", "one"])
        self.assertEqual(names("-l"), ["two"])
        self.assertEqual(names("--filter", "status=exited"), ["two"])
        self.assertEqual(names("--filter", "label=tier=front"), ["one"])
        self.assertEqual(names("--filter", "exited=1"), ["two"])
        self.assertIn("invalid filter", self.container("ls", "--filter", "x=y", expect=2).err)

    def test_filters_are_regular_expressions_and_ids(self):
        self.run_box("-d", "--name", "w1", "-", "sleep", "1001")
        self.run_box("-d", "--name", "xw1y", "-", "sleep", "1001")
        image = json.loads(self.stack("image", "inspect", IMAGE).out)[0]["Id"]
        def names(*filters):
            flags = [word for text in filters for word in ("--filter", text)]
            return sorted(self.container("ls", *flags, "--format", "{{.Names}}").lines)
        for text in ("name=^w1$", "name=^/w1$", "name=/w1", "name=^w"):
            self.assertEqual(names(text), ["w1"], text)
        for text in ("name=w1|zz", f"ancestor={image}", f"ancestor={image[7:19]}", f"ancestor={IMAGE}"):
            self.assertEqual(names(text), ["w1", "xw1y"], text)
        self.assertEqual(names("name=w.*y"), ["xw1y"])
        self.assertEqual(names("name=^w1$", "name=y$"), ["w1", "xw1y"])
        self.assertIn("invalid value for state (bogus)",
                      self.container("ls", "--filter", "status=bogus", expect=1).err)

    def test_prune_takes_what_has_ended(self):
        self.run_box("-d", "--name", "one", "-", "sleep", "1001")
        self.run_box("--name", "two", "-", "true")
        self.assertIn("Deleted Containers:", self.container("prune", "-f").out)
        self.assertEqual((self.row("one")["State"], self.row("two")), ("running", None))

    def test_all_that_they_had_in_common_goes_with_the_last(self):
        self.run_box("-d", "--name", "one", "-", "sleep", "1001")
        self.container("rm", "-f", "one")
        self.assert_nothing_left()

    def test_a_killed_supervisor_costs_none(self):
        self.run_box("-d", "--name", "one", "-", "sleep", "1001")
        os.kill(self.supervisor(), signal.SIGKILL)
        eventually(lambda: self.pids_named("stack-superviso"), "another one")
        self.assertEqual(self.row("one")["State"], "running")
        self.container("rm", "-f", "one")


if __name__ == "__main__":
    stacktest.main()
