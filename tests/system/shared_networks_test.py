# SPDX-License-Identifier: Apache-2.0
"""Networks that more than one stack is in: external ones, names across stacks, and what happens when
one side goes, is killed, or comes again."""

import json
import os
import re
import signal
import subprocess
import textwrap
import unittest
from pathlib import Path

import inventory
import stacktest
import world

PAGE = "mkdir /www; echo {text} > /www/index.html; exec httpd -f -p 80 -h /www"

SHOP = """
    name: shop
    services:
      db:
        image: box:1
        command: sh -c '{page}'
        stop_grace_period: 0s
        networks: {{back: {{aliases: [store]}}}}
    networks:
      back: {{name: shop_back{options}}}
"""

BLOG = """
    name: blog
    services:
      web:
        image: box:1
        command: sh -c '{page}'
        stop_grace_period: 0s
        {more}
        networks: {{shared: {{aliases: [pages]}}}}
    networks:
      shared: {{external: true, name: shop_back}}
"""


class TwoStacks(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.take_guests_down)

    def take_guests_down(self):
        for project in ("blog", "wiki"):
            self.stack("-p", project, "down", "-v", "--now", "-t", "0")

    def project_folder(self, name, text):
        folder = self.directory / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "stack.yaml").write_text(textwrap.dedent(text).lstrip("\n"))
        return folder

    def up_in(self, name, text, *arguments, **options):
        return self.stack("up", "-d", *arguments, directory=self.project_folder(name, text),
                          **options)

    def up_shop(self, options="", **more):
        return self.up_in("shop", SHOP.format(page=PAGE.format(text="shop"), options=options),
                          **more)

    def up_blog(self, more="", *arguments, **options):
        return self.up_in("blog", BLOG.format(page=PAGE.format(text="blog"), more=more), *arguments,
                          **options)

    def within(self, project, service, *command, **options):
        return self.stack("-p", project, "exec", "-T", service, *command, **options)

    def page(self, project, service, url):
        return self.within(project, service, "wget", "-q", "-O", "-", url,
                           expect=None).out

    def await_own_page(self, project, service):
        stacktest.eventually(lambda: self.page(project, service, "http://127.0.0.1/"),
                             f"{service} serves")

    def await_both(self):
        for project, service in (("shop", "db"), ("blog", "web")):
            self.await_own_page(project, service)

    @staticmethod
    def keeper_of(project):
        try:
            return int((Path(os.environ["STACK_RUN"]) / "stacks" / project / "keeper.pid").read_text())
        except OSError:
            return None

    def supervisor_of(self, project):
        keeper = self.keeper_of(project)
        for pid in self.pids_named("stack-superviso"):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):  # ended since it was listed
                continue
            if f"PPid:\t{keeper}\n" in status:
                return pid
        return None

    def kill_all_of(self, project):
        """Keeper and supervisor; the containers live on."""
        for pid in (self.keeper_of(project), self.supervisor_of(project)):
            stacktest.kill_if_there(pid)

    def kill_supervisor(self, project):
        victim = self.supervisor_of(project)
        os.kill(victim, signal.SIGKILL)
        socket = Path(os.environ["STACK_RUN"]) / "stacks" / project / "control.sock"
        stacktest.eventually(lambda: self.supervisor_of(project) not in (None, victim),
                             f"a new supervisor of {project}")
        stacktest.eventually(socket.exists, "it listens")


class External(TwoStacks):
    def test_both_sides_find_each_other_by_all_names(self):
        self.up_shop()
        self.up_blog()
        self.await_both()
        for name in ("db", "store", "shop-db-1", "db.shop_back"):
            self.assertEqual(self.page("blog", "web", f"http://{name}/"), "shop\n", name)
        for name in ("web", "pages", "blog-web-1"):
            self.assertEqual(self.page("shop", "db", f"http://{name}/"), "blog\n", name)

    def test_a_network_mode_may_name_it(self):
        mode = """
            name: blog
            services:
              web:
                image: box:1
                command: sleep 1000
                network_mode: shop_back
            """
        refused = self.up_in("blog", mode, expect=1)
        self.assertIn("stack.yaml:6:19: error: network_mode of service web: there is no network "
                      "shop_back", refused.err)
        self.up_shop()
        self.await_own_page("shop", "db")
        self.up_in("blog", mode)
        self.assertEqual(self.page("blog", "web", "http://store/"), "shop\n")
        self.assertIn("nothing to change", self.up_in("blog", mode).err)
        host = json.loads(self.stack("inspect", "blog-web-1").out)[0]["HostConfig"]
        self.assertEqual(host["NetworkMode"], "shop_back")

    def test_guests_find_each_other(self):
        self.up_shop()
        self.up_blog()
        third = BLOG.format(page=PAGE.format(text="wiki"), more="").replace("name: blog",
                                                                          "name: wiki")
        self.up_in("wiki", third.replace("web:", "wiki:").replace("pages", "articles"))
        self.await_own_page("blog", "web")
        self.await_own_page("wiki", "wiki")
        self.assertEqual(self.page("blog", "web", "http://articles/"), "wiki\n")
        self.assertEqual(self.page("wiki", "wiki", "http://pages/"), "blog\n")

    def test_a_name_comes_and_goes_with_its_container(self):
        self.up_shop()
        self.up_blog()
        self.await_both()
        self.assertEqual(self.page("shop", "db", "http://web/"), "blog\n")
        self.stack("-p", "blog", "stop")
        self.within("shop", "db", "nslookup", "web", expect=1)
        self.stack("start", directory=self.directory / "blog")
        self.await_own_page("blog", "web")
        self.assertEqual(self.page("shop", "db", "http://web/"), "blog\n")
        self.stack("-p", "shop", "restart", "db")
        self.await_own_page("shop", "db")
        self.assertEqual(self.page("blog", "web", "http://db/"), "shop\n")

    def test_a_missing_one_is_told_at_its_line_before_anything_is_made(self):
        result = self.up_blog(expect=1)
        self.assertIn("stack.yaml:10:3: error: network shop_back declared as external, "
                      "but could not be found", result.err)
        self.assertFalse((Path(os.environ["STACK_ROOT"]) / "stacks/blog").exists())
        self.assertEqual(inventory.processes(), [])

    def test_up_again_changes_nothing(self):
        self.up_shop()
        self.up_blog()
        self.assertIn("nothing to change", self.up_blog().err)
        self.assertIn("nothing to change", self.up_shop().err)

    def test_addresses_are_the_owners_to_give(self):
        self.up_shop()
        self.up_blog()
        record = Path(os.environ["STACK_ROOT"]) / "stacks/shop/networks/shop_back.json"
        leases = json.loads(record.read_text())["leases"]
        self.assertEqual(sorted(leases), ["blog/blog-web-1", "shop-db-1"])
        self.assertEqual(len(set(leases.values())), 2)
        before = leases["blog/blog-web-1"]
        self.stack("-p", "blog", "restart")
        self.assertEqual(json.loads(record.read_text())["leases"]["blog/blog-web-1"], before)
        self.stack("-p", "blog", "down", "-t", "0")
        self.assertEqual(list(json.loads(record.read_text())["leases"]), ["shop-db-1"])

    def test_a_network_of_the_same_name_is_used_with_a_warning(self):
        self.up_shop()
        text = BLOG.format(page=PAGE.format(text="blog"), more="").replace("external: true, ", "")
        result = self.up_in("blog", text)
        self.assertIn("a network with name shop_back exists but was not created for project "
                      '"blog"', result.err)
        self.await_both()
        self.assertEqual(self.page("blog", "web", "http://db/"), "shop\n")

    def test_an_internal_one_has_no_way_out_for_guests_either(self):
        self.up_shop(", internal: true")
        self.up_blog()
        self.await_both()
        self.assertEqual(self.page("blog", "web", "http://db/"), "shop\n")
        self.assertNotIn("default", self.within("blog", "web", "ip", "route").out)
        asked = self.within("blog", "web", "nslookup", "somewhere.example", expect=1)
        self.assertIn("REFUSED", asked.out + asked.err)

    def test_published_ports_of_a_guest_are_reached_from_everywhere(self):
        self.up_shop()
        self.up_blog('ports: ["8080:80"]')
        self.await_page("http://127.0.0.1:8080/", "blog\n")
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "blog\n")
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "blog\n", from_lan=True)
        self.assertEqual(self.page("shop", "db", f"http://{world.HOST_ADDRESS}:8080/"), "blog\n")

    def test_host_gateway_is_reached_from_a_guest(self):
        self.up_shop()
        self.up_blog('extra_hosts: ["host.docker.internal:host-gateway"]')
        server = subprocess.Popen(["busybox", "nc", "-l", "-p", "7007", "-e", "echo", "hello"])
        try:
            stacktest.eventually(
                lambda: "hello" in self.within("blog", "web", "nc", "-w", "2",
                                               "host.docker.internal", "7007", expect=None).out,
                "the host answers")
        finally:
            server.kill()
            server.wait()


class Owners(TwoStacks):
    def test_down_of_the_owner_leaves_the_network_to_its_guests(self):
        self.up_shop()
        self.up_blog()
        self.await_both()
        result = self.stack("-p", "shop", "down", "-t", "0")
        self.assertIn("Network shop_back  Resource is still in use", result.err)
        third = BLOG.format(page=PAGE.format(text="wiki"), more="").replace("name: blog",
                                                                          "name: wiki")
        self.up_in("wiki", third.replace("web:", "wiki:"))
        self.await_own_page("wiki", "wiki")
        self.assertEqual(self.page("blog", "web", "http://wiki/"), "wiki\n")
        # Who comes back is at home at once.
        self.up_shop()
        self.await_own_page("shop", "db")
        self.assertEqual(self.page("wiki", "wiki", "http://db/"), "shop\n")

    def test_the_owner_ends_when_the_last_guest_has_gone(self):
        self.up_shop()
        self.up_blog()
        self.stack("-p", "shop", "down", "-t", "0")
        self.assertIsNotNone(self.supervisor_of("shop"))
        self.stack("-p", "blog", "down", "-t", "0")
        stacktest.eventually(lambda: not inventory.processes(), "nobody is left")
        self.assertNotIn("still in use", self.stack("-p", "shop", "down").err)

    def test_the_owner_may_be_started_after_its_guest(self):
        self.up_shop()
        self.up_blog()
        self.stack("-p", "blog", "stop")
        self.stack("-p", "shop", "stop")
        stacktest.eventually(lambda: not inventory.processes(), "both rest")
        self.stack("start", directory=self.directory / "blog")
        self.await_own_page("blog", "web")
        self.stack("start", directory=self.directory / "shop")
        self.await_own_page("shop", "db")
        self.assertEqual(self.page("blog", "web", "http://db/"), "shop\n")

    def test_a_network_with_guests_is_not_made_anew_under_them(self):
        self.up_shop()
        self.up_blog()
        result = self.up_shop(", internal: true", expect=1)
        self.assertIn("network shop_back has changed and must be made anew, but blog/blog-web-1 of "
                      "other stacks is in it", result.err)
        self.stack("-p", "blog", "down", "-t", "0")
        self.up_shop(", internal: true")


SHARER = """
    name: {name}
    services:
      {service}:
        image: box:1
        command: sh -c '{page}'
        stop_grace_period: 0s
        networks: [plaza]
    networks:
      plaza: {{x-stack: {{shared: true}}{options}}}
"""


class Shared(TwoStacks):
    """`x-stack: {shared: true}`: nobody makes it beforehand, nobody is left to remove it."""

    def up_sharer(self, name, service, options="", **more):
        text = SHARER.format(name=name, service=service, page=PAGE.format(text=name), options=options)
        return self.up_in(name, text, **more)

    def networks(self):
        return self.stack("network", "ls", "-q", "--format", "{{.Name}}").out.split()

    def down(self, name, **more):
        return self.stack("down", "-t", "0", directory=self.directory / name, **more)

    def test_the_first_makes_it_and_the_last_removes_it(self):
        first = self.up_sharer("shop", "db")
        self.assertIn("Network plaza  Created", first.err)
        second = self.up_sharer("blog", "web")
        self.assertNotIn("plaza", second.err)  # nothing to do, nothing to warn of
        self.await_own_page("shop", "db")
        self.assertEqual(self.page("blog", "web", "http://db/"), "shop\n")
        self.assertIn("Network plaza  Resource is still in use", self.down("shop").err)
        self.await_own_page("blog", "web")
        self.assertIn("Network plaza  Removed", self.down("blog").err)
        self.assertEqual(self.networks(), [])
        self.assertEqual(self.stack("ls", "-a", "-q").out, "")
        stacktest.eventually(lambda: not inventory.processes(), "nobody is left")

    def test_it_stays_with_its_owner(self):
        self.up_sharer("shop", "db")
        self.up_sharer("blog", "web")
        self.assertNotIn("plaza", self.down("blog").err)
        self.assertEqual(self.networks(), ["plaza"])
        self.assertIn("Network plaza  Removed", self.down("shop").err)

    def test_without_its_file_too(self):
        self.up_sharer("shop", "db")
        self.up_sharer("blog", "web")
        self.down("shop")
        self.stack("-p", "blog", "down", "-t", "0")
        self.assertEqual(self.networks(), [])

    def test_a_stopped_container_of_a_third_keeps_it(self):
        for name, service in (("shop", "db"), ("blog", "web"), ("wiki", "wiki")):
            self.up_sharer(name, service)
        self.stack("-p", "wiki", "stop")
        self.down("shop")
        self.down("blog")
        self.assertEqual(self.networks(), ["plaza"])
        self.stack("-p", "wiki", "start", directory=self.directory / "wiki")
        self.await_own_page("wiki", "wiki")
        self.down("wiki")
        self.assertEqual(self.networks(), [])

    def test_down_of_a_part_leaves_it(self):
        self.up_sharer("shop", "db")
        self.up_sharer("blog", "web")
        self.down("shop")
        self.stack("down", "-t", "0", "web", directory=self.directory / "blog")
        self.assertEqual(self.networks(), ["plaza"])
        self.down("blog")
        self.assertEqual(self.networks(), [])

    def test_one_that_somebody_made_is_used_and_stays(self):
        self.stack("network", "create", "plaza")
        self.assertNotIn("Network", self.up_sharer("shop", "db").err)
        self.down("shop")
        self.assertEqual(self.networks(), ["plaza"])
        self.stack("network", "rm", "plaza")

    def test_who_says_it_in_another_way_is_told(self):
        self.up_sharer("shop", "db")
        told = self.up_sharer("blog", "web", ", internal: true")
        self.assertIn('stack.yaml:9:3: warning: network plaza is there already as stack "shop" wants it, '
                      "which differs in: internal", told.err)

    def test_it_cannot_be_external_as_well(self):
        refused = self.up_sharer("shop", "db", ", external: true", expect=3)
        self.assertIn('networks.plaza is external, so "x-stack.shared" cannot be set', refused.err)

    def test_many_at_once_make_one(self):
        names = [f"town{number}" for number in range(6)]
        folders = [self.project_folder(name, SHARER.format(name=name, service=name, options="",
                                                           page=PAGE.format(text=name)))
                   for name in names]
        self.addCleanup(lambda: [self.stack("-p", name, "down", "--now", "-t", "0") for name in names])
        self.at_once(folders, "up", "-d")
        self.assertEqual(self.networks(), ["plaza"])
        for name in names:
            self.await_own_page(name, name)
            self.assertEqual(self.page("town0", "town0", f"http://{name}/"), f"{name}\n")
        self.at_once(folders, "down", "-t", "0")
        self.assertEqual(self.networks(), [])

    def at_once(self, folders, *command):
        running = [subprocess.Popen([stacktest.STACK, *command], cwd=folder, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                   for folder in folders]
        told = [each.communicate()[1] for each in running]
        self.assertEqual([each.returncode for each in running], [0] * len(folders), "\n".join(told))

    def test_it_goes_although_its_owners_helpers_were_killed(self):
        self.up_sharer("shop", "db")
        self.up_sharer("blog", "web")
        self.down("shop")
        self.kill_all_of("shop")
        self.down("blog")
        self.assertEqual(self.networks(), [])


class Killed(TwoStacks):
    def both_ways(self):
        self.assertEqual(self.page("blog", "web", "http://store/"), "shop\n")
        self.assertEqual(self.page("shop", "db", "http://pages/"), "blog\n")

    def test_either_supervisor_may_be_killed(self):
        self.up_shop()
        self.up_blog('ports: ["8080:80"]')
        self.await_both()
        for project in ("shop", "blog", "shop"):
            self.kill_supervisor(project)
            self.both_ways()
        self.await_page("http://127.0.0.1:8080/", "blog\n")
        self.stack("-p", "blog", "restart")
        self.await_own_page("blog", "web")
        self.both_ways()

    def test_a_guest_that_is_killed_with_its_supervisors_is_forgotten(self):
        self.up_shop()
        self.up_blog()
        self.kill_all_of("blog")
        self.stack("-p", "blog", "down", "-t", "0")
        self.within("shop", "db", "nslookup", "web", expect=1)
        self.stack("-p", "shop", "down", "-t", "0")

    def test_the_owners_namespace_lost_with_its_keeper_is_made_good_at_its_next_start(self):
        self.up_shop()
        self.up_blog()
        self.await_both()
        self.kill_all_of("shop")
        self.stack("-p", "shop", "restart")
        self.await_own_page("shop", "db")
        self.both_ways()

    def test_leases_of_a_stack_that_vanished_are_dropped_when_seen(self):
        self.up_shop()
        record = Path(os.environ["STACK_ROOT"]) / "stacks/shop/networks/shop_back.json"
        self.kill_supervisor("shop")
        text = record.read_text().replace('"leases":{', '"leases":{"gone/gone-web-1":"172.31.0.9",')
        self.assertIn("gone-web-1", text)
        record.write_text(re.sub('^{"check":"[0-9a-f]*",', "{", text))
        self.kill_supervisor("shop")
        self.up_blog()
        self.assertNotIn("gone-web-1", record.read_text())


class Repaired(TwoStacks):
    """What is made good in the owner's namespace is made good for its guests, and they are locked in
    as its own containers are."""

    def up_both(self):
        self.up_shop()
        self.up_blog("cap_add: [NET_ADMIN]")
        self.await_both()

    def in_shops_namespace(self, *command):
        keeper = self.keeper_of("shop")
        own = os.readlink("/proc/self/ns/net")
        spaces = [fd for fd in Path(f"/proc/{keeper}/fd").iterdir()
                  if os.readlink(fd).startswith("net:") and os.readlink(fd) != own]
        return subprocess.run(["nsenter", f"--net={spaces[0]}", *command], check=True,
                              capture_output=True, text=True).stdout

    def ports(self):
        return re.findall(r"(v\w{14})@.* master br-", self.in_shops_namespace("ip", "-o", "link"))

    def delete_links(self, pattern):
        links = re.findall(pattern, self.in_shops_namespace("ip", "-o", "link"))
        self.assertTrue(links)
        for link in links:
            try:
                self.in_shops_namespace("ip", "link", "delete", link)
            except subprocess.CalledProcessError:
                # That of a container that has just ended goes by itself, a little later.
                self.assertNotIn(link, self.in_shops_namespace("ip", "-o", "link"))

    def expect_both_ways(self):
        """A first packet may be lost while the links come up."""
        stacktest.eventually(
            lambda: self.page("blog", "web", "http://store/") == "shop\n" and
            self.page("shop", "db", "http://pages/") == "blog\n", "they reach each other")

    def expect_locked_in(self):
        """The guest gives itself another address of the network, and nobody hears it."""
        shown = self.within("blog", "web", "ip", "-o", "-4", "address", "show", "dev", "eth0").out
        own = re.search(r"inet (\S+)/", shown)[1]
        other = own.rsplit(".", 1)[0] + ".200"
        self.within("blog", "web", "ip", "address", "add", f"{other}/32", "dev", "eth0")
        for source, code in ((own, 0), (other, 1)):
            self.within("blog", "web", "ping", "-c", "1", "-W", "2" if code else "10", "-I", source,
                        "db", expect=code)
        self.within("blog", "web", "ip", "address", "delete", f"{other}/32", "dev", "eth0")

    def test_a_guest_is_locked_in(self):
        self.up_both()
        self.expect_locked_in()

    def test_its_lock_outlives_the_owners_supervisor(self):
        self.up_both()
        for _ in range(2):
            self.kill_supervisor("shop")
            self.expect_locked_in()
        self.in_shops_namespace("nft", "flush", "ruleset")
        stacktest.eventually(lambda: "02:42" in self.in_shops_namespace("nft", "list", "ruleset"),
                             "the locks are back")
        self.expect_locked_in()
        self.expect_both_ways()

    def test_a_bridge_that_is_deleted_is_made_again_with_its_guest(self):
        self.up_both()
        self.delete_links(r"(br-\w+):")
        stacktest.eventually(lambda: len(self.ports()) == 2, "both are plugged in again")
        self.expect_both_ways()
        self.expect_locked_in()

    def test_a_guest_whose_port_is_deleted_is_plugged_in_again(self):
        self.up_both()
        self.delete_links(r"(v\w{14})@")
        stacktest.eventually(lambda: len(self.ports()) == 2, "both are plugged in again")
        self.expect_both_ways()
        self.expect_locked_in()

    def test_guests_of_an_owner_without_containers_while_nobody_looked(self):
        self.up_both()
        third = BLOG.format(page=PAGE.format(text="wiki"), more="").replace("name: blog",
                                                                          "name: wiki")
        self.up_in("wiki", third.replace("web:", "wiki:").replace("pages", "articles"))
        self.await_own_page("wiki", "wiki")
        self.stack("-p", "shop", "down", "-t", "0")
        victim = self.supervisor_of("shop")
        os.kill(victim, signal.SIGSTOP)
        self.in_shops_namespace("nft", "flush", "ruleset")
        self.delete_links(r"(v\w{14})@")
        os.kill(victim, signal.SIGKILL)
        stacktest.eventually(lambda: len(self.ports()) == 2, "both are plugged in again")
        stacktest.eventually(lambda: self.page("blog", "web", "http://articles/") == "wiki\n" and
                             self.page("wiki", "wiki", "http://pages/") == "blog\n",
                             "they reach each other")


if __name__ == "__main__":
    stacktest.main()
