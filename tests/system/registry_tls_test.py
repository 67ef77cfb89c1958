# SPDX-License-Identifier: Apache-2.0
"""Registries that are spoken to by TLS: whom we believe, what we show, and what is said when that does not do."""

import re
import shutil
import unittest
from pathlib import Path

import registrytest
import stacktest
import tls
import world
from fake_registry import layer_of

NAME = "registry.test"
LAYER = layer_of({"etc/motd": b"hello\n"})
DOCKERS, CONTAINERS = Path("/etc/docker/certs.d"), Path("/etc/containers/certs.d")


class Encrypted:
    """To be mixed in: an authority, and directories of certificates that are empty again after each test."""

    def setUp(self):
        super().setUp()
        self.authority = tls.Authority(self.directory)
        for folder in (DOCKERS, CONTAINERS):
            shutil.rmtree(folder, ignore_errors=True)

    def trust(self, host, folder=DOCKERS, name="ca.crt"):
        self.put(self.authority.certificate, folder / host / name)

    @staticmethod
    def put(source, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


class RealOnes(Encrypted, registrytest.RealRegistryTest):
    def start_encrypted(self, *names, address=world.HOST_ADDRESS, more="", ended=False):
        """The host of a docker-registry whose certificate is for `names`."""
        certificate, key = self.authority.sign(*(names or (NAME,)), ended=ended)
        host = self.start(address=address, http=f", tls: {{certificate: {certificate}, key: {key}{more}}}")
        return host.replace(world.HOST_ADDRESS, NAME)

    def test_one_that_nobody_vouches_for_is_refused_and_the_hint_is_the_cure(self):
        host = self.start_encrypted()
        failed = self.refused("image", "pull", f"{host}/x", saying="unable to get local issuer certificate")
        place, = re.findall(r"hint: put the certificate of its authority into (\S+)\n", failed.err)
        self.assertEqual(place, f"/etc/docker/certs.d/{host}/ca.crt")
        self.put(self.authority.certificate, Path(place))
        self.round_trip(host)

    def test_each_directory_of_certificates_counts_for_its_host_alone(self):
        host = self.start_encrypted()
        home = self.home / ".config/containers/certs.d"
        for folder in (DOCKERS, CONTAINERS, home):
            for wrong in (NAME, f"{NAME}:1", "other.test:" + host.partition(":")[2]):
                self.trust(wrong, folder)
            self.trust(host, folder, "ca.pem")  # only what is called *.crt is an authority
            self.refused("image", "pull", f"{host}/x", saying="unable to get local issuer certificate")
            self.trust(host, folder, "any-name.crt")
            self.assertIn("manifest unknown", self.stack("image", "pull", f"{host}/x", expect=1).err)
            shutil.rmtree(folder)

    def test_a_certificate_for_another_host_is_refused(self):
        host = self.start_encrypted("other.test")
        self.trust(host)
        self.assertIn("hint: use a name that the certificate is for",
                      self.refused("image", "pull", f"{host}/x", saying="hostname mismatch").err)
        address = host.replace(NAME, world.HOST_ADDRESS)
        self.trust(address)
        self.refused("image", "pull", f"{address}/x", saying="IP address mismatch")

    def test_an_address_may_have_a_certificate(self):
        host = self.start_encrypted(NAME, world.HOST_ADDRESS).replace(NAME, world.HOST_ADDRESS)
        self.trust(host)
        self.round_trip(host)

    def test_an_expired_certificate_is_refused(self):
        host = self.start_encrypted(ended=True)
        self.trust(host)
        self.assertIn("the clock of this machine",
                      self.refused("image", "pull", f"{host}/x", saying="certificate has expired").err)

    def test_one_that_wants_to_know_who_comes(self):
        host = self.start_encrypted(more=f", clientcas: [{self.authority.certificate}]")
        self.trust(host, CONTAINERS)
        failed = self.refused("image", "pull", f"{host}/x", saying="asked for a certificate of ours")
        self.assertIn(f"/etc/docker/certs.d/{host}/client.cert", failed.err)
        certificate, key = self.authority.sign("somebody")
        self.put(certificate, DOCKERS / host / "client.cert")
        self.assertIn("client.cert has no client.key beside it",
                      self.stack("image", "pull", f"{host}/x", expect=1).err)
        self.put(key, DOCKERS / host / "client.key")
        self.round_trip(host)  # the authority is in containers' directory, who we are in docker's
        stranger, key = tls.Authority(self.directory, "stranger").sign("somebody")
        self.put(stranger, DOCKERS / host / "client.cert")
        self.put(key, DOCKERS / host / "client.key")
        self.refused("image", "pull", f"{host}/x", saying=host)

    def test_on_loopback_too_a_certificate_must_be_good(self):
        host = self.start_encrypted("127.0.0.1", address="127.0.0.1")
        self.refused("image", "pull", f"{host}/x", saying="unable to get local issuer certificate")
        self.trust(host)
        self.round_trip(host)

    def test_insecure_is_what_is_said_to_be(self):
        for path, text in ((self.directory / "registries.conf", '[[registry]]\nlocation = "{}"\ninsecure = true\n'),
                           (Path("/etc/docker/daemon.json"), '{{"insecure-registries": ["{}"]}}')):
            host = self.start_encrypted("other.test", ended=True)
            self.refused("image", "pull", f"{host}/x", saying="certificate")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.format(host))
            self.round_trip(host)
            path.unlink()


class PlainOnes(Encrypted, registrytest.RegistryTest):
    def test_elsewhere_nobody_is_spoken_to_unencrypted_who_is_not_said_to_be_insecure(self):
        fake = self.serve(world.HOST_ADDRESS)
        fake.add_image([LAYER], "1")
        self.refused("image", "pull", f"{fake.host}/a:1", saying="does not speak TLS")
        self.assertEqual(fake.requests, [])
        self.write("registries.conf", f"""
            [[registry]]
            location = "{fake.host}"
            insecure = true
            """)
        self.stack("image", "pull", f"{fake.host}/a:1")

    def test_on_loopback_no_word_is_needed(self):
        fake = self.serve()
        fake.add_image([LAYER], "1")
        self.stack("image", "pull", f"{fake.host}/a:1")

    def test_that_one_is_insecure_says_nothing_of_others(self):
        fake = self.serve(world.HOST_ADDRESS)
        self.write("registries.conf", f"""
            [[registry]]
            location = "{fake.host}/team"
            insecure = true
            """)
        self.refused("image", "pull", f"{fake.host}/a:1", saying="does not speak TLS")
        self.assertEqual(fake.requests, [])


class Redirects(Encrypted, registrytest.RegistryTest):
    """Blobs often lie with somebody else."""

    def setUp(self):
        super().setUp()
        certificate = self.authority.sign(NAME)
        self.registry = self.serve(world.HOST_ADDRESS, certificate=certificate, authority=self.authority.certificate)
        self.host = f"{NAME}:{self.registry.port}"
        self.name = f"{self.host}/a:1"
        self.registry.add_image([LAYER], "1")

    def send_to(self, sink):
        sink.blobs = self.registry.blobs

        def answer(handler):
            if "/blobs/" not in handler.path:
                return False
            handler.reply(307, Location=f"https://store.test:{sink.port}{handler.path}")
            return True
        self.registry.answer = answer

    def test_the_same_authority_may_speak_for_both_but_we_show_ourselves_to_the_first_alone(self):
        sink = self.serve(world.HOST_ADDRESS, certificate=self.authority.sign("store.test"),
                          authority=self.authority.certificate)
        self.send_to(sink)
        self.trust(self.host)
        for source, ending in zip(self.authority.sign("somebody"), ("cert", "key")):
            self.put(source, DOCKERS / self.host / f"client.{ending}")
        self.stack("image", "pull", self.name)
        self.assertEqual({bool(visitor) for visitor in self.registry.visitors}, {True})
        self.assertEqual({bool(visitor) for visitor in sink.visitors}, {False})

    def test_insecure_is_the_registry_alone(self):
        stranger = tls.Authority(self.directory, "stranger")
        self.send_to(self.serve(world.HOST_ADDRESS, certificate=stranger.sign("store.test")))
        self.write("registries.conf", f"""
            [[registry]]
            location = "{self.host}"
            insecure = true
            """)
        self.refused("image", "pull", self.name, saying="certificate")

    def test_never_from_encrypted_to_plain(self):
        sink = self.serve(world.HOST_ADDRESS)
        self.trust(self.host)
        self.registry.answer = lambda handler: handler.reply(302, Location=f"http://store.test:{sink.port}/") or True
        self.refused("image", "pull", self.name, saying="is not followed")
        self.assertEqual(sink.requests, [])


def prepare():
    registrytest.own_etc()
    with open("/etc/hosts", "a", encoding="utf-8") as hosts:
        hosts.write(f"\n{world.HOST_ADDRESS} {NAME} other.test store.test\n")


def setUpModule():
    if not shutil.which("openssl"):
        raise unittest.SkipTest("openssl is not installed")
    prepare()


if __name__ == "__main__":
    stacktest.main()
