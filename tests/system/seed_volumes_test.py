# SPDX-License-Identifier: Apache-2.0
"""What a newcomer types after a docker tutorial, about volumes."""

import os
import stat
import subprocess
from pathlib import Path

import stacktest
from container_test import ContainerTest


class VolumeTest(ContainerTest):
    def tearDown(self):
        stacktest.run_stack("container", "rm", "-fv", "--all")
        stacktest.run_stack("volume", "prune", "-a", "-f", "--now")
        stacktest.run_stack("image", "rm", "-f", "made:1")
        super().tearDown()

    def volumes(self):
        return self.stack("volume", "ls", "-q").lines

    def mount(self, name, place="/srv/data"):
        (mount,) = [each for each in self.inspect(name)["Mounts"] if each["Destination"] == place]
        return mount


class Made(VolumeTest):
    def check_anonymous(self, name):
        mount = self.mount(name)
        self.assertEqual((mount["Type"], mount["RW"]), ("volume", True))
        self.assertRegex(mount["Name"], "^[0-9a-f]{64}$")
        source = Path(mount["Source"])
        # Filled from the image, with owners and modes.
        info = source.stat()
        self.assertEqual((info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)), (1000, 1000, 0o2750))
        self.assertEqual((source / "from-image").read_text(), "hello from the image\n")
        self.assertEqual(stat.S_IMODE((source / "from-image").stat().st_mode), 0o640)
        self.assertEqual(os.readlink(source / "link"), "from-image")
        return source

    def test_by_a_flag(self):
        self.run_box("--name", "web", "-v", "/srv/data", "-", "sh", "-c", "echo written > /srv/data/x")
        self.assertEqual((self.check_anonymous("web") / "x").read_text(), "written\n")

    def test_by_hand(self):
        self.assertRegex(self.stack("volume", "create").out, "^[0-9a-f]{64}\n$")
        self.stack("volume", "create", "-d", "local", "--name", "tmp_1")
        self.stack("volume", "create", "--label", "keep=yes", "precious")
        self.stack("volume", "create", "-d", "nfs", "other", expect=1)
        self.stack("volume", "create", "--name", "a", "b", expect=1)
        self.assertEqual(self.stack("volume", "ls", "-qf", "name=tmp_").lines, ["tmp_1"])
        self.assertEqual(self.stack("volume", "ls", "-q", "-f", "name=^precious$", "-f", "driver=local").lines, ["precious"])
        self.assertEqual(self.stack("volume", "inspect", "-f", "{{.Name}}", "tmp_1").out, "tmp_1\n")
        self.stack("volume", "rm", "--file", "x", "tmp_1", expect=2)
        self.stack("volume", "prune", "-f")  # the one without a name
        self.assertEqual(self.volumes(), ["precious", "tmp_1"])
        self.stack("volume", "prune", "-af", "--filter", "label!=keep")
        self.assertEqual(self.volumes(), ["precious"])

    def test_by_the_image(self):
        self.write("Dockerfile", "FROM box:1\nVOLUME /srv/data\n")
        self.stack("image", "build", "-t", "made:1", ".")
        self.container("run", "--name", "web", "made:1", "true")
        self.check_anonymous("web")

    def test_it_lies_beside_the_root_and_not_in_it(self):
        self.run_box("-d", "--name", "web", "-v", "/srv/data", "-", "sleep", "1001")
        kind = lambda path: self.container("exec", "web", "sh", "-c",
                                           f"grep ' {path} ' /proc/mounts | tail -n 1").out.split()[2]
        self.assertEqual(kind("/"), "overlay")
        below = subprocess.run(["stat", "-f", "-c", "%T", self.mount("web")["Source"]], capture_output=True, text=True,
                               check=True).stdout.strip()
        self.assertNotEqual(kind("/srv/data"), "overlay")
        self.assertEqual(kind("/srv/data"), below.split("/")[0])

    def test_a_folder_of_the_host(self):
        place = self.directory / "not/there/yet"
        self.run_box("--rm", "-v", f"{place}:/srv/data", "-", "sh", "-c", "ls /srv/data; echo mine > /srv/data/x")
        info = place.stat()
        self.assertEqual((info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)), (0, 0, 0o755))
        # What the image has there is hidden, not copied.
        self.assertEqual([entry.name for entry in place.iterdir()], ["x"])
        out = self.run_box("--rm", "-v", f"{place}:/srv/data", "-", "ls", "/srv/data").out
        self.assertEqual(out, "x\n")

    def test_read_only(self):
        result = self.run_box("--rm", "-v", f"{self.directory}:/data:ro", "-", "touch", "/data/x", expect=1)
        self.assertIn("Read-only file system", result.err)
        err = self.run_box("-v", "/data/public:ro", "-", "true", expect=125).err
        self.assertIn('mount path must be absolute: "ro"', err)
        self.assertIn("did you mean /data/public:/data/public:ro?", err)

    def test_it_is_no_part_of_an_image_or_an_archive(self):
        self.run_box("--name", "web", "-v", "/srv/data", "-", "touch", "/srv/data/unseen", "/seen")
        self.container("commit", "web", "made:1")
        self.assertEqual(self.container("run", "--rm", "made:1", "sh", "-c", "ls /seen /srv/data").out,
                         "/seen\n\n/srv/data:\nfrom-image\nlink\n")
        self.assertEqual([line for line in self.container("diff", "web").lines if "unseen" in line], [])


class Shared(VolumeTest):
    def test_a_chain_from_one_that_has_ended(self):
        place = self.directory / "here"
        self.run_box("--name", "data", "-v", "/srv/data", "-v", f"{place}:/bound", "-v", "named:/named", "-", "true")
        self.run_box("--name", "middle", "--volumes-from", "data", "-", "touch", "/srv/data/one", "/bound/two", "/named/three")
        out = self.run_box("--rm", "--volumes-from", "middle", "-", "ls", "/srv/data", "/bound", "/named").out
        for name in ("from-image", "one", "two", "three"):
            self.assertIn(name, out)
        self.assertEqual(self.mount("middle")["Name"], self.mount("data")["Name"])

    def test_modes_and_what_wins(self):
        other = self.directory / "other"
        self.run_box("--name", "data", "-v", "/srv/data", "-", "true")
        self.run_box("--rm", "--volumes-from", "data:ro", "-", "touch", "/srv/data/x", expect=1)
        self.run_box("--name", "reader", "--volumes-from", "data:ro", "-", "true")
        self.run_box("--rm", "--volumes-from", "data:rw", "-", "touch", "/srv/data/x")
        self.run_box("--rm", "--volumes-from", "reader:rw", "-", "touch", "/srv/data/y")
        self.run_box("--rm", "--volumes-from", "data", "-v", f"{other}:/srv/data", "-", "touch", "/srv/data/mine")
        self.assertTrue((other / "mine").exists())
        self.assertIn("mode", self.run_box("--volumes-from", "data:rx", "-", "true", expect=125).err)

    def test_they_outlive_their_maker(self):
        self.run_box("--name", "maker", "-v", "/srv/data", "-", "touch", "/srv/data/kept")
        name = self.mount("maker")["Name"]
        self.run_box("--name", "stopped", "--volumes-from", "maker", "-", "true")
        # Another one, though it does not run, has it too.
        self.container("rm", "-v", "maker")
        self.assertIn(name, self.volumes())
        self.assertIn("kept", self.run_box("--rm", "--volumes-from", "stopped", "-", "ls", "/srv/data").out)
        self.assertIn(name, self.volumes())
        self.container("rm", "stopped")
        self.assertIn(name, self.volumes())
        self.stack("volume", "prune", "-f", "--now")
        self.assertNotIn(name, self.volumes())

    def test_the_last_one_takes_them_along(self):
        self.run_box("--name", "one", "-v", "/srv/data", "-", "true")
        self.container("rm", "-v", "one")
        self.assertEqual(self.volumes(), [])

    def test_a_container_of_data(self):
        self.run_box("--name", "myData", "-v", "/srv/data", "-", "true")
        self.assertRegex(self.row("myData")["Status"], r"^Exited \(0\)")
        self.run_box("-d", "--name", "db", "--volumes-from", "myData", "-", "sleep", "1001")
        self.container("exec", "db", "touch", "/srv/data/row")
        kept = self.container("prune", "-f")
        self.assertIn("kept myData", kept.err)
        self.assertIsNotNone(self.row("myData"))
        self.container("rm", "-f", "db")
        self.assertIn("row", self.run_box("--rm", "--volumes-from", "myData", "-", "ls", "/srv/data").out)


class Named(VolumeTest):
    def test_their_life(self):
        self.assertEqual(self.stack("volume", "create", "mydata").out, "mydata\n")
        self.run_box("--rm", "-v", "mydata:/data", "-", "touch", "/data/there")
        self.assertRegex(self.stack("volume", "ls").out, r"(?m)^DRIVER +VOLUME NAME\nlocal +mydata$")
        self.assertEqual(self.stack("volume", "list", "-q").lines, ["mydata"])
        place = self.stack("volume", "inspect", "--format", "{{.Mountpoint}}", "mydata").out.strip()
        self.assertTrue((Path(place) / "there").exists())
        self.run_box("--name", "user", "-v", "mydata:/data", "-v", "/anonymous", "-", "true")
        self.assertIn("in use", self.stack("volume", "rm", "mydata", expect=1).err)
        self.container("rm", "user")
        # Only those without a name go by themselves.
        self.stack("volume", "prune", "-f", "--now")
        self.assertEqual(self.volumes(), ["mydata"])
        self.stack("volume", "prune", "-a", "-f", "--now")
        self.assertEqual(self.volumes(), [])
        self.stack("volume", "create", "again")
        self.assertEqual(self.stack("volume", "remove", "--now", "again").out, "again\n")


if __name__ == "__main__":
    stacktest.main()
