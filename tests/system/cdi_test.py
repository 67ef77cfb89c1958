# SPDX-License-Identifier: Apache-2.0
"""Devices that have names: what specifications of the Container Device Interface say reaches the
container, and what cannot be had is told before anything is made."""

import json
import shutil
import unittest
from pathlib import Path

import stacktest
import world

SPECS = Path("/run/cdi")  # where /var/run/cdi leads to; a tmpfs of the world's own

# What hooks of vendors do: they find the container's root by the bundle that they are told of.
HOOK = """#!/bin/sh
state=$(cat)
bundle=$(echo "$state" | sed -n 's/.*"bundle":"\\([^"]*\\)".*/\\1/p')
root=$(sed -n 's/.*"root":{"path":"\\([^"]*\\)".*/\\1/p' "$bundle/config.json")
echo "hook $1 for pid $(echo "$state" | sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p')"
mkdir -p "$root/etc/ld.so.conf.d"
echo "$2 $VENDOR" > "$root/etc/ld.so.conf.d/vendor.conf"
exit ${3:-0}
"""


class Cdi(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        SPECS.mkdir()
        self.addCleanup(shutil.rmtree, SPECS)
        self.driver = world.HOME / "driver"
        self.driver.mkdir()
        self.addCleanup(shutil.rmtree, self.driver)
        (self.driver / "libvendor.so").write_text("a library\n")
        hook = self.driver / "hook"
        hook.write_text(HOOK)
        hook.chmod(0o755)

    def specify(self, edits, *, kind="vendor.com/card", names=("one",), file="vendor.json", shared=None):
        devices = [{"name": name, "containerEdits": edits} for name in names]
        spec = {"cdiVersion": "0.7.0", "kind": kind, "devices": devices}
        if shared:
            spec["containerEdits"] = shared
        (SPECS / file).write_text(json.dumps(spec, indent="\t"))

    def stack_with(self, options):
        return ("services:\n  web:\n    image: box:1\n    command: sleep 1000\n"
                f"    stop_signal: SIGKILL\n    {options}\n")

    def refused(self, options):
        """The messages of an `up` that made nothing."""
        self.write_stack(self.stack_with(options))
        error = self.stack("up", "-d", expect=1).err
        self.assertEqual(self.stack("ps", "-a", "--format", "json").out, "")
        return error


class Named(Cdi):
    def test_all_that_a_specification_says_reaches_the_container(self):
        self.specify({"env": ["CARD=one"],
                      "deviceNodes": [{"path": "/dev/card0", "hostPath": "/dev/zero", "permissions": "r",
                                       "fileMode": 0o640, "uid": 7, "gid": 8},
                                      {"path": "/dev/cards/made", "type": "c", "major": 1, "minor": 5}],
                      "mounts": [{"hostPath": str(self.driver), "containerPath": "/opt/driver",
                                  "options": ["ro", "nosuid", "nodev", "bind"]}]},
                     shared={"env": ["CARDS=1"], "additionalGids": [4321]})
        self.up(self.stack_with("devices: [vendor.com/card=one]"))
        self.assertEqual(self.inside("web", "sh", "-c", "echo $CARD $CARDS"), "one 1\n")
        self.assertEqual(self.inside("web", "stat", "-c", "%a %u:%g %t:%T", "/dev/card0"), "640 7:8 1:5\n")
        self.assertEqual(self.inside("web", "sh", "-c", "head -c 3 /dev/cards/made | wc -c"), "3\n")
        self.assertEqual(self.inside("web", "cat", "/opt/driver/libvendor.so"), "a library\n")
        self.assertIn("ro,nosuid,nodev", self.inside("web", "grep", "/opt/driver", "/proc/mounts"))
        self.assertIn("4321", self.inside("web", "grep", "Groups", "/proc/1/status"))

    def test_permissions_are_kept(self):
        self.specify({"deviceNodes": [{"path": "/dev/fuse0", "type": "c", "major": 10, "minor": 229,
                                       "permissions": "none", "fileMode": 0o666}]})
        self.up(self.stack_with("devices: [vendor.com/card=one]"))
        self.assertIn("not permitted", self.stack("exec", "-T", "web", "cat", "/dev/fuse0", expect=1).err)

    def test_another_word_of_the_vendors_is_told_and_makes_another_container(self):
        self.specify({"env": ["CARD=one"]})
        self.up(self.stack_with("devices:\n      - /dev/zero:/dev/nothing\n      - vendor.com/card=one"))
        self.assertIn("nothing to change", self.up().err)
        self.specify({"env": ["CARD=two"]})
        self.assertIn('devices.cdi.vendor.com/card=one.env: ["CARD=one"] -> ["CARD=two"] (stack.yaml:6:5)',
                      self.stack("plan").out)
        self.up()
        self.assertEqual(self.inside("web", "sh", "-c", "echo $CARD"), "two\n")

    def test_a_name_that_nobody_has_is_told_with_those_there_are(self):
        self.specify({"env": ["A=1"]}, names=("one", "two"))
        self.assertRegex(self.refused("devices: [/dev/zero, vendor.com/card=onee]"),
                         r'stack.yaml:6:26: error: service "web": there is no CDI device "vendor.com/card=onee"\n'
                         r'  hint: did you mean "vendor.com/card=one"\?')

    def test_a_file_that_cannot_be_read_is_told_with_the_place_of_its_mistake(self):
        (SPECS / "bad.yaml").write_text("cdiVersion: 1.0.0\nkind: vendor.com/card\ndevices:\n- nam: one\n")
        self.assertRegex(self.refused("devices: [vendor.com/card=one]"),
                         r"not understood: /var/run/cdi/bad.yaml:4:3: name is missing")

    def test_what_the_machine_does_not_have_is_told(self):
        self.specify({"deviceNodes": [{"path": "/dev/nosuch"}]})
        self.assertRegex(self.refused("devices: [vendor.com/card=one]"),
                         r'stack.yaml:6:15: error: service "web": CDI device "vendor.com/card=one" needs /dev/nosuch, '
                         r"which does not exist\n  hint: says /var/run/cdi/vendor.json")


class Hooks(Cdi):
    def hook(self, *arguments, **more):
        return {"hookName": "createContainer", "path": str(self.driver / "hook"),
                "args": ["hook", *arguments], "env": ["VENDOR=acme", "PATH=/usr/bin:/bin"], **more}

    def test_work_on_the_files_before_the_program_runs(self):
        self.specify({"hooks": [self.hook("first", "/opt/old"), self.hook("second", "/opt/driver")]})
        self.up(self.stack_with("devices: [vendor.com/card=one]").replace(
            "sleep 1000", "sh -c 'cat /etc/ld.so.conf.d/vendor.conf; exec sleep 1000'"))
        stacktest.eventually(lambda: "acme" in self.log("web"), "the program sees the file")
        self.assertEqual(self.log("web"), "hook first for pid 1\nhook second for pid 1\n/opt/driver acme\n")
        self.assertEqual(self.inside("web", "ls", "/sys/fs"), self.inside("web", "ls", "/sys/fs"))

    def test_one_that_fails_fails_the_start(self):
        self.specify({"hooks": [self.hook("first", "x", "3")]})
        self.write_stack(self.stack_with("devices: [vendor.com/card=one]"))
        error = self.stack("up", "-d", expect=125).err
        self.assertRegex(error, r"running the hook /\S+/hook \(hook first x\): exited \(3\)\n  hint: what it said")
        self.assertEqual(self.state_of("web"), "created")
        self.assertIn("hook first", self.log("web"))

    def test_one_that_does_not_end_is_ended(self):
        (self.driver / "slow").write_text("#!/bin/sh\nexec sleep 1000\n")
        (self.driver / "slow").chmod(0o755)
        self.specify({"hooks": [self.hook(timeout=1) | {"path": str(self.driver / "slow")}]})
        self.write_stack(self.stack_with("devices: [vendor.com/card=one]"))
        self.assertRegex(self.stack("up", "-d", expect=125).err, r"running the hook /\S+/slow \(hook\): Timer expired")

    def test_other_kinds_are_refused_by_name(self):
        self.specify({"hooks": [self.hook() | {"hookName": "poststop"}]})
        self.assertRegex(self.refused("devices: [vendor.com/card=one]"),
                         r"CDI device \"vendor.com/card=one\" wants a hook poststop \(/\S+\), which stack cannot give")


class Gpus(Cdi):
    def processors(self):
        for name in ("0", "1", "all"):
            self.specify({"env": [f"GPU_{name}=yes"], "deviceNodes": [
                {"path": f"/dev/nvidia{name}", "type": "c", "major": 1, "minor": 5}]},
                kind="nvidia.com/gpu", names=(name,), file=f"nvidia-{name}.json",
                shared={"env": ["NVIDIA_VISIBLE_DEVICES=void"]})

    def names(self):
        return self.inside("web", "sh", "-c", "env | grep ^GPU_; ls /dev | grep nvidia").split()

    def test_all_of_them(self):
        self.processors()
        self.up(self.stack_with("gpus: all\n    environment: {NVIDIA_VISIBLE_DEVICES: all}"))
        self.assertEqual(self.names(), ["GPU_all=yes", "nvidiaall"])
        self.assertEqual(self.inside("web", "sh", "-c", "echo $NVIDIA_VISIBLE_DEVICES"), "void\n")

    def test_one_by_deploy_and_another_by_id(self):
        self.processors()
        self.up(self.stack_with("deploy: {resources: {reservations: {devices: ["
                                "{driver: nvidia, count: 1, capabilities: [gpu]}]}}}"))
        self.assertEqual(self.names(), ["GPU_0=yes", "nvidia0"])
        self.up(self.stack_with("gpus: [{device_ids: ['1'], capabilities: [gpu, utility]}]"))
        self.assertEqual(self.names(), ["GPU_1=yes", "nvidia1"])

    def test_without_a_specification_what_to_install_is_told(self):
        self.assertRegex(self.refused("gpus: all"),
                         r'stack.yaml:6:11: error: service "web": asks for graphics processors, but no CDI '
                         r"specification has any \(nvidia.com/gpu or amd.com/gpu\)\n  hint: install nvidia-container")

    def test_more_than_there_are(self):
        self.processors()
        self.assertRegex(self.refused("deploy: {resources: {reservations: {devices: ["
                                      "{count: 9, capabilities: [gpu]}]}}}"),
                         r"stack.yaml:6:\d+: error: service \"web\": 9 devices of kind nvidia.com/gpu are asked for, "
                         r"and there are 2")


if __name__ == "__main__":
    stacktest.main()
