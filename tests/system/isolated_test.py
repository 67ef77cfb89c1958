# SPDX-License-Identifier: Apache-2.0
"""Several checkouts of one project on one machine (`--isolated`): names, ports and data of their
own, and the ways back."""

import re
import textwrap

import stacktest

SHOP = """
    name: shop
    services:
      web:
        image: box:1
        command: sh -c 'mkdir /www; echo {text} > /www/index.html; exec httpd -f -p 80 -h /www'
        stop_grace_period: 0s
        ports: ["8123:80"]
        volumes: ["data:/data"]
    volumes: {{data: {{}}}}
"""


class Isolated(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.take_checkouts_down)

    def take_checkouts_down(self):
        for project in self.stack("ls", "-a", "-q").lines:
            self.stack("-p", project, "down", "-t", "0")
        for volume in self.stack("volume", "ls", "-q").lines:
            self.stack("volume", "rm", "--now", volume)

    def checkout(self, name):
        folder = self.directory / name
        folder.mkdir(exist_ok=True)
        (folder / "stack.yaml").write_text(textwrap.dedent(SHOP.format(text=name)))
        return folder

    def port_in(self, folder, *flags):
        text = self.stack(*flags, "port", "--env", directory=folder).out
        return int(re.search(r"^WEB_PORT=(\d+)$", text, re.M)[1])

    def test_two_checkouts_run_at_once(self):
        main, fix = self.checkout("main"), self.checkout("fix")
        self.stack("up", "-d", directory=main)
        refused = self.stack("up", "-d", directory=fix, expect=1)
        self.assertIn(str(main), refused.err)
        self.assertIn("--isolated", refused.err)
        self.stack("up", "-d", "--isolated", directory=fix)
        port = self.port_in(fix)
        self.assertNotEqual(port, 8123)
        self.await_page("http://127.0.0.1:8123/", "main\n")
        self.await_page(f"http://127.0.0.1:{port}/", "fix\n")
        self.assertEqual(sorted(self.stack("ls", "-q").lines), ["shop", "shop-fix"])

    def test_a_checkout_that_is_isolated_stays_so_until_it_is_taken_down(self):
        fix = self.checkout("fix")
        self.stack("up", "-d", "--isolated", directory=fix)
        port = self.port_in(fix)
        again = self.stack("up", "-d", directory=fix)
        self.assertNotIn("Creat", again.err)
        self.assertEqual(self.stack("ps", "-q", directory=fix).out,
                         self.stack("-p", "shop-fix", "ps", "-q").out)
        self.stack("up", "-d", "--force-recreate", directory=fix)
        self.assertEqual(self.port_in(fix), port)
        self.stack("down", directory=fix)
        self.assertEqual(self.stack("ls", "-a", "-q").lines, [])
        self.assertIn("name: shop\n", self.stack("config", directory=fix).out)
        self.assertIn("name: shop-fix\n", self.stack("--isolated", "config", directory=fix).out)
        # What it is called and where it answers depends on nothing that `down` takes away.
        self.stack("up", "-d", "--isolated", directory=fix)
        self.assertEqual(self.port_in(fix), port)

    def test_the_environment_may_say_it(self):
        fix = self.checkout("fix")
        self.stack("up", "-d", directory=fix, environment={"STACK_ISOLATED": "1"})
        self.assertEqual(self.stack("ls", "-q").lines, ["shop-fix"])

    def test_a_port_that_is_taken_is_passed_by(self):
        fix = self.checkout("fix")
        first = int(re.search(r'published: "?(\d+)-',
                              self.stack("--isolated", "config", directory=fix).out)[1])
        self.stack("container", "run", "-d", "--name", "rival", "-p", f"{first}:80", "box:1",
                   "sleep", "1000")
        self.addCleanup(self.stack, "container", "rm", "-f", "rival")
        self.stack("up", "-d", "--isolated", directory=fix)
        self.assertEqual(self.port_in(fix), first + 1)

    def test_a_plan_and_a_dry_run_make_nothing_isolated(self):
        fix = self.checkout("fix")
        self.assertIn("shop-fix-web-1", self.stack("--isolated", "plan", directory=fix).out)
        self.stack("--isolated", "up", "--dry-run", directory=fix)
        self.assertIn("shop-web-1", self.stack("plan", directory=fix).out)

    def inside(self, folder, *command, **options):
        return self.stack("exec", "-T", "web", *command, directory=folder, **options)

    def test_data_is_copied_once(self):
        main, fix = self.checkout("main"), self.checkout("fix")
        self.stack("up", "-d", directory=main)
        self.inside(main, "sh", "-c", "cd /data; echo gold > it; chmod 640 it; chown 7:8 it; ln it too")
        flags = ("up", "-d", "--isolated", "--copy-volumes-from", "shop")
        busy = self.stack(*flags, directory=fix, expect=1)
        self.assertIn("shop_data cannot be copied now: shop-web-1 may be writing to it", busy.err)
        self.assertIn("stack -p shop pause", busy.err)
        self.assertEqual(self.stack("ls", "-a", "-q").lines, ["shop"])
        self.stack("pause", directory=main)
        self.stack(*flags, directory=fix)
        self.stack("unpause", directory=main)
        self.assertEqual(self.inside(fix, "cat", "/data/it").out, "gold\n")
        self.assertEqual(self.inside(fix, "stat", "-c", "%a %u:%g %h", "/data/too").out, "640 7:8 2\n")
        # Each has its own from then on.
        self.inside(fix, "sh", "-c", "echo lead > /data/it")
        self.assertEqual(self.inside(main, "cat", "/data/it").out, "gold\n")
        self.stack("stop", directory=main)
        again = self.stack(*flags, "--force-recreate", directory=fix)
        self.assertIn("shop-fix_data is there already: nothing is copied into it", again.err)
        self.assertEqual(self.inside(fix, "cat", "/data/it").out, "lead\n")

    def test_a_project_without_volumes_cannot_be_copied(self):
        fix = self.checkout("fix")
        refused = self.stack("up", "-d", "--isolated", "--copy-volumes-from", "shp", directory=fix, expect=1)
        self.assertIn("project shp has no volumes to copy", refused.err)
        self.assertEqual(self.stack("ls", "-a", "-q").lines, [])



if __name__ == "__main__":
    stacktest.main()
