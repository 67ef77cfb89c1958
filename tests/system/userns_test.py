# SPDX-License-Identifier: Apache-2.0
"""userns_mode: auto. Ids inside are not the host's, and on disk they are those seen inside."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

import stacktest
from stacktest import eventually

FIRST = 0x70000000
SLEEP = "image: box:1, command: sleep 1000, stop_signal: SIGKILL"


class UserNamespace(stacktest.StackTest):
    def started(self, more="", name="web", rest=""):
        return self.up(f"services:\n  {name}: {{{SLEEP}, userns_mode: auto{more}}}\n{rest}")

    def shell(self, command, service="web", **options):
        return self.inside(service, "sh", "-c", command, **options)

    def process(self):
        """The one process on this machine that sleeps for a container."""
        found = self.pids_running("sleep 1000")
        self.assertEqual(len(found), 1)
        return found[0]

    def first_id(self, service="web"):
        return int(self.shell("cat /proc/self/uid_map", service).split()[1])

    def written(self, service="web"):
        """The writable layer of a service's container, as it is on disk."""
        rows = self.ps()
        containers = Path(os.environ["STACK_ROOT"]) / "stacks" / self.project / "containers"
        return next(path for path in containers.iterdir() if path.name.startswith(rows[service]["ID"])) / "upper"


class Ids(UserNamespace):
    def cover(self, path, text):
        """Another text in the place of a file of the machine, for this world and this test only."""
        if not Path(path).exists():
            self.skipTest(f"this machine has no {path}")
        other = self.write(Path(path).name, text)
        subprocess.run(["mount", "--bind", str(other), path], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", path], check=True)

    def test_root_inside_is_nobody_outside(self):
        self.started()
        self.assertEqual(self.shell("id -u; cat /proc/self/uid_map").split(), ["0", "0", str(FIRST), "65536"])
        status = Path(f"/proc/{self.process()}/status").read_text()
        self.assertRegex(status, rf"Uid:\t{FIRST}\t{FIRST}\t{FIRST}\t{FIRST}\n")
        self.assertRegex(status, rf"Gid:\t{FIRST}\t{FIRST}\t{FIRST}\t{FIRST}\n")

    def test_a_user_of_the_image_and_its_groups(self):
        self.started(", user: app, group_add: ['77']")
        self.assertEqual(self.shell("id -u; id -G"), "1000\n1000 77 2000\n")
        self.assertIn(f"Uid:\t{FIRST + 1000}\t", Path(f"/proc/{self.process()}/status").read_text())

    def test_two_containers_have_no_id_in_common_and_down_frees_them(self):
        self.up(f"services:\n  one: {{{SLEEP}, userns_mode: auto}}\n  two: {{{SLEEP}, userns_mode: 'auto:size=100'}}\n"
                f"  three: {{{SLEEP}, userns_mode: auto}}\n")
        spans = sorted((self.first_id(name), int(self.shell("cat /proc/self/uid_map", name).split()[2]))
                       for name in ("one", "two", "three"))
        for (first, count), (following, _) in zip(spans, spans[1:]):
            self.assertLessEqual(first + count, following)
        self.assertEqual(sum(count for _, count in spans), 65536 * 2 + 100)
        self.stack("down")
        self.started()
        self.assertEqual(self.first_id(), FIRST)

    def test_stay_the_same_over_restarts_and_stops(self):
        self.up(f"services:\n  one: {{{SLEEP}, userns_mode: auto}}\n  two: {{{SLEEP}, userns_mode: auto}}\n")
        before = self.first_id("one"), self.first_id("two")
        self.stack("restart", "one")
        self.stack("stop")
        self.stack("start", "two")
        self.stack("start", "one")
        self.assertEqual((self.first_id("one"), self.first_id("two")), before)

    def test_what_root_may_do_inside(self):
        self.started(", cap_add: [SYS_ADMIN, NET_ADMIN], sysctls: {net.core.somaxconn: 123}, hostname: inner, "
                     "security_opt: ['seccomp=unconfined']")
        self.assertEqual(self.shell("cat /proc/sys/net/core/somaxconn; hostname"), "123\ninner\n")
        self.assertEqual(self.shell("ip link set lo mtu 1400 && cat /sys/class/net/lo/mtu"), "1400\n")
        self.assertEqual(self.shell("mkdir /mnt && mount -t tmpfs none /mnt && touch /mnt/x && stat -c %u /mnt/x"), "0\n")
        # What stack has mounted cannot be taken away or opened.
        for command in ("umount /proc/interrupts", "umount /sys", "mount -o remount,rw,bind /proc/sys"):
            self.assertNotEqual(self.stack("exec", "-T", "web", *command.split(), expect=None).code, 0, command)

    def test_networks_names_and_published_ports(self):
        self.up(f"services:\n  web: {{image: 'box:1', userns_mode: auto, stop_signal: SIGKILL, ports: ['127.0.0.1:18080:80'],\n"
                f"        command: sh -c 'echo page > /tmp/index.html; exec httpd -f -p 80 -h /tmp'}}\n"
                f"  client: {{{SLEEP}, userns_mode: auto}}\n")
        self.await_page("http://127.0.0.1:18080/", "page\n")
        eventually(lambda: self.stack("exec", "-T", "client", "wget", "-qO-", "http://web/", expect=None).out == "page\n",
                   "the client finds the server by its name")

    def test_a_terminal_and_the_streams_belong_to_the_user(self):
        self.started(", user: app, tty: true, stdin_open: true")
        self.assertEqual(self.shell("stat -L -c %u:%g /proc/1/fd/0"), "1000:5\n")
        self.stack("down")
        self.up("services:\n  web: {image: 'box:1', userns_mode: auto, user: app, stop_signal: SIGKILL,\n"
                "        command: sh -c 'echo said > /dev/stdout; echo wrong > /dev/stderr; exec sleep 1000'}\n")
        eventually(lambda: sorted(self.log("web").split()) == ["said", "wrong"], "what it says is in the log")
        self.assertEqual(self.shell("echo again > /dev/stdout"), "again\n")

    def test_with_our_init_a_health_check_and_hooks(self):
        self.started(", init: true, healthcheck: {test: 'test $$(id -u) = 0 && test -w /etc', interval: 100ms}, "
                     "post_start: [{command: 'sh -c \"id -u > /tmp/hook\"', user: app}]")
        eventually(lambda: self.ps()["web"]["Health"] == "healthy", "it is healthy")
        self.assertEqual(self.shell("cat /proc/1/comm; cat /tmp/hook; stat -c %u /tmp/hook"), "stack-init\n1000\n1000\n")
        # The one process that is a copy of ours is not theirs to look into.
        self.assertEqual(self.shell("cat /proc/1/environ 2>/dev/null || echo refused"), "refused\n")

    def test_a_user_without_an_id_is_told(self):
        self.write_stack(f"services:\n  web: {{{SLEEP}, userns_mode: 'auto:size=1000', user: app}}\n")
        self.assertIn("user \"app\" or a group of it is not among the ids of the container's user namespace",
                      self.stack("up", "-d", expect=None).err)

    def test_a_line_of_ours_in_the_files_of_subordinate_ids(self):
        self.cover("/etc/subuid", "other:100000:65536\nstack:300000:70000\n")
        self.cover("/etc/subgid", "stack:500000:70000\n")
        self.started()
        self.assertEqual(self.shell("cat /proc/self/uid_map /proc/self/gid_map").split(),
                         ["0", "300000", "65536", "0", "500000", "65536"])
        self.write_stack(f"services:\n  web: {{{SLEEP}, userns_mode: auto}}\n  two: {{{SLEEP}, userns_mode: auto}}\n")
        error = self.stack("up", "-d", expect=None).err
        self.assertIn("there are no 65536 ids left for a user namespace", error)
        self.assertIn("/etc/subuid", error)


class Files(UserNamespace):
    def test_on_disk_have_the_ids_seen_inside(self):
        self.started(", volumes: ['data:/data']", rest="volumes: {data: {}}\n")
        self.shell("echo x > /made; echo y > /data/made; chown 33:44 /made /data/made; mkdir /srv/dir")
        self.assertEqual(self.shell("stat -c %u:%g /made /data/made /srv /srv/data /bin/busybox").split(),
                         ["33:44", "33:44", "0:0", "1000:1000", "0:0"])
        volume = Path(os.environ["STACK_ROOT"]) / "volumes"
        made = [path for path in volume.rglob("made")]
        self.assertEqual([(path.stat().st_uid, path.stat().st_gid) for path in made], [(33, 44)])
        on_disk = self.written() / "made"
        self.assertEqual((on_disk.stat().st_uid, on_disk.stat().st_gid), (33, 44))
        self.assertEqual((self.written() / "srv/dir").stat().st_uid, 0)

    def test_of_the_image_are_changed_removed_and_replaced(self):
        self.started()
        self.shell("echo more >> /srv/data/from-image; rm -r /home; mkdir /home; mv /var /var2; ln -s x /srv/link")
        self.assertEqual(self.shell("cat /srv/data/from-image; stat -c %u:%g /srv/data/from-image"),
                         "hello from the image\nmore\n1000:2000\n")
        self.assertIn("C /srv/data/from-image", self.stack("diff", "web").out)

    def test_of_a_volume_are_the_same_with_and_without(self):
        self.up(f"services:\n  mapped: {{{SLEEP}, userns_mode: auto, volumes: ['data:/srv/data']}}\n"
                f"  plain: {{{SLEEP}, volumes: ['data:/srv/data'], depends_on: [mapped]}}\nvolumes: {{data: {{}}}}\n")
        self.shell("echo 1 > /srv/data/one; chown 5:6 /srv/data/one", "mapped")
        self.shell("echo 2 > /srv/data/two; chown 7:8 /srv/data/two", "plain")
        for service in ("mapped", "plain"):
            self.assertEqual(self.shell("stat -c %u:%g /srv/data/one /srv/data/two /srv/data/from-image", service).split(),
                             ["5:6", "7:8", "1000:2000"])

    def test_of_a_bind_keep_the_hosts_owners_who_are_nobody_inside(self):
        folder = self.directory / "work"
        folder.mkdir()
        (folder / "secret").write_text("of the host's root\n")
        (folder / "secret").chmod(0o600)
        (folder / "open").mkdir()
        (folder / "open").chmod(0o777)
        self.started(", volumes: ['./work:/work']")
        self.assertEqual(self.shell("stat -c %u /work/secret; cat /work/secret 2>/dev/null || echo refused; "
                                    "touch /work/open/made"), "65534\nrefused\n")
        self.assertEqual((folder / "open/made").stat().st_uid, FIRST)
        self.stack("down")
        (folder / "secret").unlink()
        os.chown(folder, 1234, 1235)
        self.started(", user: app, volumes: ['./work:/work'], x-stack: {idmap: owner}")
        self.assertEqual(self.shell("echo text > /work/mine; stat -c %u:%g /work /work/mine"), "1000:1000\n1000:1000\n")
        made = (folder / "mine").stat()
        self.assertEqual((made.st_uid, made.st_gid), (1234, 1235))

    def test_made_for_the_container_belong_to_its_root(self):
        self.started(", tmpfs: ['/t:uid=5,gid=6', /u], devices: ['/dev/zero:/dev/nothing'], "
                     "configs: [{source: c, target: /c, uid: '33', gid: '44'}]",
                     rest="configs: {c: {content: text}}\n")
        self.assertEqual(self.shell("stat -c '%n %u:%g' /t /u /dev /dev/null /dev/nothing /dev/shm /dev/pts/ptmx "
                                    "/etc/hosts /etc/resolv.conf /etc/hostname /c /proc/self/").splitlines(),
                         ["/t 5:6", "/u 0:0", "/dev 0:0", "/dev/null 0:0", "/dev/nothing 0:0", "/dev/shm 0:0",
                          "/dev/pts/ptmx 0:0", "/etc/hosts 0:0", "/etc/resolv.conf 0:0", "/etc/hostname 0:0",
                          "/c 33:44", "/proc/self/ 0:0"])
        self.shell("echo 192.0.2.1 far >> /etc/hosts; echo x > /dev/null; head -c 3 /dev/nothing > /dev/shm/x")

    def test_of_another_image(self):
        self.started(", volumes: [{type: image, source: 'box:1', target: /box}]")
        self.assertEqual(self.shell("stat -c %u:%g /box/bin /box/srv/data/from-image").split(), ["0:0", "1000:2000"])

    def test_are_copied_with_their_ids_while_it_runs_and_after(self):
        self.started(", volumes: ['data:/data']", rest="volumes: {data: {}}\n")
        (self.directory / "in").mkdir()
        (self.directory / "in/file").write_text("from the host\n")
        os.chown(self.directory / "in/file", 7, 8)
        for target in ("/srv", "/data"):
            self.stack("cp", "-a", "in", f"web:{target}")
            self.assertEqual(self.shell(f"stat -c %u:%g {target}/in {target}/in/file").split(), ["0:0", "7:8"])
        self.shell("chown 9:10 /srv/in/file")
        for _ in ("while it runs", "afterwards"):
            done = subprocess.run([stacktest.STACK, "cp", "web:/srv/in", "-"], cwd=self.directory, capture_output=True, check=True)
            with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
                owners = {member.name.strip("/"): (member.uid, member.gid) for member in tar}
            self.assertEqual(owners, {"in": (0, 0), "in/file": (9, 10)})
            self.stack("stop")
        self.stack("cp", "-a", "in/file", "web:/srv/late")
        self.stack("start")
        self.assertEqual(self.shell("stat -c %u:%g /srv/late").strip(), "7:8")

    def test_are_exported_and_committed_as_they_are_seen(self):
        self.started()
        self.shell("echo x > /srv/made; chown 33:44 /srv/made")
        done = subprocess.run([stacktest.STACK, "export", "web"], cwd=self.directory, capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
            made = tar.getmember("srv/made") if "srv/made" in tar.getnames() else tar.getmember("./srv/made")
        self.assertEqual((made.uid, made.gid), (33, 44))
        self.stack("commit", "web", "made:1")
        self.addCleanup(lambda: stacktest.run_stack("image", "rm", "--force", "made:1"))
        self.up(f"services:\n  web: {{image: 'made:1', command: sleep 1000, stop_signal: SIGKILL}}\n")
        self.assertEqual(self.shell("stat -c %u:%g /srv/made").strip(), "33:44")


class Places(UserNamespace):
    def test_a_file_system_without_mappings_is_told_before_anything_is_made(self):
        place = self.directory / "ramfs"
        place.mkdir()
        subprocess.run(["mount", "-t", "ramfs", "none", str(place)], check=True)
        self.addCleanup(subprocess.run, ["umount", str(place)], check=True)
        data = place / "data"
        data.mkdir(mode=0o700)
        there = {"STACK_ROOT": str(data)}
        stacktest.make_box(self.directory / "box")
        self.stack("image", "import", "box", "box:1", environment=there)
        self.write_stack(f"services:\n  web:\n    image: box:1\n    command: sleep 9\n    userns_mode: auto\n")
        error = self.stack("up", "-d", expect=None, environment=there).err
        self.assertRegex(error, r'stack.yaml:5:\d+: error: service "web": the file system of .* cannot show its files')
        self.assertFalse((data / "stacks").exists() and any((data / "stacks").rglob("config.json")))
        self.assertRegex(self.stack("doctor", expect=None, environment=there).out, r"degraded +runtime +idmapped mounts")


class Together(UserNamespace):
    def test_who_shares_a_network_shares_the_user_namespace(self):
        self.up(f"services:\n  one: {{{SLEEP}, userns_mode: auto, cap_add: [NET_ADMIN]}}\n"
                f"  two: {{{SLEEP}, userns_mode: auto, cap_add: [NET_ADMIN], network_mode: 'service:one', ipc: 'service:one'}}\n"
                f"  three: {{{SLEEP}, userns_mode: auto, pid: 'service:two'}}\n")
        self.assertEqual(len({self.shell("readlink /proc/self/ns/user", name) for name in ("one", "two", "three")}), 1)
        self.assertEqual(self.shell("readlink /proc/self/ns/net", "one"), self.shell("readlink /proc/self/ns/net", "two"))
        self.shell("ip link set lo mtu 1500; echo x > /dev/shm/shared; echo y > /tmp/mine", "two")
        self.assertEqual(self.shell("cat /sys/class/net/lo/mtu; stat -c %u /dev/shm/shared", "one"), "1500\n0\n")
        self.assertEqual(self.shell("id -u; stat -c %u /etc", "three"), "0\n0\n")
        self.stack("cp", "two:/tmp/mine", "mine")
        self.assertEqual((self.directory / "mine").read_text(), "y\n")

    def test_what_cannot_be_together_is_told_at_its_line(self):
        self.write_stack("services:\n"
                         "  one: {image: 'box:1', userns_mode: auto, privileged: true}\n"
                         "  two: {image: 'box:1', userns_mode: auto, pid: host}\n"
                         "  three: {image: 'box:1', userns_mode: auto, network_mode: host}\n"
                         "  four: {image: 'box:1', userns_mode: auto, ipc: host}\n"
                         "  five: {image: 'box:1', network_mode: 'service:six'}\n"
                         "  six: {image: 'box:1', userns_mode: auto}\n"
                         "  seven: {image: 'box:1', userns_mode: keep-id}\n")
        errors = self.stack("up", "-d", expect=3).err
        self.assertRegex(errors, r'stack.yaml:2:\d+: error: service "one": a privileged container cannot have a user namespace')
        for line, name in ((3, "two"), (4, "three"), (5, "four")):
            self.assertRegex(errors, rf'stack.yaml:{line}:\d+: error: service "{name}": a container with a namespace of the host')
        self.assertRegex(errors, r'stack.yaml:6:\d+: error: services "five" and "six" share a namespace, but not their ids')
        self.assertRegex(errors, r'stack.yaml:8:\d+: error: "userns_mode" of service "seven" cannot be "keep-id"')

    def test_a_change_makes_the_container_anew_and_keeps_the_volume(self):
        self.started(", volumes: ['data:/data']", rest="volumes: {data: {}}\n")
        self.shell("echo x > /data/made; chown 33 /data/made")
        self.write_stack(f"services:\n  web: {{{SLEEP}, volumes: ['data:/data']}}\nvolumes: {{data: {{}}}}\n")
        self.assertRegex(self.stack("plan").out, r"recreate|create")
        self.stack("up", "-d")
        self.assertEqual(self.shell("stat -c %u /data/made; wc -l < /proc/self/uid_map").split(), ["33", "1"])
        self.assertEqual(self.shell("cat /proc/self/uid_map").split()[1], "0")

    def test_groups_that_it_may_write_to_are_its_own(self):
        self.started(", security_opt: [writable-cgroups]")
        made = self.shell("for i in /sys/fs/cgroup /sys/fs/cgroup/pids /sys/fs/cgroup/unified; do "
                          "[ -e $i/cgroup.procs ] && mkdir $i/inner && echo made && rmdir $i/inner; done; true")
        self.assertIn("made", made)

    def test_a_killed_supervisor_finds_it_again(self):
        self.started()
        before = self.process()
        os.kill(self.supervisor(), 9)
        eventually(lambda: self.pids_named("stack-superviso"), "the keeper starts another")
        eventually(lambda: self.stack("exec", "-T", "web", "true", expect=None).code == 0, "it can be entered")
        self.assertEqual(self.process(), before)
        self.stack("restart")
        self.assertEqual(self.first_id(), FIRST)


if __name__ == "__main__":
    stacktest.main()
