# SPDX-License-Identifier: Apache-2.0
"""image pull, push, login; pull and up: against a real registry, and against servers that lie, break off,
send elsewhere and stall. Nothing of a lie enters the store."""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

import registrytest
import stacktest
from fake_registry import INDEX, MANIFEST, TokenServer, digest_of, layer_of

# docker-registry takes bcrypt only; this is one of its published test vectors.
HTPASSWD = "user:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n"
PASSWORD = "U*U"
BOTTOM = layer_of({"etc/motd": b"hello\n", "data": b"x" * 3_000_000})
TOP = layer_of({"etc/other": b"there\n", ".wh.data": b""})


class RealRegistry(registrytest.RealRegistryTest):
    def test_without_a_password(self):
        host = self.start()
        self.round_trip(host)
        self.assertIn("manifest unknown", self.stack("image", "pull", f"{host}/none", expect=1).err)

    def test_all_tags_and_another_repository(self):
        host = self.start()
        for tag in ("a", "b"):
            self.stack("image", "tag", stacktest.IMAGE, f"{host}/shop/box:{tag}")
        self.stack("image", "push", "--all-tags", f"{host}/shop/box")
        self.stack("image", "tag", f"{host}/shop/box:a", f"{host}/other:1")
        self.assertIn("Mounted from", self.stack("image", "push", f"{host}/other:1").out)
        for name in ("shop/box:a", "shop/box:b", "other:1"):
            self.stack("image", "rm", f"{host}/{name}")
        self.stack("image", "pull", "-q", "--all-tags", f"{host}/shop/box")
        for tag in ("a", "b"):
            self.stack("image", "rm", f"{host}/shop/box:{tag}")

    def test_with_htpasswd(self):
        (self.directory / "htpasswd").write_text(HTPASSWD)
        host = self.start(f"auth: {{htpasswd: {{realm: r, path: {self.directory}/htpasswd}}}}")
        denied = self.stack("image", "pull", f"{host}/x", expect=1)
        self.assertIn(f"stack login {host}", denied.err)
        self.stack("login", "-u", "user", "--password-stdin", host, stdin="wrong", expect=1)
        self.assertFalse((self.home / ".docker/config.json").exists())
        self.assertIn("Login Succeeded",
                      self.stack("login", "-u", "user", "--password-stdin", host, stdin=PASSWORD + "\n").out)
        self.assertEqual((self.home / ".docker/config.json").stat().st_mode & 0o777, 0o600)
        self.round_trip(host)
        self.stack("logout", host)
        self.stack("image", "pull", f"{host}/shop/box:1", expect=1)

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_with_tokens(self):
        tokens = TokenServer(self.directory)
        self.addCleanup(tokens.close)
        host = self.start(f"""auth: {{token: {{realm: "{tokens.realm}", service: r, issuer: tokens,
                              rootcertbundle: {tokens.certificate}}}}}""")
        self.stack("image", "pull", f"{host}/x", expect=1)
        self.stack("login", "-u", "user", "--password-stdin", host, stdin="wrong", expect=1)
        self.stack("login", "-u", "user", "--password-stdin", host, stdin="secret")
        self.round_trip(host)
        scopes = [scope for query in tokens.asked for scope in query.get("scope", [])]
        self.assertIn("repository:shop/box:pull,push", scopes)
        self.assertIn("repository:shop/box:pull", scopes)

    def test_by_a_mirror(self):
        host = self.start()
        self.stack("image", "tag", stacktest.IMAGE, f"{host}/cache/box:1")
        self.stack("image", "push", f"{host}/cache/box:1")
        self.stack("image", "rm", f"{host}/cache/box:1")
        (self.directory / "registries.conf").write_text(f"""
[[registry]]
prefix = "127.0.0.1:1/shop"
location = "127.0.0.1:1/shop"
[[registry.mirror]]
location = "{host}/cache"
""")
        self.stack("image", "pull", "127.0.0.1:1/shop/box:1")
        self.stack("image", "rm", "127.0.0.1:1/shop/box:1")

    def test_up_fetches_what_is_missing(self):
        host = self.start()
        name = f"{host}/shop/box:1"
        self.stack("image", "tag", stacktest.IMAGE, name)
        self.stack("image", "push", name)
        self.stack("image", "rm", name)
        self.write_stack(f"services: {{web: {{image: '{name}', command: sleep 1000}}}}")
        self.assertIn("No such image", self.stack("up", "-d", "--pull", "never", expect=1).err)
        started = self.stack("up", "-d")
        self.assertIn("web Pulled", started.err)
        self.assertNotIn("Pull", self.stack("up", "-d").err)
        self.assertIn("web Pulled", self.stack("up", "-d", "--pull", "always").err)
        self.assertIn("web Pulled", self.stack("pull").err)
        self.assertEqual(self.stack("pull", "--policy", "missing").err, "")
        self.assertIn(host, self.stack("images").out)
        self.write("Dockerfile", "FROM box:1\n")
        self.write_stack(f"services: {{web: {{image: '{name}', build: ., command: sleep 1000}}}}")
        self.stack("push", "web")
        self.stack("build", "--push")
        self.stack("down")
        self.stack("image", "rm", name)

    @unittest.skipUnless(shutil.which("skopeo"), "skopeo is not installed")
    def test_what_skopeo_pushed_and_what_it_reads(self):
        host = self.start()
        save = self.directory / "box.tar"
        self.stack("image", "save", "-o", str(save), stacktest.IMAGE)
        ours = json.loads(self.stack("image", "inspect", stacktest.IMAGE).out)[0]
        skopeo = ["skopeo", "copy", "-q", "--insecure-policy"]
        subprocess.run([*skopeo, "--dest-tls-verify=false", f"docker-archive:{save}:box:1", f"docker://{host}/by:1"],
                       check=True)
        self.stack("image", "pull", f"{host}/by:1")
        theirs = json.loads(self.stack("image", "inspect", f"{host}/by:1").out)[0]
        self.assertEqual(theirs["RootFS"], ours["RootFS"])
        for kind, path in (("oci-archive", "1.tar"), ("docker-archive", "2.tar"), ("oci", "layout")):
            target = self.directory / path
            subprocess.run([*skopeo, "--src-tls-verify=false", f"docker://{host}/by:1",
                            f"{kind}:{target}:loaded:1"], check=True)
            self.assertIn("loaded:1", self.stack("image", "load", "-i", str(target)).out)
            loaded = json.loads(self.stack("image", "inspect", "loaded:1").out)[0]
            self.assertEqual(loaded["RootFS"], ours["RootFS"])
            self.stack("image", "rm", "loaded:1")
        self.stack("image", "rm", f"{host}/by:1")


class Liars(registrytest.RegistryTest):
    def test_an_honest_one(self):
        fake = self.serve()
        fake.add_image([BOTTOM, TOP], "1")
        self.stack("image", "pull", f"{fake.host}/a:1")
        layer = json.loads(self.stack("image", "inspect", f"{fake.host}/a:1").out)[0]["RootFS"]["Layers"]
        self.assertEqual(layer, [digest_of(BOTTOM), digest_of(TOP)])

    def test_a_blob_that_is_another(self):
        for number in range(3):
            fake = self.serve()
            # What was fetched whole before a failure is kept for a while: other layers each time.
            fake.add_image([layer_of({"a": bytes([number])}), layer_of({"b": bytes([number])})], "1")
            digest, blob = list(fake.blobs.items())[number]
            fake.blobs[digest] = gzip.compress(layer_of({"evil": b"x" * 100})) if blob[:2] == b"\x1f\x8b" else b"{}"
            self.refused("image", "pull", f"{fake.host}/a:1", saying="sha256:")

    def test_a_blob_that_is_longer_or_shorter(self):
        for change in (lambda blob: blob + b"more", lambda blob: blob[:-1]):
            fake = self.serve()
            fake.add_image([BOTTOM], "1")
            layer = next(digest for digest, blob in fake.blobs.items() if blob[:2] == b"\x1f\x8b")
            fake.blobs[layer] = change(fake.blobs[layer])
            self.refused("image", "pull", f"{fake.host}/a:1", saying=layer)

    def test_an_unpacked_layer_that_is_not_what_the_config_says(self):
        def lie(config, manifest):
            config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64
        fake = self.serve()
        fake.add_image([BOTTOM], "1", change=lie)
        self.refused("image", "pull", f"{fake.host}/a:1", saying="the image's config says")

    def test_documents_that_make_no_sense(self):
        fake = self.serve()

        def set_digest(text):
            def change(_, manifest):
                manifest["layers"][0]["digest"] = text
            return change
        fake.add_image([BOTTOM], "path", change=set_digest("sha256:../../../../etc/passwd"))
        fake.add_image([BOTTOM], "sha512", change=set_digest("sha512:" + "0" * 128))
        fake.add_image([BOTTOM], "many", change=lambda _, manifest: manifest.update(layers=manifest["layers"] * 10000))
        fake.add_image([BOTTOM], "two", change=lambda _, manifest: manifest.update(layers=manifest["layers"] * 2))
        fake.add_image([BOTTOM], "urls", change=lambda config, _: config.update(rootfs={}))
        fake.add_manifest(b'{"schemaVersion":2,"x":' + b"[" * 100_000, MANIFEST, "deep")
        fake.add_manifest(b" " * (5 << 20), MANIFEST, "giant")
        fake.add_manifest({"schemaVersion": 1, "fsLayers": []}, MANIFEST, "old")
        fake.add_manifest({"schemaVersion": 2, "manifests": []}, INDEX, "none")
        loop = fake.add_manifest({"schemaVersion": 2, "manifests": []}, INDEX)
        fake.add_manifest({"schemaVersion": 2, "manifests": [loop | {"platform": {"os": "linux", "architecture": arch}}
                                                             for arch in ("amd64", "arm64")]}, INDEX, "nested")
        for tag, words in (("path", "invalid digest"), ("sha512", "invalid digest"), ("many", "more than 512"),
                           ("two", "the config says"), ("urls", "damaged"), ("deep", "too deeply"), ("giant", "4 MiB"),
                           ("old", "first format"), ("none", "no image for"), ("nested", "an index where")):
            self.refused("image", "pull", f"{fake.host}/a:{tag}", saying=words)

    def test_a_manifest_that_is_not_what_its_digest_says(self):
        fake = self.serve()
        wanted = fake.add_image([BOTTOM], "1")["digest"]
        other = fake.add_image([TOP], "2")["digest"]
        fake.manifests[wanted] = fake.manifests[other]
        self.refused("image", "pull", f"{fake.host}/a@{wanted}", saying=other)

    def test_a_name_with_a_digest_says_nothing_of_the_tag(self):
        fake = self.serve()
        first = fake.add_image([BOTTOM], "1")["digest"]
        second = fake.add_image([TOP], "2")["digest"]
        self.stack("image", "pull", f"{fake.host}/a:2")
        id_of = lambda name: self.stack("image", "inspect", "-f", "{{.Id}}", name).out
        before = id_of(f"{fake.host}/a:2")
        self.stack("image", "pull", f"{fake.host}/a:2@{first}")
        self.assertEqual(id_of(f"{fake.host}/a:2"), before)
        self.assertEqual(id_of(f"{fake.host}/a@{second}"), before)
        self.assertNotEqual(id_of(f"{fake.host}/a:2@{first}"), before)

    def test_a_body_without_an_end(self):
        fake = self.serve()
        sent = []

        def answer(handler):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for _ in range(1000):
                handler.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
                sent.append(65536)
            return True
        fake.answer = answer
        self.refused("image", "pull", f"{fake.host}/a:1", saying="larger than")
        self.assertLess(sum(sent), 32 << 20)

    def test_platforms(self):
        fake = self.serve()
        items = []
        for architecture in ("arm64", "amd64"):
            layer = layer_of({"for": architecture.encode()})
            item = fake.add_image([layer], architecture=architecture)
            items.append(item | {"platform": {"os": "linux", "architecture": architecture}})
        index = fake.add_manifest({"schemaVersion": 2, "manifests": items}, INDEX, "1")
        name = f"{fake.host}/a:1"
        self.assertIn(index["digest"], self.stack("image", "pull", "--platform", "linux/arm64", name).out)
        self.assertEqual(self.stack("image", "inspect", "-f", "{{.Architecture}}", name).out, "arm64\n")
        self.refused("image", "pull", "--platform", "linux/s390x", name, saying="there is no image for linux/s390x")
        self.stack("image", "pull", f"{fake.host}/a@{index['digest']}")


class BrokenLines(registrytest.RegistryTest):
    def test_a_connection_that_breaks_is_taken_up_again(self):
        fake = self.serve()
        fake.add_image([BOTTOM + layer_of({"noise": random.Random(1).randbytes(2_000_000)})], "1")
        broken = []

        def answer(handler):
            name = handler.path.rpartition("/")[2]
            blob = fake.blobs.get(name, b"")
            if len(blob) < 100_000 or len(broken) >= 4:
                return False
            start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
            broken.append(start)
            handler.send_response(206 if start else 200)
            if start:
                handler.send_header("Content-Range", f"bytes {start}-{len(blob) - 1}/{len(blob)}")
            handler.send_header("Content-Length", str(len(blob) - start))
            handler.end_headers()
            handler.wfile.write(blob[start:start + 300_000])
            handler.hang_up()
            return True
        fake.answer = answer
        self.stack("image", "pull", f"{fake.host}/a:1")
        self.assertEqual(len(broken), 4)
        self.assertEqual(sorted(broken), broken)
        self.assertGreater(broken[-1], 0, "it began anew each time")

    def test_a_server_without_ranges(self):
        fake = self.serve()
        fake.add_image([layer_of({"noise": random.Random(2).randbytes(1_000_000)})], "1")
        broken = []

        def answer(handler):
            blob = fake.blobs.get(handler.path.rpartition("/")[2], b"")
            if len(blob) < 100_000:
                return False
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(blob)))
            handler.end_headers()
            handler.wfile.write(blob if broken else blob[:400_000])
            if not broken:
                handler.hang_up()
            broken.append(True)
            return True
        fake.answer = answer
        self.stack("image", "pull", f"{fake.host}/a:1")
        self.assertEqual(len(broken), 2)

    def test_a_server_that_stalls(self):
        fake = self.serve()
        fake.add_image([BOTTOM], "1")

        def answer(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
            handler.wfile.flush()
            handler.rfile.read(1)  # until the other side gives up
            return True
        fake.answer = answer
        began = time.monotonic()
        self.refused("image", "pull", f"{fake.host}/a:1", saying="nothing came for 1 s")
        self.assertLess(time.monotonic() - began, 5)

    def test_no_network(self):
        began = time.monotonic()
        self.refused("image", "pull", "127.0.0.1:1/box:1", saying="Connection refused")
        self.refused("image", "pull", "nowhere.example/box:1", saying="stack image load")
        self.assertLess(time.monotonic() - began, 8)

    def test_up_tells_why_and_changes_nothing(self):
        self.write_stack("services: {web: {image: '127.0.0.1:1/box:1'}}")
        failed = self.stack("up", "-d", expect=1)
        self.assertIn("No such image: 127.0.0.1:1/box:1", failed.err)
        self.assertIn("Connection refused", failed.err)
        self.assertIn("Nothing was changed", failed.err)
        self.stack("pull", expect=1)
        self.stack("pull", "--ignore-pull-failures")


class Secrets(registrytest.RegistryTest):
    def guarded(self, challenge="Basic realm=r"):
        """A registry that lets nobody in without a word."""
        fake = self.serve()

        def answer(handler):
            if "Authorization" in handler.headers:
                return False
            handler.reply(401, WWW_Authenticate=challenge)
            return True
        fake.answer = answer
        self.log_in(fake.host)
        return fake

    def test_stay_with_the_server_that_they_are_for(self):
        fake, sink = self.guarded(), self.serve()
        fake.add_image([BOTTOM], "1")
        sink.blobs = fake.blobs
        ask = fake.answer

        def answer(handler):
            if ask(handler):
                return True
            if "/blobs/" not in handler.path:
                return False
            handler.reply(307, Location=f"http://{sink.host}{handler.path}")
            return True
        fake.answer = answer
        self.stack("image", "pull", f"{fake.host}/a:1")
        self.assertTrue(sink.requests)
        for _, headers in sink.requests:
            self.assertNotIn("Authorization", headers)

    def test_are_not_told_to_any_token_server(self):
        for realm, words in (("file:///etc/passwd", "no http or https"), ("http://169.254.169.254/t", "not trusted"),
                             ("http://registry.example/t", "not trusted"), ("gopher://x/", "no http or https")):
            fake = self.guarded(f'Bearer realm="{realm}",service="r"')
            self.refused("image", "pull", f"{fake.host}/a:1", saying=words)

    def test_redirects_that_are_not_followed(self):
        fake = self.serve()
        for location, words in (("http://169.254.169.254/x", "is not followed"), ("file:///etc/passwd", "http"),
                                ("/v2/a/manifests/1", "redirects")):
            def answer(handler, location=location):
                handler.reply(302, Location=location)
                return True
            fake.answer = answer
            self.refused("image", "pull", f"{fake.host}/a:1", saying=words)


class Kills(registrytest.RegistryTest):
    ROUNDS = int(os.environ.get("STACK_TEST_KILLS", "4"))

    def killed(self, *command):
        """Runs it, and kills it at some moment of the time that it needs."""
        chance = random.Random(int(os.environ.get("STACK_TEST_SEED", "7")))
        for _ in range(self.ROUNDS):
            process = subprocess.Popen([stacktest.STACK, *command], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=os.environ | self.environment)
            try:
                process.wait(chance.uniform(0, 0.25))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()

    def check_all_can_leave(self, name):
        self.stack("image", "save", "-o", str(self.directory / "out.tar"), name)
        self.stack("image", "rm", name)
        self.check_store()

    def test_a_pull(self):
        fake = self.serve()
        layers = [layer_of({f"d{i}/f{j}": bytes([i]) * 1000 for j in range(300)}) for i in range(6)]
        fake.add_image(layers, "1")
        self.killed("image", "pull", f"{fake.host}/a:1")
        fake.requests.clear()
        self.stack("image", "pull", f"{fake.host}/a:1")
        self.assertLess(len(fake.paths()), 9, "layers that were complete are fetched again")
        self.check_all_can_leave(f"{fake.host}/a:1")
        self.assertFalse((registrytest.store() / "unfinished").exists())

    def test_a_load(self):
        save = self.directory / "box.tar"
        self.stack("image", "tag", stacktest.IMAGE, "killed:1")
        self.stack("image", "save", "-o", str(save), "killed:1")
        self.stack("image", "rm", "killed:1")
        self.killed("image", "load", "-i", str(save))
        self.stack("image", "load", "-i", str(save))
        self.check_all_can_leave("killed:1")


if __name__ == "__main__":
    stacktest.main()
