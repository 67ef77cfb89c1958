# SPDX-License-Identifier: Apache-2.0
"""What a newcomer types after a docker tutorial, about containers: `docker` read as `stack container`."""

import json
import os
import signal
import subprocess
import time

import stacktest
from container_test import ContainerTest
from stacktest import IMAGE, eventually
from terminals import Terminal

LISTENER = "trap 'echo got int' INT; trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"


class State(ContainerTest):
    FIELDS = {"Status", "Running", "Paused", "Restarting", "OOMKilled", "Dead", "Pid", "ExitCode", "Error",
              "StartedAt", "FinishedAt"}

    def state(self, name):
        state = self.inspect(name)["State"]
        return state["Status"], state["Running"], state["Paused"], state["ExitCode"]

    def test_whoever_shares_a_network_has_the_name_that_is_known_there(self):
        self.container("run", "-d", "--name", "aa", "--hostname", "ahost", IMAGE, "sleep", "1001")
        out = self.container("run", "--rm", "--network", "container:aa", IMAGE, "sh", "-c",
                             "hostname; echo $HOSTNAME; cat /etc/hostname; grep -c ahost /etc/hosts").out
        self.assertEqual(out, "ahost\nahost\nahost\n1\n")

    def test_it_goes_through_dockers_states(self):
        self.container("create", "--name", "web", IMAGE, "sleep", "1001")
        self.assertEqual(self.state("web"), ("created", False, False, 0))
        self.assertLessEqual(self.FIELDS, set(self.inspect("web")["State"]))
        self.container("start", "web")
        self.assertEqual(self.state("web"), ("running", True, False, 0))
        seen = self.inspect("web")["State"]
        self.assertEqual([seen["Pid"]], self.pids_running("sleep 1001"))
        self.assertEqual(seen["FinishedAt"], "0001-01-01T00:00:00Z")
        self.assertGreater(seen["StartedAt"], "2020")
        self.container("pause", "web")
        self.assertEqual(self.state("web"), ("paused", True, True, 0))
        self.container("unpause", "web")
        self.container("kill", "web")
        eventually(lambda: self.state("web") == ("exited", False, False, 137), "it has ended")
        ended = self.inspect("web")["State"]["FinishedAt"]
        self.assertGreater(ended, "2020")
        self.container("start", "web")
        self.assertEqual(self.inspect("web")["State"]["FinishedAt"], ended, "that of its last end")

    def test_between_two_tries_it_is_restarting(self):
        self.run_box("-d", "--name", "again", "--restart", "always", "-", "sh", "-c", "exit 3")
        eventually(lambda: self.inspect("again")["State"]["Restarting"], "it waits for its next try")
        self.assertEqual(self.inspect("again")["State"]["Status"], "restarting")

    def test_health_is_a_part_of_it(self):
        self.run_box("-d", "--name", "web", "--health-cmd", "echo fine", "--health-interval", "50ms", "-", "sleep",
                     "1001")
        eventually(lambda: self.inspect("web")["State"]["Health"]["Status"] == "healthy", "it is healthy")
        self.assertEqual(self.container("ls", "--filter", "health=healthy", "--format", "{{.Names}}").out, "web\n")

    def test_want_of_memory_is_told(self):
        self.run_box("--name", "fat", "-m", "8m", "--memory-swap", "8m", "-", "sh", "-c",
                     "head -c 64m /dev/zero | tail -c 60m; exit 5", expect=5)
        self.assertIs(self.inspect("fat")["State"]["OOMKilled"], True)
        self.assertEqual(self.inspect("fat")["HostConfig"]["Memory"], 8 << 20)


    def test_want_of_memory_of_a_process_is_told_while_it_runs(self):
        self.run_box("-d", "--name", "fat", "-m", "8m", "--memory-swap", "8m", "-", "sh", "-c",
                     "head -c 64m /dev/zero | tail -c 60m; sleep 1001")
        eventually(lambda: self.inspect("fat")["State"]["OOMKilled"], "a process of it is killed")
        self.assertTrue(self.inspect("fat")["State"]["Running"])


class Running(ContainerTest):
    def test_the_command_takes_the_images_place_and_its_output_is_ours_alone(self):
        result = self.run_box("-", "echo", "hello world")
        self.assertEqual((result.out, result.err), ("hello world\n", ""))
        self.assertEqual(self.container("ls", "-a", "--format", "{{.Status}}").out[:10], "Exited (0)")

    def test_a_signal_is_128_and_its_number(self):
        # Process 1 of a namespace cannot be killed from within: its child can.
        self.run_box("--rm", "--init", "-", "sh", "-c", "kill -9 $$", expect=137)
        self.run_box("--rm", "--init", "-", "sh", "-c", "kill -TERM $$; sleep 5", expect=143)

    def test_what_cannot_be_run_says_why(self):
        self.assertRegex(self.run_box("--rm", "-", "nothere", expect=127).err, "nothere.*not found|executable file not found")
        self.assertRegex(self.run_box("--rm", "-", "/etc/passwd", expect=126).err, "(?i)permission denied")
        self.assertEqual(self.container("ls", "-aq").out, "")

    def test_what_could_not_start_stays_as_it_was_made(self):
        self.run_box("--name", "broken", "-", "nothere", expect=127)
        self.assertEqual(self.row("broken")["State"], "created")
        self.run_box("-d", "--name", "too", "-", "nothere", expect=127)
        self.assertEqual(self.row("too")["State"], "created")
        self.run_box("-d", "--rm", "--name", "three", "-", "nothere", expect=127)
        self.assertIsNone(self.row("three"))

    def test_help_and_a_host_name_have_the_same_letter(self):
        for line in (["container", "run", "--help"], ["container", "run", "-h"], ["run", "-h"], ["run", "--help"]):
            self.assertRegex(self.stack(*line).out, "^Usage: stack (container )?run \\[OPTIONS\\]")
        self.assertIn("--entrypoint", self.stack("container", "run", "-h").out)
        self.assertEqual(self.run_box("--rm", "-h", "box", "-", "hostname").out, "box\n")

    def test_letters_in_one_word(self):
        identity = self.run_box("-itd", "--name", "sh", "-", "sh").out
        self.assertRegex(identity, "^[0-9a-f]{64}\n$")
        seen = self.inspect("sh")
        self.assertEqual((seen["Config"]["Tty"], seen["Config"]["OpenStdin"]), (True, True))
        self.assertEqual(self.row("sh")["State"], "running")

    def test_exit_leaves_the_shell_and_ends_the_container(self):
        terminal = Terminal(["container", "run", "-i", "-t", "--name", "sh", IMAGE, "sh"], self.directory)
        terminal.await_text("# ")
        terminal.type("exit\n")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.row("sh")["State"], "exited")

    def test_names(self):
        for bad in ("x!", "-x", "a/b", "x"):
            err = self.container("create", f"--name={bad}", IMAGE, "true", expect=125).err
            self.assertIn("Invalid container name", err)
            self.assertIn("[a-zA-Z0-9][a-zA-Z0-9_.-]", err)
        identity = self.container("create", "--name=web.1_a-b", IMAGE, "true").out.strip()
        err = self.container("create", "--name", "web.1_a-b", IMAGE, "true", expect=125).err
        self.assertIn(f'Conflict. The container name "/web.1_a-b" is already in use by container "{identity}"', err)
        self.container("create", IMAGE, "true")
        self.assertRegex(self.container("ls", "-l", "--format", "{{.Names}}").out, "^[a-z]+_[a-z]+\n$")


class Listed(ContainerTest):
    def test_columns_are_dockers(self):
        self.run_box("-d", "--name", "web", "-", "sleep", "1001")
        header, row = self.container("ps").lines
        self.assertEqual(header.split("  ")[0], "CONTAINER ID")
        for heading in ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"):
            self.assertIn(heading, header)
        self.assertRegex(row, r'^[0-9a-f]{12} +box:1 +"sleep 1001" +.* ago +Up .* +web$')
        for word in ("ls", "list"):
            self.assertEqual(self.container(word).lines[0].split(), header.split())

    def test_which_are_listed(self):
        self.container("create", "--name", "one", IMAGE, "true")
        self.run_box("--name", "two", "-", "true")
        self.run_box("-d", "--name", "three", "-", "sleep", "1001")
        names = lambda *flags: self.container("ps", *flags, "--format", "{{.Names}}").lines
        self.assertEqual(names(), ["three"])
        self.assertEqual(names("-a"), ["three", "two", "one"])
        self.assertEqual(names("-l"), ["three"])
        self.assertEqual(names("-n", "2"), ["three", "two"])
        self.assertEqual(names("--filter", "before=two"), [])
        self.assertEqual(names("-a", "--filter", "before=two"), ["one"])
        self.assertEqual(names("-a", "--filter", "since=one"), ["three", "two"])
        self.assertEqual(names("--filter", "network=bridge"), ["three"])
        ids = self.container("ps", "-aq").lines
        self.assertEqual([len(each) for each in ids], [12, 12, 12])
        whole = self.container("ps", "-aq", "--no-trunc").lines
        self.assertEqual([each[:12] for each in whole], ids)
        self.assertEqual([len(each) for each in whole], [64, 64, 64])

    def test_sizes(self):
        self.run_box("--name", "web", "-", "sh", "-c", "head -c 2000000 /dev/zero > /big")
        header, row = self.container("ps", "-as").lines
        self.assertIn("SIZE", header)
        self.assertRegex(row, r"2(\.\d+)?MB \(virtual \d+(\.\d+)?MB\)$")
        seen = json.loads(self.container("inspect", "-s", "web").out)[0]
        self.assertEqual(seen["SizeRw"], 2000000)
        self.assertGreater(seen["SizeRootFs"], seen["SizeRw"])
        self.run_box("--name", "idle", "-", "true")
        self.assertEqual(json.loads(self.container("inspect", "-s", "idle").out)[0]["SizeRw"], 0)

    def test_commands_take_what_others_list(self):
        self.run_box("-d", "--name", "one", "-", "sleep", "1001")
        self.run_box("--name", "two", "-", "true")
        self.container("stop", "-t", "0", *self.container("ps", "-q").lines)
        self.container("rm", "-f", *self.container("ps", "-aq").lines)
        self.assertEqual(self.container("ps", "-aq").out, "")

    def test_nothing_listed_is_told_with_the_usage(self):
        for words in (["rm", "-f"], ["stop"], ["inspect"], ["start"]):
            err = self.container(*words, expect=1).err
            self.assertIn("requires at least 1 argument", err)
            self.assertIn(f"Usage: stack container {words[0]}", err)
        self.assertIn("requires at least 2 arguments", self.container("exec", "web", expect=1).err)

    def test_all_of_them(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.run_box("-d", "--name", "one", "-", "sleep", "1002")
        self.run_box("--name", "two", "-", "true")
        self.assertEqual(self.container("rm", "--all").out, "two\n")
        self.assertEqual(self.container("rm", "-f", "--all").out, "one\n")
        self.assertEqual(self.state_of("web"), "running")
        self.assertIn("--all goes without names", self.container("rm", "--all", "x", expect=2).err)

    def test_ids_of_a_stack_remove_its_containers(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, scale: 2}}")
        self.stack("stop", "-t", "0")
        first, second = self.stack("ps", "-aq").lines
        self.stack("rm", "-f", first)
        self.assertEqual(self.stack("ps", "-aq").lines, [second])
        self.stack("rm", "-f", *self.stack("ps", "-aq").lines)
        self.assertEqual(self.stack("ps", "-aq").lines, [])


class StartAndStop(ContainerTest):
    def test_the_same_container_runs_again(self):
        self.run_box("--name", "job", "-e", "A=1", "-v", "/data", "-", "sh", "-c", "echo $A >> /data/x; cat /data/x")
        before = self.inspect("job")
        self.assertEqual(self.container("start", "-a", "job").out, "1\n1\n")
        after = self.inspect("job")
        self.assertEqual((after["Id"], after["Mounts"]), (before["Id"], before["Mounts"]))
        self.assertEqual(self.container("start", before["Id"][:10]).out, before["Id"][:10] + "\n")

    def test_what_is_typed_reaches_it(self):
        self.container("create", "-i", "--name", "cat", IMAGE, "cat")
        self.assertEqual(self.container("start", "-ai", "cat", stdin="some\ntext\n").out, "some\ntext\n")

    def test_a_beginning_that_several_have_is_no_name(self):
        ids = []
        while len({identity[0] for identity in ids}) == len(ids):
            ids.append(self.container("create", IMAGE, "true").out)
        err = self.container("start", ids[-1][0], expect=1).err
        self.assertIn("multiple IDs found with provided prefix", err)

    def test_its_signal_then_the_end_of_patience(self):
        self.run_box("-d", "--name", "polite", "-", "sh", "-c", LISTENER)
        self.run_box("-d", "--name", "deaf", "-", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done")
        self.run_box("-d", "--name", "quit", "--stop-signal", "QUIT", "-", "sh", "-c", "trap 'exit 5' QUIT; echo ready; while :; do sleep 0.05; done")
        for name in ("polite", "deaf", "quit"):
            eventually(lambda name=name: "ready" in self.container("logs", name).out, f"{name} is ready")
        self.assertEqual(self.container("stop", "-t", "1", "polite", "deaf", "quit").out, "polite\ndeaf\nquit\n")
        self.assertEqual([self.inspect(name)["State"]["ExitCode"] for name in ("polite", "deaf", "quit")], [7, 137, 5])
        self.run_box("-d", "--name", "other", "-", "sh", "-c", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done")
        eventually(lambda: "ready" in self.container("logs", "other").out, "it is ready")
        self.container("stop", "-s", "USR1", "other")
        self.assertEqual(self.inspect("other")["State"]["ExitCode"], 9)

    def test_who_does_not_catch_the_signal_has_143(self):
        self.run_box("-d", "--init", "--name", "web", "-", "sleep", "1001")
        self.container("stop", "web")
        self.assertEqual(self.inspect("web")["State"]["ExitCode"], 143)

    def test_removal(self):
        identity = self.run_box("-d", "--name", "web", "-v", "/data", "-", "sleep", "1001").out.strip()
        (mount,) = self.inspect("web")["Mounts"]
        err = self.container("rm", "web", expect=1).err
        self.assertIn(f"You cannot remove a running container {identity}", err)
        self.assertIn("Stop the container before attempting removal or force remove", err)
        self.assertEqual(self.container("rm", "-fv", "web").out, "web\n")
        self.assertNotIn(mount["Name"], self.stack("volume", "ls", "-q").out)
        self.assertIn("No such container: web", self.container("rm", "web", expect=1).err)

    def test_without_v_the_volume_stays(self):
        self.run_box("--name", "web", "-v", "/data", "-", "true")
        (mount,) = self.inspect("web")["Mounts"]
        self.container("rm", "web")
        self.assertIn(mount["Name"], self.stack("volume", "ls", "-q").out)
        self.stack("volume", "rm", "--now", mount["Name"])


class Renamed(ContainerTest):
    def test_others_find_it_by_its_new_name_alone(self):
        self.run_box("-d", "--name", "old", "-", "sleep", "1001")
        self.container("rename", "old", "new")
        self.assertIsNone(self.row("old"))
        self.assertEqual(self.inspect("new")["Name"], "/new")
        self.assertEqual(self.container("exec", "new", "echo", "in").out, "in\n")
        self.run_box("--rm", "-", "ping", "-c", "1", "new")
        self.run_box("--rm", "-", "nslookup", "old", expect=1)
        address = self.inspect("new")["NetworkSettings"]["IPAddress"]
        self.container("restart", "-t", "0", "new")
        self.assertEqual(self.inspect("new")["NetworkSettings"]["IPAddress"], address)
        self.container("rm", "-f", "new")

    def test_the_old_name_is_free(self):
        self.run_box("-d", "--name", "old", "-", "sleep", "1001")
        self.container("rename", "old", "new")
        self.run_box("-d", "--name", "old", "-", "sleep", "1002")
        self.assertEqual((self.row("old")["State"], self.row("new")["State"]), ("running", "running"))
        self.assertIn("Conflict", self.container("rename", "old", "new", expect=1).err)
        self.assertIn("Invalid container name", self.container("rename", "old", "a b", expect=1).err)
        self.assertIn("No such container", self.container("rename", "nobody", "x", expect=1).err)
        self.container("rm", "-f", "old", "new")

    def test_in_a_network_that_was_made_by_itself(self):
        self.stack("network", "create", "--subnet", "10.5.0.0/24", "side")
        self.addCleanup(self.stack, "network", "rm", "-f", "side")
        self.run_box("-d", "--name", "other", "--network", "side", "-", "sleep", "1001")
        self.run_box("-d", "--name", "old", "--network", "side", "-", "sleep", "1002")
        address = self.inspect("old")["NetworkSettings"]["Networks"]["side"]["IPAddress"]
        self.container("rename", "old", "new")
        self.assertIn(f"Address: {address}", self.container("exec", "other", "nslookup", "new").out)
        self.container("exec", "other", "nslookup", "old", expect=1)
        self.container("exec", "new", "ping", "-c", "1", "-W", "5", "other")
        self.container("restart", "-t", "0", "new")
        self.assertEqual(self.inspect("new")["NetworkSettings"]["Networks"]["side"]["IPAddress"], address)
        self.container("stop", "-t", "0", "new")
        self.container("rename", "new", "newer")
        self.container("start", "newer")
        self.assertIn(f"Address: {address}", self.container("exec", "other", "nslookup", "newer").out)
        self.container("rm", "-f", "newer")
        seen = json.loads(self.stack("network", "inspect", "side").out)[0]["Containers"]
        self.assertEqual([each["Name"] for each in seen.values()], ["other"])
        self.container("rm", "-f", "other")

    def test_it_outlives_the_supervisor(self):
        self.run_box("-d", "--name", "old", "-", "sleep", "1001")
        self.container("rename", "old", "new")
        supervisor = self.supervisor()
        os.kill(supervisor, signal.SIGKILL)
        eventually(lambda: set(self.pids_named("stack-superviso")) - {supervisor}, "another one")
        self.assertEqual(self.row("new")["State"], "running")
        self.container("rm", "-f", "new")

    def test_those_of_a_stack_keep_theirs(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1003}}")
        result = self.container("rename", f"{self.project}-web-1", "x", expect=1)
        self.assertIn("`container_name:`", result.err)


class Updated(ContainerTest):
    def limits(self, name):
        return {key: value for key, value in self.inspect(name)["HostConfig"].items()
                if key in ("Memory", "NanoCpus", "CpuQuota", "CpuShares", "PidsLimit")}

    def test_limits_hold_at_once_and_others_stay(self):
        self.run_box("-d", "--name", "web", "-m", "64m", "--cpus", "1", "-", "sleep", "1001")
        pid = self.inspect("web")["State"]["Pid"]
        self.assertEqual(self.container("update", "-m", "32m", "--pids-limit", "50", "web").out, "web\n")
        self.assertEqual(self.limits("web"), {"Memory": 32 << 20, "NanoCpus": 10 ** 9, "CpuQuota": 0, "CpuShares": 0,
                                              "PidsLimit": 50})
        self.assertEqual(self.inspect("web")["State"]["Pid"], pid)
        self.assertIn("32MiB", self.container("stats", "--no-stream", "--format", "{{.MemUsage}}", "web").out)
        self.container("update", "--cpu-quota", "50000", "--cpu-period", "100000", "web")
        self.assertEqual((self.limits("web")["NanoCpus"], self.limits("web")["CpuQuota"]), (0, 50000))
        # Also after the next start.
        self.container("restart", "-t", "0", "web")
        self.assertIn("32MiB", self.container("stats", "--no-stream", "--format", "{{.MemUsage}}", "web").out)
        self.container("rm", "-f", "web")

    def test_processors_by_number(self):
        self.run_box("-d", "--name", "web", "--cpuset-cpus", "0", "-", "sleep", "1001")
        refused = self.container("update", "--cpuset-cpus", "0,4095", "web", expect=1)
        self.assertIn("web: processor 4095 is not there: asked for 0,4095", refused.err)
        last = max(os.sched_getaffinity(0))
        self.container("update", "--cpuset-cpus", str(last), "web")
        self.assertIn(f"Cpus_allowed_list:\t{last}\n",
                      self.container("exec", "web", "cat", "/proc/1/status").out)
        self.container("rm", "-f", "web")

    def test_a_restart_policy(self):
        self.run_box("-d", "--name", "web", "-", "sleep", "1001")
        self.container("update", "--restart", "always", "web")
        pid = self.inspect("web")["State"]["Pid"]
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: self.row("web")["State"] == "running" and self.inspect("web")["State"]["Pid"] not in (0, pid),
                   "it is started again")
        self.container("rm", "-f", "web")

    def test_what_cannot_be_is_refused_and_nothing_changes(self):
        self.run_box("-d", "--name", "web", "-m", "16m", "--memory-swap", "32m", "-", "sleep", "1001")
        before = self.limits("web")
        self.assertIn("memoryswap", self.container("update", "-m", "64m", "web", expect=1).err)
        self.container("update", "-m", "none", "web", expect=125)
        self.assertEqual(self.limits("web"), before)
        self.container("update", "-m", "64m", "--memory-swap", "128m", "web")
        self.assertEqual(self.limits("web")["Memory"], 64 << 20)
        self.container("rm", "-f", "web")
        self.up("services: {web: {image: 'box:1', command: sleep 1003}}")
        self.assertIn("`stack up`", self.container("update", "-m", "64m", f"{self.project}-web-1", expect=1).err)


class Attached(ContainerTest):
    def attach(self, name, *flags):
        return subprocess.Popen([stacktest.STACK, "container", "attach", *flags, name], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_two_share_one_input(self):
        self.run_box("-d", "-i", "--name", "echo", "-", "sh", "-c", "while read line; do echo got $line; done")
        with self.attach("echo") as one, self.attach("echo") as two:
            self.addCleanup(one.kill)
            self.addCleanup(two.kill)
            one.stdin.write("first\n")
            one.stdin.flush()
            eventually(lambda: "got first" in self.container("logs", "echo").out, "the first is heard")
            two.stdin.write("second\n")
            two.stdin.flush()
            eventually(lambda: "got second" in self.container("logs", "echo").out, "and the second")
            self.container("rm", "-f", "echo")
            self.assertIn("got second", one.communicate(timeout=60)[0])
            self.assertIn("got second", two.communicate(timeout=60)[0])

    def test_ctrl_c_is_for_the_program(self):
        self.run_box("-d", "--name", "web", "-", "sh", "-c", LISTENER)
        eventually(lambda: "ready" in self.container("logs", "web").out, "it is ready")
        with self.attach("web") as attached:
            eventually(lambda: stacktest.has_signal(attached.pid, signal.SIGINT, "SigBlk", "SigCgt"),
                       "it would not die of the signal")
            attached.send_signal(signal.SIGINT)
            eventually(lambda: "got int" in self.container("logs", "web").out, "the signal is heard")
            self.container("stop", "-t", "0", "web")
            attached.communicate(timeout=60)
        self.assertIn(attached.returncode, (7, 137))

    def test_ctrl_p_ctrl_q_leaves_it_running(self):
        self.run_box("-dit", "--name", "sh", "-", "sh")
        for line in (["container", "attach", "sh"], ["container", "exec", "-it", "sh", "sh"]):
            terminal = Terminal(line, self.directory)
            terminal.type("\n")
            terminal.await_text("# ")
            terminal.type("echo \x10x\x7f lone\n")  # ctrl-p alone is the program's
            terminal.await_text("lone")
            terminal.type("\x10\x11")
            self.assertEqual(terminal.finish(), 0)
            self.assertEqual(self.row("sh")["State"], "running")
        self.container("stop", "-t", "0", "sh")
        terminal = Terminal(["container", "start", "-ai", "sh"], self.directory)
        terminal.await_text("# ")
        terminal.type("\x10\x11")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.row("sh")["State"], "running")

    def test_other_keys(self):
        self.run_box("-dit", "--name", "sh", "-", "sh")
        terminal = Terminal(["container", "attach", "--detach-keys", "ctrl-x,x", "sh"], self.directory)
        terminal.type("\n")
        terminal.await_text("# ")
        terminal.type("\x18x")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.row("sh")["State"], "running")


class Looked(ContainerTest):
    def test_both_streams_of_a_container_are_kept_apart(self):
        self.run_box("--name", "job", "-", "sh", "-c", "echo one; echo two >&2; echo three")
        for words in (["container", "logs"], ["container", "log"]):
            result = self.stack(*words, "job")
            self.assertEqual((result.out, result.err), ("one\nthree\n", "two\n"))
        last = self.container("logs", "--tail", "1", "job")
        self.assertEqual(len((last.out + last.err).splitlines()), 1)
        self.assertRegex(self.container("logs", "-t", "job").lines[0], r"^\d{4}-\d\d-\d\dT[\d:.]+Z one$")
        self.assertEqual(self.container("logs", "--since", "2001-01-01", "--until", "2002-01-01", "job").out, "")

    def test_the_tutorials_log_is_logs(self):
        self.up("services: {web: {image: 'box:1', command: echo said}}")
        eventually(lambda: "said" in self.stack("log", "web").out, "its output")

    def test_changes_of_files_in_order_and_none_of_volumes(self):
        self.run_box("--name", "web", "-v", "/data", "-", "sh", "-c",
                     "touch /srv/new /bin/zzz /data/unseen; rm /srv/data/link; echo x >> /etc/passwd")
        lines = self.container("diff", "web").lines
        self.assertEqual([line for line in lines if not line.startswith("C /etc") or line == "C /etc/passwd"],
                         ["C /bin", "A /bin/zzz", "A /data", "C /etc/passwd", "C /srv", "C /srv/data",
                          "D /srv/data/link", "A /srv/new"])
        self.assertEqual(lines, sorted(lines, key=lambda line: line[2:]))

    def test_files_of_one_that_has_ended_in_and_out(self):
        self.run_box("--name", "web", "-", "sh", "-c", "mkdir /out; echo x > /out/file")
        self.container("cp", "web:/out", "copy")
        self.assertEqual((self.directory / "copy/file").read_text(), "x\n")
        self.write("in.txt", "from here\n")
        self.container("cp", "in.txt", "web:/out/")
        archive = subprocess.run([stacktest.STACK, "container", "cp", "web:/out/in.txt", "-"], stdout=subprocess.PIPE,
                                 check=True).stdout
        self.assertIn(b"from here\n", archive)
        self.container("commit", "web", "made:1")
        self.assertEqual(self.container("run", "--rm", "made:1", "cat", "/out/in.txt").out, "from here\n")
        self.stack("image", "rm", "made:1")

    def test_files_of_a_run_of_a_service(self):
        self.write_stack("services: {web: {image: 'box:1', command: sleep 1001}}")
        name = self.stack("run", "-d", "web", "sh", "-c", "echo x > /made; sleep 1002").out.strip()
        eventually(lambda: "A /made" in self.container("diff", name).lines, "the change is seen")
        self.container("cp", f"{name}:/made", "copy")
        self.assertEqual((self.directory / "copy").read_text(), "x\n")
        self.container("rm", "-f", name)

    def test_an_archive_of_all_files(self):
        self.run_box("--name", "web", "-v", "/data", "-", "touch", "/data/unseen", "/seen")
        self.container("export", "-o", "web.tar", "web")
        names = subprocess.run(["tar", "tf", self.directory / "web.tar"], capture_output=True, text=True, check=True).stdout
        self.assertIn("seen\n", names.replace("data/unseen", ""))
        self.assertNotIn("unseen", names)
        self.assertIn("data/\n", names)

    def test_usage_of_several_and_of_all(self):
        self.run_box("-d", "--name", "one", "-", "sleep", "1001")
        self.run_box("-d", "--name", "two", "-", "sleep", "1002")
        names = lambda *words: sorted(self.container("stats", "--no-stream", "--format", "{{.Name}}", *words).lines)
        self.assertEqual(names(), ["one", "two"])
        self.assertEqual(names("two"), ["two"])
        self.assertEqual(names("one", "two"), ["one", "two"])
        self.assertIn("No such container: nope", self.container("stats", "--no-stream", "nope", expect=1).err)


class Inspected(ContainerTest):
    def format(self, template, *names, words=("inspect",), **options):
        return self.stack(*words, "--format", template, *names, **options).out

    def setUp(self):
        super().setUp()
        self.identity = self.run_box("-d", "--name", "web", "-e", "A=1", "-l", "tier=front", "-p", "80", "-v", "/data",
                                     "-", "sleep", "1001").out.strip()

    def test_templates(self):
        for words in (("inspect",), ("container", "inspect")):
            self.assertEqual(self.format("{{.Name}}", "web", words=words), "/web\n")
            self.assertEqual(self.format("{{ .State.Running }} {{.Config.Image}}", self.identity[:6], words=words),
                             "true box:1\n")
        self.assertEqual(self.format("{{json .Config.Cmd}}", "web"), '["sleep","1001"]\n')
        self.assertEqual(self.format("{{.Config.Labels}}", "web"), "map[tier:front]\n")
        self.assertEqual(self.format('{{index .Config.Labels "tier" | upper}}', "web"), "FRONT\n")
        self.assertEqual(self.format("{{range .Mounts}}{{.Type}} {{.Destination}}{{end}}", "web"), "volume /data\n")
        self.assertEqual(self.format("{{if .State.Running}}up{{else}}down{{end}} {{len .Mounts}}", "web"), "up 1\n")
        self.assertEqual(self.format("{{with .HostConfig}}{{.NetworkMode}}{{end}}", "web"), "bridge\n")
        self.assertEqual(self.format('{{join .Config.Cmd "+"}} {{printf "%s!" .Name}}', "web"), "sleep+1001 /web!\n")
        self.assertEqual(self.format("{{eq .State.ExitCode 0}} {{title \"word\"}} {{lower \"A\"}}", "web"), "true Word a\n")
        self.assertEqual(self.format('{{index (split .Name "/") 1}}', "web"), "web\n")
        self.assertEqual(self.format("{{.Id}}", "web"), self.identity + "\n")

    def test_short_flag_and_several(self):
        self.run_box("--name", "two", "-", "true")
        self.assertEqual(self.stack("inspect", "-f", "{{.Name}}", "web", "two").lines, ["/web", "/two"])
        self.assertEqual(len(json.loads(self.stack("inspect", "web", "two").out)), 2)

    def test_a_field_that_there_is_not_is_named(self):
        result = self.stack("inspect", "--format", "{{.State.Nope}}", "web", expect=2)
        self.assertIn("Nope", result.err)

    def test_anything_that_has_a_name(self):
        self.assertTrue(json.loads(self.stack("inspect", IMAGE).out)[0]["Id"].startswith("sha256:"))
        self.assertEqual(self.format("{{.Name}}", "bridge"), "bridge\n")
        volume = self.inspect("web")["Mounts"][0]["Name"]
        self.assertEqual(self.format("{{.Name}} {{.Driver}}", volume), f"{volume} local\n")
        self.assertEqual(self.format("{{.Os}}", IMAGE, words=("inspect", "--type", "image")), "linux\n")
        self.assertIn("No such object: nope", self.stack("inspect", "nope", expect=1).err)
        self.assertIn("No such image: web", self.stack("inspect", "--type", "image", "web", expect=1).err)
        self.assertIn("not a valid value for --type", self.stack("inspect", "--type", "task", "web", expect=2).err)

    def test_what_is_there_is_shown_though_another_is_not(self):
        result = self.stack("inspect", "web", "nope", expect=1)
        self.assertEqual([each["Name"] for each in json.loads(result.out)], ["/web"])

    def test_fields_are_dockers(self):
        seen = self.inspect("web")
        self.assertLessEqual({"Id", "Created", "Path", "Args", "State", "Image", "Name", "RestartCount", "HostConfig",
                              "Mounts", "Config", "NetworkSettings"}, set(seen))
        self.assertIn("A=1", seen["Config"]["Env"])
        self.assertEqual(seen["Config"]["ExposedPorts"], {"80/tcp": {}})
        self.assertEqual(seen["Config"]["Entrypoint"], None)
        settings = seen["NetworkSettings"]
        self.assertEqual(settings["IPAddress"], settings["Networks"]["bridge"]["IPAddress"])
        self.assertRegex(settings["Gateway"], r"^\d+\.\d+\.\d+\.\d+$")
        self.assertRegex(settings["MacAddress"], r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")
        self.assertGreater(settings["IPPrefixLen"], 8)
        shown = self.container("exec", "web", "cat", "/sys/class/net/eth0/address").out.strip()
        self.assertEqual(settings["MacAddress"], shown)


class Told(ContainerTest):
    """events --format and --filter."""

    def test_templates_and_filters(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}, job: {image: 'box:1', command: 'true'}}")
        events = lambda *flags: self.stack("events", "--since", "1h", "--until", f"{time.time():.3f}", *flags).lines
        self.assertIn("container start web", events("--format", "{{.Type}} {{.Action}} {{.Service}}"))
        self.assertEqual(set(events("--filter", "event=start", "--format", "{{.Action}}")), {"start"})
        self.assertEqual(set(events("--filter", "event=start", "--filter", "service=job", "--format", "{{.Service}}")),
                         {"job"})
        self.assertEqual(events("--filter", "type=network", "--format", "{{.Type}}")[0], "network")
        name = f"{self.project}-web-1"
        self.assertEqual(set(events("--filter", f"container={name}", "--format", "{{.Actor.Attributes.name}}")), {name})
        self.assertEqual(json.loads(events("--format", "json")[0]).keys() >= {"time", "type", "action"}, True)
        self.assertIn("Nope", self.stack("events", "--since", "1h", "--format", "{{.Nope}}", expect=2).err)
        self.assertIn("invalid filter", self.stack("events", "--filter", "x=y", expect=2).err)


if __name__ == "__main__":
    stacktest.main()
