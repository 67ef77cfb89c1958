# SPDX-License-Identifier: Apache-2.0
"""Registries for tests: one that serves what a test puts into it, honestly or not, and a token server."""

import base64
import gzip
import hashlib
import io
import json
import socket
import ssl
import subprocess
import tarfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer_of(files):
    """A tar archive of {name: bytes}."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return raw.getvalue()


class FakeRegistry:
    """Serves blobs and manifests on a port of `address`, encrypted when it has a `certificate`, (file, key).
    `answer`, when set, is asked first: it gets the request's handler and returns True when it has answered
    itself. With `authority`, a file, it asks who comes, which is in `visitors`."""

    def __init__(self, address="127.0.0.1", *, certificate=None, authority=None):
        self.blobs, self.manifests, self.requests, self.visitors = {}, {}, [], []
        self.answer = lambda handler: False
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                fake.requests.append((self.path, dict(self.headers)))
                if authority:
                    fake.visitors.append(self.connection.getpeercert())
                if not fake.answer(self):
                    fake.serve(self)

            do_HEAD = do_GET

            def reply(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                if "Content_Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def hang_up(self):
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *arguments: None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if authority:
                context.load_verify_locations(authority)
                context.verify_mode = ssl.CERT_OPTIONAL
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def host(self):
        return f"{self.server.server_address[0]}:{self.port}"

    @property
    def port(self):
        return self.server.server_address[1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, handler):
        kind, _, name = handler.path.rpartition("/")
        if kind.endswith("/blobs") and name in self.blobs:
            self.serve_blob(handler, self.blobs[name])
        elif kind.endswith("/manifests") and name in self.manifests:
            kind, body = self.manifests[name]
            handler.reply(200, body, Content_Type=kind)
        else:
            handler.reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')

    @staticmethod
    def serve_blob(handler, data):
        asked = handler.headers.get("Range")
        if not asked:
            handler.reply(200, data)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        handler.reply(206, data[start:], Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")

    def add_blob(self, data):
        self.blobs[digest_of(data)] = data
        return {"mediaType": "application/octet-stream", "digest": digest_of(data), "size": len(data)}

    def add_manifest(self, document, kind, *tags):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        for name in (digest_of(body), *tags):
            self.manifests[name] = (kind, body)
        return {"mediaType": kind, "digest": digest_of(body), "size": len(body)}

    def add_image(self, layers, *tags, architecture="amd64", change=lambda config, manifest: None):
        """`layers`: uncompressed archives. `change` may falsify the documents."""
        config = {"os": "linux", "architecture": architecture, "config": {"Cmd": ["/bin/true"]},
                  "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]}}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "layers": [self.add_blob(gzip.compress(layer)) for layer in layers]}
        change(config, manifest)
        manifest["config"] = self.add_blob(json.dumps(config).encode()) | {
            "mediaType": "application/vnd.oci.image.config.v1+json"}
        return self.add_manifest(manifest, MANIFEST, *tags)

    def paths(self):
        return [path for path, _ in self.requests]


class TokenServer:
    """Gives tokens that docker-registry believes: signed with the key of a certificate of its own. Who has
    no password gets one that allows nothing."""

    def __init__(self, directory, user="user", password="secret"):
        self.certificate, self.key = directory / "token.crt", directory / "token.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=tokens", "-keyout", self.key, "-out", self.certificate],
                       check=True, capture_output=True)
        self.login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.asked = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
                fake.asked.append(query)
                known = self.headers.get("Authorization") == fake.login
                if self.headers.get("Authorization") and not known:
                    self.send_error(401)
                    return
                body = json.dumps({"token": fake.token(query, known)}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def realm(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/token"

    def token(self, query, known):
        access = []
        for scope in query.get("scope", []) if known else []:
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        pem = self.certificate.read_text()
        chain = "".join(line for line in pem.splitlines() if "CERTIFICATE" not in line)
        now = int(time.time())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [chain]}
        body = {"iss": "tokens", "sub": "user", "aud": query["service"][0], "exp": now + 300,
                "nbf": now - 10, "iat": now - 10, "jti": str(now), "access": access}
        text = b".".join(self.encoded(json.dumps(part).encode()) for part in (head, body))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text,
                                   check=True, capture_output=True).stdout
        return (text + b"." + self.encoded(signature)).decode()

    @staticmethod
    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
