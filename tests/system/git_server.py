# SPDX-License-Identifier: Apache-2.0
"""Git repositories, and who serves them on the loopback: git's own web server program, a web server
that knows nothing of git, and git's daemon."""

import http.server
import os
import socket
import subprocess
import threading
from pathlib import Path

import stacktest

ENVIRONMENT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent",
               "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": "@1000000000 +0000",
               "GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@example.org",
               "GIT_COMMITTER_DATE": "@1000000000 +0000", "GIT_ALLOW_PROTOCOL": "file:http:git",
               "PATH": os.environ["PATH"]}


def git(directory, *arguments):
    done = subprocess.run(["git", "-C", str(directory), *arguments], env=ENVIRONMENT, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


class Repository:
    """Files that are committed where they are; served is the bare copy `NAME.git` beside them."""

    def __init__(self, folder, name):
        self.work, self.bare = folder / f"work-{name}", folder / f"{name}.git"
        self.work.mkdir(parents=True)
        git(self.work, "init", "--quiet", "--initial-branch=main")
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))

    def commit(self, files=None, *, executable=(), links=None):
        """Writes, commits and publishes; the commit's digits."""
        for name, content in (files or {}).items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            path.chmod(0o755 if name in executable else 0o644)
        for name, target in (links or {}).items():
            (self.work / name).symlink_to(target)
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--allow-empty", "--message", "change")
        return self.publish()

    def publish(self):
        git(self.work, "push", "--quiet", "--force", "--all", str(self.bare))
        git(self.work, "push", "--quiet", "--force", "--tags", str(self.bare))
        git(self.bare, "update-server-info")
        return git(self.work, "rev-parse", "HEAD")

    def run(self, *arguments):
        return git(self.work, *arguments)


class GitServer:
    """`folder` under http://HOST/smart/ and, as mere files, /plain/. Who says nothing when `authorization`
    is set is sent away; `silent` answers nobody."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.requests = []  # path, and what is asked of git
        self.authorization = None
        self.silent = threading.Event()
        self.ending = threading.Event()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                server.answer(self)

            do_POST = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def url(self, name, kind="smart"):
        return f"http://{self.host}/{kind}/{name}.git"

    def close(self):
        if not self.ending.is_set():
            self.ending.set()
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()

    def fetches(self):
        return sum(1 for _, asked in self.requests if asked == "fetch")

    def answer(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        path, _, query = handler.path.partition("?")
        self.requests.append((path, "fetch" if b"command=fetch" in body else "ls" if body else ""))
        if self.silent.is_set():
            self.ending.wait(60)
            return
        if self.authorization and handler.headers.get("Authorization") != self.authorization:
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="git"')
            handler.end_headers()
        elif path.startswith("/smart/"):
            self.run_backend(handler, path.removeprefix("/smart"), query, body)
        else:
            self.send_file(handler, self.folder / path.removeprefix("/plain/"))

    @staticmethod
    def send_file(handler, path):
        if not path.is_file():
            handler.send_error(404)
            return
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(path.read_bytes())

    def run_backend(self, handler, path, query, body):
        environment = {**ENVIRONMENT, "GIT_PROJECT_ROOT": str(self.folder), "GIT_HTTP_EXPORT_ALL": "1",
                       "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": handler.command,
                       "CONTENT_TYPE": handler.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                       "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
                       "GIT_PROTOCOL": handler.headers.get("Git-Protocol", "")}
        done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(value.split()[0]) for name, value in lines if name == "Status"), 200)
        handler.send_response(status)
        for name, value in lines:
            if name != "Status":
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)


class GitDaemon:
    """The same folder under git://127.0.0.1:PORT/."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.daemon = subprocess.Popen(
            ["git", "daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1", f"--port={self.port}",
             f"--base-path={folder}"], env=ENVIRONMENT, stderr=subprocess.DEVNULL, start_new_session=True)
        stacktest.eventually(self.answers, "git daemon answers")

    def answers(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self):
        os.killpg(self.daemon.pid, 15)
        self.daemon.wait()
