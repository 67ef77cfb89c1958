# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy for tests, the only one who knows where the names are that it is asked for."""

import base64
import contextlib
import select
import socket
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeProxy:
    """On a port of `address`. `places`: host -> address, port. With `login` ("user:password") it serves nobody
    else. `requests` are (method, target, headers); `passed` is all that went to servers unencrypted."""

    def __init__(self, address, login=None):
        self.places, self.requests, self.passed = {}, [], b""
        wanted = login and "Basic " + base64.b64encode(login.encode()).decode()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def is_welcome(self):
                fake.requests.append((self.command, self.path, dict(self.headers)))
                self.close_connection = True
                if wanted in (None, self.headers.get("Proxy-Authorization")):
                    return True
                self.send_response(407)
                self.send_header("Proxy-Authenticate", "Basic realm=proxy")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return False

            def do_CONNECT(self):
                if not self.is_welcome():
                    return
                with socket.create_connection(fake.places[self.path.rpartition(":")[0]]) as server:
                    self.wfile.write(b"HTTP/1.1 200 here you are\r\n\r\n")
                    relay(self.connection, server)

            def do_GET(self):
                if not self.is_welcome():
                    return
                url = urllib.parse.urlsplit(self.path)
                with socket.create_connection(fake.places[url.hostname]) as server:
                    lines = [f"{self.command} {url.path or '/'}{'?' if url.query else ''}{url.query} HTTP/1.1"]
                    lines += [f"{name}: {value}" for name, value in self.headers.items()
                              if not name.lower().startswith("proxy-")]
                    request = "\r\n".join(lines + ["", ""]).encode()
                    fake.passed += request
                    server.sendall(request)
                    relay(self.connection, server)

            do_HEAD = do_POST = do_GET

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *arguments: None
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def host(self):
        return "{}:{}".format(*self.server.server_address)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def methods(self):
        return {method for method, _, _ in self.requests}


def relay(one, other):
    """Until either of them has said all."""
    with contextlib.suppress(OSError):
        while True:
            for source in select.select([one, other], [], [])[0]:
                data = source.recv(65536)
                if not data:
                    return
                (other if source is one else one).sendall(data)
