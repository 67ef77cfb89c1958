# SPDX-License-Identifier: Apache-2.0
"""ADD, contexts and further contexts from git repositories: which commit is taken, when a server is asked,
what arrives, what a stranger's repository cannot do, and what is left."""

import base64
import os
import random
import shutil
import subprocess
import unittest
from pathlib import Path

import buildtest
import docker_daemon
import dockerfiles_test
import git_server
import nameserver
import stacktest
import world

FILES = {"README": "one\n", "run.sh": "#!/bin/sh\n", "docs/api/index": "api\n"}


class GitTest(buildtest.BuildTest):
    """A repository `app` and who serves it."""

    def setUp(self):
        super().setUp()
        world.require(shutil.which("git"), "no git")
        self.folder = self.directory / "served"
        self.app = git_server.Repository(self.folder, "app")
        self.first = self.app.commit(FILES, executable=("run.sh",), links={"link": "docs"})
        self.server = git_server.GitServer(self.folder)
        self.addCleanup(self.server.close)
        self.url = self.server.url("app")
        self.addCleanup(shutil.rmtree, Path(os.environ["STACK_ROOT"]) / "cache/git", ignore_errors=True)
        self.place = self.directory / "here"
        self.place.mkdir()

    def add(self, source, *flags, expect=0, arguments=(), **options):
        """What ADD makes of it below /src, or the failed result."""
        done = self.build(f"FROM box:1\nADD {' '.join(flags)} {source} /src\n", *arguments, expect=expect, **options)
        return done if expect else self.below_src(done)

    def below_src(self, image):
        return {path.removeprefix("/src"): what for path, what in self.new_files(image).items()}

    def last_id(self, *arguments, **options):
        self.last = self.stack("image", "build", "-t", "made:1", *arguments, **options)
        return self.last.out.split()[-1]

    @staticmethod
    def trees():
        """Of commits that are kept."""
        return sorted(path.name for path in (Path(os.environ["STACK_ROOT"]) / "cache/git").glob("*/*")
                      if path.name != "lock")

    @staticmethod
    def scratch():
        return [path.name for path in buildtest.store().glob(".tmp.*")]


class Add(GitTest):
    def test_files_links_and_modes_come_as_they_were_committed_and_without_git(self):
        self.assertEqual(self.add(self.url), {
            "": "dir 0755 0:0", "/README": "file 0644 0:0 b'one\\n'", "/run.sh": "file 0755 0:0 b'#!/bin/sh\\n'",
            "/link": "link 0:0 -> docs", "/docs": "dir 0755 0:0", "/docs/api": "dir 0755 0:0",
            "/docs/api/index": "file 0644 0:0 b'api\\n'"})

    def test_the_umask_of_the_person_has_no_say(self):
        before = os.umask(0o077)
        try:
            self.assertEqual(self.add(self.url)["/docs/api/index"], "file 0644 0:0 b'api\\n'")
        finally:
            os.umask(before)

    def test_owner_mode_and_exclusion_are_the_instruction_s(self):
        got = self.add(self.url, "--chown=12:34", "--chmod=600", "--exclude=docs")
        self.assertEqual(got["/README"], "file 0600 12:34 b'one\\n'")
        self.assertNotIn("/docs", got)

    def test_branches_tags_commits_and_pull_requests(self):
        self.app.run("tag", "--annotate", "--message", "x", "v1")
        self.app.run("checkout", "--quiet", "-b", "team/next")
        second = self.app.commit({"README": "two\n"})
        self.app.run("checkout", "--quiet", "--detach")
        self.app.commit({"README": "three\n"})
        self.app.run("push", "--quiet", str(self.app.bare), "HEAD:refs/pull/7/head")
        for suffix, text in (("", "one"), ("#main", "one"), ("#team/next", "two"), ("#v1", "one"),
                             ("?tag=v1", "one"), ("?branch=team/next", "two"), ("#refs/heads/team/next", "two"),
                             ("#pull/7/head", "three"), (f"#{second}", "two"), (f"#{self.first}", "one"),
                             (f"?branch=main&commit={self.first[:9]}", "one")):
            with self.subTest(suffix):
                self.assertEqual(self.add(f"{self.url}{suffix}")["/README"], f"file 0644 0:0 b'{text}\\n'")

    def test_no_name_server_is_asked_for_the_name_of_this_machine(self):
        """git does that for the address of whoever commits, and waits for one that does not answer."""
        with nameserver.NameServer(lambda message, _: nameserver.reply_to(message)) as server:
            self.build(f"FROM box:1\nADD {self.url} /src\n")
        self.assertEqual(server.names(), [])

    def test_a_subdirectory_alone(self):
        for suffix in ("#:docs", "#main:/docs/", "?subdir=docs"):
            with self.subTest(suffix):
                self.assertEqual(sorted(self.add(f"{self.url}{suffix}")), ["", "/api", "/api/index"])
        failed = self.add(f"{self.url}#main:absent", expect=1)
        self.assertIn("Dockerfile:2:1", failed.err)
        self.assertIn('the repository has no directory "absent"', failed.err)

    def test_an_unchanged_repository_is_cached_and_a_moved_branch_is_seen(self):
        text = f"FROM box:1\nADD {self.url}#main /src\n"
        first = self.build(text)
        self.assertEqual(self.server.fetches(), 1)
        self.assertEqual(self.build(text), first)
        self.assertEqual(self.cached_steps(), 2)
        self.assertEqual(self.server.fetches(), 1)
        self.app.commit({"README": "two\n"})
        self.assertEqual(self.below_src(self.build(text))["/README"], "file 0644 0:0 b'two\\n'")
        self.assertEqual(len(self.trees()), 1, "of a repository the last tree stays")

    def test_another_commit_of_the_same_files_is_cached(self):
        text = f"FROM box:1\nADD {self.url} /src\n"
        first = self.build(text)
        self.app.commit()
        self.assertEqual(self.build(text), first)
        self.assertEqual(self.cached_steps(), 1)

    def test_nobody_is_asked_what_a_commit_is(self):
        text = f"FROM box:1\nADD {self.url}#{self.first} /src\n"
        first = self.build(text)
        self.server.close()
        self.assertEqual(self.build(text), first)
        self.assertEqual(self.below_src(self.build(text, "--no-cache"))["/README"], "file 0644 0:0 b'one\\n'")

    def test_a_checksum_is_the_commit_s(self):
        self.app.run("tag", "--annotate", "--message", "x", "v1")
        self.app.publish()
        tag = self.app.run("rev-parse", "v1")
        for checksum in (self.first, self.first[:7], self.first.upper(), tag):
            with self.subTest(checksum):
                self.assertIn("/README", self.add(f"{self.url}#v1", f"--checksum={checksum}"))
        fetches = self.server.fetches()
        second = self.app.commit({"README": "evil\n"})
        failed = self.add(self.url, f"--checksum={self.first}", expect=1)
        for word in ("Dockerfile:2:1", "refs/heads/main", second, self.first, "has moved"):
            self.assertIn(word, failed.err)
        self.assertEqual(self.server.fetches(), fetches, "what is another one is not fetched")
        self.assertIn("invalid checksum", self.add(self.url, "--checksum=sha256:11", expect=1).err)

    def test_the_git_directory_stays_when_it_is_asked_for(self):
        self.app.run("tag", "v1")
        self.app.publish()
        for source, flags in ((f"{self.url}#v1", ["--keep-git-dir=true"]), (f"{self.url}?tag=v1&keep-git-dir=1", [])):
            with self.subTest(source):
                self.assertIn("/.git/HEAD", self.add(source, *flags))
        tree = buildtest.layers_of(self.build(None))[-1] / "src"
        self.assertEqual(git_server.git(tree, "-c", f"safe.directory={tree}", "rev-parse", "HEAD"), self.first)
        self.assertEqual(git_server.git(tree, "-c", f"safe.directory={tree}", "status", "--porcelain"), "")
        self.assertEqual(git_server.git(tree, "-c", f"safe.directory={tree}", "describe", "--tags"), "v1")
        self.assertIn(f"url = {self.url}", (tree / ".git/config").read_text())

    def test_passwords_are_neither_shown_nor_kept(self):
        secret = self.url.replace("http://", "http://me:topsecret@")
        self.server.authorization = "Basic " + base64.b64encode(b"me:topsecret").decode()
        self.assertIn("/.git/HEAD", self.add(secret, "--keep-git-dir"))
        config = (buildtest.layers_of(self.build(None))[-1] / "src/.git/config").read_text()
        self.assertNotIn("topsecret", config)
        kept = subprocess.run(["grep", "-rl", "topsecret", os.environ["STACK_ROOT"] + "/cache/git"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(kept.stdout, "")
        self.server.authorization = "no"
        failed = self.add(secret + "#other", expect=1)
        lines = [line for line in failed.err.splitlines() if "topsecret" in line and "ADD" not in line]
        self.assertEqual(lines, [])

    def test_submodules_come_too_unless_they_are_not_wanted(self):
        inner = git_server.Repository(self.folder, "inner")
        inner.commit({"leaf": "leaf\n"})
        middle = git_server.Repository(self.folder, "middle")
        middle.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.bare), "deep")
        middle.run("config", "--file", ".gitmodules", "submodule.deep.url", "../inner.git")
        middle.commit({"m": "m\n"})
        self.app.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(middle.bare), "sub")
        self.app.run("config", "--file", ".gitmodules", "submodule.sub.url", "../middle.git")
        self.app.commit()
        got = self.add(self.url)
        self.assertEqual(got["/sub/deep/leaf"], "file 0644 0:0 b'leaf\\n'")
        self.assertEqual([path for path in got if path.endswith("/.git")], [])
        alone = self.add(f"{self.url}?submodules=false")
        self.assertNotIn("/sub/m", alone)
        self.assertIn("/README", alone)

    def test_a_submodule_names_no_file_of_this_machine(self):
        inner = git_server.Repository(self.folder, "inner")
        inner.commit({"leaf": "leaf\n"})
        self.app.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.bare), "sub")
        self.app.commit()
        failed = self.add(self.url, expect=1)
        self.assertIn("transport 'file' not allowed", failed.err)
        self.assertIn("submodules=false", failed.err)
        self.assertEqual((self.trees(), self.scratch()), ([], []))

    def test_a_server_that_knows_nothing_of_git(self):
        url = self.server.url("app", "plain")
        second = self.app.commit({"README": "two\n"})
        self.assertEqual(self.add(url)["/README"], "file 0644 0:0 b'two\\n'")
        self.assertEqual(self.add(f"{url}#{self.first}")["/README"], "file 0644 0:0 b'one\\n'")
        self.assertEqual(self.add(f"{url}#{second}")["/README"], "file 0644 0:0 b'two\\n'")

    def test_git_s_own_protocol(self):
        daemon = git_server.GitDaemon(self.folder)
        self.addCleanup(daemon.close)
        self.assertIn("/README", self.add(f"git://127.0.0.1:{daemon.port}/app.git"))

    def test_files_may_be_as_old_as_the_commit(self):
        self.app.commit({"README": "old\n"})
        image = self.build(f"FROM box:1\nADD {self.url}?mtime=commit /src\n")
        for name in ("README", "link", "docs", "docs/api"):
            self.assertEqual(int((buildtest.layers_of(image)[-1] / "src" / name).lstat().st_mtime), 1000000000, name)

    def test_several_sources(self):
        other = git_server.Repository(self.folder, "other")
        other.commit({"more": "m\n"})
        image = self.build(f"FROM box:1\nADD {self.url} {self.server.url('other')} hello /src/\n",
                           files={"hello": "h"})
        self.assertLessEqual({"/README", "/more", "/hello"}, set(self.below_src(image)))
        failed = self.build(f"FROM box:1\nADD --checksum=11 {self.url} hello /src/\n", expect=1)
        self.assertIn("--checksum is of one source", failed.err)

    def test_a_token_is_a_secret(self):
        self.server.authorization = "basic " + base64.b64encode(b"x-access-token:t0k3n").decode()
        failed = self.add(self.url, expect=1)
        self.assertIn("Dockerfile:2:1", failed.err)
        self.assertIn("GIT_AUTH_TOKEN", failed.err)
        host = self.server.host
        for name, value in (("GIT_AUTH_TOKEN", "t0k3n\n"), (f"GIT_AUTH_TOKEN.{host}", "t0k3n"),
                            ("GIT_AUTH_HEADER", self.server.authorization)):
            with self.subTest(name):
                self.write("token", value)
                shutil.rmtree(Path(os.environ["STACK_ROOT"]) / "cache/git")
                self.assertIn("/README", self.add(self.url, arguments=("--secret", f"id={name},src=token")))

    def test_what_goes_wrong_is_told_with_its_place_and_a_cure(self):
        for source, words in ((f"{self.url}#absent", ('no ref "absent"', "all 40 digits")),
                              (f"{self.url}#{self.first[:8]}", ("no ref", "all 40 digits")),
                              (f"{self.url}#{'0' * 40}", ("has no commit 0000",)),
                              (self.server.url("nobody"), ("git ls-remote", "not found")),
                              ("http://127.0.0.1:1/x.git", ("git ls-remote", "Failed to connect")),
                              ("http://x.invalid/x.git", ("git ls-remote", "resolve host")),
                              (f"{self.url}?depth=1", ('knows no "depth"', "subdir")),
                              (f"{self.url}#--upload-pack=id", ("invalid git ref",)),
                              ("ssh://-oProxyCommand=id/x", ("is no address",))):
            with self.subTest(source):
                failed = self.add(source, expect=1)
                self.assertIn("Dockerfile:2:1: ", failed.err)
                for word in words:
                    self.assertIn(word, failed.err)
        self.assertEqual((self.trees(), self.scratch()), ([], []))

    def test_a_server_that_says_nothing_is_not_waited_for_for_ever(self):
        self.server.silent.set()
        failed = self.add(self.url, expect=1, environment={"STACK_REGISTRY_TIMEOUT": "1"})
        self.assertIn("Dockerfile:2:1: ", failed.err)
        self.assertIn("nothing was heard for 1 s", failed.err)

    def test_without_git_it_is_told_what_to_install(self):
        failed = self.add(self.url, expect=1, environment={"PATH": str(self.place)})
        self.assertIn("there is no program git", failed.err)
        self.assertIn("apt install git", failed.err)

    def test_the_person_s_settings_have_no_say(self):
        self.write("home/.gitconfig", f"""
            [url "{self.server.url('nobody')}"]
                insteadOf = {self.url}
        """)
        git_server.git(self.directory, "init", "--quiet")
        git_server.git(self.directory, "config", f"url.{self.server.url('nobody')}.insteadOf", self.url)
        settings = {"HOME": str(self.directory / "home"), "GIT_DIR": str(self.directory / ".git")}
        self.assertIn("/README", self.add(self.url, environment=settings))

    def test_a_link_of_the_repository_leads_nowhere_else(self):
        (self.app.work / "etc").symlink_to("/etc")
        self.app.commit()
        failed = self.add(f"{self.url}#main:etc", expect=1)
        self.assertIn("no directory", failed.err)
        failed = self.add(f"{self.url}#main:link", expect=1)
        self.assertIn("no directory", failed.err)

    def test_what_is_kept_is_forgotten_with_all_of_builds(self):
        self.add(self.url)
        self.assertEqual(len(self.trees()), 1)
        self.stack("builder", "prune", "-f")
        self.assertEqual((self.trees(), self.scratch()), ([], []))
        self.assertIn("/README", self.add(self.url))

    def test_builds_at_the_same_time_fetch_once(self):
        self.write("Dockerfile", f"FROM box:1\nADD {self.url} /src\n")
        builders = [subprocess.Popen([stacktest.STACK, "image", "build", "-q", "."], cwd=self.directory,
                                     stdout=subprocess.PIPE, text=True) for _ in range(4)]
        images = {builder.communicate()[0].strip() for builder in builders}
        self.assertEqual([builder.returncode for builder in builders], [0] * 4)
        self.assertEqual(self.server.fetches(), 1)
        for image in images:
            self.assertIn("/README", self.below_src(image))

    def test_killed_at_any_moment_nothing_is_left(self):
        self.app.commit({f"many/{number}": f"{number}\n" * 100 for number in range(300)})
        self.write("Dockerfile", f"FROM box:1\nADD {self.url} /src\n")
        seed = int(os.environ.get("STACK_TEST_SEED", random.randrange(1 << 30)))
        moments = random.Random(seed)
        for _ in range(int(os.environ.get("STACK_TEST_KILLS", "4"))):
            builder = subprocess.Popen([stacktest.STACK, "image", "build", "."], cwd=self.directory,
                                       stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                builder.wait(moments.uniform(0, 0.3))
            except subprocess.TimeoutExpired:
                builder.kill()
                builder.wait()
            stacktest.eventually(lambda: not self.gits(), f"the end of git (seed {seed})")
        got = self.below_src(self.build(None))
        self.assertEqual(len([path for path in got if path.startswith("/many/")]), 300)
        self.assertEqual((len(self.trees()), self.scratch()), (1, []))

    @staticmethod
    def gits():
        """Those that have a repository in the store or its cache."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes()
            except OSError:
                continue
            if b"git" in line and os.environ["STACK_ROOT"].encode() in line:
                found.append(line)
        return found


class Context(GitTest):
    DOCKERFILE = "FROM box:1\nCOPY . /src\n"

    def setUp(self):
        super().setUp()
        self.app.commit({"Dockerfile": self.DOCKERFILE, "docs/Dockerfile": self.DOCKERFILE + "LABEL of=docs\n",
                         "docs/other.Dockerfile": self.DOCKERFILE + "LABEL of=other\n"})

    def test_a_repository(self):
        got = self.below_src(self.last_id(self.url))
        self.assertEqual(got["/README"], "file 0644 0:0 b'one\\n'")
        self.assertFalse([path for path in got if ".git" in path])

    def test_ref_and_subdirectory(self):
        self.app.run("tag", "v1")
        self.app.commit({"docs/late": "l"})
        for suffix in ("#v1:docs", "?tag=v1&subdir=docs"):
            with self.subTest(suffix):
                image = self.last_id(f"{self.url}{suffix}")
                self.assertEqual(self.configuration(image)["Labels"], {"of": "docs"})
                self.assertEqual(sorted(self.below_src(image)),
                                 ["", "/Dockerfile", "/api", "/api/index", "/other.Dockerfile"])

    def test_the_dockerfile_is_seen_from_its_top(self):
        image = self.last_id("-f", "other.Dockerfile", f"{self.url}#:docs")
        self.assertEqual(self.configuration(image)["Labels"], {"of": "other"})
        image = self.last_id("-f", "docs/other.Dockerfile", self.url)
        self.assertEqual(self.configuration(image)["Labels"], {"of": "other"})
        failed = self.stack("image", "build", "-f", "absent", self.url, expect=1)
        self.assertIn("failed to read dockerfile", failed.err)

    def test_a_dockerfile_of_ours(self):
        image = self.last_id("-f", "-", f"{self.url}#:docs", stdin=self.DOCKERFILE + "LABEL of=ours\n")
        self.assertEqual(self.configuration(image)["Labels"], {"of": "ours"})
        self.assertIn("/api/index", self.below_src(image))

    def test_a_dockerfile_that_is_a_link_leads_nowhere_else(self):
        (self.app.work / "evil").symlink_to("/etc/hostname")
        self.app.commit()
        failed = self.stack("image", "build", "-f", "evil", self.url, expect=1)
        self.assertIn("failed to read dockerfile", failed.err)

    def test_its_dockerignore_is_a_file_as_any(self):
        """As in BuildKit, which looks at that of a directory alone."""
        self.app.commit({".dockerignore": "docs\n"})
        got = self.below_src(self.last_id(self.url))
        self.assertIn("/docs", got)
        self.assertIn("/.dockerignore", got)

    def test_unchanged_it_is_cached_and_moved_it_is_seen(self):
        first = self.last_id(self.url)
        fetches = self.server.fetches()
        self.assertEqual(self.last_id(self.url), first)
        self.assertEqual(self.server.fetches(), fetches)
        self.assertEqual(self.cached_steps(), 2)
        self.app.commit({"README": "two\n"})
        self.assertEqual(self.below_src(self.last_id(self.url))["/README"], "file 0644 0:0 b'two\\n'")

    def test_a_build_argument_keeps_the_git_directory(self):
        image = self.last_id("--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1", self.url)
        self.assertIn("/.git/HEAD", self.below_src(image))
        image = self.last_id("--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=0", self.url)
        self.assertNotIn("/.git", self.below_src(image))

    def test_a_further_context(self):
        text = "FROM box:1\nCOPY --from=app README /\nRUN --mount=from=app,target=/x cp /x/docs/api/index /api\n"
        image = self.build(text, "--build-context", f"app={self.url}")
        self.assertLessEqual({"/README", "/api"}, set(self.new_files(image)))
        failed = self.build(text, "--build-context", f"app={self.url}#absent", expect=1)
        self.assertIn('no ref "absent"', failed.err)

    def test_of_services(self):
        self.app.commit({"Dockerfile": "FROM box:1\nCOPY --from=extra / /extra\nCMD [\"sleep\", \"1000\"]\n",
                         "docs/Web": "FROM box:1\nCOPY api/index /\nCMD [\"sleep\", \"1000\"]\n"})
        self.write_stack(f"""
            services:
              one:
                build:
                  context: {self.url}
                  additional_contexts: {{extra: "{self.url}#main:docs/api"}}
                init: true
                stop_grace_period: 0s
              two: {{build: {{context: "{self.url}#main:docs", dockerfile: Web}}, init: true, stop_grace_period: 0s}}
        """)
        self.stack("up", "-d", "--build")
        states = {name: row["State"] for name, row in self.ps().items()}
        self.assertEqual(states, {"one": "running", "two": "running"})
        self.assertEqual(self.stack("exec", "one", "cat", "/extra/index").out, "api\n")
        self.assertEqual(self.stack("exec", "two", "cat", "/index").out, "api\n")

    def test_of_a_service_that_says_the_address_alone(self):
        self.write_stack(f"services:\n  web:\n    build: {self.url}#main:docs\n")
        self.stack("build")
        self.assertIn(f"{self.project}-web", self.stack("image", "ls").out)

    def test_what_a_service_cannot_have_is_told_with_its_line(self):
        self.write_stack(f"services:\n  web:\n    build:\n      context: {self.url}#absent\n")
        failed = self.stack("build", expect=1)
        self.assertIn(f"stack.yaml:4:7: building web: {self.url}#absent: the repository has no ref", failed.err)


class Ssh(GitTest):
    """A program `ssh` of ours: it runs here what the server would run, for who has the key."""

    def setUp(self):
        super().setUp()
        world.require(shutil.which("ssh-agent"), "no openssh-client")
        self.key = self.make_key("key")
        self.write("bin/ssh", f"""
            #!/bin/sh
            echo "$@" >> {self.place}/asked
            ssh-add -l 2>&1 | grep -qF '{self.fingerprint(self.key)}' || {{
              echo 'git@h.example: Permission denied (publickey).' >&2
              exit 255
            }}
            for command; do :; done
            exec sh -c "$command"
        """).chmod(0o755)
        self.path = {"PATH": f"{self.directory}/bin:{os.environ['PATH']}", "SSH_AUTH_SOCK": ""}
        self.url = f"git@h.example:{self.app.bare}"

    def make_key(self, name, passphrase=""):
        key = self.directory / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(key)], check=True)
        return key

    @staticmethod
    def fingerprint(key):
        return subprocess.check_output(["ssh-keygen", "-l", "-f", str(key)], text=True).split()[1]

    def agents(self):
        """Those whose socket is in the store."""
        return self.pids_running(f"-a {buildtest.store()}")

    def test_a_key_is_a_file_and_its_agent_ends_with_the_build(self):
        self.key.chmod(0o644)
        got = self.add(self.url, arguments=("--ssh", f"default={self.key}"), environment=self.path)
        self.assertEqual(got["/README"], "file 0644 0:0 b'one\\n'")
        self.assertEqual((self.agents(), self.scratch()), ([], []))
        asked = (self.place / "asked").read_text()
        for word in ("-F /dev/null", "BatchMode=yes", "IdentityFile=none", "git@h.example"):
            self.assertIn(word, asked)

    def test_a_context(self):
        self.app.commit({"Dockerfile": "FROM box:1\nCOPY README /\n"})
        image = self.last_id("--ssh", "default=key", self.url, environment=self.path)
        self.assertIn("/README", self.new_files(image))

    def test_without_a_key_nobody_is_let_in(self):
        other = self.make_key("other")
        for arguments in ((), ("--ssh", f"default={other}"), ("--ssh", f"another={self.key}")):
            with self.subTest(arguments):
                failed = self.add(self.url, arguments=arguments, environment=self.path, expect=1)
                self.assertIn("Dockerfile:2:1: git@h.example", failed.err)
                self.assertIn("Permission denied (publickey)", failed.err)
                self.assertIn("--ssh default", failed.err)

    def test_the_agent_of_the_person(self):
        socket = self.directory / "agent"
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(agent.stdout.close)
        self.addCleanup(agent.wait)
        self.addCleanup(agent.kill)
        agent.stdout.readline()
        environment = {**self.path, "SSH_AUTH_SOCK": str(socket)}
        subprocess.run(["ssh-add", "-q", str(self.key)], env={**os.environ, **environment}, check=True)
        for arguments in (("--ssh", "default"), ("--ssh", f"default={socket}")):
            self.assertIn("/README", self.add(self.url, arguments=arguments, environment=environment))
        self.assertIn("Permission denied", self.add(f"{self.url}#x", environment=environment, expect=1).err)

    def test_steps_have_it_too(self):
        self.build("FROM box:1\nRUN --mount=type=ssh,id=mine,required test -S $SSH_AUTH_SOCK\n",
                   "--ssh", f"mine={self.make_key('other')},{self.key}", environment=self.path)

    def test_of_a_service(self):
        self.write("Dockerfile", f"FROM box:1\nADD {self.url} /src\nRUN --mount=type=ssh,required true\n")
        self.write_stack("services:\n  web:\n    build:\n      context: .\n      ssh: [default=./key]\n")
        self.stack("build", environment=self.path)
        self.write_stack("services:\n  web:\n    build:\n      context: .\n      ssh: [default=./absent]\n")
        failed = self.stack("build", environment=self.path, expect=3)
        self.assertIn("stack.yaml:5:", failed.err)
        self.assertIn("absent", failed.err)

    def test_a_key_that_is_of_no_use_is_told(self):
        self.make_key("locked", "word")
        self.write("text", "hello\n")
        for name, words in (("locked", ("locked: the key has a passphrase", "ssh-add")),
                            ("text", ("text: ssh-add: ", "a private key")), ("absent", ("absent: No such file",))):
            with self.subTest(name):
                failed = self.add(self.url, arguments=("--ssh", f"default={name}"), environment=self.path, expect=1)
                for word in words:
                    self.assertIn(word, failed.err)
        self.assertEqual((self.agents(), self.scratch()), ([], []))

    def test_killed_nothing_is_left_of_the_agent_or_the_key(self):
        self.write("Dockerfile", f"FROM box:1\nRUN --mount=type=ssh echo {self.project}; sleep 4323\n")
        builder = subprocess.Popen([stacktest.STACK, "image", "build", "--ssh", "default=key", "."],
                                   cwd=self.directory, env={**os.environ, **self.path},
                                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            stacktest.eventually(lambda: self.pids_running("sleep 4323"), "the step runs")
            self.assertEqual(len(self.agents()), 1)
        finally:
            builder.kill()
            builder.wait()
        stacktest.eventually(lambda: not self.agents(), "the end of the agent")
        stacktest.eventually(lambda: not self.pids_running("sleep 4323"), "the end of the step")
        written = self.key.read_text().splitlines()[1]
        self.assertEqual(subprocess.run(["grep", "-rlF", written, str(buildtest.store())], capture_output=True,
                                        text=True, check=False).stdout, "")
        self.add("Dockerfile")
        self.assertEqual(self.scratch(), [])


@unittest.skipUnless(docker_daemon.is_there(), "docker is not installed")
class BesideDocker(GitTest):
    """What BuildKit makes of the same addresses."""

    def setUp(self):
        super().setUp()
        self.archive = self.directory / "made.tar"
        self.stack("image", "save", "-o", str(self.archive), stacktest.IMAGE)
        self.base = dockerfiles_test.image_of(self.archive)[1][0]
        self.docker = docker_daemon.Docker(self.directory / "docker")
        self.addCleanup(self.docker.end)
        self.docker.load(self.archive)

    def files(self):
        """But for what is in .git, and the files of that name that BuildKit leaves in submodules: they name a
        directory of its own."""
        made = dockerfiles_test.result_of(self.archive, self.base)["files"]
        return {path: what for path, what in made.items()
                if "/.git/" not in path and not ("/.git" in path and "gitdir: " in what)}

    def by_stack(self, *arguments):
        done = self.stack("image", "build", "-q", "-t", "made:1", *arguments, expect=None)
        if done.code != 0:
            return "fails"
        self.stack("image", "save", "-o", str(self.archive), "made:1")
        return self.files()

    def by_docker(self, *arguments):
        try:
            self.docker.run("build", "-q", "--provenance=false", "--network", "none", "-t", "made:1", *arguments)
        except AssertionError:
            return "fails"
        self.docker.save("made:1", self.archive, None)
        return self.files()

    def test_both_bring_the_same(self):
        self.app.run("tag", "--annotate", "--message", "x", "v1")
        second = self.app.commit({"Dockerfile": "FROM box:1\nCOPY . /src\n",
                                  "docs/Dockerfile": "FROM box:1\nCOPY . /d\n"})
        inner = git_server.Repository(self.folder, "inner")
        inner.commit({"leaf": "leaf\n"})
        self.app.run("checkout", "--quiet", "-b", "parts")
        self.app.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.bare), "sub")
        self.app.run("config", "--file", ".gitmodules", "submodule.sub.url", "../inner.git")
        self.app.commit()
        tag = self.app.run("rev-parse", "v1")
        cases = [(suffix, "") for suffix in (
            "", "#main", "#v1", "#v1:docs", "#:docs/api", f"#{second}", f"#{second[:8]}", "#absent", "#:absent",
            "#main:link", "#main:README", "?tag=v1", "?branch=main&subdir=docs", f"?commit={second}",
            f"?branch=main&commit={second[:9]}", "?branch=main&tag=v1", "?ref=v1#main", "?depth=1", "#refs/tags/v1",
            "#tags/v1", "#heads/main", "#parts", "?branch=parts&submodules=false")]
        cases += [("#v1", "--keep-git-dir=true"), ("#v1:docs", "--keep-git-dir=true"),
                  ("#v1", f"--checksum={self.first}"), ("#v1", f"--checksum={tag}"),
                  ("#v1", "--checksum=12"), ("", "--chown=1:2 --chmod=700")]
        for suffix, flags in cases:
            with self.subTest(suffix=suffix, flags=flags):
                self.write("context/Dockerfile", f"FROM box:1\nADD {flags} {self.url}{suffix} /src\n")
                context = str(self.directory / "context")
                self.assertEqual(self.by_stack(context), self.by_docker(context))
        for arguments in ((self.url,), (f"{self.url}#:docs",), ("-f", "docs/Dockerfile", self.url),
                          ("--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1", self.url)):
            with self.subTest(arguments):
                self.assertEqual(self.by_stack(*arguments), self.by_docker(*arguments))


if __name__ == "__main__":
    stacktest.main()
