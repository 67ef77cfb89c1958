# SPDX-License-Identifier: Apache-2.0
"""Registries that only a proxy can reach, what the proxy is told, and what it is not."""

import base64
import shutil
import unittest

import registrytest
import stacktest
import tls
import world
from fake_proxy import FakeProxy
from fake_registry import layer_of

NAME = "registry.test"  # no resolver here knows it
LAYER = layer_of({"etc/motd": b"hello\n"})
LOGIN = "me:w:ord%/@"
LOGIN_IN_ADDRESS = "me:w:ord%25%2F%40"


def basic(login):
    return "Basic " + base64.b64encode(login.encode()).decode()


class Proxied(registrytest.RegistryTest):
    def setUp(self):
        super().setUp()
        for kind in ("http", "https", "no"):
            for name in (f"{kind}_proxy", f"{kind}_proxy".upper()):
                self.environment[name] = ""

    def start_proxy(self, *arguments):
        proxy = FakeProxy(world.HOST_ADDRESS, *arguments)
        self.addCleanup(proxy.close)
        return proxy

    def place(self, proxy, server, name=NAME):
        """The proxy knows the server as that; returns the registry's host as users call it."""
        proxy.places[name] = (world.HOST_ADDRESS, server.port)
        return f"{name}:{server.port}"

    def plain(self, proxy):
        """(server, its host): insecure, behind the proxy."""
        server = self.serve(world.HOST_ADDRESS)
        server.add_image([LAYER], "1")
        host = self.place(proxy, server)
        self.write("registries.conf", f"""
            [[registry]]
            location = "{host}"
            insecure = true
            """)
        return server, host

    def encrypted(self, proxy):
        authority = tls.Authority(self.directory)
        server = self.serve(world.HOST_ADDRESS, certificate=authority.sign(NAME))
        server.add_image([LAYER], "1")
        host = self.place(proxy, server)
        place = self.home / ".config/containers/certs.d" / host
        place.mkdir(parents=True)
        shutil.copy(authority.certificate, place / "ca.crt")
        return server, host

    def pull(self, host):
        self.stack("image", "pull", f"{host}/a:1")
        self.stack("image", "rm", f"{host}/a:1")


class Ways(Proxied):
    def test_without_a_proxy_there_is_no_way(self):
        _, host = self.encrypted(self.start_proxy())
        self.refused("image", "pull", f"{host}/a:1", saying=NAME)

    def test_an_encrypted_registry_through_a_tunnel(self):
        for variable in ("HTTPS_PROXY", "https_proxy"):
            proxy = self.start_proxy()
            _, host = self.encrypted(proxy)
            self.environment[variable] = f"http://{proxy.host}"
            self.pull(host)
            self.assertEqual(proxy.methods(), {"CONNECT"})
            self.assertEqual({target for _, target, _ in proxy.requests}, {host})
            self.environment[variable] = ""
            shutil.rmtree(self.home / ".config")
            shutil.rmtree(self.directory / "authority")

    def test_a_plain_one_by_its_whole_address(self):
        for variable in ("HTTP_PROXY", "http_proxy"):
            proxy = self.start_proxy()
            server, host = self.plain(proxy)
            # https is tried first, and that has no proxy.
            self.environment |= {variable: proxy.host}  # http is what is meant
            self.environment["HTTPS_PROXY"] = f"http://{proxy.host}"
            self.pull(host)
            self.assertIn("GET", proxy.methods())
            self.assertIn(f"http://{host}/v2/a/manifests/1", [target for _, target, _ in proxy.requests])
            self.assertTrue(server.requests)
            self.environment[variable] = ""

    def test_the_small_letters_win(self):
        proxy = self.start_proxy()
        _, host = self.encrypted(proxy)
        self.environment |= {"https_proxy": f"http://{proxy.host}", "HTTPS_PROXY": "http://127.0.0.1:1"}
        self.pull(host)

    def test_who_needs_none(self):
        server = self.serve(world.HOST_ADDRESS)
        server.add_image([LAYER], "1")
        proxy = self.start_proxy()
        name = f"{server.host}/a:1"
        self.write("registries.conf", f"""
            [[registry]]
            location = "{server.host}"
            insecure = true
            """)
        self.environment |= {"HTTP_PROXY": f"http://{proxy.host}", "HTTPS_PROXY": f"http://{proxy.host}"}
        proxy.places[world.HOST_ADDRESS] = (world.HOST_ADDRESS, server.port)
        for rules, is_used in (("", True), ("other.test,198.51.100.3", True), (f"{world.HOST_ADDRESS}:1", True),
                               ("198.51.101.0/24,::/0", True), (world.HOST_ADDRESS, False), ("*", False),
                               (f"x, {world.HOST_ADDRESS}:{server.port}", False), ("198.51.100.0/24", False)):
            for variable in ("NO_PROXY", "no_proxy"):
                with self.subTest(rules=rules, variable=variable):
                    self.environment[variable] = rules
                    proxy.requests.clear()
                    self.stack("image", "pull", name)
                    self.assertEqual(bool(proxy.requests), is_used)
                    self.environment[variable] = ""

    def test_loopback_needs_none(self):
        server = self.serve()
        server.add_image([LAYER], "1")
        self.environment |= {"HTTP_PROXY": "http://198.51.100.1:1", "HTTPS_PROXY": "http://198.51.100.1:1"}
        self.pull(server.host)

    def test_a_proxy_that_is_not_there_or_is_none(self):
        _, host = self.encrypted(self.start_proxy())
        for proxy, words in ((f"http://{world.HOST_ADDRESS}:1", "proxy: connect to"),
                             ("socks5://127.0.0.1:1", "no http or https address"),
                             ("https://127.0.0.1:1", "not supported")):
            self.environment["HTTPS_PROXY"] = proxy
            self.refused("image", "pull", f"{host}/a:1", saying=words)


class Secrets(Proxied):
    def expect_login_at_the_proxy_alone(self, proxy, *servers):
        self.assertEqual({headers.get("Proxy-Authorization") for _, _, headers in proxy.requests}, {basic(LOGIN)})
        for server in servers:
            self.assertTrue(server.requests)
            for _, headers in server.requests:
                self.assertNotIn("Proxy-Authorization", headers)

    def guard(self, server, host):
        """It wants a password, too, which we have."""
        ask = server.answer

        def answer(handler):
            if handler.headers.get("Authorization") == basic("user:secret"):
                return ask(handler)
            handler.reply(401, WWW_Authenticate="Basic realm=r")
            return True
        server.answer = answer
        self.log_in(host)

    def test_of_a_tunnel(self):
        proxy = self.start_proxy(LOGIN)
        server, host = self.encrypted(proxy)
        self.guard(server, host)
        self.environment["HTTPS_PROXY"] = f"http://{LOGIN_IN_ADDRESS}@{proxy.host}/"
        self.pull(host)
        self.expect_login_at_the_proxy_alone(proxy, server)
        for _, _, headers in proxy.requests:
            self.assertNotIn("Authorization", headers)

    def test_of_a_proxy_that_passes_requests_on(self):
        proxy = self.start_proxy(LOGIN)
        server, host = self.plain(proxy)
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            self.environment[name] = f"http://{LOGIN_IN_ADDRESS}@{proxy.host}"
        self.pull(host)
        self.expect_login_at_the_proxy_alone(proxy, server)

    def test_a_wrong_one_is_told_with_the_cure_and_without_the_password(self):
        for way in (self.encrypted, self.plain):
            proxy = self.start_proxy(LOGIN)
            server, host = way(proxy)
            for login in ("", "me:hush@"):
                for name in ("HTTP_PROXY", "HTTPS_PROXY"):
                    self.environment[name] = f"http://{login}{proxy.host}"
                failed = self.refused("image", "pull", f"{host}/a:1", saying="the proxy wants another user and password")
                self.assertIn("http://USER:PASSWORD@HOST:PORT", failed.err)
                self.assertNotIn("hush", failed.err)
            self.assertEqual(server.requests, [])

    def test_an_address_that_is_none_is_told_without_the_password(self):
        _, host = self.encrypted(self.start_proxy())
        self.environment["HTTPS_PROXY"] = "http://me:hush@not an address"
        self.assertNotIn("hush", self.refused("image", "pull", f"{host}/a:1", saying="proxy").err)

    @staticmethod
    def send_blobs_to(host, server):
        def answer(handler):
            if "/blobs/" not in handler.path:
                return False
            handler.reply(307, Location=f"http://{host}{handler.path}")
            return True
        server.answer = answer

    def test_a_redirect_past_the_proxy_takes_none_along(self):
        proxy, sink = self.start_proxy(LOGIN), self.serve(world.HOST_ADDRESS)
        server, host = self.plain(proxy)
        sink.blobs = server.blobs
        self.send_blobs_to(sink.host, server)
        self.guard(server, host)
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            self.environment[name] = f"http://{LOGIN_IN_ADDRESS}@{proxy.host}"
        self.environment["NO_PROXY"] = world.HOST_ADDRESS
        self.pull(host)
        self.expect_login_at_the_proxy_alone(proxy, server, sink)
        for _, headers in sink.requests:
            self.assertNotIn("Authorization", headers)
        self.assertIn(b"Authorization: Basic", proxy.passed)  # that of the registry, to the registry

    def test_a_redirect_through_the_proxy_to_another_takes_the_registrys_not_along(self):
        proxy, sink = self.start_proxy(LOGIN), self.serve(world.HOST_ADDRESS)
        server, host = self.plain(proxy)
        sink.blobs = server.blobs
        elsewhere = self.place(proxy, sink, "store.test")
        self.send_blobs_to(elsewhere, server)
        self.guard(server, host)
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            self.environment[name] = f"http://{LOGIN_IN_ADDRESS}@{proxy.host}"
        self.pull(host)
        self.expect_login_at_the_proxy_alone(proxy, server, sink)
        for _, headers in sink.requests:
            self.assertNotIn("Authorization", headers)


def setUpModule():
    if not shutil.which("openssl"):
        raise unittest.SkipTest("openssl is not installed")
    registrytest.own_etc()


if __name__ == "__main__":
    stacktest.main()
